"""The search: problems with a known answer, a budget that is kept, and every way not to find a crossing."""

import itertools
import math

import numpy as np
import pytest

from idbounds.dimension.protocol import Score
from idbounds.dimension.search import measure_d90
from idbounds.errors import InputError


def smooth(d, seed):
    noise = 0.004 * np.random.default_rng(seed).standard_normal()
    return noise + (0.98 if d is None else 0.1 + 0.88 * -math.expm1(-((d / 100) ** 0.6)))


def quadratic_toy(d, seed, D=1000, blocks=10):
    """Li et al. 2018, section 2: the entries of block i must sum to i. Exactly solvable iff d >= 10."""
    sums = np.repeat(np.eye(blocks), D // blocks, axis=1)
    wanted = np.arange(1.0, blocks + 1)
    if d is None:
        system = sums
    else:
        basis = np.random.default_rng(seed).standard_normal((D, d))
        system = sums @ (basis / np.linalg.norm(basis, axis=0))
    rest = system @ np.linalg.lstsq(system, wanted, rcond=None)[0] - wanted
    return math.exp(-(rest @ rest))


@pytest.mark.parametrize("seed", range(0, 500, 100))
def test_ten_constraints_need_ten_dimensions(seed):
    result = measure_d90(quadratic_toy, d_max=1000, chance=0.0, seed=seed)
    assert abs(result.main.d - 10) <= 1
    assert result.main.whole == 10
    assert result.main.low <= 10 <= result.main.high
    assert result.main.high - result.main.low <= 2.5


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_an_isotropic_well(share):
    """|x|^2 from |x| = 1, minimised over a random d-dimensional subspace through x: 1 - d / D on average.

    So the loss 1 - share is reached at d = share D (Larsen et al. 2022 treat the general well).
    """
    D = 400

    def loss(d, seed):
        if d is None:
            return 0.0
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(D)
        basis, _ = np.linalg.qr(rng.standard_normal((D, d)))
        x /= np.linalg.norm(x)
        return 1 - float(np.sum((x @ basis) ** 2))

    result = measure_d90(
        loss, d_max=D, criterion="absolute", absolute=1 - share, chance=1.0, best=None, higher_is_better=False
    )
    assert result.main.d == pytest.approx(share * D, rel=0.1)
    assert result.main.low <= share * D <= result.main.high
    assert result.main.slope < 0


def test_the_budget_and_the_seeds():
    result = measure_d90(smooth, d_max=5000, chance=0.1, seed=1000)
    assert [s.run.seed for s in result.scores] == [(1000 << 20) + i for i in range(25)]
    assert [s.run.d for s in result.scores[:5]] == [None] * 5
    assert "learning rate not tuned: the value holds for the rate in use" in result.warnings
    grown = [s.run.d for s in result.scores[5:14]]
    assert grown == [16, 32, 64, 128, 256, 512, 1024, 2048, 4096][:9] or grown[:6] == [
        16,
        32,
        64,
        128,
        256,
        512,
    ]


def test_measurements_with_different_seeds_share_no_run():
    def rated(d, seed, learning_rate):
        return smooth(d, seed) - 0.01 * abs(math.log(learning_rate))

    results = [
        measure_d90(rated, d_max=5000, chance=0.1, seed=s, learning_rates=[0.3, 1, 3])
        for s in (0, 1, 2**20 - 1)
    ]
    seeds = [{s.run.seed for s in (*r.scores, *r.tuning)} for r in results]
    assert all(not a & b for a, b in itertools.combinations(seeds, 2))
    assert max(seeds[-1]) < 2**63


def test_the_same_runs_give_the_same_result_in_any_order():
    def backwards(runs):
        yield from (Score(run, smooth(run.d, run.seed)) for run in reversed(runs))

    def forwards(runs):
        yield from (Score(run, smooth(run.d, run.seed)) for run in runs)

    one, other = (measure_d90(r, d_max=5000, chance=0.1) for r in (backwards, forwards))
    assert one == other


@pytest.mark.parametrize("at_once", [1, 2, 8, 50])
def test_batches(at_once):
    sizes = []

    def runner(runs):
        sizes.append(len(runs))
        yield from (Score(run, smooth(run.d, run.seed)) for run in runs)

    result = measure_d90(runner, d_max=5000, chance=0.1, at_once=at_once)
    assert max(sizes[1:]) <= at_once
    assert sum(sizes) <= 25
    truth = 100 * math.log(0.88 / (0.98 - 0.882)) ** (1 / 0.6)
    assert result.main.d == pytest.approx(truth, rel=0.15)


def test_several_criteria_in_turn():
    result = measure_d90(smooth, d_max=5000, chance=0.1, criterion=("fraction", "gain"), budget=40)
    assert result.aim == ("fraction", "gain")
    around = {name: result.crossings[name] for name in result.aim}
    for crossing in around.values():
        assert crossing.method == "fit"
        assert crossing.high / crossing.low < 1.3


def test_not_reached():
    result = measure_d90(smooth, d_max=100, chance=0.1)
    assert result.main.censored == "not reached"
    assert (result.main.d, result.main.low, result.main.high) == (None, 100, None)
    assert len(result.scores) < 25  # once d_max surely fails, more runs teach nothing
    assert max(s.run.d or 0 for s in result.scores) == 100


def test_reached_at_once():
    result = measure_d90(smooth, d_max=10_000, d_min=2000, d_start=2000, chance=0.1)
    assert result.main.censored == "reached at once"
    assert (result.main.d, result.main.low, result.main.high) == (None, None, 2000)


def test_a_start_above_the_crossing_goes_down():
    result = measure_d90(smooth, d_max=10_000, d_start=4000, chance=0.1)
    assert result.main.low < 100 * math.log(0.88 / (0.98 - 0.882)) ** (1 / 0.6) < result.main.high


def test_runs_that_fail_are_not_fatal():
    def fragile(d, seed):
        return math.nan if seed % 4 == 3 else smooth(d, seed)

    result = measure_d90(fragile, d_max=5000, chance=0.1)
    assert result.main.method == "fit"
    assert any("failed" in w for w in result.warnings)

    def hopeless(d, seed):
        return smooth(d, seed) if d is None else math.nan

    with pytest.raises(InputError, match="finite score"):
        measure_d90(hopeless, d_max=500)


def test_a_curve_that_falls_back_is_told():
    def spoilt(d, seed):
        return 0.3 if d is not None and d > 900 else smooth(d, seed)

    result = measure_d90(spoilt, d_max=5000, d_start=64, at_once=6, chance=0.1)
    assert any("not monotone" in w for w in result.warnings)


def test_noise_without_a_curve_is_told():
    def nothing(d, seed):
        return 0.5 + 0.3 * float(np.random.default_rng(seed).standard_normal())

    for seed in range(0, 300, 100):
        result = measure_d90(nothing, d_max=1000, seed=seed)
        sure = result.main.low is not None and result.main.high is not None and not result.main.censored
        assert not sure or result.main.high / result.main.low > 2 or len(result.warnings) > 1


def test_progress():
    told = []
    measure_d90(smooth, d_max=5000, progress=lambda *args: told.append(args))
    assert {what for what, _, _ in told} == {"full training", "growing d", "around the crossing"}
    done = [n for _, n, _ in told]
    assert done == sorted(done)
    assert (done[0], done[-1], told[-1][2]) == (0, 25, 25)


def test_an_interrupted_search_goes_on_from_what_is_stored():
    whole, store, left = measure_d90(smooth, d_max=5000), {}, itertools.count()

    def runner(runs):
        for run in runs:
            if run not in store:
                if next(left) == 12:
                    raise KeyboardInterrupt
                store[run] = Score(run, smooth(run.d, run.seed))
            yield store[run]

    with pytest.raises(KeyboardInterrupt):
        measure_d90(runner, d_max=5000)
    resumed = measure_d90(runner, d_max=5000)
    assert resumed.crossings == whole.crossings
    assert next(left) == 26  # 25 runs and the interruption: none was done twice


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"d_start": 0}, "d_min"),
        ({"d_max": 10}, "d_max"),
        ({"growth": 1.0}, "growth"),
        ({"baselines": 0}, "baselines"),
        ({"budget": 12}, "budget"),
        ({"level": 0}, "level"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**20}, "seed"),
        ({"budget": 2**21}, "budget"),
        ({"threshold": 90}, "threshold"),
        ({"criterion": "gain"}, "chance="),
        ({"criterion": ()}, "criterion"),
        ({"criterion": "absolute", "best": None}, "absolute="),
    ],
)
def test_bad_options_are_refused_before_anything_is_trained(options, match):
    def never(d, seed):
        raise AssertionError

    with pytest.raises(InputError, match=match):
        measure_d90(never, **{"d_max": 1000} | options)


def test_a_runner_that_does_something_else():
    with pytest.raises(InputError, match="scores for"):
        measure_d90(lambda runs: iter(()), d_max=100)
    with pytest.raises(InputError, match="not asked for"):
        measure_d90(lambda runs: iter([Score(runs[0], 1.0)] * 2), d_max=100)
