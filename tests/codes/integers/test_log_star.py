from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import ceil, log, mp, mpf

from idbounds.codes import BitReader, Bits, LogStar, check_codec
from idbounds.codes.integers.elias import LARGEST
from idbounds.codes.integers.log_star import _LAST
from idbounds.errors import DecodeError, InputError
from idbounds.kernels.floats import LOG_STAR_CONSTANT


def log_star(n):
    """The definition with 60 digits."""
    with mp.workdps(60):
        total, x = log(mpf(LOG_STAR_CONSTANT), 2), mpf(n)
        while (x := log(x, 2)) > 0:
            total += x
        return total


def test_the_table_is_where_log_star_passes_an_integer():
    for bits, last in enumerate(_LAST, start=2):
        assert log_star(last) <= bits < log_star(last + 1)
    assert _LAST[-2] < LARGEST <= _LAST[-1]


def test_codewords():
    words = {1: "00", 2: "010", 3: "0110", 4: "01110", 5: "011110", 6: "011111", 7: "1000000"}
    assert {n: str(LogStar().encode(n).bits) for n in words} == words
    assert LogStar().length(1000) == 18
    assert LogStar().length(LARGEST) == 76


def test_laws():
    check_codec(LogStar(), range(1, 4097))


@given(st.one_of(st.integers(1, 2**64), st.integers(1, 2**20), st.sampled_from(_LAST[:-1])))
def test_the_length_is_log_star_rounded_up(n):
    message = LogStar().encode(n)
    assert message.code_bits == int(ceil(log_star(n)))
    assert LogStar().decode(message) == n
    assert message.ideal_bits == pytest.approx(float(log_star(n)), abs=1e-12)


def test_kraft_to_the_end():
    # The whole code, exactly: the share left is for n > 2^64 and for what rounding up gives away.
    before = [0, *_LAST]
    total = sum(Fraction(b - a, 2**bits) for bits, (a, b) in enumerate(pairwise(before), start=2))
    assert Fraction(614, 1000) < total < Fraction(615, 1000)


def test_what_is_refused():
    codec = LogStar(largest=1000)
    for n in (0, -1, 1001, 2**65):
        with pytest.raises(InputError, match="1 to 1000"):
            codec.encode(n)
    for value in (1.5, None, "2", float("nan")):
        with pytest.raises(InputError, match="integer"):
            codec.encode(value)
    with pytest.raises(InputError, match="largest"):
        LogStar(largest=2**65)
    for n in (1001, 2000, 2**60):
        with pytest.raises(DecodeError, match="1000"):
            codec.decode(LogStar().encode(n).bits)
    with pytest.raises(DecodeError, match="largest"):
        LogStar().decode(Bits(b"\xff" * 10, 80))


@given(st.binary(max_size=12))
def test_hostile_bytes(data):
    bits = Bits(data, 8 * len(data))
    source = BitReader(bits)
    try:
        n = LogStar().read(source)
    except DecodeError:
        return
    assert str(bits)[: source.position] == str(LogStar().encode(n).bits)
