"""What the tests of families share: the bytes of results, and S from its definition as exact integers."""

import hashlib

import numpy as np

from idbounds.projections.stream import Stream, uniform_symmetric


def result_bytes(projection):
    """SHA-256 of apply and adjoint in float64: what a certificate rests on, down to the last bit."""
    z = uniform_symmetric(1, Stream.TEST, projection.d)
    g = uniform_symmetric(2, Stream.TEST, projection.D)
    return hashlib.sha256(projection.apply(z).tobytes() + projection.adjoint(g).tobytes()).hexdigest()


def check_integers(projection, S):
    """Hold spread, gather and exact_images of a projection against its matrix S of whole numbers."""
    random = np.random.default_rng(0)
    x, h = random.integers(-99, 99, projection.d), random.integers(-99, 99, projection.D)
    image, back = projection.exact_images(x, h)
    assert image.dtype == back.dtype == np.int64
    assert np.array_equal(image, S @ x)
    assert np.array_equal(back, S.T @ h)
    for dtype, rtol in ((np.float64, 1e-13), (np.float32, 1e-5)):
        got = projection.spread(x.astype(dtype))
        assert got.dtype == dtype
        np.testing.assert_allclose(got, S @ x, rtol=0, atol=rtol * np.abs(S @ x).max())
        got = projection.gather(h.astype(dtype))
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, S.T @ h, rtol=0, atol=rtol * np.abs(S.T @ h).max())
