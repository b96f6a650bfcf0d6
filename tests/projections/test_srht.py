import numpy as np
import pytest
from scipy.linalg import hadamard

from idbounds.projections import SrhtProjection, Stream, signs
from idbounds.projections.laws import explicit_matrix
from tests.projections.frozen import check_integers, result_bytes

FROZEN = {
    (3, 7, 100, "rms"): "45ac040ea0c15b84c45b14c7b8d8a8867307668736b9822de2110096dcbd47c4",
    (2**40 + 3, 100, 5003, "unit"): "cf596a1330f6fbbb9eaac02a7ff29353a01d03de6916e9be085d592881793aaf",
}


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    projection = SrhtProjection(seed=seed, d=d, D=D, scale=scale)
    assert projection.digest() == digest
    if d == 100:
        assert result_bytes(projection) == "ee5841a1588d4262e2ea06b260cd8ff5e6e0af8c34977df4ddd6acecf70720df"


@pytest.mark.parametrize(
    ("d", "D"), [(1, 1), (1, 9), (3, 3), (5, 5), (7, 100), (8, 64), (100, 131), (64, 640)]
)
def test_kernels_equal_the_definition(d, D):
    projection = SrhtProjection(seed=5, d=d, D=D)
    m = projection.block_length
    outer = signs(5, Stream.SIGNS, 0, D).astype(np.int64)
    blocks = []
    for b in range(-(-D // m)):
        inner = signs(5, Stream.INNER_SIGNS, b * d, d).astype(np.int64)
        blocks.append(hadamard(m)[:, :d] * inner)
    check_integers(projection, outer[:, None] * np.concatenate(blocks)[:D])


@pytest.mark.parametrize(
    ("d", "D", "exact"), [(8, 64, True), (7, 64, True), (100, 1280, True), (8, 65, False)]
)
def test_whole_blocks_are_an_isometry_for_every_d(d, D, exact):
    projection = SrhtProjection(seed=5, d=d, D=D, scale="unit")
    assert projection.orthonormal == exact
    values = np.linalg.svd(explicit_matrix(projection), compute_uv=False)
    assert (np.max(np.abs(values - 1)) < 1e-12) == exact


@pytest.mark.parametrize(("d", "D"), [(5, 5), (6, 7), (33, 40), (64, 65), (60, 300), (5, 1003)])
def test_cut_blocks_keep_the_rank_and_the_stated_range(d, D):
    projection = SrhtProjection(seed=1, d=d, D=D, scale="unit")
    m = projection.block_length
    values = np.linalg.svd(explicit_matrix(projection), compute_uv=False)
    assert values[-1] > 1e-9
    squares = np.array([m * (D // m) / D, m * (D // m + 1) / D])
    assert squares[0] - 1e-12 <= values.min() ** 2 <= values.max() ** 2 <= squares[1] + 1e-12
