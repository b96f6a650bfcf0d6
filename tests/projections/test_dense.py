import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.projections import DenseProjection, Stream, signs
from idbounds.projections.laws import explicit_matrix

FROZEN = {
    (3, 7, 100, "rms"): "f4a982a2344bd427a8dd7fa577a74f75e732b03b84248a81a71c8eb542554e43",
    (2**40 + 3, 100, 5003, "rms"): "24075aaf0c84a432257d1f9e55a351e6a6453da586c30bcd8abab8d184b07411",
    (3, 7, 100, "unit"): "111acf01eb9abab6757c9fd843daf36788a09ae067a84f23a561a361a8cc5878",
    (2**40 + 3, 100, 5003, "unit"): "6e3fac2e08792bc5cfdc22c91d5515b3188bbad526dd008b9ae439239195fe7e",
}


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    assert DenseProjection(seed=seed, d=d, D=D, scale=scale).digest() == digest


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 9000), st.integers(0, 2**63 - 1))
def test_kernels_equal_the_definition(d, extra, seed):
    D = d + extra
    projection = DenseProjection(seed=seed, d=d, D=D)
    S = signs(seed, Stream.DENSE, 0, d * D).reshape(D, d).astype(np.float64)
    random = np.random.default_rng(0)
    z, h = random.integers(-100, 100, d).astype(float), random.integers(-100, 100, D).astype(float)
    assert np.array_equal(projection.spread(z), S @ z)
    assert np.array_equal(projection.gather(h), S.T @ h)


def test_rows_are_summed_in_column_order():
    d, D = 30, 200
    projection = DenseProjection(seed=1, d=d, D=D)
    S = signs(1, Stream.DENSE, 0, d * D).reshape(D, d).astype(np.float64)
    z = np.random.default_rng(0).normal(size=d)
    expected = np.zeros(D)
    for k in range(d):
        expected = expected + S[:, k] * (z[k] * np.sqrt(D / (d * float(D))))
    assert projection.apply(z).tobytes() == expected.tobytes()


def test_columns():
    projection = DenseProjection(seed=1, d=20, D=5000, scale="unit")
    matrix = explicit_matrix(projection)
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=0), 1, rtol=1e-12)
    values = np.linalg.svd(matrix, compute_uv=False)
    spread = np.sqrt(20 / 5000)
    assert 1 - 2 * spread < values.min() < values.max() < 1 + 2 * spread
    assert values.max() > 1 + spread / 3


def test_too_large():
    with pytest.raises(InputError, match="use kind 'blocks'"):
        DenseProjection(seed=1, d=2**16, D=2**16 + 1)
