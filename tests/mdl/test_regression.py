import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, MixtureVector, check_codec, rissanen_step
from idbounds.errors import DecodeError, InputError
from idbounds.mdl import TwoPartRegression
from idbounds.mdl.regression import LARGEST_TARGET


def polynomials(n, degree, scale=2**10):
    """Legendre polynomials of unit power at n points, as integers."""
    x = np.linspace(-1, 1, n)
    columns = np.polynomial.legendre.legvander(x, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)
    return np.rint(scale * columns).astype(np.int64)


def targets(seed=0, n=200, noise=30):
    rng = np.random.default_rng(seed)
    x = np.linspace(-1, 1, n)
    return np.rint(100 * (1 - 2 * x + 3 * x**3) + noise * rng.standard_normal(n)).astype(np.int64)


def test_laws():
    cube = [np.array(y) for y in itertools.product(range(-1, 2), repeat=3)]
    for k in (0, 1, 2):
        check_codec(TwoPartRegression(polynomials(3, 2)[:, :k]), cube)
    check_codec(TwoPartRegression(polynomials(200, 6)), [targets(seed) for seed in range(3)])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=12), st.integers(0, 3))
def test_round_trip(y, k):
    value = np.array(y)
    codec = TwoPartRegression(polynomials(value.size, max(k - 1, 0))[:, :k])
    assert np.array_equal(codec.decode(codec.encode(value)), value)


def test_the_right_degree_is_found_and_pays():
    y = targets()
    codec = TwoPartRegression(polynomials(200, 8))
    assert codec.coefficients(y).size == 4  # a cubic
    assert codec.encode(y).code_bits < MixtureVector(200).encode(y).code_bits - 150
    # no structure: no column, two bits more than the residuals alone cost
    noise = np.random.default_rng(1).integers(-50, 50, 200)
    assert codec.coefficients(noise).size == 0
    assert codec.length(noise) <= MixtureVector(200).length(noise) + 4


def test_the_step_is_rissanens():
    y, design = targets(), polynomials(200, 3)
    step = float(rissanen_step(200, 2.0**20 / 30**2))
    b = TwoPartRegression(design).coefficients(y)
    exact = np.linalg.lstsq(design.astype(float), y, rcond=None)[0]
    assert np.abs(b - exact).max() < 2 * step
    assert (np.round(b / (step / 4)) != 0).any()


def test_extremes():
    for y in (
        np.zeros(5, int),
        np.full(5, LARGEST_TARGET),
        np.array([-LARGEST_TARGET, LARGEST_TARGET, 0, 1, 2]),
    ):
        codec = TwoPartRegression(polynomials(5, 2))
        assert np.array_equal(codec.decode(codec.encode(y)), y)
    flat = TwoPartRegression(np.zeros((4, 3), int))
    assert np.array_equal(flat.decode(flat.encode(np.arange(4))), np.arange(4))


def test_altered_messages():
    codec = TwoPartRegression(polynomials(20, 3))
    text = str(codec.encode(targets(n=20)).bits)
    for i, digit in enumerate(text):
        flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
        try:
            other = codec.decode(Bits.from_string(flipped))
        except DecodeError:
            continue
        assert np.array_equal(codec.decode(codec.encode(other)), other)
    with pytest.raises(DecodeError):
        codec.decode(Bits.from_string(text[:-1]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_hostile_bytes(data):
    codec = TwoPartRegression(polynomials(6, 3))
    try:
        value = codec.decode(Bits(data, 8 * len(data)))
    except DecodeError:
        return
    assert np.abs(value).max() <= LARGEST_TARGET


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TwoPartRegression([[0.5]]), "float64"),
        (lambda: TwoPartRegression([[float("nan")]]), "integers"),
        (lambda: TwoPartRegression([1, 2]), "shape"),
        (lambda: TwoPartRegression(np.ones((3, 65), int)), "65"),
        (lambda: TwoPartRegression([[2**17]]), "beyond 65536"),
        (lambda: TwoPartRegression(np.array([[2**63]], dtype=np.uint64)), "beyond 65536"),
        (lambda: TwoPartRegression([[1], [2]]).encode(np.array([1])), "1 given; 2"),
        (lambda: TwoPartRegression([[1]]).encode(np.array([2**20])), "larger unit"),
        (lambda: TwoPartRegression([[1]]).encode(np.array([0.5])), "integers"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(InputError, match=words):
        call()
