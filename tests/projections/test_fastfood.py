import numpy as np
import pytest
from scipy.linalg import hadamard

from idbounds.errors import InputError
from idbounds.projections import FastfoodProjection, Stream, normal, permutation, signs
from idbounds.projections.laws import explicit_matrix
from tests.projections.frozen import check_integers, result_bytes

FROZEN = {
    (3, 7, 100, "rms"): "0ba34267f5dae4686a706f650aa2331af06dbe37c3e9af77be952113067b8656",
    (2**40 + 3, 100, 5003, "unit"): "1e1b2e366497dbc15d66a050e369212790d9367435f32c08bb0f2961e0ab96bc",
}


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    projection = FastfoodProjection(seed=seed, d=d, D=D, scale=scale)
    assert projection.digest() == digest
    if d == 100:
        assert result_bytes(projection) == "450b3cf8cae7844784457b8982ed318f8ac056dc938f6c03e77a91fe0a116f5b"


def published(seed, d, D):
    """H G Pi H B as Li et al. write it, with both transforms of the full length."""
    N = 1 << (D - 1).bit_length()
    H = hadamard(N)
    B = np.concatenate([signs(seed, Stream.INNER_SIGNS, 0, d), np.ones(N - d, int)]).astype(np.int64)
    Pi = permutation(seed, Stream.PERMUTATION, N)
    G = normal.normals(seed, Stream.NORMAL, 0, N)
    return (H @ (G[:, None] * (H * B)[Pi]))[:D, :d], G


@pytest.mark.parametrize(
    ("d", "D"), [(1, 1), (1, 2), (3, 3), (5, 7), (8, 64), (9, 64), (33, 100), (300, 1000)]
)
def test_one_transform_equals_the_published_two(d, D):
    S, G = published(9, d, D)
    projection = FastfoodProjection(seed=9, d=d, D=D, scale="unit")
    check_integers(projection, S)
    w = 1 / np.sqrt(D * np.sum(G.astype(float) ** 2))
    np.testing.assert_allclose(projection.column_weights(), w, rtol=1e-15)
    np.testing.assert_allclose(explicit_matrix(projection), S * w, atol=1e-14)


def test_the_transform_across_rows(monkeypatch):
    from idbounds.projections import fastfood

    monkeypatch.setattr(fastfood, "ROW", 16)
    S, _ = published(2, 77, 1000)
    check_integers(FastfoodProjection(seed=2, d=77, D=1000), S)


def test_columns_and_singular_values():
    whole = explicit_matrix(FastfoodProjection(seed=4, d=64, D=2048, scale="unit"))
    np.testing.assert_allclose(np.linalg.norm(whole, axis=0), 1, rtol=1e-12)  # nothing is cut
    cut = explicit_matrix(FastfoodProjection(seed=4, d=64, D=1500, scale="unit"))
    lengths = np.linalg.norm(cut, axis=0)
    sd = np.sqrt((1 - 1500 / 2048) / (2 * 1500))
    assert sd / 3 < np.std(lengths) < 3 * sd
    # whole and d a power of two: the squares are the sums of G^2 over the rows of an entry
    G = normal.normals(4, Stream.NORMAL, 0, 2048).astype(float)
    sums = np.bincount(permutation(4, Stream.PERMUTATION, 2048) % 64, weights=G**2)
    expected = np.sqrt(np.sort(sums) / np.sum(G**2) * 64)
    np.testing.assert_allclose(np.sort(np.linalg.svd(whole, compute_uv=False)), expected, rtol=1e-12)


def test_too_large():
    with pytest.raises(InputError, match="use kind 'blocks'"):
        FastfoodProjection(seed=1, d=2, D=2**31 + 1)
