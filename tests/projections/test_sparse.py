import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.projections import SparseProjection, Stream, check_projection, signs, words
from idbounds.projections.laws import explicit_matrix
from tests.projections.frozen import check_integers, result_bytes

FROZEN = {
    (3, 7, 100, "rms"): "56aea0c9d3db5e02958c8efd2ddefc7077fe30206a10a9c5b7eafd75572c6ad9",
    (2**40 + 3, 100, 5003, "unit"): "0239c8b2fa7bd83125b09e4182a661e2cb7228069679da289aa74a54913f183d",
}


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    projection = SparseProjection(seed=seed, d=d, D=D, scale=scale)
    assert projection.digest() == digest
    if d == 100:
        assert result_bytes(projection) == "087a933a787bcd0e7ca8fd00ec5b13c6115e7dff0c25b99133fc3af6fb1d76a5"


def test_the_density_is_part_of_the_digest():
    li = SparseProjection(seed=3, d=7, D=100, density="li")
    assert li.digest() == "2c19260e72047dfcd17623d3ba4c57fdc3f47e6ae0aab408b5edae7934b38a26"
    assert "density=li" in li.description()


def matrix(projection):
    d, D, k = projection.d, projection.D, projection.entries
    S = np.zeros((D, d), np.int64)
    where = words(projection.seed, Stream.POSITIONS, 0, d * k).reshape(k, d).tolist()
    sign = signs(projection.seed, Stream.SIGNS, 0, d * k).reshape(k, d)
    for e in range(k):
        low, high = e * D // k, (e + 1) * D // k
        for j in range(d):
            S[low + (where[e][j] * (high - low) >> 32), j] += sign[e, j]
    return S


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(0, 500),
    st.integers(0, 2**63 - 1),
    st.sampled_from(["covered", "li", "achlioptas"]),
)
def test_kernels_equal_the_definition(d, extra, seed, density):
    projection = SparseProjection(seed=seed, d=d, D=d + extra, density=density)
    S = matrix(projection)
    assert set(np.unique(S)) <= {-1, 0, 1}
    assert np.array_equal(projection.column_counts(), np.count_nonzero(S, axis=0))
    check_integers(projection, S)


@pytest.mark.parametrize("density", ["covered", "li", "achlioptas"])
@pytest.mark.parametrize(("d", "D"), [(1, 1), (20, 400), (64, 5000)])
def test_laws(density, d, D):
    check_projection(SparseProjection(seed=2, d=d, D=D, density=density))


@pytest.mark.parametrize(
    ("d", "D", "density"), [(64, 5000, "li"), (30, 5000, "achlioptas"), (64, 5000, "covered"), (5, 999, "li")]
)
def test_the_dead_rows_are_as_many_as_it_says(d, D, density):
    dead, stated = [], []
    for seed in range(20):
        projection = SparseProjection(seed=seed, d=d, D=D, density=density)
        dead.append(np.mean(~np.any(matrix(projection), axis=1)))
        stated.append(projection.dead_share())
    assert len(set(stated)) == 1
    sd = math.sqrt(stated[0] * (1 - stated[0]) / (20 * D))  # rows of a stratum exclude each other: less
    assert abs(np.mean(dead) - stated[0]) < 5 * sd + 1e-6
    assert stated[0] == pytest.approx(math.exp(-d * projection.entries / D), rel=0.3, abs=1e-3)


def test_the_rules():
    def sparse(d, D, density="covered"):
        return SparseProjection(seed=0, d=d, D=D, density=density)

    assert sparse(100, 10**6, "li").entries == 1000
    assert sparse(100, 10**6, "li").dead_share() == pytest.approx(0.905, abs=0.001)
    assert sparse(100, 10**6).entries == 80_000
    assert all(sparse(d, D).dead_share() < 4e-4 for d, D in [(1, 9), (10, 80), (99, 10**4), (9999, 10**4)])
    assert sparse(10**4, 10**6).entries == sparse(10**4, 10**6, "li").entries
    assert sparse(5, 10, "achlioptas").entries == 4


def test_singular_values_spread_as_those_of_dense_signs():
    values = np.linalg.svd(
        explicit_matrix(SparseProjection(seed=1, d=20, D=5000, scale="unit")), compute_uv=False
    )
    spread = np.sqrt(20 / 5000)
    assert 1 - 2 * spread < values.min() < values.max() < 1 + 2 * spread


def test_errors():
    with pytest.raises(InputError, match="allowed are covered, li, achlioptas"):
        SparseProjection(seed=0, d=1, D=2, density="dense")
    with pytest.raises(InputError, match="more than 2"):
        SparseProjection(seed=0, d=2**20, D=2**30, density="achlioptas")
