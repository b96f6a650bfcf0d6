import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import OrthonormalProjection, Stream, normal
from idbounds.projections.laws import explicit_matrix
from tests.projections.frozen import result_bytes

FROZEN = {
    (3, 7, 100, "rms"): "75bc81c7287f787c38dace6d48279bf8e814243dc5f1089afd6998d45368ae74",
    (2**40 + 3, 100, 5003, "unit"): "1092144d7036bb670877a672f7deb3e273e78a7ab5f3321beded3f36d869862c",
}


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    projection = OrthonormalProjection(seed=seed, d=d, D=D, scale=scale)
    assert projection.digest() == digest
    if d == 100:
        assert result_bytes(projection) == "f62e878214cf0934a3ebaca10c2ae9fb2bb4c82e6a2b332ef972f93445866273"


@pytest.mark.parametrize(("d", "D"), [(1, 1), (2, 2), (5, 5), (60, 60), (200, 200), (40, 1001)])
def test_it_is_the_q_of_the_normal_matrix(d, D):
    projection = OrthonormalProjection(seed=6, d=d, D=D, scale="unit")
    Q = explicit_matrix(projection)
    assert np.max(np.abs(Q.T @ Q - np.eye(d))) < 1e-13
    A = normal.normals(6, Stream.NORMAL, 0, d * D).reshape(d, D).T / 2.0**20
    R = Q.T @ A
    assert np.all(np.diag(R) > 0)
    np.testing.assert_allclose(np.tril(R, -1), 0, atol=1e-10 * np.sqrt(D))
    np.testing.assert_allclose(Q @ R, A, atol=1e-10)


def test_a_nearly_singular_square_is_still_orthonormal():
    from idbounds.projections import _kernels

    rows = np.random.default_rng(0).normal(size=(30, 50))
    rows[1:] = rows[0] + 1e-7 * rows[1:]
    _kernels.orthonormalise(rows)
    assert np.max(np.abs(rows @ rows.T - np.eye(30))) < 1e-13


def test_too_large():
    with pytest.raises(InputError, match="use kind 'blocks' or 'srht'"):
        OrthonormalProjection(seed=1, d=2**10, D=2**17 + 1)
