"""A function, or a runner, is taken for what it is."""

import math

import pytest

from idbounds.dimension.protocol import Run, Score, as_runner
from idbounds.errors import InputError

RUNS = [Run(None, 1, 0.1), Run(4, 2, 0.2)]


def without_rate(d, seed):
    return (d or 100) + seed


def with_rate(d, seed, learning_rate):
    return (d or 100) + seed + learning_rate


def with_optional_rate(d, seed, learning_rate=None):
    return (d or 100) + seed + learning_rate


def with_another_default(d, seed, epochs=1):
    return (d or 100) + seed + 1000 * (epochs - 1)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (without_rate, [101, 6]),
        (with_rate, [101.1, 6.2]),
        (with_optional_rate, [101.1, 6.2]),
        (with_another_default, [101, 6]),
    ],
)
def test_functions(function, expected):
    scores = list(as_runner(function)(RUNS))
    assert [s.score for s in scores] == pytest.approx(expected)
    assert [s.run for s in scores] == RUNS
    assert all(s.status == "ok" and s.seconds >= 0 for s in scores)


def test_a_runner_is_left_alone():
    def runner(runs):
        yield from (Score(run, 1.0) for run in runs)

    assert as_runner(runner) is runner


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_score_that_is_not_finite_is_a_failure(value):
    (score,) = as_runner(lambda d, seed: value)(RUNS[:1])
    assert score.status == "failed"
    assert math.isnan(score.score)
    assert str(value) in score.reason


@pytest.mark.parametrize("wrong", [lambda: 1, lambda a, b, c, d: 1, 3])
def test_neither(wrong):
    with pytest.raises(InputError, match=r"\(d, seed\)"):
        as_runner(wrong)
