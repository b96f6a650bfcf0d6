"""What every code of a set of positions keeps; what is special to one stands in the file of its module."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    Bitmap,
    BitReader,
    Bits,
    BitWriter,
    Blocks,
    Coo,
    Csc,
    Csr,
    Delta,
    Gaps,
    Pattern,
    Subset,
    check_codec,
)
from idbounds.codes.patterns.pattern import LARGEST_SET, log2_choose
from idbounds.errors import DecodeError, InputError

MAKERS = {
    "subset": Subset,
    "bitmap": Bitmap,
    "coo": Coo,
    "coo, flat": lambda shape, k=None: Coo(math.prod(shape), k),
    "csr": Csr,
    "csc": Csc,
    "delta-1": lambda shape, k=None: Delta(shape, 1, k),
    "delta-3": lambda shape, k=None: Delta(shape, 3, k),
    "delta-8": lambda shape, k=None: Delta(shape, 8, k),
    "golomb": lambda shape, k=None: Gaps(shape, k=k),
    "gamma": lambda shape, k=None: Gaps(shape, "elias-gamma", k),
    "elias-delta": lambda shape, k=None: Gaps(shape, "elias-delta", k),
    "blocks": lambda shape, k=None: Blocks(shape, (2, 2), k),
    "strips": lambda shape, k=None: Blocks(shape, (1, 4), k),
}
SHAPES = [(0, 3), (3, 0), (1, 1), (2, 3), (3, 2), (1, 6), (6, 1), (2, 4)]

every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def sets(n, k=None):
    """All sets of positions among n, or those of size k."""
    for size in range(n + 1) if k is None else [k]:
        for chosen in itertools.combinations(range(n), size):
            yield np.array(chosen, dtype=np.int64)


def drawn(n, k, seed=0):
    """A random set of k positions."""
    return np.sort(np.random.default_rng([n, k, seed]).choice(n, size=k, replace=False)).astype(np.int64)


@every
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_laws_over_all_sets(make, shape):
    check_codec(make(shape), sets(math.prod(shape)))


@every
@pytest.mark.parametrize("k", range(7))
def test_laws_where_the_count_is_known(make, k):
    check_codec(make((2, 3), k), sets(6, k))


@every
@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_round_trip(make, rows, columns, data):
    k = data.draw(st.integers(0, rows * columns))
    positions = drawn(rows * columns, k, data.draw(st.integers(0, 99)))
    for codec in (make((rows, columns)), make((rows, columns), k)):
        message = codec.encode(positions)
        back = codec.decode(message)
        assert back.dtype == np.int64
        assert np.array_equal(back, positions)
        assert message.ideal_bits <= message.code_bits + 1e-6
        assert message.code_bits < message.ideal_bits + codec.overhead


@every
@pytest.mark.parametrize("k", [0, 1, 3000, 50_000, 100_000])
def test_a_larger_matrix(make, k):
    codec = make((250, 400))
    positions = drawn(100_000, k)
    assert np.array_equal(codec.decode(codec.encode(positions)), positions)


@every
@pytest.mark.parametrize("shape", [(2, 4), (3, 3), (1, 7)], ids=str)
def test_the_mean_ideal_length_is_the_mean_over_all_sets(make, shape):
    codec = make(shape)
    n = math.prod(shape)
    for k in range(n + 1):
        mean = math.fsum(codec.ideal_length(s) for s in sets(n, k)) / math.comb(n, k)
        assert float(codec.mean_ideal_length(k)) == pytest.approx(mean, abs=1e-9)


@every
def test_what_follows_is_left_alone(make):
    codec = make((5, 8))
    out = BitWriter()
    out.write_uint(5, 3)
    codec.write(drawn(40, 9), out)
    codec.write(drawn(40, 0), out)
    out.write_uint(11, 7)
    source = BitReader(out.bits())
    assert source.read_uint(3) == 5
    assert np.array_equal(codec.read(source), drawn(40, 9))
    assert codec.read(source).size == 0
    assert source.read_uint(7) == 11
    source.finish()


@every
@pytest.mark.parametrize("seed", range(3))
def test_every_flipped_bit_shows(make, seed):
    codec = make((6, 7))
    positions = drawn(42, 11, seed)
    text = str(codec.encode(positions).bits)
    for i, digit in enumerate(text):
        flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
        try:
            other = codec.decode(Bits.from_string(flipped))
        except DecodeError:
            continue
        assert not np.array_equal(other, positions)
        assert str(codec.encode(other).bits) == flipped
    for cut in range(len(text)):
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:cut]))


@every
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([0.0, 1.0]), "float64"),
        (np.array([np.nan]), "float64"),
        (np.array([np.inf]), "float64"),
        (np.ones(6, dtype=bool), "bool"),
        (np.array([[1, 2]]), r"\(1, 2\)"),
        (np.array([2, 1]), "ascending"),
        (np.array([1, 1]), "each once"),
        (np.array([-1, 1]), "-1 to 1"),
        (np.array([1, 6]), "0 .. 5"),
        (np.array([2**63], dtype=np.uint64), str(2**63)),
        ([[1], [1, 2]], "unequal"),
    ],
)
def test_bad_values_are_named(make, value, words):
    for call in (make((2, 3)).encode, make((2, 3)).ideal_length):
        with pytest.raises(InputError, match=words):
            call(value)


@every
def test_bad_parameters_are_named(make):
    for shape in ((-1, 3), (2.5, 3), (2**20, 2**20)):
        with pytest.raises(InputError, match="given"):
            make(shape)
    for k in (-1, 7, 1.5):
        with pytest.raises(InputError, match="positions in the set"):
            make((2, 3), k)
    with pytest.raises(InputError, match="2 positions given; 3 are allowed"):
        make((2, 3), 3).encode(np.array([0, 1]))
    for k in (-1, 7, 0.5, np.array([1, 9]), float("nan")):
        with pytest.raises(InputError, match="0 to 6"):
            make((2, 3)).mean_ideal_length(k)


@every
def test_a_message_of_another_code_is_refused(make):
    message = make((2, 3)).encode(np.array([1, 4]))
    for other in MAKERS.values():
        if other((2, 3)).name != make((2, 3)).name:
            with pytest.raises(DecodeError, match="written by"):
                other((2, 3)).decode(message)
    with pytest.raises(DecodeError, match="written by"):
        make((3, 3)).decode(message)
    with pytest.raises(DecodeError, match="written by"):
        make((2, 3), 2).decode(message)


def test_names():
    assert Subset(100).name == "subset(100)"
    assert Csr((3, 4), 5).name == "csr(3x4, k=5)"
    assert Delta((3, 4), 8).name == "delta(3x4, 8 bits)"
    assert Gaps(9, k=2).name == "gaps(9, golomb, k=2)"
    assert Blocks((3, 4), (2, 2)).name == "blocks(3x4, 2x2)"
    assert len({make((5, 6)).name for make in MAKERS.values()}) == len(MAKERS)


def test_any_integer_type_and_shape_is_taken():
    positions = np.array([1, 5], dtype=np.uint8)
    for codec in (Subset((2, 2, 2)), Coo((2, 2, 2)), Bitmap(8), Gaps((8,))):
        assert codec.decode(codec.encode(positions)).tolist() == [1, 5]
        assert codec.decode(codec.encode([1, 5])).tolist() == [1, 5]


def test_no_more_than_the_largest_set():
    assert isinstance(Subset(LARGEST_SET), Pattern)
    with pytest.raises(InputError, match=str(LARGEST_SET)):
        Subset(LARGEST_SET + 1)


@pytest.mark.parametrize("n", [0, 1, 10, 1000])
def test_log2_choose(n):
    k = np.arange(n + 1)
    exact = [math.log2(math.comb(n, int(j))) for j in k]
    assert log2_choose(n, k) == pytest.approx(exact, rel=1e-14, abs=1e-12)
