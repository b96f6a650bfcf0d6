import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.projections import BlocksProjection, Stream
from idbounds.projections.laws import explicit_matrix
from idbounds.projections.stream import hash32, stream_key

FROZEN = {
    (3, 7, 100, "rms"): "a84d32d7716b981cf881a6869ea3195e0776b1c7c903daaf2aa8ae5f16827ce2",
    (2**40 + 3, 100, 5003, "rms"): "c4d044a69c84d70e195b9d8782041cb60514a3d4ba175daec657f0854594f755",
    (3, 7, 100, "unit"): "1df3158675ce0e94723bc62803ba6dbc4eedac5e00599bbe0c8698b84715fdd1",
    (2**40 + 3, 100, 5003, "unit"): "ae21c6330297f335a31b51e802cf28ef3cbfc87663a3e5bdea5b85e2412227a9",
}


def reference(seed, d, D):
    """Coordinate and sign of every row from the definition, in Python integers."""
    target = min(2048, max(1, D // 32))
    L = d * -(-target // d)
    sign_key, turn_key = stream_key(seed, Stream.SIGNS), stream_key(seed, Stream.ROTATIONS)
    index = [(r % L + (hash32(turn_key, r // L) * d >> 32)) % d for r in range(D)]
    sign = [-1 if hash32(sign_key, r) >> 31 else 1 for r in range(D)]
    return np.array(index), np.array(sign)


def reference_apply(z, seed, d, D, scale):
    index, sign = reference(seed, d, D)
    counts = np.bincount(index, minlength=d).astype(np.float64)
    w = np.sqrt(1 / counts) if scale == "unit" else np.sqrt(D / (d * counts))
    return sign.astype(z.dtype) * (z * w).astype(z.dtype)[index]


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    assert BlocksProjection(seed=seed, d=d, D=D, scale=scale).digest() == digest


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4000), st.floats(0, 1), st.integers(0, 2**63 - 1), st.sampled_from(["unit", "rms"]))
def test_kernels_equal_the_definition(D, share, seed, scale):
    d = 1 + int(share**3 * (D - 1))
    projection = BlocksProjection(seed=seed, d=d, D=D, scale=scale)
    index, sign = reference(seed, d, D)
    rows = projection.rows()
    assert np.array_equal(rows[0], index)
    assert np.array_equal(rows[1], sign)
    assert np.array_equal(projection.column_counts(), np.bincount(index, minlength=d))
    random = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        z = random.normal(size=d).astype(dtype)
        assert projection.apply(z).tobytes() == reference_apply(z, seed, d, D, scale).tobytes()
    h = random.integers(-100, 100, size=D)  # integers: the sums are exact in any order
    expected = np.bincount(index, weights=sign * h, minlength=d)
    assert np.array_equal(projection.gather(h.astype(np.float64)), expected)
    assert np.array_equal(projection.gather(h.astype(np.float32)), expected)


SHAPES = [
    (1, 1),
    (1, 2),
    (1, 999),
    (2, 3),
    (3, 10),
    (7, 64),
    (10, 10),
    (64, 640),
    (90, 100),
    (99, 100),
    (33, 2500),
]


@pytest.mark.parametrize(("d", "D"), SHAPES)
@pytest.mark.parametrize("scale", ["unit", "rms"])
def test_columns_are_exactly_orthonormal(d, D, scale):
    for seed in range(3):
        projection = BlocksProjection(seed=seed, d=d, D=D, scale=scale)
        matrix = explicit_matrix(projection) / projection.column_length
        values = np.linalg.svd(matrix, compute_uv=False)
        assert len(values) == d
        assert np.max(np.abs(values - 1)) < 1e-12
        assert np.all(np.count_nonzero(matrix, axis=1) == 1)
        counts = projection.column_counts()
        assert counts.max() - counts.min() <= 1


def test_block_length():
    def length(d, D):
        return BlocksProjection(seed=0, d=d, D=D).block_length

    assert length(1000, 10**6) == 3000
    assert length(1, 10**6) == 2048
    assert length(10, 320) == 10
    assert length(3, 3) == 3
    assert length(5000, 10**6) == 5000


def test_rotations_are_spread_over_all_coordinates():
    projection = BlocksProjection(seed=5, d=64, D=1 << 20)
    counts = np.bincount(projection.rotations(), minlength=64)
    assert len(projection.rotations()) == 512
    expected = 512 / 64
    assert np.sum((counts - expected) ** 2 / expected) < 63 + 6 * np.sqrt(126)
    assert np.array_equal(projection.rotations(10, 20), projection.rotations()[10:20])


def test_large_float32_adjoint_is_accurate():
    projection = BlocksProjection(seed=5, d=100, D=10**6)
    g = np.random.default_rng(0).normal(size=10**6).astype(np.float32)
    exact = projection.adjoint(g.astype(np.float64))
    assert np.linalg.norm(projection.adjoint(g) - exact) <= 1e-6 * np.linalg.norm(exact)
