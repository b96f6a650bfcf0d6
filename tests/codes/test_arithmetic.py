import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    AdaptiveRun,
    BitReader,
    Bits,
    BitWriter,
    StaticRun,
    check_codec,
    decode_adaptive,
    decode_static,
    encode_adaptive,
    encode_static,
)
from idbounds.codes.arithmetic import LARGEST_TOTAL
from idbounds.errors import DecodeError, InputError

SLACK = 2.0**-28  # bits a symbol that the integer division may cost

TABLES = [
    [1, 1],
    [1, 2, 1],
    [1, 0, 3, 0],
    [5, 3, 2],
    [0, 1],
    [1],
    [LARGEST_TOTAL - 1, 1],
    [1, LARGEST_TOTAL - 1],
    [1, LARGEST_TOTAL - 2, 1],
    [2**29, 2**29],
    [2**29 - 1, 2, 2**29 - 1],
    [3**k for k in range(15)],
]


def assert_within_two_bits(codec, symbols):
    message = codec.encode(symbols)
    assert message.ideal_bits <= message.code_bits + 1e-6
    assert message.code_bits < message.ideal_bits + 2 + 1e-6 + symbols.size * SLACK
    assert np.array_equal(codec.decode(message), symbols)


@pytest.mark.parametrize("counts", TABLES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 1000])
def test_within_two_bits_for_extreme_tables(counts, n):
    codec = StaticRun(counts, n=n)
    rng = np.random.default_rng(n)
    positive = np.flatnonzero(counts)
    likely = np.full(n, np.argmax(counts))
    unlikely = np.full(n, positive[np.argmin(np.array(counts)[positive])])
    for symbols in (likely, unlikely, rng.choice(positive, size=n)):
        assert_within_two_bits(codec, symbols)


@pytest.mark.parametrize("n", [1, 10, 100, 1000, 10**4, 10**5])
@pytest.mark.parametrize("size", [1, 2, 3, 16, 65, 300])
def test_within_two_bits_for_random_tables(n, size):
    rng = np.random.default_rng([n, size])
    p = rng.dirichlet(np.full(size, 0.3))
    symbols = rng.choice(size, size=n, p=p)
    counts = np.bincount(symbols, minlength=size) + rng.integers(0, 3, size=size)
    assert_within_two_bits(StaticRun(counts, n=n), symbols)
    assert_within_two_bits(AdaptiveRun(size, n=n), symbols)
    assert_within_two_bits(AdaptiveRun(size, n=n), np.full(n, size - 1))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_within_two_bits_property(data):
    counts = data.draw(st.lists(st.one_of(st.just(0), st.integers(0, 9), st.integers(0, 2**26)), min_size=1))
    counts[data.draw(st.integers(0, len(counts) - 1))] += 1
    positive = [j for j, count in enumerate(counts) if count]
    symbols = np.array(data.draw(st.lists(st.sampled_from(positive))), dtype=np.int64)
    assert_within_two_bits(StaticRun(counts, n=symbols.size), symbols)
    assert_within_two_bits(AdaptiveRun(len(counts), n=symbols.size), symbols)


def test_a_million_symbols():
    symbols = (np.random.default_rng(0).random(10**6) < 0.01).astype(np.int64)
    for codec in (StaticRun([99, 1], n=10**6), AdaptiveRun(2, n=10**6)):
        assert_within_two_bits(codec, symbols)


def test_many_pending_bits():
    # The middle symbol keeps the interval astride the centre of the frame: nothing is settled until the end.
    symbols = np.full(5000, 1)
    bits = encode_static(symbols, [1, 2, 1])
    assert str(bits) == "0" + "1" * 5000
    assert np.array_equal(decode_static(bits, n=5000, counts=[1, 2, 1]), symbols)
    symbols[-1] = 2
    assert np.array_equal(decode_static(encode_static(symbols, [1, 2, 1]), n=5000, counts=[1, 2, 1]), symbols)


@pytest.mark.parametrize("n", range(6))
@pytest.mark.parametrize("counts", [[1, 1, 1], [1, 2, 1], [7, 2, 0, 1], [1, 1000, 3]])
def test_laws_over_all_sequences(n, counts):
    positive = np.flatnonzero(counts)
    sequences = [np.array(s, dtype=np.int64) for s in itertools.product(positive, repeat=n)]
    check_codec(StaticRun(counts, n=n), sequences)
    check_codec(AdaptiveRun(len(counts), n=n), sequences)


# Exact values: products of rationals. KT (5, 3, 2): (1 3 5 7 9)(1 3 5)(1 3) / (3 5 ... 21), in any order.
KT = [
    ([0] * 5 + [1] * 3 + [2] * 2, 3, 18.3026166135),
    ([0, 1, 1, 0, 1, 1, 1, 1], 2, 8.3706433799),
    ([0] * 1000, 2, 5.8088205439),
]


@pytest.mark.parametrize(("symbols", "size", "bits"), KT)
def test_kt_lengths(symbols, size, bits):
    codec = AdaptiveRun(size, n=len(symbols))
    assert codec.ideal_length(np.array(symbols)) == pytest.approx(bits, abs=1e-9)
    shuffled = np.random.default_rng(1).permutation(symbols)
    assert codec.ideal_length(shuffled) == codec.ideal_length(np.array(symbols))
    assert bits <= codec.length(shuffled) < bits + 2


def test_static_block():
    # Counts (5, 3, 2): n H = 14.8547529723, hence at most ceil(n H) + 1 = 16 bits.
    symbols = np.array([0] * 5 + [1] * 3 + [2] * 2)
    codec = StaticRun([5, 3, 2], n=10)
    assert codec.ideal_length(symbols) == pytest.approx(14.8547529723, abs=1e-9)
    assert codec.length(symbols) in (15, 16)


def test_certain_symbols_are_free():
    assert encode_static([2] * 1000, [0, 0, 7]) == encode_adaptive([0] * 1000, 1) == Bits(b"", 0)
    assert encode_static([], [1, 1]) == encode_adaptive([], 5) == Bits(b"", 0)
    assert np.array_equal(decode_static(Bits(b"", 0), n=3, counts=[0, 0, 7]), [2, 2, 2])


def test_one_likely_symbol():
    assert len(encode_static([0], [LARGEST_TOTAL - 1, 1])) == 1
    assert len(encode_static([1], [1, LARGEST_TOTAL - 2, 1])) == 2
    assert len(encode_static([1], [LARGEST_TOTAL - 1, 1])) in (30, 31)


@pytest.mark.parametrize("seed", range(20))
def test_every_flipped_bit_shows(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 9))
    counts = rng.integers(1, 2 ** rng.integers(2, 25), size=size)
    symbols = rng.choice(size, size=40, p=rng.dirichlet(np.ones(size)))
    for codec in (StaticRun(counts, n=40), AdaptiveRun(size, n=40)):
        text = str(codec.encode(symbols).bits)
        for i, digit in enumerate(text):
            flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
            try:
                other = codec.decode(Bits.from_string(flipped))
            except DecodeError:
                continue
            assert not np.array_equal(other, symbols)
            assert str(codec.encode(other).bits) == flipped
        for cut in range(len(text)):
            with pytest.raises(DecodeError):
                codec.decode(Bits.from_string(text[:cut]))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=30), st.integers(0, 100), st.lists(st.integers(0, 50), min_size=2, max_size=9))
def test_hostile_bytes(data, n, counts):
    counts[0] += 1
    bits = Bits(data, 8 * len(data))
    for codec in (StaticRun(counts, n=n), AdaptiveRun(len(counts), n=n)):
        try:
            symbols = codec.decode(bits)
        except DecodeError:
            continue
        assert codec.encode(symbols).bits == bits


def test_a_short_stream_cannot_ask_for_many_symbols():
    # 2^28 int64 symbols would be 2 GiB: the pages stay untouched because the stream ends at once.
    for data in (b"", b"\xa5" * 8):
        with pytest.raises(DecodeError, match="truncated"):
            decode_static(Bits(data, 8 * len(data)), n=2**28, counts=[1, 1])


@given(st.text("01", max_size=80))
@settings(deadline=None)
def test_what_follows_a_run_is_left_alone(tail):
    symbols = np.array([0, 2, 1, 1, 0, 0, 2])
    for codec in (StaticRun([3, 2, 2], n=7), AdaptiveRun(3, n=7)):
        out = BitWriter()
        out.write_uint(5, 3)
        codec.write(symbols, out)
        out.extend(Bits.from_string(tail))
        source = BitReader(out.bits())
        assert source.read_uint(3) == 5
        assert np.array_equal(codec.read(source), symbols)
        assert source.remaining == len(tail)


@pytest.mark.parametrize(
    ("symbols", "counts"),
    [
        ([0.5], [1, 1]),
        ([float("nan")], [1, 1]),
        ([[0]], [1, 1]),
        ([2], [1, 1]),
        ([-1], [1, 1]),
        ([1], [1, 0]),
        ([0], []),
        ([0], [0, 0]),
        ([0], [-1, 3]),
        ([0], [LARGEST_TOTAL, 1]),
        ([0], [0.5, 0.5]),
        ([0], [2**62] * 4),
        (np.array([2**63], dtype=np.uint64), [1, 1]),
    ],
)
def test_bad_input(symbols, counts):
    with pytest.raises(InputError, match="given"):
        encode_static(symbols, counts)


def test_bad_parameters():
    for size, n in [(0, 1), (2, -1), (2, 2**29), (2.5, 1)]:
        with pytest.raises(InputError, match="given"):
            AdaptiveRun(size, n=n)
    with pytest.raises(InputError):
        StaticRun([1, 1], n=3).encode(np.array([0, 1]))
    with pytest.raises(InputError):
        StaticRun([1, 1], n=-1)
    with pytest.raises(InputError):
        encode_adaptive([3], 3)


def test_static_functions_invert_each_other():
    symbols = [0, 1, 1, 2, 0]
    assert decode_adaptive(encode_adaptive(symbols, 3), n=5, size=3).tolist() == symbols


@pytest.mark.parametrize("n", [300, 3000])
def test_constriction_agrees(n):
    # A second opinion: a range coder of 32-bit words whose probabilities are rounded to 24 bits.
    constriction = pytest.importorskip("constriction")
    rng = np.random.default_rng(n)
    symbols = rng.choice(4, size=n, p=[0.55, 0.25, 0.15, 0.05])
    counts = np.bincount(symbols, minlength=4)
    model = constriction.stream.model.Categorical(counts / n, perfect=False)
    encoder = constriction.stream.queue.RangeEncoder()
    encoder.encode(symbols.astype(np.int32), model)
    words = encoder.get_compressed().size
    bits = len(encode_static(symbols, counts))
    assert bits <= 32 * words + 2
    assert 32 * words < bits + 64


def test_importing_is_light():
    code = "import sys, idbounds.codes; print(*sorted({'numba', 'scipy', 'constriction'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_ideal_length_is_the_log_of_the_exact_product():
    counts, symbols = [3, 2**20, 17], np.array([0, 1, 1, 2, 1])
    product = math.prod(counts[s] for s in symbols) / sum(counts) ** 5
    assert StaticRun(counts, n=5).ideal_length(symbols) == pytest.approx(-math.log2(product), abs=1e-10)
