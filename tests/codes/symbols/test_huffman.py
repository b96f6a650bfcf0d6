import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import BitReader, Bits, BitWriter, EliasGamma, HuffmanRun, check_codec, huffman_lengths
from idbounds.codes.symbols.huffman import LARGEST_ALPHABET
from idbounds.errors import DecodeError, InputError


def shortest_by_search(counts):
    """Least total of any lengths that keep Kraft's inequality."""
    used = [count for count in counts if count]
    if len(used) < 2:
        return 0
    totals = [
        sum(c * length for c, length in zip(used, lengths, strict=True))
        for lengths in itertools.product(range(1, len(used)), repeat=len(used))
        if sum(2.0**-length for length in lengths) <= 1
    ]
    return min(totals)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=5))
def test_lengths_are_the_shortest(counts):
    lengths = huffman_lengths(counts)
    assert sum(c * length for c, length in zip(counts, lengths, strict=True)) == shortest_by_search(counts)
    used = [length for length, count in zip(lengths, counts, strict=True) if count]
    assert sum(2.0**-length for length in used) == 1 or not used
    assert all(length == 0 for length, count in zip(lengths, counts, strict=True) if not count)


def test_fibonacci_counts_make_the_longest_codewords():
    counts = [1, 1]
    while len(counts) < 25:
        counts.append(counts[-1] + counts[-2])
    assert max(huffman_lengths(counts)) == 24
    symbols = np.repeat(np.arange(20), counts[:20])
    codec = HuffmanRun(20, n=symbols.size)
    assert np.array_equal(codec.decode(codec.encode(symbols)), symbols)


@pytest.mark.parametrize("n", range(6))
@pytest.mark.parametrize("size", [1, 2, 3])
def test_laws_over_all_sequences(size, n):
    sequences = itertools.product(range(size), repeat=n)
    check_codec(HuffmanRun(size, n=n), [np.array(s, dtype=np.int64) for s in sequences])


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.lists(st.integers(0, 39), max_size=60))
def test_round_trip(size, symbols):
    symbols = np.array(symbols, dtype=np.int64) % size
    codec = HuffmanRun(size, n=symbols.size)
    message = codec.encode(symbols)
    assert message.code_bits == message.ideal_bits
    assert np.array_equal(codec.decode(message), symbols)


def test_the_message_by_hand():
    # Lengths 1, 2, 2 in two bits each behind gamma(3) = 011; codewords 0, 10, 11.
    bits = HuffmanRun(3, n=4).encode(np.array([0, 2, 0, 1])).bits
    assert str(bits) == "011 01 10 10 0 11 0 10".replace(" ", "")
    assert str(HuffmanRun(5, n=9).encode(np.full(9, 3)).bits) == "1" + "011"
    assert HuffmanRun(5, n=0).encode(np.array([], dtype=np.int64)).code_bits == 0


def test_a_whole_bit_for_each_symbol():
    symbols = (np.arange(10_000) % 100 == 0).astype(np.int64)
    bits = HuffmanRun(2, n=10_000).length(symbols)
    entropy = 10_000 * (-0.01 * math.log2(0.01) - 0.99 * math.log2(0.99))
    assert bits > 10 * entropy


def test_what_follows_is_left_alone():
    out = BitWriter()
    codec = HuffmanRun(4, n=5)
    codec.write(np.array([0, 1, 1, 3, 1]), out)
    out.write_uint(5, 3)
    source = BitReader(out.bits())
    codec.read(source)
    assert source.read_uint(3) == 5


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=20), st.integers(1, 6), st.integers(0, 30))
def test_hostile_bytes(data, size, n):
    codec, bits = HuffmanRun(size, n=n), Bits(data, 8 * len(data))
    try:
        symbols = codec.decode(bits)
    except DecodeError:
        return
    assert codec.encode(symbols).bits == bits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("010 1 1 1 00", "no Huffman code"),  # three codewords of one bit
        ("010 1 0 0 00", "no Huffman code"),  # one codeword of one bit
        ("011 01 01 00 00", "no Huffman code"),  # none as long as said
        ("010 1 1 0 00", "not the one"),  # only one symbol occurs
        ("011 10 01 10 010", "not the one"),  # the frequent symbol has the long codeword
        ("010 1 1", "truncated"),
        ("", "truncated"),
        ("1 11", "largest"),
    ],
)
def test_tables_no_encoder_writes(text, words):
    with pytest.raises(DecodeError, match=words):
        HuffmanRun(3, n=2).decode(Bits.from_string(text.replace(" ", "")))


def test_a_stream_cannot_claim_long_codewords():
    out = BitWriter()
    EliasGamma().write(42, out)
    with pytest.raises(DecodeError, match="largest"):
        HuffmanRun(LARGEST_ALPHABET, n=3).decode(out.bits())


def test_bad_input():
    for size, n in ((0, 1), (LARGEST_ALPHABET + 1, 1), (2, -1), (2, 2**31), (2.5, 1)):
        with pytest.raises(InputError, match="given"):
            HuffmanRun(size, n=n)
    for value in ([0.5, 1.0], [0, 2], [0, -1], [0], [[0, 1]]):
        for act in (HuffmanRun(2, n=2).encode, HuffmanRun(2, n=2).ideal_length):
            with pytest.raises(InputError, match="given"):
                act(np.array(value))
