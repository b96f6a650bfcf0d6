"""Levels, their code, codebooks, and one level with a sign."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, BitWriter, EliasGamma, Uniform, check_codec, reference
from idbounds.codes.reals.clusters import lloyd
from idbounds.codes.reals.codebooks import Codebook, Levels, LevelsCode
from idbounds.codes.reals.signs import SCALES, SignScale
from idbounds.codes.reals.steps import step_size
from idbounds.errors import DecodeError, InputError


@st.composite
def levels(draw):
    precision = draw(st.integers(1, 16))
    half = 1 << (precision - 1)
    integers = draw(st.sets(st.integers(-half, half - 1), min_size=1, max_size=9))
    return Levels(draw(st.integers(0, 63)), precision, tuple(sorted(integers)))


def all_levels(precision):
    half = 1 << (precision - 1)
    for count in range(1, 2 * half + 1):
        for chosen in itertools.combinations(range(-half, half), count):
            yield Levels(40, precision, chosen)


@pytest.mark.parametrize("precision", [1, 2, 3])
def test_laws_over_all_levels(precision):
    check_codec(LevelsCode(), all_levels(precision))


@settings(max_examples=200, deadline=None)
@given(levels())
def test_levels_cost_what_a_set_costs(value):
    check_codec(LevelsCode(), [value])
    count = len(value.integers)
    exact = 10 + 2 * count.bit_length() - 1 + math.log2(math.comb(1 << value.precision, count))
    assert exact - 1e-6 <= LevelsCode().length(value) < exact + 2.05


def test_seven_levels_of_seven_bits():
    """6 for the step, 4 for the precision, 5 for K, and the set: 36.4 bits instead of 49."""
    value = Levels(30, 7, (-60, -40, -20, 0, 20, 40, 60))
    assert LevelsCode().ideal_length(value) == pytest.approx(15 + math.log2(math.comb(128, 7)))
    assert LevelsCode().length(value) <= 15 + 38


@settings(max_examples=100, deadline=None)
@given(levels(), st.lists(st.floats(-1e6, 1e6), max_size=15))
def test_each_entry_gets_the_nearest_level(value, entries):
    x = np.array(entries)
    codec = Codebook(x.size, value)
    y = codec.quantise(x)
    distance = np.abs(x[:, None] - value.values).min(axis=1, initial=math.inf)
    assert np.abs(x - y) == pytest.approx(distance, rel=1e-9, abs=1e-12)
    message = codec.encode(x)
    assert np.array_equal(Codebook(x.size).decode(message), y)
    assert codec.encode(y) == message
    check_codec(codec, [y])


def test_the_bits_are_those_of_the_reference():
    x = np.random.default_rng(0).standard_normal(200)
    codec = Codebook(200, Levels.fitted(x, 5, 6))
    header = str(LevelsCode().encode(Levels.fitted(x, 5, 6)).bits)
    indices = np.searchsorted(Levels.fitted(x, 5, 6).values, codec.quantise(x))
    assert str(codec.encode(x).bits) == header + reference.encode_adaptive(indices.tolist(), 5)


def test_one_level_costs_nothing_for_each_entry():
    value = Levels(40, 1, (0,))
    assert Codebook(10**6, value).length(np.zeros(10**6)) == LevelsCode().length(value) == 6 + 4 + 1 + 1


def test_levels_near_learned_ones():
    learned = [0.31, -0.2, 0.3101, 0.0]
    value = Levels.near(learned, 5)
    assert value.values == pytest.approx(
        sorted({round(v, 1) for v in learned}), abs=step_size(value.step) / 2 + 0.02
    )
    half_step = step_size(value.step) / 2
    assert all(np.abs(value.values - v).min() <= half_step for v in learned)
    assert value.step == 0 or max(np.rint(np.array(learned) / step_size(value.step - 1))) > 15
    assert Levels.near([0.0], 4) == Levels(0, 4, (0,))
    finer = [np.abs(Levels.near(learned, p).values[:, None] - learned).min(axis=0).max() for p in (3, 6, 9)]
    assert finer == sorted(finer, reverse=True)


def test_levels_near_themselves():
    value = Levels.fitted(np.random.default_rng(1).standard_normal(500), 6, 8)
    assert np.array_equal(Levels.near(value.values, 8).values, value.values)


@pytest.mark.parametrize(
    ("step", "precision", "integers", "words"),
    [
        (64, 3, (0,), "index of the step"),
        (40, 0, (0,), "precision"),
        (40, 17, (0,), "precision"),
        (40, 3, (4,), "level: 4 given; -4 to 3"),
        (40, 3, (), "at least one"),
        (40, 3, (1, 0), "ascending"),
        (40, 3, (1, 1), "each once"),
        (40, 3, (0.5,), "integer"),
    ],
)
def test_bad_levels(step, precision, integers, words):
    with pytest.raises(InputError, match=words):
        Levels(step, precision, integers)


@pytest.mark.parametrize("values", [[], [1e9], [math.nan], [[1.0]]])
def test_levels_near_nothing(values):
    with pytest.raises(InputError, match="levels"):
        Levels.near(values, 4)


def test_more_levels_than_there_are_integers():
    out = BitWriter()
    Uniform(64).write(40, out)
    Uniform(16).write(1, out)
    EliasGamma().write(5, out)
    with pytest.raises(DecodeError, match="5 levels of 2 bits"):
        LevelsCode().decode(Bits.from_string(str(out.bits()) + "0" * 20))


def test_a_codebook_without_levels_cannot_write():
    for attempt in (Codebook(2).encode, Codebook(2).quantise, Codebook(2).ideal_length):
        with pytest.raises(InputError, match="can only read"):
            attempt(np.zeros(2))


@pytest.mark.parametrize(
    "codec", [Codebook(2, Levels(40, 2, (-1, 0))), SignScale(2)], ids=["codebook", "signs"]
)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([1.0, math.nan]), "nan at entry 1"),
        (np.array([math.inf, math.inf]), "2 are not"),
        (np.array([1.0]), "1 entries given; 2"),
        (np.array([[1.0, 2.0]]), "one dimension"),
        (np.array([1j, 0]), "complex128"),
    ],
)
def test_bad_vectors_are_named(codec, value, words):
    for attempt in (codec.encode, codec.quantise, codec.ideal_length):
        with pytest.raises(InputError, match=words):
            attempt(value)
    with pytest.raises(InputError, match="size of the vector"):
        type(codec)(-1)


def squared(points, found):
    return float((np.abs(points[:, None] - found).min(axis=1) ** 2).sum())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12), st.integers(1, 4))
def test_lloyd_ends_where_no_step_helps(entries, count):
    x = np.array(entries)
    found = lloyd(x, count)
    assert 1 <= found.size <= count
    assert (np.diff(found) > 0).all()
    owner = np.abs(x[:, None] - found).argmin(axis=1)
    for k in range(found.size):
        assert found[k] == pytest.approx(x[owner == k].mean(), rel=1e-9, abs=1e-9)


def test_lloyd_on_a_normal_sample():
    """Close to the best levels of N(0, 1) by Max (1960)."""
    x = np.random.default_rng(2).standard_normal(200_000)
    assert lloyd(x, 2) == pytest.approx([-0.798, 0.798], abs=0.01)
    assert lloyd(x, 4) == pytest.approx([-1.510, -0.453, 0.453, 1.510], abs=0.02)
    for count, distortion in ((2, 0.3634), (3, 0.1902), (4, 0.1175), (5, 0.0799), (7, 0.0440)):
        assert squared(x, lloyd(x, count)) / x.size == pytest.approx(distortion, rel=0.02)


def test_lloyd_with_few_values_and_with_ties():
    assert lloyd([2.0, 1.0, 2.0], 5).tolist() == [1.0, 2.0]
    mostly = np.concatenate([np.zeros(90), np.arange(1.0, 11.0)])
    assert lloyd(mostly, 4)[0] < 0.7
    assert squared(mostly, lloyd(mostly, 4)) < 15
    assert lloyd([1e300, -1e300, 0.0, 9.9e299], 3) == pytest.approx([-1e300, 0.0, 9.95e299], rel=1e-9)


def test_lloyd_with_weights():
    x, w = np.array([0.0, 1.0, 10.0, 11.0]), np.array([3.0, 1.0, 0.0, 2.0])
    assert lloyd(x, 2, weights=w) == pytest.approx([0.25, 11.0])
    assert lloyd(x, 1, weights=[1e300, 1e300, 0, 0]).tolist() == [0.5]


@pytest.mark.parametrize(
    ("vector", "count", "weights", "words"),
    [
        ([], 2, None, "0 entries"),
        ([1.0], 0, None, "number of levels"),
        ([1.0, 2.0], 2, [0.0, 0.0], "one of them positive"),
        ([1.0, 2.0], 2, [-1.0, 1.0], "at least 0"),
        ([1.0, 2.0], 2, [1.0], "weights: 1 entries given; 2"),
        ([1.0, math.nan], 2, None, "nan at entry 1"),
    ],
)
def test_bad_clusters(vector, count, weights, words):
    with pytest.raises(InputError, match=words):
        lloyd(vector, count, weights=weights)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-4000, 4000), max_size=12))
def test_signs(entries):
    x = np.array(entries)
    codec = SignScale(x.size)
    message = codec.encode(x)
    y = codec.decode(message)
    assert message.code_bits == message.ideal_bits == 9 + x.size
    assert np.array_equal(y, codec.quantise(x))
    assert codec.encode(y) == message
    assert ((x < 0) == (y < 0)).all()
    if x.size:
        best = min(((np.abs(x) - s) ** 2).sum() for s in SCALES)
        assert ((x - y) ** 2).sum() == pytest.approx(best, rel=1e-9)


def test_laws_of_signs():
    vectors = [
        s * np.array(signs)
        for s in (SCALES[0], SCALES[200], SCALES[-1])
        for signs in itertools.product([-1, 1], repeat=4)
    ]
    check_codec(SignScale(4), vectors)
    check_codec(SignScale(0), [np.zeros(0)])


def test_scales_are_frozen():
    assert list(SCALES) == sorted(SCALES)
    assert (SCALES[0], SCALES[320], SCALES[-1]) == (2.0**-20, 1.0, 2.0**11 * 31 / 16)


@pytest.mark.parametrize("entry", [5000.0, 1e308])
def test_too_large_for_signs(entry):
    with pytest.raises(InputError, match="mean magnitude"):
        SignScale(3).encode(np.full(3, entry))
