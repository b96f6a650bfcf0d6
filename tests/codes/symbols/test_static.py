import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    AdaptiveRun,
    BitReader,
    Bits,
    BitWriter,
    EnumerativeRun,
    HistogramRun,
    HuffmanRun,
    MixtureVector,
    ParametricVector,
    RangedVector,
    StaticRun,
    Uniform,
    check_codec,
    reference,
)
from idbounds.codes.symbols import tables
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.codes.symbols.huffman import LARGEST_ALPHABET
from idbounds.errors import DecodeError, InputError

RUNS = [HistogramRun, EnumerativeRun, HuffmanRun, AdaptiveRun]
VECTORS = st.integers(0, 10).flatmap(lambda k: st.lists(st.integers(-(2**k), 2**k), max_size=30))


@pytest.mark.parametrize("run", [HistogramRun, EnumerativeRun])
@pytest.mark.parametrize("n", range(6))
@pytest.mark.parametrize("size", [1, 2, 3])
def test_laws_over_all_sequences(run, size, n):
    check_codec(
        run(size, n=n), [np.array(s, dtype=np.int64) for s in itertools.product(range(size), repeat=n)]
    )


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.lists(st.integers(0, 39), max_size=60))
def test_round_trip_of_runs(size, symbols):
    symbols = np.array(symbols, dtype=np.int64) % size
    for run in (HistogramRun, EnumerativeRun):
        codec = run(size, n=symbols.size)
        message = codec.encode(symbols)
        assert message.ideal_bits <= message.code_bits + 1e-6
        assert message.code_bits < message.ideal_bits + 2 + 1e-6
        assert np.array_equal(codec.decode(message), symbols)


@settings(max_examples=100, deadline=None)
@given(VECTORS)
def test_round_trip_of_vectors(values):
    vector = np.array(values, dtype=np.int64)
    for codec in (ParametricVector(vector.size), *(RangedVector(run, vector.size) for run in RUNS)):
        message = codec.encode(vector)
        assert message.ideal_bits <= message.code_bits + 1e-6
        assert message.code_bits < message.ideal_bits + 2 + 1e-6
        assert np.array_equal(codec.decode(message), vector)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_laws_over_a_cube(size):
    cube = [np.array(x, dtype=np.int64) for x in itertools.product(range(-2, 3), repeat=size)]
    for codec in (ParametricVector(size), *(RangedVector(run, size) for run in RUNS)):
        check_codec(codec, cube)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_the_code_of_the_type_is_the_code_that_adds_one(counts):
    n, size = sum(counts), len(counts)
    symbols = np.repeat(np.arange(size), counts)
    types = math.comb(n + size - 1, size - 1)
    sequences = math.factorial(n) // math.prod(math.factorial(count) for count in counts)
    ideal = EnumerativeRun(size, n=n).ideal_length(symbols)
    assert ideal == pytest.approx(math.log2(types) + math.log2(sequences), abs=1e-8)
    seen, adding = [0] * size, 0.0
    for t, symbol in enumerate(symbols.tolist()):
        adding -= math.log2((seen[symbol] + 1) / (t + size))
        seen[symbol] += 1
    assert ideal == pytest.approx(adding, abs=1e-8)


@pytest.mark.parametrize("size", [2, 5])
def test_enumerative_bits_are_those_of_the_slow_coder(size):
    symbols = np.random.default_rng(size).integers(0, size, 200)
    slow = reference._encode(symbols.tolist(), [1] * size, 1)
    assert str(EnumerativeRun(size, n=200).encode(symbols).bits) == slow


def test_histogram_header():
    # Left: 10, 5, 2 in 4, 3 and 2 bits; the last count is what is left.
    symbols = np.repeat(np.arange(4), [5, 3, 0, 2])
    codec = HistogramRun(4, n=10)
    text = str(codec.encode(symbols).bits)
    assert codec.header_bits(symbols) == 9
    assert text[:9] == "010101100"
    assert text[9:] == str(StaticRun([5, 3, 0, 2], n=10).encode(symbols).bits)
    assert codec.ideal_length(symbols) == pytest.approx(9 + 14.8547529723, abs=1e-9)


def test_another_histogram_than_the_header_says():
    out = BitWriter()
    Uniform(4).write(1, out)
    StaticRun([1, 2], n=3).write(np.array([1, 1, 1]), out)
    with pytest.raises(DecodeError, match="other counts"):
        HistogramRun(2, n=3).decode(out.bits())
    with pytest.raises(DecodeError, match="largest"):
        HistogramRun(2, n=4).decode(Bits.from_string("111"))


def test_another_range_than_the_header_says():
    codec = RangedVector(AdaptiveRun, 2)
    text = str(codec.encode(np.array([3, 4])).bits)
    out = BitWriter()
    out.extend(Bits.from_string(text[:-4]))
    for symbols in ([1, 1], [0, 0]):
        out = BitWriter()
        codec._smallest.write(3, out)
        codec._span.write(2, out)
        AdaptiveRun(2, n=2).write(np.array(symbols), out)
        with pytest.raises(DecodeError, match="another range"):
            codec.decode(out.bits())


def test_names():
    assert RangedVector(HuffmanRun, 7).name == "ranged-huffman(7)"
    assert RangedVector(AdaptiveRun, 7).name == "ranged-adaptive-arithmetic(7)"
    assert HistogramRun(3, n=7).name == "histogram(K=3, n=7)"


@pytest.mark.parametrize(("family", "scale"), [("gauss", 2.0), ("laplace", 4.0), ("student3", 1.0)])
def test_the_family_is_found(family, scale):
    from scipy import stats

    law = {"gauss": stats.norm, "laplace": stats.laplace, "student3": stats.t(3)}[family]
    vector = np.rint(scale * law.rvs(size=5000, random_state=np.random.default_rng(0))).astype(np.int64)
    codec = ParametricVector(5000)
    found, at = codec.choice(vector)
    assert found == family
    assert at == pytest.approx(scale, rel=0.06)
    assert codec.length(vector) == pytest.approx(MixtureVector(5000).length(vector), abs=6)


def test_the_choice_is_the_best():
    vector = np.array([0, 1, -1, 2, 0, 0, -3])
    codec = ParametricVector(7)
    best = codec._best(vector)
    lengths = [codec._components(column) for column in range(4 * tables.scale_count(0))]
    from idbounds.codes.symbols.tree import ideal_bits

    each = [ideal_bits(vector, components) for components in lengths]
    assert each[best] == min(each)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=24), st.integers(1, 6), st.integers(0, 20))
def test_hostile_bytes(data, size, n):
    bits = Bits(data, 8 * len(data))
    codecs = [HistogramRun(size, n=n), EnumerativeRun(size, n=n), *(RangedVector(run, n) for run in RUNS)]
    for codec in codecs:
        try:
            value = codec.decode(bits)
        except DecodeError:
            continue
        assert codec.encode(value).bits == bits
    try:
        vector = ParametricVector(n).decode(bits)
    except DecodeError:
        return
    assert ParametricVector(n).length(vector) <= bits.length + 2  # the stream may name a worse scale


def test_what_follows_is_left_alone():
    for codec in (
        HistogramRun(3, n=4),
        EnumerativeRun(3, n=4),
        ParametricVector(4),
        RangedVector(HuffmanRun, 4),
    ):
        out = BitWriter()
        codec.write(np.array([0, 2, 1, 0]), out)
        out.write_uint(5, 3)
        source = BitReader(out.bits())
        codec.read(source)
        assert source.remaining == 3


@pytest.mark.parametrize("run", [HistogramRun, EnumerativeRun])
def test_bad_input_to_runs(run):
    for size, n in ((0, 1), (2**30 + 1, 1), (2, -1), (2, 2**31), (2.5, 1)):
        with pytest.raises(InputError, match="given"):
            run(size, n=n)
    for value in ([0.5, 1.0], [np.nan, 0.0], [0, 2], [0, -1], [0], [[0, 1]]):
        for act in (run(2, n=2).encode, run(2, n=2).ideal_length):
            with pytest.raises(InputError, match="given"):
                act(np.array(value))


def test_bad_vectors():
    for codec in (ParametricVector(2), RangedVector(HistogramRun, 2)):
        for value in ([0.5, 1.0], [np.inf, 0.0], [0], [[0, 1]], [0, LARGEST_ENTRY + 1]):
            for act in (codec.encode, codec.ideal_length):
                with pytest.raises(InputError, match="given"):
                    act(np.array(value))
    with pytest.raises(InputError, match=f"up to {LARGEST_ALPHABET}"):
        RangedVector(HistogramRun, 2).encode(np.array([-(2**19), 2**19]))
    for make in (ParametricVector, lambda size: RangedVector(HistogramRun, size)):
        with pytest.raises(InputError, match="size of the vector"):
            make(2**31)
