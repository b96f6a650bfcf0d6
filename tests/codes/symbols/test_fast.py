import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, EliasGamma, FastRun, StaticRun, check_codec, decode_fast, encode_fast
from idbounds.codes.symbols.fast import LARGEST_FAST_TOTAL
from idbounds.errors import DecodeError, InputError

pytest.importorskip("constriction")


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize(
    "counts", [[1, 1, 1], [7, 2, 0, 1], [1, 1000, 3], [0, 4], [1, LARGEST_FAST_TOTAL - 1]]
)
def test_laws_over_all_sequences(counts, n):
    sequences = itertools.product(np.flatnonzero(counts), repeat=n)
    check_codec(FastRun(counts, n=n), [np.array(s, dtype=np.int64) for s in sequences])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_round_trip(data):
    counts = data.draw(st.lists(st.integers(0, 2**16), min_size=1, max_size=30))
    counts[data.draw(st.integers(0, len(counts) - 1))] += 1
    positive = [j for j, count in enumerate(counts) if count]
    symbols = np.array(data.draw(st.lists(st.sampled_from(positive))), dtype=np.int64)
    message = FastRun(counts, n=symbols.size).encode(symbols)
    assert message.ideal_bits <= message.code_bits + 1e-6
    assert np.array_equal(FastRun(counts, n=symbols.size).decode(message), symbols)


@pytest.mark.parametrize("p", [[0.5, 0.5], [0.9, 0.1], [0.999, 0.001], [0.3, 0.3, 0.2, 0.1, 0.1]])
def test_long_arrays_cost_what_the_exact_coder_takes(p):
    symbols = np.random.default_rng(0).choice(len(p), size=10**5, p=p)
    counts = np.bincount(symbols, minlength=len(p))
    exact = StaticRun(counts, n=symbols.size).length(symbols)
    fast = encode_fast(symbols, counts).length
    words = (fast - 2 * ((fast // 32 + 1).bit_length() - 1) - 1) / 32
    assert words == round(words)  # the bill is whole words and their number
    assert exact <= fast + 2
    assert fast < exact * 1.0003 + 100
    assert np.array_equal(decode_fast(encode_fast(symbols, counts), n=symbols.size, counts=counts), symbols)


def test_certain_symbols_take_no_word():
    assert encode_fast([2] * 1000, [0, 0, 7]).length == 0
    assert encode_fast([], [1, 1]).length == 0
    assert decode_fast(Bits(b"", 0), n=3, counts=[0, 0, 7]).tolist() == [2, 2, 2]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 50), st.lists(st.integers(0, 50), min_size=2, max_size=9))
def test_hostile_bytes(data, n, counts):
    counts[0] += 1
    bits = Bits(data, 8 * len(data))
    try:
        symbols = decode_fast(bits, n=n, counts=counts)
    except DecodeError:
        return
    assert encode_fast(symbols, counts) == bits


@pytest.mark.parametrize("seed", range(20))
def test_every_flipped_bit_shows(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, size=4)
    symbols = rng.choice(4, size=60)
    text = str(encode_fast(symbols, counts))
    for i in range(len(text)):
        flipped = Bits.from_string(text[:i] + "10"[int(text[i])] + text[i + 1 :])
        try:
            other = decode_fast(flipped, n=60, counts=counts)
        except DecodeError:
            continue
        assert not np.array_equal(other, symbols)
        assert encode_fast(other, counts) == flipped


def test_more_words_than_the_symbols_can_fill():
    with pytest.raises(DecodeError, match="largest"):
        decode_fast(EliasGamma().encode(9).bits, n=2, counts=[1, 1])


def test_bad_input():
    for symbols, counts in (
        ([0.5], [1, 1]), ([np.nan], [1, 1]), ([[0]], [1, 1]), ([2], [1, 1]), ([-1], [1, 1]), ([1], [1, 0]),
        ([0], []), ([0], [0, 0]), ([0], [-1, 3]), ([0], [LARGEST_FAST_TOTAL, 1]), ([0], [0.5, 0.5]),
    ):  # fmt: skip
        with pytest.raises(InputError, match="given"):
            encode_fast(symbols, counts)
    for n in (-1, 2**31, 1.5):
        with pytest.raises(InputError, match="given"):
            FastRun([1, 1], n=n)
