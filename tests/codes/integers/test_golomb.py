import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idbounds.codes import (
    BitReader,
    Bits,
    BitWriter,
    EliasGamma,
    ExpGolomb,
    Golomb,
    Rice,
    Unary,
    best_golomb,
    check_codec,
)
from idbounds.codes.integers.elias import LARGEST
from idbounds.errors import DecodeError, InputError


def golomb_by_hand(n, m):
    """n // m in unary, then n % m in truncated binary, straight from Golomb's definition."""
    quotient, rest = n // m, n % m
    width = math.ceil(math.log2(m)) if m > 1 else 0
    cut = 2**width - m
    if rest < cut:
        tail = format(rest, f"0{width - 1}b") if width > 1 else ""
    else:
        tail = format(rest + cut, f"0{width}b") if width else ""
    return "0" * quotient + "1" + tail


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 7, 8, 10, 16, 100, 1000])
def test_golomb_codewords(m):
    codec = Golomb(m)
    for n in [*range(3 * m + 5), 17 * m - 1, 17 * m]:
        text = golomb_by_hand(n, m)
        assert str(codec.encode(n).bits) == text
        assert codec.ideal_length(n) == len(text)


@pytest.mark.parametrize("k", range(6))
def test_rice_is_golomb_of_a_power_of_two(k):
    for n in range(200):
        assert Rice(k).encode(n).bits == Golomb(2**k).encode(n).bits
        assert Rice(k).length(n) == n // 2**k + 1 + k
    assert Rice(k).name == f"rice({k})"


@pytest.mark.parametrize("k", range(6))
def test_exp_golomb_codewords(k):
    for n in range(500):
        high = (n >> k) + 1
        text = "0" * (high.bit_length() - 1) + f"{high:b}" + (f"{n % 2**k:0{k}b}" if k else "")
        assert str(ExpGolomb(k).encode(n).bits) == text
        assert ExpGolomb(k).ideal_length(n) == len(text) == 2 * math.floor(math.log2(n // 2**k + 1)) + 1 + k


def test_exp_golomb_of_order_zero_is_gamma_of_the_next():
    for n in range(100):
        assert ExpGolomb(0).encode(n).bits == EliasGamma().encode(n + 1).bits


def test_unary_codewords():
    assert [str(Unary().encode(n).bits) for n in (1, 2, 5)] == ["1", "01", "00001"]
    assert Unary().encode(7).bits == Golomb(1).encode(6).bits


CODECS = [
    *(Golomb(m) for m in (1, 2, 3, 5, 6, 7, 8, 100)),
    *(Rice(k) for k in (0, 1, 3)),
    *(ExpGolomb(k) for k in (0, 1, 3, 10)),
]


@pytest.mark.parametrize("codec", CODECS, ids=lambda c: c.name)
def test_laws(codec):
    check_codec(codec, range(600))


def test_laws_of_unary():
    check_codec(Unary(), range(1, 300))


@pytest.mark.parametrize("m", range(1, 30))
def test_golomb_fills_the_kraft_sum(m):
    # All n below 9 M leave exactly the codewords that begin with nine zeros.
    assert sum(Fraction(1, 2 ** Golomb(m).length(n)) for n in range(9 * m)) == 1 - Fraction(1, 2**9)


@given(st.integers(1, 2**64), st.integers(0, 2**20 - 1), st.data())
def test_golomb_of_any_divisor(m, quotient, data):
    n = min(quotient * m + data.draw(st.integers(0, m - 1)), LARGEST)
    assert Golomb(m).decode(Golomb(m).encode(n)) == n
    assert Golomb(m).length(n) == Golomb(m).ideal_length(n)


@given(st.integers(0, 64), st.integers(0, 2**64))
def test_exp_golomb_of_any_order(k, n):
    message = ExpGolomb(k).encode(n)
    assert ExpGolomb(k).decode(message) == n
    assert message.code_bits == ExpGolomb(k).ideal_length(n)


@pytest.mark.parametrize(
    ("codec", "least", "largest"),
    [
        (Unary(largest=50), 1, 50),
        (Golomb(7, largest=50), 0, 50),
        (Rice(2, largest=50), 0, 50),
        (ExpGolomb(2, largest=50), 0, 50),
    ],
    ids=lambda x: getattr(x, "name", x),
)
def test_the_largest_value_is_the_last(codec, least, largest):
    check_codec(codec, range(least, largest + 1))
    for n in (least - 1, largest + 1, 2**70, -(2**70)):
        with pytest.raises(InputError, match=f"{least} to {largest}"):
            codec.encode(n)
    wide = type(codec)(
        **({} if codec.name == "unary" else {"m": 7} if codec.name == "golomb(7)" else {"k": 2})
    )
    for n in (51, 52, 55, 60, 200):
        with pytest.raises(DecodeError):
            codec.decode(wide.encode(n).bits)


@pytest.mark.parametrize("codec", [*CODECS, Unary()], ids=lambda c: c.name)
@pytest.mark.parametrize("value", [2.0, "3", None, float("nan"), float("inf"), [1]])
def test_only_integers(codec, value):
    with pytest.raises(InputError, match="integer"):
        codec.encode(value)
    with pytest.raises(InputError, match="integer"):
        codec.ideal_length(value)


@pytest.mark.parametrize("codec", [*CODECS, Unary()], ids=lambda c: c.name)
@given(data=st.binary(max_size=30))
def test_hostile_bytes(codec, data):
    bits = Bits(data, 8 * len(data))
    source = BitReader(bits)
    try:
        value = codec.read(source)
    except DecodeError:
        return
    out = BitWriter()
    codec.write(value, out)
    assert str(bits).startswith(str(out.bits()))
    assert len(out) == source.position


@pytest.mark.parametrize("codec", [Unary(), Golomb(3), ExpGolomb(2)], ids=lambda c: c.name)
def test_a_stream_of_zeros_is_refused(codec):
    bits = Bits(bytes(2**18), 2**21)
    with pytest.raises(DecodeError):
        codec.decode(bits)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Golomb(0), "1 to"),
        (lambda: Golomb(2.5), "integer"),
        (lambda: Golomb(3, largest=2**40), "larger divisor"),
        (lambda: Golomb(3, largest=-1), "0 to"),
        (lambda: Rice(-1), "0 to 64"),
        (lambda: Rice(65), "0 to 64"),
        (lambda: ExpGolomb(65), "0 to 64"),
        (lambda: Unary(largest=2**31), str(2**30)),
        (lambda: best_golomb(-1, 2), "zeros"),
        (lambda: best_golomb(3, 0), "ones"),
        (lambda: best_golomb(0.5, 1), "integer"),
    ],
)
def test_bad_parameters(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize("ones", [1, 2, 3, 7, 10, 33, 1000])
def test_the_best_divisor(ones):
    # Gallager and Van Voorhis: the least M with q^M + q^(M+1) <= 1; at most one off, and then nearly as good.
    for zeros in [*range(150), 1000, 2345]:
        q = Fraction(zeros, zeros + ones)
        m = best_golomb(zeros, ones)
        if m > 400:
            continue
        right = m if q**m + q ** (m + 1) <= 1 else m + 1
        while right > 1 and q ** (right - 1) + q**right <= 1:
            right -= 1
        assert q**right + q ** (right + 1) <= 1
        assert abs(m - right) <= 1
        assert mean_length(m, q) - mean_length(right, q) <= 0.0223


def mean_length(m, q):
    """Mean length for P(n) = (1 - q) q^n, from the closed form of the length."""
    width = (m - 1).bit_length()
    return width + float(q) ** (2**width - m) / (1 - float(q) ** m)


def test_the_best_divisor_beats_all_others_on_a_sample():
    gaps = np.random.default_rng(0).geometric(0.03, size=2000) - 1
    totals = {m: sum(Golomb(m).ideal_length(int(g)) for g in gaps) for m in range(1, 80)}
    best = totals[best_golomb(int(gaps.sum()), gaps.size)]
    assert best <= 1.002 * min(totals.values())
