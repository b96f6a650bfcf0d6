import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.projections.stream import (
    Stream,
    hash32,
    mix32,
    permutation,
    signs,
    stream_key,
    uniform_symmetric,
    words,
)

SEEDS = st.integers(0, 2**63 - 1)

# (seed, stream) -> key and the words at 0, 1, 2, 2**32 - 1. They never change: certificates rest on them.
FROZEN = {
    (0, 0): ((2839538577, 4249249016), (2646565733, 652370228, 1468292785, 1331761462)),
    (1, 0): ((1956470777, 1890930744), (1498346631, 1498209607, 1130628760, 1784611979)),
    (2**63 - 1, 5): ((4156772070, 1848845657), (3896494661, 735119039, 953238053, 4036492988)),
}


@pytest.mark.parametrize(("given_", "frozen"), FROZEN.items())
def test_frozen_vectors(given_, frozen):
    key = stream_key(*given_)
    assert key == frozen[0]
    assert tuple(hash32(key, i) for i in (0, 1, 2, 2**32 - 1)) == frozen[1]


def test_frozen_derived():
    assert permutation(7, Stream.ORDER, 12).tolist() == [11, 0, 10, 1, 3, 5, 6, 9, 4, 8, 7, 2]
    assert signs(7, Stream.SIGNS, 0, 8).tolist() == [1, -1, -1, -1, -1, 1, 1, -1]
    expected = [-0.5340921876486391, -0.741257021902129, -0.8191073311027139]
    assert uniform_symmetric(7, Stream.INIT, 3).tolist() == expected


def test_stream_numbers_are_frozen():
    assert [(s.name, s.value) for s in Stream][:14] == [
        ("SIGNS", 0), ("ROTATIONS", 1), ("DENSE", 2), ("INIT", 3), ("ORDER", 4), ("SPLIT", 5), ("PROBE", 6),
        ("NOISE", 7), ("TEST", 8), ("INNER_SIGNS", 9), ("PERMUTATION", 10), ("NORMAL", 11), ("POSITIONS", 12),
        ("TENSORS", 13),
    ]  # fmt: skip


@given(SEEDS, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 50), st.integers(0, 50))
def test_numpy_and_numba_equal_the_definition(seed, stream, start, count):
    from idbounds.projections import _kernels

    key = stream_key(seed, stream)
    expected = [hash32(key, start + i) for i in range(count)]
    assert words(seed, stream, start, count).tolist() == expected
    out = np.empty(count, np.uint32)
    _kernels.words(np.uint32(key[0]), np.uint32(key[1]), start, out)
    assert out.tolist() == expected


def test_words_across_chunks_and_at_the_last_counter():
    whole = words(3, 0, 5, 100_000)
    assert np.array_equal(whole[40_000:70_000], words(3, 0, 40_005, 30_000))
    assert words(0, 0, 2**32 - 1, 1).tolist() == [1331761462]
    assert words(0, 0, 2**32, 0).size == 0


def test_keys_differ_between_seeds_and_streams():
    seeds = [*range(2000), *(i << 32 for i in range(1, 2000)), 2**63 - 1]
    assert len({stream_key(s, 0) for s in seeds}) == len(seeds)
    assert len({stream_key(1, t) for t in range(2000)}) == 2000
    assert len({mix32(i) for i in range(100_000)}) == 100_000


@pytest.mark.parametrize("seed", [0, 1, 2**62 + 17])
def test_words_are_uniform(seed):
    n, cells = 1 << 20, 256
    w = words(seed, Stream.TEST, 0, n)
    for shift in (0, 8, 16, 24):
        counts = np.bincount((w >> np.uint32(shift)) & np.uint32(255), minlength=cells)
        chi2 = float(np.sum((counts - n / cells) ** 2) / (n / cells))
        assert abs(chi2 - 255) < 6 * np.sqrt(2 * 255)  # six standard deviations on either side


def test_neighbouring_words_are_independent():
    n = 1 << 20
    a, b = words(9, Stream.TEST, 0, n), words(9, Stream.TEST, 1, n)
    for shift in (0, 12, 28):
        pair = ((a >> np.uint32(shift)) & np.uint32(15)) * np.uint32(16) + (
            (b >> np.uint32(shift)) & np.uint32(15)
        )
        counts = np.bincount(pair, minlength=256)
        assert abs(float(np.sum((counts - n / 256) ** 2) / (n / 256)) - 255) < 6 * np.sqrt(2 * 255)


def test_signs_are_balanced_and_uncorrelated():
    n = 1 << 20
    base = signs(0, Stream.SIGNS, 0, n).astype(np.int64)
    assert set(np.unique(base)) == {-1, 1}
    assert abs(base.sum()) < 6 * np.sqrt(n)
    for lag in (1, 2, 3, 31, 32, 64, 1000, 2048, 65536):
        assert abs(base[lag:] @ base[:-lag]) < 6 * np.sqrt(n)
    for seed, stream in [(1, 0), (2, 0), (1 << 32, 0), (0, 1), (0, 2)]:
        assert abs(base @ signs(seed, stream, 0, n).astype(np.int64)) < 6 * np.sqrt(n)


def test_uniform_symmetric_is_exact_and_open():
    u = uniform_symmetric(4, Stream.INIT, 100_000)
    numerator = u * 2.0**32
    assert np.array_equal(numerator, np.rint(numerator))
    assert np.all(numerator % 2 == 1)
    assert np.max(np.abs(u)) < 1
    assert abs(u.mean()) < 6 / np.sqrt(3e5)
    assert abs(np.mean(u**2) - 1 / 3) < 6 * np.sqrt(4 / 45 / 1e5)
    assert np.array_equal(uniform_symmetric(4, Stream.INIT, 10, start=20), u[20:30])


@given(SEEDS, st.integers(0, 200))
def test_permutation_is_one_and_follows_its_definition(seed, n):
    order = permutation(seed, Stream.ORDER, n)
    key = stream_key(seed, Stream.ORDER)
    keys = [(hash32(key, 2 * i), hash32(key, 2 * i + 1), i) for i in range(n)]
    assert order.tolist() == [i for _, _, i in sorted(keys)]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stream_key(-1, 0), "seed = -1"),
        (lambda: stream_key(2**63, 0), "outside 0..9223372036854775807"),
        (lambda: stream_key(True, 0), "integer"),
        (lambda: stream_key(1.0, 0), "integer"),
        (lambda: stream_key(1, 2**32), "stream"),
        (lambda: words(1, 0, -1, 1), "start"),
        (lambda: words(1, 0, 2**32 - 1, 2), "count"),
        (lambda: permutation(1, 0, 2**31 + 1), "n ="),
    ],
)
def test_errors(call, match):
    with pytest.raises(InputError, match=match):
        call()
