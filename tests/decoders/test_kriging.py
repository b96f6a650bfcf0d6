"""The prediction is kernel ridge regression, and its floats are frozen."""

import hashlib

import numpy as np
import pytest

from idbounds.decoders.form import Slot
from idbounds.decoders.forms import Predicted
from idbounds.decoders.kriging import LARGEST, dictionary
from idbounds.errors import DecodeError

GRIDS = [(4, 5, 7, 2), (1, 9, 3, 0), (8, 8, 64, 5), (12, 3, 1, 15), (28, 28, 39, 4)]


@pytest.mark.parametrize("grid", GRIDS)
def test_it_is_ridge_regression_with_the_squared_exponential_kernel(grid):
    height, width, count, reach = grid
    points, found = dictionary(*grid)
    y, x = np.divmod(np.arange(height * width), width)
    squared = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
    kernel = np.exp(-squared * np.log1p(2.0**-reach))
    wanted = np.linalg.solve(kernel[np.ix_(points, points)] + np.eye(count) / 128, kernel[points])
    assert found.shape == (count, height * width)
    assert np.abs(found - wanted).max() < 1e-10


@pytest.mark.parametrize("grid", GRIDS)
def test_each_point_is_where_the_ones_before_say_least(grid):
    height, width, count, reach = grid
    points, _ = dictionary(*grid)
    assert len(set(points.tolist())) == count
    y, x = np.divmod(np.arange(height * width), width)
    kernel = (2.0**reach / (2.0**reach + 1)) ** ((y[:, None] - y) ** 2 + (x[:, None] - x) ** 2)
    for t in range(1, min(count, 12)):
        before = points[:t]
        inverse = np.linalg.inv(kernel[np.ix_(before, before)] + np.eye(t) / 128)
        left = 1 - np.einsum("ix,ij,jx->x", kernel[before], inverse, kernel[before])
        left[before] = -1
        assert left[points[t]] > left.max() - 1e-9


def test_the_floats_are_frozen():
    """Every digit of them is part of what a message means."""
    state = hashlib.sha256()
    for grid in GRIDS:
        points, found = dictionary(*grid)
        state.update(points.astype("<i8").tobytes() + found.astype("<f8").tobytes())
    assert state.hexdigest()[:32] == "8ce5593d6a63d28589f93224833a1aed"


def test_no_number_is_next_to_nothing():
    """Subnormal numbers are where processors and their modes differ."""
    _, found = dictionary(28, 28, 39, 0)
    assert np.abs(found[found != 0]).min() >= 2.0**-60
    assert (found == 0).any()


def test_smooth_weights_are_met_by_few_of_them():
    y, x = np.mgrid[:16, :16] / 16
    smooth = np.stack([np.sin(3 * x + y), np.cos(2 * y) * x, x * y]).reshape(3, -1)
    points, _ = dictionary(16, 16, 26, 6)
    made = Predicted(26, 16, 16, 6).weights(Slot("w", (3, 256), 0), points[:0], [smooth[:, points].ravel()])
    assert np.abs(made.reshape(3, -1) - smooth).max() < 0.1
    noise = np.random.default_rng(0).normal(size=(3, 256))
    made = Predicted(26, 16, 16, 6).weights(Slot("w", (3, 256), 0), points[:0], [noise[:, points].ravel()])
    assert ((made.reshape(3, -1) - noise) ** 2).mean() > 0.5


def test_grids_follow_each_other_in_the_tensor():
    slot, form = Slot("w", (2, 3, 4, 5), 0), Predicted(2, 4, 5, 3)
    assert form.sizes(slot, 0) == (12,)
    numbers = np.arange(12.0)
    made = form.weights(slot, np.zeros(0, dtype=np.int64), [numbers]).reshape(6, 20)
    assert np.allclose(made, numbers.reshape(6, 2) @ form.dictionary, rtol=1e-14)


@pytest.mark.parametrize("form", [Predicted(1, 3, 3), Predicted(21, 4, 5), Predicted(1, 120, 120)])
def test_grids_that_do_not_fit_are_refused(form):
    with pytest.raises(DecodeError, match="whole grids"):
        form.sizes(Slot("w", (2, 3, 4, 5), 0), 0)


def test_what_would_take_too_long_to_decode_is_refused():
    with pytest.raises(DecodeError, match="product"):
        dictionary(LARGEST, 1, 2, 0)
