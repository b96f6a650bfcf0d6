import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import KroneckerProjection, Stream, normal, permutation
from idbounds.projections.laws import explicit_matrix
from tests.projections.frozen import result_bytes

FROZEN = {
    (3, 7, 100, "rms"): "92a781b35cf75998d998c0b5cc45248220659bfe88b6eda8a97647a32710f4c5",
    (2**40 + 3, 100, 5003, "unit"): "e8ea98c38188de710111eb17f454189daaa0855f826497f1b9975cbed2fd9f4e",
}
SHAPES = [(1, 1), (2, 3), (3, 3), (5, 5), (64, 5000), (70, 70), (70, 4900), (7, 100), (49, 50), (49, 51)]


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    projection = KroneckerProjection(seed=seed, d=d, D=D, scale=scale)
    assert projection.digest() == digest
    if d == 100:
        assert result_bytes(projection) == "9a1571a65d70b14c4d148d1d6dbb01680fca9bab6475cc6ca5138a339f65363d"


def ceil_root(n):
    return next(k for k in range(1, n + 1) if k * k >= n)


@pytest.mark.parametrize(("d", "D"), SHAPES)
def test_it_is_the_product_of_its_factors_without_gaps(d, D):
    d1, D1 = ceil_root(d), ceil_root(D)
    d2, D2 = -(-d // d1), -(-D // D1)
    drawn = normal.normals(3, Stream.NORMAL, 0, d1 * D1 + d2 * D2).astype(float)
    A, B = drawn[: d1 * D1].reshape(d1, D1).T, drawn[d1 * D1 :].reshape(d2, D2).T

    def q(matrix):
        Q, R = np.linalg.qr(matrix)
        return Q * np.sign(np.diag(R))

    expected = np.kron(q(A), q(B))[permutation(3, Stream.PERMUTATION, D)][:, :d]
    expected /= np.linalg.norm(expected, axis=0)
    projection = KroneckerProjection(seed=3, d=d, D=D, scale="unit")
    P = explicit_matrix(projection)
    np.testing.assert_allclose(P, expected, atol=1e-11)
    assert np.all(np.any(P != 0, axis=1))
    assert np.linalg.matrix_rank(P) == d
    assert projection.orthonormal == (D == D1 * D2)
    # the gradient by the other order of products
    g = np.random.default_rng(1).normal(size=D)
    np.testing.assert_allclose(projection.adjoint(g), P.T @ g, atol=1e-12 * np.linalg.norm(g))


def test_the_digest_sees_the_integers_behind_the_factors():
    projection = KroneckerProjection(seed=3, d=5, D=11)
    d1, D1, d2, D2 = 3, 4, 2, 3
    drawn = normal.normals(3, Stream.NORMAL, 0, d1 * D1 + d2 * D2)
    S = np.kron(drawn[: d1 * D1].reshape(d1, D1).T, drawn[d1 * D1 :].reshape(d2, D2).T)
    S = S[permutation(3, Stream.PERMUTATION, 11)][:, :5]
    x, h = np.arange(-2, 3), np.arange(11)
    image, back = projection.exact_images(x, h)
    assert np.array_equal(image, S @ x)
    assert np.array_equal(back, S.T @ h)


def test_too_large():
    with pytest.raises(InputError, match="use kind 'blocks'"):
        KroneckerProjection(seed=1, d=2, D=2**31 + 1)
