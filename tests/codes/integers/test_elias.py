import itertools
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idbounds.codes import (
    Bits,
    EliasDelta,
    EliasGamma,
    EliasOmega,
    Rice,
    Shifted,
    Uniform,
    Zigzag,
    check_codec,
)
from idbounds.errors import DecodeError, InputError

ELIAS = [EliasGamma, EliasDelta, EliasOmega]

# Lengths in bits; each is recomputed by writing the codeword out by hand, or with w = floor(log2 n):
# gamma 2 w + 1, delta w + 2 floor(log2(w + 1)) + 1, omega 1 + sum of the widths of n, floor(log2 n), ...
LENGTHS = [
    (EliasGamma, {1: 1, 2: 3, 17: 9, 100: 13, 1000: 19}),
    (EliasDelta, {1: 1, 2: 4, 3: 4, 100: 11, 1000: 16, 2**20: 29}),
    (EliasOmega, {1: 1, 2: 3, 4: 6, 16: 11, 17: 11, 100: 13, 1000: 17, 2**20: 32}),
]


@pytest.mark.parametrize(("elias", "lengths"), LENGTHS)
def test_published_lengths(elias, lengths):
    codec = elias()
    assert {n: codec.length(n) for n in lengths} == lengths
    assert {n: codec.ideal_length(n) for n in lengths} == lengths


# Codewords from Elias (1975), as printed in any textbook table.
CODEWORDS = [
    (EliasGamma, {1: "1", 2: "010", 3: "011", 4: "00100", 9: "0001001"}),
    (EliasDelta, {1: "1", 2: "0100", 3: "0101", 4: "01100", 17: "001010001"}),
    (EliasOmega, {1: "0", 2: "100", 3: "110", 4: "101000", 16: "10100100000", 100: "1011011001000"}),
]


@pytest.mark.parametrize(("elias", "codewords"), CODEWORDS)
def test_codewords(elias, codewords):
    assert {n: str(elias().encode(n).bits) for n in codewords} == codewords


@pytest.mark.parametrize("elias", ELIAS)
def test_prefix_free_by_enumeration(elias):
    check_codec(elias(), range(1, 4097))


def test_gamma_fills_the_kraft_sum():
    # All n below 2^m leave exactly 2^-m of the unit interval.
    total = sum(Fraction(1, 2 ** EliasGamma().length(n)) for n in range(1, 2**8))
    assert total == 1 - Fraction(1, 2**8)


@pytest.mark.parametrize("elias", ELIAS)
@given(n=st.one_of(st.integers(1, 2**200), st.integers(0, 200).map(lambda k: 2**k)))
def test_huge_values_round_trip(elias, n):
    codec = elias(largest=2**200)
    message = codec.encode(n)
    assert codec.decode(message) == n
    assert message.code_bits == codec.ideal_length(n) == message.ideal_bits


@pytest.mark.parametrize("elias", ELIAS)
def test_the_largest_value_is_the_last(elias):
    codec = elias(largest=1000)
    assert codec.decode(codec.encode(1000)) == 1000
    for n in (0, -1, 1001):
        with pytest.raises(InputError, match="1 to 1000"):
            codec.encode(n)
    for n in (1001, 1023, 1024, 2**60):
        with pytest.raises(DecodeError):
            codec.decode(elias().encode(n).bits)


@pytest.mark.parametrize("elias", ELIAS)
@given(data=st.binary(max_size=40))
def test_hostile_bytes(elias, data):
    codec = elias()
    try:
        n = codec.decode(Bits(data, 8 * len(data)))
    except DecodeError:
        return
    assert codec.encode(n).bits == Bits(data, 8 * len(data))


@pytest.mark.parametrize("elias", ELIAS)
@pytest.mark.parametrize("byte", [b"\0", b"\xff"])
def test_hostile_streams_take_no_memory(elias, byte):
    bits = Bits(byte * 10**6, 8 * 10**6)
    codec = elias()
    tracemalloc.start()
    with pytest.raises(DecodeError):
        codec.decode(bits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**5


@pytest.mark.parametrize("value", [2.0, "3", None, float("nan")])
def test_only_integers(value):
    for codec in (EliasGamma(), EliasDelta(), EliasOmega(), Uniform(9)):
        with pytest.raises(InputError, match="integer"):
            codec.encode(value)


def test_numpy_integers_are_integers():
    assert EliasGamma().encode(np.int32(17)).bits == EliasGamma().encode(17).bits


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9, 100])
def test_uniform(size):
    codec = Uniform(size)
    check_codec(codec, range(size))
    assert codec.length(size - 1) == max(0, int(np.ceil(np.log2(size))))
    with pytest.raises(InputError):
        codec.encode(size)
    with pytest.raises(InputError):
        codec.encode(-1)
    width = codec.length(0)
    for digits in itertools.product("01", repeat=width):
        text = "".join(digits)
        if int(text or "0", 2) >= size:
            with pytest.raises(DecodeError):
                codec.decode(Bits.from_string(text))


def test_shifted_codes_from_zero():
    codec = Shifted(EliasGamma(), by=1)
    check_codec(codec, range(1000))
    assert codec.length(0) == codec.ideal_length(0) == 1
    assert codec.encode(0).decoder == "elias-gamma+1"
    with pytest.raises(InputError):
        codec.encode(-1)


def test_menu_and_largest_are_checked():
    with pytest.raises(InputError):
        Uniform(0)
    for largest in (0, 2**5000):
        with pytest.raises(InputError):
            EliasGamma(largest=largest)
    with pytest.raises(InputError, match="20001 bits"):
        EliasGamma().encode(2**20000)
    with pytest.raises(InputError):
        Shifted(EliasGamma(), by=0.5)


def test_zigzag_folds_the_signs():
    folded = [Zigzag(Uniform(9)).encode(n).bits for n in (0, -1, 1, -2, 2, -3, 3, -4, 4)]
    assert folded == [Uniform(9).encode(n).bits for n in range(9)]
    for codec in (Zigzag(Rice(2)), Zigzag(Shifted(EliasGamma(), by=1))):
        check_codec(codec, range(-300, 300))
    assert Zigzag(Rice(2)).name == "zigzag(rice(2))"


@given(n=st.integers(-(2**200), 2**200))
def test_zigzag_of_any_size(n):
    codec = Zigzag(Shifted(EliasDelta(largest=2**202), by=1))
    assert codec.decode(codec.encode(n)) == n
    assert codec.ideal_length(n) == codec.length(n)


def test_zigzag_refuses():
    for value in (0.5, None, float("nan"), 2**5000):
        with pytest.raises(InputError, match="zigzag"):
            Zigzag(Rice(2)).encode(value)
    with pytest.raises(InputError):
        Zigzag(Uniform(9)).encode(5)
    with pytest.raises(DecodeError):
        Zigzag(Uniform(9)).decode(Bits.from_string("1001"))
