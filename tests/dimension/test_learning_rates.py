"""The rule by which the rate is tuned for each d: what it tries, what it chooses, what it costs."""

import math

import pytest

from idbounds.dimension.learning_rates import SEEDS, TUNING_SEEDS, Ladder
from idbounds.dimension.protocol import Score
from idbounds.dimension.search import measure_d90
from idbounds.errors import InputError

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def best_rate(d):
    """0.003 for all parameters; 0.1 at d = 16, and smaller in proportion to 1 / sqrt(d)."""
    return 0.003 if d is None else 0.1 * math.sqrt(16 / d)


def score(d, rate):
    return -abs(math.log(rate / best_rate(d)))


def far(value):
    return False


def settle(ladder, ds, near=None):
    count = 0
    while wanted := ladder.wanted(ds, near):
        count += len(wanted)
        ladder.add(Score(run, ladder.sign * score(run.d, run.learning_rate)) for run in wanted)
    return count


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_tried_and_chosen(sign):
    ladder = Ladder(RATES, 0, sign)
    assert settle(ladder, [None, None]) == len(RATES) + 3 * (SEEDS - 1)
    assert ladder.rate(None) == 0.003
    assert settle(ladder, [16, 32, 64], far) == len(RATES) + 3 + 3 + 1  # at 64 the best is one further down
    assert [ladder.rate(d) for d in (16, 32, 64)] == [0.1, 0.1, 0.03]
    assert settle(ladder, [16, 64, 70, 55], far) == 0  # within a factor of 1.25
    assert ladder.rate(70) == 0.03
    assert settle(ladder, [4096], far) == 4
    assert ladder.rate(4096) == 0.01
    assert not ladder.at_the_end(4096)


def test_three_seeds_where_the_choice_matters():
    ladder = Ladder(RATES, 0, 1)
    settle(ladder, [16, 256], far)
    assert settle(ladder, [230]) == 3 * SEEDS  # a d tuned with one seed lends no rate to a round
    assert settle(ladder, [230, 200, 280]) == 0
    assert settle(ladder, [256]) == 3 * (SEEDS - 1)  # it has one seed already
    assert settle(ladder, [1024], lambda value: value > -1) == 3 * SEEDS + 1  # and a rate that lost at once


def test_the_mean_of_three_seeds_decides_and_a_lucky_one_does_not():
    lucky = {(0.03, 0): 9.0}
    ladder = Ladder(RATES, 0, 1)
    tried = []
    while wanted := ladder.wanted([16]):
        tried += wanted
        values = (
            lucky.get((r.learning_rate, r.seed - TUNING_SEEDS), 9 * score(16, r.learning_rate))
            for r in wanted
        )
        ladder.add(Score(run, value) for run, value in zip(wanted, values, strict=True))
    assert ladder.rate(16) == 0.1
    assert len(set(tried)) == len(tried)


def test_the_search_goes_on_to_the_end_of_the_ladder():
    ladder = Ladder(RATES, 0, 1)
    settle(ladder, [16], far)
    assert settle(ladder, [160_000], far) == 6
    assert ladder.rate(160_000) == 0.001
    assert ladder.at_the_end(160_000)


def test_a_failed_rate_is_the_worst():
    ladder = Ladder((0.1, 1.0), 0, 1)
    runs = ladder.wanted([16])
    ladder.add([Score(runs[0], -50.0), Score(runs[1], math.nan, status="failed")])
    assert ladder.rate(16) == 0.1


def test_a_rate_that_fails_once_in_three_is_worse_than_one_that_never_does():
    ladder = Ladder((0.1, 1.0), 0, 1)
    runs = ladder.wanted([16])
    assert len(runs) == 2 * SEEDS
    values = [-50.0, -50.0, -50.0, 1.0, math.nan, 1.0]
    ladder.add(map(Score, runs, values))
    assert ladder.rate(16) == 0.1


def test_seeds_differ_from_d_to_d_and_not_from_rate_to_rate():
    ladder = Ladder(RATES, 7, 1)
    first = ladder.wanted([16])
    settle(ladder, [16])
    second = ladder.wanted([64])
    assert {run.seed for run in first} == {7 + TUNING_SEEDS}
    assert [run.seed for run in second] == [7 + SEEDS + i + TUNING_SEEDS for i in range(SEEDS)] * 3


@pytest.mark.parametrize("rates", [[], [0.1, 0.1], [0.3, 0.1], [0, 0.1], [-1], [math.nan, 1]])
def test_no_ladder(rates):
    with pytest.raises(InputError, match="learning_rates"):
        Ladder(rates, 0, 1)


def test_tuning_runs_enter_nothing():
    """The curve of the tuned rate is the one that is measured, and no tuning run is among its points."""

    def run(d, seed, learning_rate):
        full = 1.0 if d is None else 1 - math.exp(-((d / 50) ** 0.8))
        return full + 0.1 * score(d, learning_rate) + (0.5 if seed >= TUNING_SEEDS else 0.0)

    result = measure_d90(run, d_max=10_000, learning_rates=RATES)
    assert all(s.run.seed >= TUNING_SEEDS for s in result.tuning)
    assert all(s.run.seed < TUNING_SEEDS and s.score <= 1 for s in result.scores)
    assert len(result.scores) <= 25 < len(result.scores) + len(result.tuning)
    assert result.learning_rates == RATES
    assert not any("not tuned" in w for w in result.warnings)
    best = {s.run.d: s.run.learning_rate for s in result.scores}
    steps = [abs(math.log(rate / best_rate(d))) for d, rate in best.items()]
    assert max(steps) <= math.log(3.4)


def test_the_end_of_the_ladder_is_told():
    def run(d, seed, learning_rate):
        return (1.0 if d is None else 1 - math.exp(-d / 50)) - 0.1 * abs(math.log(learning_rate))

    result = measure_d90(run, d_max=1000, learning_rates=[0.1, 0.3])
    told = [w for w in result.warnings if "end of the ladder" in w]
    assert len(told) == 2  # full training, and the crossing
