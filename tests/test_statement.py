import importlib.util
import math
import re
import warnings
from decimal import Decimal
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest

from idbounds import Bound, bounds
from idbounds.errors import InputError
from idbounds.exactly import decimal_up
from idbounds.inputs import count_up
from idbounds.testing import typical

WITH_DELTA = [b for b in bounds.values() if b.certifies and "delta" in {q.name for q in b.takes}]
every = pytest.mark.parametrize("bound", WITH_DELTA, ids=lambda b: b.id)


def case(bound, **changes):
    """A typical point, always the same, without delta."""
    point = typical(bound, np.random.default_rng(4))
    return {k: v for k, v in point.items() if k != "delta"} | changes


@every
@pytest.mark.parametrize("delta", ["0.05", "1/20", Fraction(1, 20), Decimal("0.05"), np.float64(0.05), None])
def test_one_number_in_many_guises(bound, delta):
    as_text = {k: str(v) for k, v in case(bound).items()}
    assert bound(**as_text, delta=delta) == bound(**case(bound, delta=0.05))
    assert float(bound.upper(**as_text, delta=delta)) == pytest.approx(bound(**case(bound)), rel=2e-12)
    assert Fraction(bound.upper(**as_text, delta=delta)) >= Fraction(bound(**as_text, delta=delta))


@every
def test_numpy_scalars_and_integral_floats(bound):
    expected = bound.upper(**case(bound))
    small = {k: np.asarray(v) if isinstance(v, int) else np.float64(v) for k, v in case(bound).items()}
    assert bound.upper(**small) == expected
    assert bound.upper(**{k: float(v) for k, v in case(bound).items()}) == expected


@every
def test_arrays_broadcast(bound):
    parts = {q.part_of for q in bound.takes}
    name = next(q.name for q in bound.takes if q.name != "delta" and q.name not in parts)
    first = case(bound)[name]  # not the whole of which another quantity is a part
    column = np.array([[first], [first]])
    delta = np.array([0.01, 0.05, 0.2])
    values = bound(**case(bound, **{name: column}, delta=delta))
    assert values.shape == (2, 3)
    assert values[1, 1] == pytest.approx(bound(**case(bound)), rel=1e-12)
    assert isinstance(bound(**case(bound)), float)


@every
def test_an_upper_value_is_for_one_case(bound):
    with pytest.raises(InputError, match="one case at a time"):
        bound.upper(**case(bound, delta=[0.1, 0.2]))


@every
@pytest.mark.parametrize("delta", [1e-320, 1e-300, 1e-12, 0.999999, 1 - 1e-12])
def test_extreme_levels_keep_their_digits(bound, delta):
    zero = {"errors": 0, "code_bits": 0, "kl_nats": 0, "gibbs_train_error": 0, "test_errors": 0}
    names = {q.name for q in bound.takes}
    zero |= {q.name: 0 for q in bound.takes if q.part_of in zero}
    point = case(bound, delta=delta) | {k: v for k, v in zero.items() if k in names}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = bound(**point)
    proven = bound.upper_fraction(**{**point, "delta": Fraction(delta)})
    slack = Fraction(max(bound.magnitude(**point), abs(value))) / 10**12
    assert proven <= Fraction(value) <= proven + slack


BAD = [
    ({"delta": 5}, r"delta = 5: give a number in \(0, 1\)"),
    ({"delta": 0}, "delta = 0"),
    ({"delta": "1e-400"}, r"delta = 0\.0: give"),
    ({"delta": "1e-999999999"}, "delta = '1e-999999999'"),
    ({"delta": float("nan")}, "delta = nan"),
    ({"delta": "small"}, "delta = 'small': not a number"),
    ({"delta": [0.1, 7]}, r"delta = 7\.0"),
    ({"delta": [[0.1], [0.1, 0.2]]}, "delta = .*not a number"),
    ({"delta": {"a": 1}}, "delta = .*not a number"),
    ({"delta": 1j}, "delta = 1j: not a number"),
    ({"size": 1}, "does not take size; it takes "),
    ({"privacy_epsilon": 5, "vc_dimension": 3}, "does not take (privacy_epsilon|vc_dimension).*; it takes"),
    ({"delta": [0.1, 0.2], "SIZE": [10_000, 10_000, 10_000]}, "shapes do not fit together"),
    ({"SIZE": 0}, "= 0: give an integer >= 1"),
    ({"SIZE": 10.5}, r"= 10\.5: give an integer"),
    ({"SIZE": float("inf")}, "= inf: give an integer"),
    ({"SIZE": 10**400}, "not a number that fits a float"),
    ({"SIZE": 10**5000}, "not a number that fits a float"),
]


@every
@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_inputs_are_told_on_one_line(bound, change, message):
    sizes = [q.name for q in bound.takes if q.unit == "count" and q.low == 1]
    if "SIZE" in change and not sizes:
        pytest.skip("it has no sample size")
    change = {sizes[0] if k == "SIZE" else k: v for k, v in change.items()}
    for ask in (bound, bound.upper):
        with pytest.raises(InputError, match=message) as caught:
            ask(**case(bound, **change))
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("id", "given", "message"),
    [
        (
            "occam-kl",
            {"train_error": 1.2, "n": 9, "code_bits": 1},
            r"train_error = 1\.2: give a number in \[0, 1\]",
        ),
        ("occam-kl", {"train_error": 0.1, "n": 9, "code_bits": -1}, "code_bits = -1: give a number >= 0"),
        ("occam-kl", {"train_error": 0.1, "n": 9}, "occam-kl needs code_bits: length of"),
        ("occam-kl", {"n": 9, "code_bits": 1}, r"needs train_error \(or errors\)"),
        ("occam-binomial", {"n": 9, "code_bits": 1}, r"needs errors \(or train_error\)"),
        ("occam-kl", {"errors": 10, "n": 9, "code_bits": 1}, "errors = 10 exceeds n = 9; give at most n"),
        (
            "occam-kl",
            {"errors": [1, 10], "n": 9, "code_bits": 1},
            "errors = 10 exceeds n = 9; give at most n",
        ),
        ("test-binomial", {"test_errors": 10, "test_n": 9}, "test_errors = 10 exceeds test_n = 9"),
    ],
)
def test_more_bad_inputs(id, given, message):
    with pytest.raises(InputError, match=message):
        bounds[id](**given)


def test_an_unknown_id_lists_the_known_ones():
    with pytest.raises(InputError, match="no bound 'occam'; near: occam-kl"):
        bounds["occam"]
    assert bounds.get("occam") is None
    assert "occam" not in bounds
    assert list(bounds.values()) == [bounds[b] for b in bounds]
    with pytest.raises(InputError, match="taken"):
        bounds.register(bounds["occam-kl"])


def test_rates_and_counts_stand_in_for_each_other():
    both = [{"train_error": 0.07, "n": 100}, {"errors": 7, "n": 100}]
    for name in ("occam-binomial", "occam-kl"):
        assert len({bounds[name].upper(**x, code_bits=3) for x in both}) == 1
    values, notes = bounds["occam-binomial"].inputs({**both[0], "code_bits": 3})
    assert values["errors"] == 7
    assert notes == ["errors = n * train_error = 7, rounded up"]


def test_a_rate_is_rounded_up_to_a_count_and_not_beyond():
    rng = np.random.default_rng(0)
    for n in [*range(1, 60), 60_000]:
        k = rng.integers(0, n + 1, 40)
        assert np.array_equal(count_up(k / n, n), k)
        assert [count_up(float(x), n) for x in k / n] == k.tolist()
        assert [count_up(Fraction(int(x), n), n) for x in k] == k.tolist()
        inside = (k[k < n] + 0.4) / n
        assert np.array_equal(count_up(inside, n), k[k < n] + 1)
        assert [count_up(float(x), n) for x in inside] == (k[k < n] + 1).tolist()


def test_a_saturated_bound_is_one():
    assert bounds["occam-binomial"](errors=5, n=10, code_bits=1e6) == 1.0
    assert bounds["occam-binomial"].upper(errors=5, n=10, code_bits=1e6) == "1"
    assert bounds["occam-kl"].upper(errors=10, n=10, code_bits=1e6) == "1"


@pytest.mark.parametrize(
    "value",
    [
        Fraction(1),
        Fraction(1, 3),
        Fraction(2, 3 * 10**9),
        Fraction(10**20 + 1, 3),
        Fraction(99999999999999999),
    ],
)
def test_decimals_are_rounded_up(value):
    text = decimal_up(value, 15)
    assert value <= Fraction(text) <= value * (1 + Fraction(1, 10**13))
    assert len(re.sub(r"[.]|^0[.]0*|0*$", "", text)) <= 16


def test_notation():
    latex = {name: bounds[name].latex for name in bounds}
    assert latex["test-binomial"].endswith(r"\,\delta\right)")
    assert latex["occam-binomial"].endswith(r"\,\delta 2^{- L}\right)")
    assert r"\frac{L \ln 2 + \ln \frac{1}{\delta}}{n}" in latex["occam-kl"]
    assert r"\ln \frac{2 \sqrt{n}}{\delta}" in latex["mcallester"]


@every
def test_every_notation_reads_well(bound):
    assert r"\log" not in bound.latex.replace(r"\log^{*}", "")
    assert bound.latex.count("{") == bound.latex.count("}")
    root = ElementTree.fromstring(bound.mathml.replace("&InvisibleTimes;", ""))
    text = "".join(root.itertext())
    assert "_" not in text, text
    assert "log" not in text.replace("log*", ""), text
    assert "log" in bound.js or "inverse" in bound.js


def test_any_mathematics_can_be_written():
    """Forms that no bound of the catalogue uses yet."""
    from dataclasses import replace

    from idbounds.functions import binomial_tail_inverse, kl, kl_inverse_lower, log, log_star

    bound = bounds["occam-kl"]
    odd = replace(
        bound, says=lambda R, L, m, d: kl(R, d) + kl_inverse_lower(R, log_star(m)) + log(m + 1) ** 2 + L
    )
    assert r"\left(\ln\left(n + 1\right)\right)^{2}" in odd.latex.replace("1 + n", "n + 1")
    assert "log" in odd.mathml
    deep = replace(bound, says=lambda R, L, m, d: binomial_tail_inverse(R, m, -L + log(d)))
    assert "e^{- L}" in deep.latex


tensors = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None or importlib.util.find_spec("idbounds.kernels.tensors") is None,
    reason="torch or kernels/tensors.py is not there",
)


@tensors
@every
def test_tensors_have_gradients(bound):
    import torch

    point = case(bound, delta=0.05)
    name = next((q.name for q in bound.takes if q.unit in ("bits", "nats") and q.sense > 0), "delta")
    x = torch.tensor(float(point[name]), dtype=torch.float64, requires_grad=True)
    value = bound(**{**point, name: x})
    assert value.dtype == torch.float64
    assert value.item() == pytest.approx(bound(**point), rel=1e-9)
    (slope,) = torch.autograd.grad(value, x)
    step = 1e-4 * point[name]
    up, down = (bound(**{**point, name: point[name] + s}) for s in (step, -step))
    assert slope.item() == pytest.approx((up - down) / (2 * step), rel=1e-3, abs=1e-9)


@tensors
def test_tensors_mix_with_everything_else():
    import torch

    bits = torch.tensor([100.0, 200.0], dtype=torch.float64, requires_grad=True)
    bound = bounds["occam-kl"]
    values = bound(train_error=np.array([0.1, 0.2]), n="1000", code_bits=bits, delta=Fraction(1, 20))
    expected = bound(train_error=[0.1, 0.2], n=1000, code_bits=[100, 200])
    np.testing.assert_allclose(values.detach().numpy(), expected, rtol=1e-9)
    with pytest.raises(InputError, match=r"code_bits = -1\.0"):
        bound(train_error=0.1, n=1000, code_bits=torch.tensor(-1.0))
    assert bound.upper(train_error=torch.tensor(0.5), n=1000, code_bits=10) == bound.upper(
        train_error=0.5, n=1000, code_bits=10
    )


def test_a_bound_is_one_frozen_thing():
    assert all(isinstance(b, Bound) and b.id == name for name, b in bounds.items())
    with pytest.raises(AttributeError):
        bounds["occam-kl"].id = "x"
    assert math.isfinite(bounds["occam-kl"](train_error=0, n=1, code_bits=0))
