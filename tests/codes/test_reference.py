import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    Bits,
    decode_adaptive,
    decode_static,
    encode_adaptive,
    encode_static,
    reference,
)
from idbounds.codes.arithmetic import LARGEST_TOTAL
from idbounds.errors import DecodeError, InputError


def assert_same_bits(symbols, counts):
    n, size = len(symbols), len(counts)
    slow, fast = reference.encode_static(symbols, counts), encode_static(symbols, counts)
    assert str(fast) == slow
    assert reference.decode_static(slow, n=n, counts=counts) == symbols
    assert decode_static(fast, n=n, counts=counts).tolist() == symbols
    slow, fast = reference.encode_adaptive(symbols, size), encode_adaptive(symbols, size)
    assert str(fast) == slow
    assert reference.decode_adaptive(slow, n=n, size=size) == symbols
    assert decode_adaptive(fast, n=n, size=size).tolist() == symbols


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_same_bits_for_any_table(data):
    entry = st.one_of(st.just(0), st.integers(0, 9), st.integers(0, 2**20).map(lambda k: k), st.just(2**25))
    counts = data.draw(st.lists(entry, min_size=1, max_size=20))
    counts[data.draw(st.integers(0, len(counts) - 1))] += 1
    positive = [j for j, count in enumerate(counts) if count]
    assert_same_bits(data.draw(st.lists(st.sampled_from(positive))), counts)


@pytest.mark.parametrize(
    "counts",
    [
        [1, 2, 1],
        [1],
        [0, 5],
        [LARGEST_TOTAL - 1, 1],
        [1, LARGEST_TOTAL - 2, 1],
        [2**29, 2**29],
        [2**29 - 1, 2, 2**29 - 1],
        [3**k for k in range(15)],
        [1] * 100,
    ],
)
@pytest.mark.parametrize("n", [0, 1, 2, 7, 500])
def test_same_bits_for_extreme_tables(counts, n):
    rng = np.random.default_rng(n)
    positive = np.flatnonzero(counts)
    for symbol in positive[[0, -1]]:
        assert_same_bits([int(symbol)] * n, counts)
    assert_same_bits(rng.choice(positive, size=n).tolist(), counts)
    assert_same_bits(
        rng.choice(positive, size=n, p=np.array(counts)[positive] / sum(counts)).tolist(), counts
    )


@settings(max_examples=300, deadline=None)
@given(st.text("01", max_size=40), st.integers(0, 12), st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_same_verdict_on_any_bits(text, n, counts):
    counts[-1] += 1

    def verdict(decode, bits, **model):
        try:
            return list(decode(bits, n=n, **model))
        except DecodeError:
            return None

    bits = Bits.from_string(text)
    slow = verdict(reference.decode_static, text, counts=counts)
    assert verdict(decode_static, bits, counts=counts) == slow
    slow = verdict(reference.decode_adaptive, text, size=len(counts))
    assert verdict(decode_adaptive, bits, size=len(counts)) == slow


def test_symbols_without_weight_are_refused():
    with pytest.raises(InputError):
        reference.encode_static([1], [1, 0])
    with pytest.raises(InputError):
        reference.encode_adaptive([2], 2)


def test_a_hand_computed_message():
    # P = 1/2 each, so three symbols are their own three bits, whatever the coder.
    assert reference.encode_static([1, 0, 1], [1, 1]) == "101"
