import hashlib
import itertools
import math
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, BitWriter, NOfM, Subset, Uniform, check_codec, reference
from idbounds.codes.patterns.pattern import LARGEST_SET
from idbounds.errors import DecodeError, InputError
from tests.codes.patterns.test_pattern import drawn, sets


def slow(positions, n):
    """The bits by the reference coder, with an urn: weights (zeros left, ones left), one less after each use."""
    mask = np.zeros(n, dtype=np.int64)
    mask[positions] = 1
    return reference._encode(mask.tolist(), [n - len(positions), len(positions)], -1)


@pytest.mark.parametrize("n", range(9))
def test_same_bits_as_the_reference_for_all_sets(n):
    for positions in sets(n):
        assert str(Subset(n, positions.size).encode(positions).bits) == slow(positions, n)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 600), st.data())
def test_same_bits_as_the_reference(n, data):
    k = data.draw(st.one_of(st.integers(0, n), st.integers(0, min(n, 5)).map(lambda j: n - j)))
    positions = drawn(n, k, data.draw(st.integers(0, 99)))
    bits = Subset(n, k).encode(positions).bits
    assert str(bits) == slow(positions, n)
    mask = np.array(reference._decode(str(bits), n, [n - k, k], -1))
    assert np.array_equal(np.flatnonzero(mask), positions)


@settings(max_examples=300, deadline=None)
@given(st.text("01", max_size=40), st.integers(0, 30), st.data())
def test_same_verdict_as_the_reference_on_any_bits(text, n, data):
    k = data.draw(st.integers(0, n))
    try:
        expected = np.flatnonzero(reference._decode(text, n, [n - k, k], -1)).tolist()
    except DecodeError:
        expected = None
    try:
        found = Subset(n, k).decode(Bits.from_string(text)).tolist()
    except DecodeError:
        found = None
    assert found == expected


@pytest.mark.parametrize("n", [1, 2, 10, 1000, 10**5, 10**6])
@pytest.mark.parametrize("share", [0, 1e-6, 0.001, 0.1, 0.5, 0.9, 0.999, 1])
def test_within_two_bits_of_the_exact_count(n, share):
    k = min(n, math.ceil(share * n))
    exact = math.log2(math.comb(n, k)) if n <= 10**5 else Subset(n, k).ideal_length(drawn(n, k))
    clustered = np.arange(n - k, n)
    for positions in (drawn(n, k), np.arange(k), clustered):
        assert exact - 1e-6 <= Subset(n, k).length(positions) < exact + 2.05


def test_the_count_costs_its_width():
    assert Subset(100).length(drawn(100, 7)) == Subset(100, 7).length(drawn(100, 7)) + 7
    assert Subset(1000).length(np.zeros(0, np.int64)) == 10
    assert Subset(1000).length(np.arange(1000)) == 10
    assert Subset(1000, 0).length(np.zeros(0, np.int64)) == 0


@pytest.mark.parametrize("k", [1000, pytest.param(10**8 - 1000, marks=pytest.mark.audit)])  # 2 GB
def test_a_hundred_million_positions(k):
    n = 10**8
    rng = np.random.default_rng(k)
    few = np.unique(rng.integers(0, n, size=min(k, n - k)))
    if 2 * k <= n:
        positions = few
    else:
        mask = np.ones(n, dtype=bool)
        mask[few] = False
        positions = np.flatnonzero(mask)
    codec = Subset(n)
    codec.encode(np.array([5]))  # compiled before the clock starts
    start = time.perf_counter()
    message = codec.encode(positions)
    assert np.array_equal(codec.decode(message), positions)
    assert time.perf_counter() - start < 60
    assert message.code_bits < message.ideal_bits + 2.05
    assert message.ideal_bits == codec.mean_ideal_length(positions.size)


@pytest.mark.parametrize(
    ("n", "k", "digest"),
    [
        (1000, 100, "4ede3d7edec6d7c4"),
        (100_000, 50_000, "27319acc44dbcf7d"),
        (1_000_000, 20, "88346275589a5273"),
    ],
)
def test_the_bits_never_change(n, k, digest):
    # Positions by a congruence, so that no generator of random numbers has a say.
    positions = np.unique((7919 * np.arange(k, dtype=np.int64) ** 2 + 104_729 * np.arange(k)) % n)
    bits = Subset(n).encode(positions).bits
    assert hashlib.sha256(bits.length.to_bytes(8, "big") + bits.data).hexdigest()[:16] == digest


def test_a_short_stream_cannot_ask_for_many_positions():
    out = BitWriter()
    Uniform(LARGEST_SET + 1).write(LARGEST_SET // 2, out)
    out.write_uint(0x5A5A, 16)
    with pytest.raises(DecodeError, match="truncated"):
        Subset(LARGEST_SET).decode(out.bits())


def test_encoding_takes_memory_for_the_ones_alone():
    codec = Subset(10**7)
    codec.encode(np.array([3]))
    tracemalloc.start()
    codec.encode(np.array([5, 10**6, 9_999_999]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**5


@pytest.mark.parametrize(("keep", "of"), [(0, 3), (1, 2), (2, 4), (4, 4), (1, 5), (8, 16)])
def test_n_of_m_laws(keep, of):
    choices = list(itertools.combinations(range(of), keep))[:12]
    values = [np.array([*a, *(of + j for j in b)], dtype=np.int64) for a in choices for b in choices]
    codec = NOfM(2 * of, keep, of)
    check_codec(codec, values)
    assert codec.ideal_length(values[0]) == pytest.approx(2 * math.log2(math.comb(of, keep)))
    assert codec.mean_ideal_length([2 * keep])[0] == codec.ideal_length(values[0])
    if keep < of:
        with pytest.raises(InputError, match=f"{2 * keep} to {2 * keep}"):
            codec.mean_ideal_length(2 * of)


def test_n_of_m_of_a_matrix():
    mask = np.zeros((50, 80), dtype=bool)
    mask[:, 1::4] = mask[:, 2::4] = True
    codec = NOfM((50, 80), 2, 4)
    assert codec.name == "n-of-m(50x80, 2:4, k=2000)"
    assert np.array_equal(codec.decode(codec.encode(np.flatnonzero(mask))), np.flatnonzero(mask))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: NOfM(9, 2, 4), "multiple of 4"),
        (lambda: NOfM(8, 5, 4), "kept in a group"),
        (lambda: NOfM(8, 1, 17), "size of a group"),
        (lambda: NOfM(8.0, 1, 4), "integer"),
        (lambda: NOfM((2.5, 4), 1, 4), "integer"),
        (lambda: NOfM((-2, 4), 1, 4), "side of the shape"),
        (lambda: NOfM(8, 2, 4).encode(np.array([0, 1, 2, 4])), "exactly 2 of its 4"),
        (lambda: NOfM(8, 2, 4).encode(np.array([0, 1])), "2 positions given; 4"),
    ],
)
def test_bad_n_of_m(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_n_of_m_is_a_static_run_of_choices():
    choices = list(itertools.combinations(range(4), 2))
    symbols = [5, 0, 3, 3, 1, 2, 4, 0]
    positions = [4 * group + j for group, symbol in enumerate(symbols) for j in choices[symbol]]
    slow = reference.encode_static(symbols, [1] * 6)
    assert str(NOfM(32, 2, 4).encode(positions).bits) == slow
