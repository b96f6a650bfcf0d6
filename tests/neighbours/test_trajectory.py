import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.neighbours.trajectory import _distances, _tree, ph_dimension


def path(alpha, n, dimensions, seed, *, finer=20):
    """n random places of a path of symmetric stable steps, whose range has dimension alpha; 2 is Brownian.

    The path is finer than its places, or the largest sample would see the grid of the steps.
    """
    rng = np.random.default_rng(seed)
    walk = np.cumsum(steps(rng, alpha, n * finer, dimensions), axis=0)
    return walk[rng.choice(len(walk), n, replace=False)]


def steps(rng, alpha, n, dimensions):
    """Isotropic stable steps (Chambers, Mallows and Stuck)."""
    if alpha == 2:
        return rng.normal(size=(n, dimensions))
    sub = alpha / 2  # an isotropic stable step is a normal one at a positive stable time
    v, e = rng.uniform(0, np.pi, n), rng.exponential(size=n)
    time = np.sin(sub * v) / np.sin(v) ** (1 / sub) * (np.sin((1 - sub) * v) / e) ** ((1 - sub) / sub)
    return np.sqrt(time)[:, None] * rng.normal(size=(n, dimensions))


@pytest.mark.parametrize(("k", "slack"), [(1, 0.05), (2, 0.1), (3, 0.15)])
def test_uniform_points_fill_the_cube(k, slack):
    x = np.random.default_rng(0).random((1500, k))
    got = ph_dimension(x, sizes=range(200, 1501, 100), repeats=10)
    assert got.dimension == pytest.approx(k, rel=slack)
    assert got.low <= got.dimension <= got.high


def test_a_turned_plane_keeps_its_dimension_in_a_high_space():
    rng = np.random.default_rng(0)
    flat = rng.random((400, 2))
    turned = flat @ np.linalg.qr(rng.normal(size=(3000, 2)))[0].T + 5
    plain, high = ph_dimension(flat), ph_dimension(turned)
    assert plain.sums[-1] == pytest.approx(high.sums[-1], rel=1e-9)  # the triangular factor keeps distances


@pytest.mark.parametrize(("alpha", "low", "high"), [(2.0, 1.9, 2.15), (1.5, 1.25, 1.75), (1.2, 0.95, 1.4)])
def test_paths_have_the_dimension_of_their_steps(alpha, low, high):
    """Brownian motion fills two dimensions of ten, a flight with heavier tails its index."""
    found = [ph_dimension(path(alpha, 1000, 10, seed), repeats=10).dimension for seed in range(5)]
    assert low < np.mean(found) < high, found


def test_the_tree_by_hand():
    x = np.array([[0.0, 0], [3, 0], [3, 4], [10, 4]])
    assert _tree(_distances(x), 1.0) == 3 + 4 + 7
    assert _tree(_distances(x), 2.0) == 9 + 16 + 49


def test_points_that_occur_twice_change_nothing():
    x = np.random.default_rng(0).random((400, 2))
    assert ph_dimension(np.concatenate([x, x[:100]])) == ph_dimension(x)


def test_the_table_shows_the_slope_between_sizes():
    got = ph_dimension(np.random.default_rng(0).random((500, 1)))
    assert got.table["points"].tolist() == list(got.sizes) == [200, 250, 300, 350, 400, 450, 500]
    assert got.table["dimension"][:6].between(0.9, 1.1).all()


@pytest.mark.parametrize(
    "change",
    [
        {"points": np.zeros((500, 3))},
        {"points": np.ones(500)},
        {"points": np.full((500, 2), np.inf)},
        {"sizes": [100, 200]},
        {"sizes": [100, 200, 900]},
        {"alpha": 0},
        {"repeats": 0},
    ],
)
def test_bad_input_is_refused(change):
    given = {"points": np.random.default_rng(0).random((500, 3)), **change}
    with pytest.raises(InputError, match="given"):
        ph_dimension(given.pop("points"), **given)
