"""Straightened images: moments as promised, whatever the slant and the place were."""

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from idbounds.errors import InputError
from idbounds.halves import halves, prepared
from idbounds.scattering import scatternet
from idbounds.upright import EMPTY, FLATTEST, STEEPEST, Upright, stands, uprightnet


def moments(image):
    row, column = np.mgrid[: image.shape[0], : image.shape[1]]
    mass = image / image.sum()
    middle, centre = (mass * row).sum(), (mass * column).sum()
    variance = (mass * (row - middle) ** 2).sum()
    return middle, centre, (mass * (row - middle) * (column - centre)).sum() / variance, variance


def by_hand(image):
    """One image in [0, 1], by another library's interpolation."""
    height, width = image.shape
    if image.sum() <= EMPTY:
        return np.zeros_like(image)
    middle, centre, _, variance = moments(image)
    row, column = np.mgrid[:height, :width].astype(float)
    mass = image / image.sum()
    covariance = (mass * (row - middle) * (column - centre)).sum()
    shear = np.clip(covariance / max(variance, FLATTEST), -STEEPEST, STEEPEST)
    down = row - (height - 1) / 2
    places = [down + middle, column - (width - 1) / 2 + centre + shear * down]
    return map_coordinates(np.pad(image, 1), [p + 1 for p in places], order=1, mode="constant", cval=0.0)


def straight(images, shape=None):
    x = torch.from_numpy(2 * images - 1).reshape(-1, *(shape or images.shape[1:]))
    out = Upright(x.shape[1:])(x)
    assert out.shape == x.shape
    return ((out + 1) / 2).reshape(images.shape).numpy()


def blob(slant, down, right, shape=(28, 28)):
    row, column = np.mgrid[: shape[0], : shape[1]].astype(float)
    row, column = row - 13.5 - down, column - 13.5 - right
    return np.exp(-((row / 5) ** 2) - ((column - slant * row) / 2) ** 2)


@pytest.mark.parametrize("shape", [(28, 28), (8, 12), (1, 10, 8)])
def test_it_is_the_formula(shape):
    rng = np.random.default_rng(0)
    images = rng.random((40, *shape[-2:])) * (rng.random((40, *shape[-2:])) < 0.3)
    assert straight(images, shape) == pytest.approx(np.stack([by_hand(i) for i in images]), abs=1e-9)


@pytest.mark.parametrize(
    ("slant", "down", "right"), [(0, 0, 0), (0.5, 2, -3), (-0.4, -2.5, 1.5), (0.3, 3, 3)]
)
def test_place_and_slant_are_gone(slant, down, right):
    before = blob(slant, down, right)
    after = straight(before[None])[0]
    assert moments(before)[2] == pytest.approx(slant, abs=0.05)
    assert moments(after)[:3] == pytest.approx((13.5, 13.5, 0), abs=0.05)
    assert after == pytest.approx(blob(0, 0, 0), abs=0.08)


def test_the_shear_has_a_limit():
    after = straight(blob(1.8, 0, 0)[None])[0]
    assert moments(after)[2] == pytest.approx(0.8, abs=0.1)


def test_flat_and_empty_images():
    line = np.zeros((3, 8, 8))
    line[1, 2] = 1.0  # one row: no variance of the row
    line[2] = 1.0
    after = straight(line)
    assert np.isfinite(after).all()
    assert (after[0] == 0).all()
    assert after[2] == pytest.approx(1.0)


def test_each_image_by_itself():
    images = np.random.default_rng(1).random((5, 28, 28))
    assert np.array_equal(straight(images)[3], straight(images[3:4])[0])


@pytest.mark.parametrize("shape", [(3, 8, 8), (7, 8), (64,), (9, 9)])
def test_other_shapes_are_refused(shape):
    assert not stands(shape)
    with pytest.raises(InputError, match="use mlp, or scatternet"):
        Upright(shape)


def test_the_net_is_scatternet_behind_it():
    upright, plain = prepared(uprightnet((8, 8), 10)), prepared(scatternet((8, 8), 10))
    plain.load_state_dict({k.replace("front.1.", "front."): v for k, v in upright.state_dict().items()})
    x = torch.rand(4, 8, 8) * 2 - 1
    assert torch.allclose(upright(x), plain(Upright((8, 8))(x)))
    front, body = halves(upright, x)
    assert front is upright.front
    assert body is upright.body
