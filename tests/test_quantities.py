"""The nouns: names that other parts rely on, domains, and what a refusal says."""

import math

import numpy as np
import pytest

from idbounds import quantities
from idbounds.errors import InputError
from idbounds.quantities import QUANTITIES, Quantity

NAMES = list(QUANTITIES)


def test_the_names_are_fixed_and_in_order():
    assert list(QUANTITIES) == NAMES
    for name in NAMES:
        assert QUANTITIES[name].name == name


def test_no_name_stands_for_two_quantities():
    files = [m for m in vars(quantities).values() if type(m) is type(quantities)]
    nouns = {id(q): q for file in files for q in vars(file).values() if isinstance(q, Quantity)}
    assert sorted(q.name for q in nouns.values()) == sorted(NAMES)


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=NAMES)
def test_every_quantity_is_complete_and_consistent(quantity):
    assert quantity.symbol
    assert quantity.letter
    assert quantity.says
    assert quantity.unit in {"rate", "count", "bits", "nats", "probability", "loss", "number"}
    assert quantity.sense in {-1, 0, 1}
    assert quantity.integer == (quantity.unit == "count")
    assert quantity.admits(quantity.typical).all()
    assert quantity.default is None or quantity.admits(float(quantity.default))
    assert not quantity.part_of or QUANTITIES[quantity.part_of].unit == quantity.unit
    assert not quantity.rate_of or QUANTITIES[quantity.rate_of[0]].part_of == quantity.rate_of[1]


def test_symbols_and_letters_tell_quantities_apart():
    assert len({q.symbol for q in QUANTITIES.values()}) == len(NAMES)
    assert len({q.letter for q in QUANTITIES.values()}) == len(NAMES)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("train_error", (0, 0.5, 1), (-0.001, 1.2)),
        ("errors", (0, 7, 10**9), (-1, 0.5)),
        ("n", (1, 10**12), (0, 1.5, -3)),
        ("code_bits", (0, 0.5, 1e9), (-1,)),
        ("kl_nats", (0, 3.7), (-1e-9,)),
        ("gibbs_train_error", (0, 1), (1.0000001,)),
        ("mc_errors", (0, 3), (2.5,)),
        ("mc_draws", (1,), (0,)),
        ("mc_delta", (0.01, 0.999), (0, 1)),
        ("loss_range", (0, 20), (-1,)),
        ("d", (1, 750), (0, 0.1)),
        ("bits_per_coordinate", (0, 2.5), (-0.5,)),
        ("delta", (1e-300, 0.05, 0.999), (0, 1, -0.1, 1.1)),
        ("test_errors", (0,), (0.1,)),
        ("test_n", (1,), (0,)),
    ],
)
def test_domains(name, inside, outside):
    quantity = QUANTITIES[name]
    assert quantity.admits(inside).all()
    quantity.check(inside)
    assert not quantity.admits((*outside, math.nan, math.inf, -math.inf)).any()
    for value in (*outside, math.nan, math.inf, -math.inf):
        with pytest.raises(InputError, match=f"^{name} = "):
            quantity.check(value)


def test_a_refusal_says_what_was_given_and_what_is_allowed():
    with pytest.raises(InputError) as caught:
        quantities.train_error.check(1.2)
    assert str(caught.value) == (
        "train_error = 1.2: give a number in [0, 1] (share of errors on the n training examples)"
    )
    with pytest.raises(InputError, match=r"^delta = 0: give a number in \(0, 1\)"):
        quantities.delta.check(0)
    with pytest.raises(InputError, match=r"^n = 0: give an integer >= 1 "):
        quantities.n.check(0)


def test_in_an_array_the_first_bad_entry_is_named():
    with pytest.raises(InputError, match=r"^n = 2\.5: give an integer"):
        quantities.n.check(np.array([[1, 2], [2.5, 0]]))


@pytest.mark.parametrize("value", ["many", None, object(), [1, "x"], {}])
def test_what_is_no_number_is_refused_as_such(value):
    with pytest.raises(InputError):
        quantities.errors.check(value)


def test_admits_keeps_the_shape():
    assert quantities.n.admits(np.ones((2, 3))).shape == (2, 3)
    assert quantities.n.admits(1).shape == ()


def test_quantities_are_frozen_values():
    with pytest.raises(AttributeError):
        quantities.n.low = 0
    assert Quantity("x", "x", "x", "rate", 0, 1, "x", 1, (0, 1)).allowed == "a number in [0, 1]"
