import hashlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes.reals import noise
from idbounds.codes.reals.noise import SEED, Stream, dither, key, mix, normal_levels, order, words
from idbounds.codes.symbols import fixedpoint
from idbounds.errors import InputError

FROZEN_KEYS = [5197578548964807871, 11914665375441889411, 15237891821345868255]
FROZEN_WORDS = [880803625139316184, 7438429489281277424, 10836077826021724754, 13741307082059115055]
FROZEN_ORDER = [1, 2, 3, 6, 5, 9, 0, 8, 7, 4]
FROZEN_DITHER = [3866856827.0, 3261486331.0, 3445494431.0]
FROZEN_LEVELS = "79caf2c11fc202ba279cb69bd5508d150d0de829e6182129edc5165787ca1930"

SEEDS = st.integers(0, 2**63 - 1)


def test_it_is_splitmix64():
    """The published sequence of the state 1234567."""
    state, found = 1234567, []
    for _ in range(5):
        state = (state + noise.GOLDEN) % 2**64
        found.append(mix(state))
    assert found == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_frozen_keys_and_words():
    """They never change: messages rest on them."""
    assert [(s.name, s.value) for s in Stream] == [
        ("DITHER", 0),
        ("ORDER", 1),
        ("CANDIDATES", 2),
        ("CHOICE", 3),
        ("POSTERIOR", 4),
    ]
    counters = np.array([0, 1, 2**63, 2**64 - 1], dtype=np.uint64)
    assert [key(0, 0), key(0, 2), key(2**63 - 1, 1)] == FROZEN_KEYS
    assert words(7, Stream.CANDIDATES, counters).tolist() == FROZEN_WORDS
    assert order(7, 10).tolist() == FROZEN_ORDER
    assert (dither(7, 3) * 2**33).tolist() == FROZEN_DITHER


@settings(deadline=None)
@given(SEEDS, st.sampled_from(Stream), st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_arrays_equal_the_definition(seed, stream, counters):
    k = key(seed, stream)
    expected = [mix((k + (i + 1) * noise.GOLDEN) % 2**64) for i in counters]
    assert words(seed, stream, np.array(counters, dtype=np.uint64)).tolist() == expected


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_the_kernel_mixes_alike(x):
    from idbounds.codes.reals import _random_kernels

    assert int(_random_kernels.mix(np.uint64(x))) == mix(x)


def test_levels_are_the_quantiles():
    levels = normal_levels()
    assert np.array_equal(levels, -levels[::-1])
    assert (np.diff(levels) > 6e-4).all()
    scipy_stats = pytest.importorskip("scipy.stats")
    exact = scipy_stats.norm.ppf((2 * np.arange(4096) + 1) / 8192)
    assert (np.abs(levels - exact) < 2.0**-24).all()
    assert (np.abs(levels) <= np.abs(exact) + 1e-15).all()


def test_levels_are_decided_by_integers():
    numerators = (normal_levels()[2048:] * 2**24).astype(np.int64).tolist()
    for j in (0, 1, 777, 2046, 2047):
        wanted = (2 * (2048 - j) - 1) << (fixedpoint.PLACES - 12)
        assert fixedpoint.gauss(numerators[j] << 104) >= wanted > fixedpoint.gauss((numerators[j] + 1) << 104)


def test_the_search_may_start_anywhere(monkeypatch):
    """A floating-point quantile that is off by some units changes nothing."""

    class Off:
        def inv_cdf(self, p):
            return noise_dist.inv_cdf(p) + 5 * 2.0**-24

    noise_dist = noise.NormalDist()
    expected = normal_levels().copy()
    monkeypatch.setattr(noise, "NormalDist", Off)
    assert np.array_equal(normal_levels.__wrapped__(), expected)


def test_levels_are_frozen():
    numerators = (normal_levels() * 2**24).astype("<i8")
    assert hashlib.sha256(numerators.tobytes()).hexdigest() == FROZEN_LEVELS
    assert normal_levels().var() == pytest.approx(0.99968, abs=1e-5)
    assert normal_levels().max() == pytest.approx(3.668, abs=1e-3)
    with pytest.raises(ValueError, match="read-only"):
        normal_levels()[0] = 0


def test_the_numbers_look_random():
    n = 200_000
    u = dither(3, n)
    assert abs(u).max() < 0.5
    assert abs(u.mean()) < 4 / math.sqrt(12 * n)
    assert u.var() == pytest.approx(1 / 12, rel=0.01)
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 4 / math.sqrt(n)
    assert abs(np.corrcoef(u, dither(4, n))[0, 1]) < 4 / math.sqrt(n)
    shuffled = order(3, n)
    assert np.array_equal(np.sort(shuffled), np.arange(n))
    assert abs(np.corrcoef(shuffled, np.arange(n))[0, 1]) < 4 / math.sqrt(n)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, None])
def test_bad_seeds(seed):
    with pytest.raises(InputError, match="seed"):
        key(seed, 0)


def test_a_seed_is_paid():
    assert [SEED.length(s) for s in (0, 1, 2**63 - 1)] == [1, 4, 76]
    assert SEED.decode(SEED.encode(2**63 - 1)) == 2**63 - 1
