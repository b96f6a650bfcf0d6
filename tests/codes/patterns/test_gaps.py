import hashlib
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    Bits,
    BitWriter,
    Delta,
    EliasDelta,
    EliasGamma,
    Gaps,
    Golomb,
    Subset,
    Uniform,
    best_golomb,
)
from idbounds.codes.patterns.gaps import GAP_CODES
from idbounds.errors import DecodeError, InputError
from tests.codes.patterns.test_pattern import drawn


def gaps(positions):
    return [b - a - 1 for a, b in zip([-1, *positions[:-1]], positions, strict=False)]


def delta_by_hand(positions, width):
    text = ""
    for gap in gaps(positions):
        while gap >= 2**width - 1:
            text += "1" * width
            gap -= 2**width - 1
        text += format(gap, f"0{width}b")
    return text


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.integers(1, 9), st.data())
def test_same_bits_as_written_by_hand(n, width, data):
    k = data.draw(st.integers(0, n))
    positions = drawn(n, k).tolist()
    text = delta_by_hand(positions, width)
    assert str(Delta(n, width, k).encode(positions).bits) == text
    assert Delta(n, width, k).ideal_length(positions) == len(text)
    codes = {
        "golomb": lambda gap: Golomb(best_golomb(n - k, max(k, 1))).encode(gap),
        "elias-gamma": lambda gap: EliasGamma().encode(gap + 1),
        "elias-delta": lambda gap: EliasDelta().encode(gap + 1),
    }
    assert set(codes) == set(GAP_CODES)
    for name, code in codes.items():
        text = "".join(str(code(gap).bits) for gap in gaps(positions))
        assert str(Gaps(n, name, k).encode(positions).bits) == text


def test_a_filler_is_no_position():
    # Gap 7 = 2 fillers of 3 zeros and 1; gap 3 = 1 filler and 0; gap 2.
    assert str(Delta(20, 2, 3).encode([7, 11, 14]).bits) == "111101110010"
    assert Delta(20, 2, 3).decode(Bits.from_string("111101110010")).tolist() == [7, 11, 14]


@pytest.mark.parametrize("k", [1, 2, 5, 5000])
def test_many_fillers(k):
    positions = np.sort(np.random.default_rng(k).choice(10**6, k, replace=False))
    codec = Delta(10**6, 2)
    assert np.array_equal(codec.decode(codec.encode(positions)), positions)


def exact_mean(codec, n, k, length):
    """Mean over all sets: k gaps of one law, P(g) = C(n - g - 1, k - 1) / C(n, k)."""
    share = [math.comb(n - g - 1, k - 1) / math.comb(n, k) for g in range(n - k + 1)]
    return codec._count_bits() + k * math.fsum(p * length(g) for g, p in enumerate(share))


@pytest.mark.parametrize("n", [30, 400, 2000])
@pytest.mark.parametrize("k", [1, 2, 3, 17, 29])
def test_the_mean_ideal_length_is_exact(n, k):
    for width in (1, 3, 5, 11):
        codec, filler = Delta(n, width), 2**width - 1
        mean = exact_mean(codec, n, k, lambda g, w=width, b=filler: w * (1 + g // b))
        assert float(codec.mean_ideal_length(k)) == pytest.approx(mean, rel=1e-8)
    for name in GAP_CODES:
        codec = Gaps(n, name)
        mean = exact_mean(codec, n, k, codec._codec(k).ideal_length)
        assert float(codec.mean_ideal_length(k)) == pytest.approx(mean, rel=1e-11)


@pytest.mark.parametrize("codec", [Delta(10**6, 4), Delta(10**6, 8), *(Gaps(10**6, c) for c in GAP_CODES)])
@pytest.mark.parametrize("k", [20, 3000])
def test_random_sets_cost_what_is_expected(codec, k):
    lengths = [codec.length(drawn(10**6, k, seed)) for seed in range(12)]
    error = 4 * np.std(lengths, ddof=1) / math.sqrt(len(lengths)) + 1e-9
    assert float(codec.mean_ideal_length(k)) == pytest.approx(np.mean(lengths), abs=error)


@pytest.mark.parametrize("k", [100, 300, 3000, 30_000, 100_000])
def test_golomb_gaps_are_within_one_percent_of_the_enumerative_code(k):
    codec, best = Gaps(10**6), Subset(10**6)
    assert best.mean_ideal_length(k) < codec.mean_ideal_length(k) < 1.01 * best.mean_ideal_length(k)


@pytest.mark.parametrize(
    ("codec", "text", "words"),
    [
        (Delta(6, 2, 2), "11" "11" "00" "00", "beyond the last"),
        (Delta(6, 2, 2), "10" "10" "10", "left over"),
        (Delta(6, 2, 2), "10" "11" "01", "beyond the last"),
        (Delta(6, 2, 2), "10" "1", "truncated"),
        (Delta(6, 2, 2), "", "truncated"),
        (Delta(6, 2, 2), "11", "truncated"),
        (Gaps(6, "elias-gamma", 2), "00100" "011", "beyond the last"),
        (Gaps(6, "elias-gamma", 2), "00110", "largest"),
        (Gaps(6, "golomb", 2), "0000001", "zeros"),
        (Gaps(6, "elias-delta", 2), "1", "truncated"),
    ],
)  # fmt: skip
def test_what_no_encoder_writes_is_refused(codec, text, words):
    with pytest.raises(DecodeError, match=words):
        codec.decode(Bits.from_string(text))


def test_a_stream_of_fillers_takes_no_memory():
    out = BitWriter()
    Uniform(10**8 + 1).write(10**8 - 1, out)
    out.write_array(np.ones(20_000, dtype=np.uint8))
    bits = out.bits()
    for codec in (Delta(10**8, 4), *(Gaps(10**8, name) for name in GAP_CODES)):
        tracemalloc.start()
        with pytest.raises(DecodeError):
            codec.decode(bits)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10**7


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Delta(6, 0), "width"),
        (lambda: Delta(6, 31), "1 to 30"),
        (lambda: Delta(6, 2.0), "integer"),
        (lambda: Gaps(6, "rice"), "golomb, elias-gamma, elias-delta"),
    ],
)
def test_bad_parameters(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize(
    ("codec", "digest"),
    [
        (Delta(10_000, 4), "0d563fb52b4dbedc"),
        (Gaps(10_000), "123e9e8df6dffb36"),
        (Gaps(10_000, "elias-gamma"), "a97abf63146c5285"),
        (Gaps(10_000, "elias-delta"), "bfc1841494db224d"),
    ],
)
def test_the_bits_never_change(codec, digest):
    positions = np.unique((7919 * np.arange(500) ** 2 + 104_729 * np.arange(500)) % 10_000)
    bits = codec.encode(positions).bits
    assert hashlib.sha256(bits.length.to_bytes(8, "big") + bits.data).hexdigest()[:16] == digest
