import hashlib

import numpy as np
import pytest
from scipy import stats

from idbounds.codes import conditional_means
from idbounds.codes.symbols.means import FARTHEST, scale_index
from idbounds.errors import InputError


def scale(vector):
    return 2 ** (scale_index(vector) / 64 - 4)


@pytest.mark.parametrize("true", [0.3, 0.5, 1, 3, 40, 250])
def test_the_scale_is_found(true):
    vector = np.rint(true * np.random.default_rng(0).standard_normal(200_000)).astype(np.int64)
    assert scale(vector) == pytest.approx(true, rel=0.02)


def test_means_are_those_of_the_bins():
    vector = np.rint(2.2 * np.random.default_rng(1).standard_normal(3000)).astype(np.int64)
    means, sigma = conditional_means(vector), scale(vector)
    for m in range(1, 6):
        a, b = (m - 0.5) / sigma, (m + 0.5) / sigma
        law = stats.norm
        mean = sigma * (law.pdf(a) - law.pdf(b)) / (law.sf(a) - law.sf(b))
        assert means[vector == m] == pytest.approx(mean, rel=1e-12)
        assert means[vector == -m] == pytest.approx(-mean, rel=1e-12)
    assert not means[vector == 0].any()
    assert np.array_equal(np.rint(means), vector)


@pytest.mark.parametrize(
    ("step", "middle", "mean"), [(1.5, 0.188, 0.158), (2.0, 0.332, 0.255), (0.5, 0.0208, 0.0203)]
)
def test_the_error_falls(step, middle, mean):
    z = np.random.default_rng(0).standard_normal(100_000)
    vector = np.rint(z / step).astype(np.int64)
    assert ((step * vector - z) ** 2).mean() == pytest.approx(middle, rel=0.02)
    assert ((step * conditional_means(vector) - z) ** 2).mean() == pytest.approx(mean, rel=0.02)


def test_outliers_stay():
    vector = np.array([0, 1, -1, 2, 0, 0, -3] * 20 + [500])
    assert scale(vector) * FARTHEST < 500
    assert conditional_means(vector)[-1] == 500
    assert conditional_means([2**20, 0])[0] == 2**20


def test_nothing_and_zeros():
    assert conditional_means(np.zeros(3, dtype=np.int64)).tolist() == [0, 0, 0]
    assert not np.signbit(conditional_means(np.zeros(3, dtype=np.int64))).any()
    assert conditional_means(np.array([], dtype=np.int64)).shape == (0,)


def test_the_same_floats_on_every_machine():
    vector = np.concatenate([np.arange(-40, 41) ** 3 // 1000, np.arange(30) % 5])
    digest = hashlib.sha256(conditional_means(vector).astype("<f8").tobytes()).hexdigest()
    assert digest == "a06fd5adae49ab41fc1950bd5d37e56dbf60878ea05b1c2a4719ba4585971f3f"


@pytest.mark.parametrize("value", [[0.5], [np.nan], [[1, 2]], [2**20 + 1]])
def test_bad_input(value):
    with pytest.raises(InputError, match="given"):
        conditional_means(np.array(value))
