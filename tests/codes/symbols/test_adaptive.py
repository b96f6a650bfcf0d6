import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import AdaptiveRun, AdaptiveVector, Bits, BitWriter, EliasGamma, check_codec
from idbounds.codes.arithmetic import LARGEST_RUN
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.errors import DecodeError, InputError

VECTORS = st.integers(0, 12).flatmap(
    lambda k: st.lists(st.integers(-(2**k), 2**k).map(lambda v: v if abs(v) < 2**k else 0), max_size=60)
)


def assert_within_two_bits(vector):
    message = AdaptiveVector(vector.size).encode(vector)
    assert message.ideal_bits <= message.code_bits + 1e-6
    assert message.code_bits < message.ideal_bits + 2 + 1e-6
    back = AdaptiveVector(vector.size).decode(message)
    assert back.dtype == np.int64
    assert np.array_equal(back, vector)


@settings(max_examples=300, deadline=None)
@given(VECTORS)
def test_round_trip_within_two_bits(values):
    assert_within_two_bits(np.array(values, dtype=np.int64))


@pytest.mark.parametrize("size", [1, 10, 1000, 10**5])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 1000.0])
def test_gaussian_vectors(size, scale):
    rng = np.random.default_rng(size)
    assert_within_two_bits(np.rint(scale * rng.standard_normal(size)).astype(np.int64))


@pytest.mark.parametrize("entry", [1, -1, 2, LARGEST_ENTRY, -LARGEST_ENTRY])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_one_entry(entry, size):
    vector = np.zeros(size, dtype=np.int64)
    vector[-1] = entry
    assert_within_two_bits(vector)


@pytest.mark.parametrize("size", [0, 1, 300, 10**5])
def test_zeros_cost_one_bit(size):
    message = AdaptiveVector(size).encode(np.zeros(size, dtype=np.int64))
    assert message.code_bits == message.ideal_bits == 1
    assert np.array_equal(AdaptiveVector(size).decode(message), np.zeros(size))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
def test_laws_over_a_cube(size):
    cube = itertools.product(range(-2, 3), repeat=size)
    check_codec(AdaptiveVector(size), [np.array(x, dtype=np.int64) for x in cube])


def test_ideal_length_by_hand():
    # M = 3: gamma(4) = 5 bits; |x| = 0 0 1 3 by KT over four symbols: 1/4 3/6 1/8 1/10; two signs.
    ideal = 5 + math.log2(4 * 2 * 8 * 10) + 2
    assert AdaptiveVector(4).ideal_length(np.array([0, 0, -1, 3])) == pytest.approx(ideal, abs=1e-10)


@pytest.mark.parametrize("seed", range(10))
def test_every_flipped_bit_shows(seed):
    rng = np.random.default_rng(seed)
    vector = np.rint(rng.uniform(0.3, 5) * rng.standard_normal(30)).astype(np.int64)
    codec = AdaptiveVector(30)
    text = str(codec.encode(vector).bits)
    for i, digit in enumerate(text):
        flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
        try:
            other = codec.decode(Bits.from_string(flipped))
        except DecodeError:
            continue
        assert not np.array_equal(other, vector)
        assert str(codec.encode(other).bits) == flipped
    for cut in range(len(text)):
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:cut]))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=30), st.integers(0, 50))
def test_hostile_bytes(data, size):
    codec = AdaptiveVector(size)
    bits = Bits(data, 8 * len(data))
    try:
        vector = codec.decode(bits)
    except DecodeError:
        return
    assert codec.encode(vector).bits == bits


def test_hostile_streams_take_bounded_memory():
    # The largest M a stream may claim, then nothing: the table of counts is all that is allocated.
    out = BitWriter()
    EliasGamma().write(LARGEST_ENTRY + 1, out)
    tracemalloc.start()
    with pytest.raises(DecodeError):
        AdaptiveVector(1000).decode(out.bits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 8 * LARGEST_ENTRY
    out = BitWriter()
    EliasGamma().write(LARGEST_ENTRY + 2, out)
    with pytest.raises(DecodeError, match="largest"):
        AdaptiveVector(1000).decode(out.bits())


def test_a_larger_m_than_needed_is_refused():
    # Otherwise one vector would have several spellings.
    for size in (0, 3):
        out = BitWriter()
        EliasGamma().write(2, out)
        AdaptiveRun(2, n=size).write(np.zeros(size, dtype=np.int64), out)
        with pytest.raises(DecodeError, match="no entry is as large"):
            AdaptiveVector(size).decode(out.bits())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([1.0, 2.0]), "float64"),
        (np.array([1.0, np.nan]), "float64"),
        (np.array([[1, 2]]), r"\(1, 2\)"),
        (np.array(3), r"\(\)"),
        ([[1], [1, 2]], "unequal"),
        (np.array([1, 2, 3]), "3 entries given; 2"),
        (np.array([0, LARGEST_ENTRY + 1]), str(LARGEST_ENTRY + 1)),
        (np.array([0, np.iinfo(np.int64).min]), str(2**63)),
        (np.array([0, 2**63], dtype=np.uint64), str(2**63)),
        (np.array(["1", "2"]), "only integers"),
        (np.array([True, False]), "bool"),
    ],
)
def test_bad_vectors_are_named(value, words):
    codec = AdaptiveVector(2)
    with pytest.raises(InputError, match=words):
        codec.encode(value)
    with pytest.raises(InputError, match=words):
        codec.ideal_length(value)


@pytest.mark.parametrize("size", [-1, LARGEST_RUN + 1, 2.5])
def test_bad_sizes(size):
    with pytest.raises(InputError, match="size of the vector"):
        AdaptiveVector(size)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.uint8, np.uint64])
def test_other_integer_types(dtype):
    vector = np.array([0, 3, 1], dtype=dtype)
    assert np.array_equal(AdaptiveVector(3).decode(AdaptiveVector(3).encode(vector)), vector)
