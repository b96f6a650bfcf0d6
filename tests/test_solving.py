import time
from fractions import Fraction

import numpy as np
import pytest

from idbounds import bounds
from idbounds.errors import InputError

OCCAM = ("occam-binomial", "occam-kl", "occam-hoeffding")


def meets(bound, at, **point):
    return bound.upper_fraction(**point) <= Fraction(str(at))


def check(id, quantity, at, **known):
    """The answer meets the target, its neighbour on the harsh side does not, and it came quickly."""
    bound = bounds[id]
    start = time.process_time()
    found = bound.solve(quantity, at=at, **known)
    assert time.process_time() - start < 3  # about 0.3 s on an idle machine
    assert meets(bound, at, **known, **{quantity: found})
    sense = next((q.sense for q in bound.takes if q.name == quantity), 1)
    harsher = found + sense if isinstance(found, int) else found * (1 + sense * 1e-14) + sense * 1e-300
    assert not meets(bound, at, **known, **{quantity: harsher})
    return found


@pytest.mark.parametrize("id", OCCAM)
@pytest.mark.parametrize(
    ("quantity", "known"),
    [
        ("code_bits", {"errors": 600, "n": 60_000}),
        ("code_bits", {"train_error": "0.01", "n": 60_000, "delta": "1e-6"}),
        ("n", {"errors": 600, "code_bits": 900}),
        ("n", {"errors": 0, "code_bits": 0}),
        ("errors", {"n": 60_000, "code_bits": 900}),
        ("delta", {"errors": 4000, "n": 60_000, "code_bits": 30}),
    ],
)
def test_occam(id, quantity, known):
    at = 0.13 if quantity == "delta" else 0.1
    if quantity == "delta":
        known = {**known, "errors": 7000 if id != "occam-hoeffding" else 4500}
    check(id, quantity, at, **known)


@pytest.mark.parametrize("id", ["occam-kl", "occam-hoeffding"])
def test_the_largest_train_error(id):
    check(id, "train_error", 0.1, n=60_000, code_bits=900)


def test_the_largest_train_error_is_a_whole_count():
    bound, known = bounds["occam-binomial"], {"n": 60_000, "code_bits": 900}
    errors = bound.solve("errors", at=0.1, **known)
    assert bound.solve("train_error", at=0.1, **known) == errors / 60_000
    assert meets(bound, 0.1, **known, train_error=errors / 60_000)


def test_held_out():
    for test_errors in (0, 1, 50):
        check("test-binomial", "test_n", 0.02, test_errors=test_errors)
    check("test-binomial", "test_errors", 0.02, test_n=10_000)
    check("test-binomial", "delta", 0.02, test_n=10_000, test_errors=180)


@pytest.mark.parametrize("id", ["maurer-kl", "mcallester"])
def test_pac_bayes(id):
    check(id, "kl_nats", 0.1, gibbs_train_error=0.02, n=60_000)
    check(id, "n", 0.1, gibbs_train_error=0.02, kl_nats=500)
    check(id, "gibbs_train_error", 0.1, kl_nats=100, n=60_000)
    check(id, "delta", 0.1, gibbs_train_error=0.05, kl_nats=100 if id == "mcallester" else 900, n=60_000)


@pytest.mark.parametrize(("rate", "at"), [(0.02, 0.1), ("0.07", 0.12), (0.3, 0.4), (0.001, 0.05)])
def test_the_smallest_n_at_a_rate_is_the_smallest(rate, at):
    """A rate rounds up to a count, so the bound goes up and down with n."""
    bound = bounds["occam-binomial"]
    known = {"train_error": rate, "code_bits": 50, "delta": 0.05}
    found = bound.solve("n", at=at, **known)
    assert meets(bound, at, **known, n=found)
    values = bound(**known, n=np.arange(1, found))
    assert np.all(values > at)


def test_ends_that_already_meet_the_target_are_returned():
    assert bounds["occam-binomial"].solve("delta", at=0.5, errors=10, n=60_000, code_bits=10) == 1e-300
    assert bounds["test-binomial"].solve("test_n", at=0.97, test_errors=0) == 1


@pytest.mark.parametrize(
    ("id", "quantity", "at", "known", "message"),
    [
        (
            "occam-kl",
            "n",
            0.1,
            {"train_error": 0.2, "code_bits": 5},
            "cannot reach 0.1: at n = 1000000000000000",
        ),
        ("occam-binomial", "code_bits", 0.1, {"errors": 900, "n": 1000}, "cannot reach 0.1"),
        (
            "occam-kl",
            "n",
            1.5,
            {"errors": 2, "code_bits": 5},
            r"at = 1\.5: give a target for the bound in \(0, 1\)",
        ),
        ("occam-kl", "n", "x", {"errors": 2, "code_bits": 5}, "'x' is not a finite number"),
        ("occam-kl", "test_n", 0.1, {"errors": 2, "n": 5}, "cannot be solved for 'test_n'; it takes"),
        ("occam-kl", "size", 0.1, {"errors": 2, "n": 5}, "cannot be solved for 'size'"),
        ("occam-kl", "code_bits", 0.1, {"errors": 2}, "needs train_error|needs n"),
        ("occam-binomial", "errors", 0.1, {"code_bits": 2}, "needs n"),
        ("occam-binomial", "errors", 0.1, {"code_bits": 2, "n": "abc"}, "n = 'abc': not a number"),
        ("occam-binomial", "errors", 0.1, {"code_bits": 2, "n": -5}, "n = -5"),
        ("occam-kl", "code_bits", 0.1, {"errors": [2, 3], "n": 500}, "one case at a time"),
    ],
)
def test_what_cannot_be_solved(id, quantity, at, known, message):
    with pytest.raises(InputError, match=message) as caught:
        bounds[id].solve(quantity, at=at, **known)
    assert "\n" not in str(caught.value)


def test_the_quantity_asked_for_and_its_stand_in_are_ignored_when_given():
    known = {"n": 60_000, "code_bits": 900}
    expected = bounds["occam-kl"].solve("errors", at=0.1, **known)
    assert bounds["occam-kl"].solve("errors", at=0.1, **known, train_error=0.5) == expected


def test_numbers_as_text():
    bound = bounds["occam-binomial"]
    assert bound.solve("errors", at="1/10", n="6e4", code_bits="900") == bound.solve(
        "errors", at=0.1, n=60_000, code_bits=900
    )
