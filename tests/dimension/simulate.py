"""Simulated dose-response curves with known crossings: how well `measure_d90` finds them.

    python -m tests.dimension.simulate

writes tests/dimension/simulated.csv again: bias and rmse of ln d, and coverage of the 90% interval, for each
shape and criterion, over 200 curves. Each curve has its own truth and steepness. The last two columns are what
the first crossing on a grid does on the same curves.
"""

import csv
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from idbounds.dimension.curve import first_crossing
from idbounds.dimension.search import measure_d90

TABLE = Path(__file__).with_name("simulated.csv")
CURVES = 200
NOISE = 0.0043  # seed sd of Li et al.'s MNIST runs, as a share of the range of accuracy


def weibull(t):
    return -math.expm1(-math.exp(t))


def logistic(t):
    return 1 / (1 + math.exp(-t))


def gompertz(t):
    return math.exp(-math.exp(-t))


def knee(t):
    """Straight in ln d, then flat: bent sharply just above the crossing."""
    return 1 - math.log1p(math.exp(-4 * t)) / 40 - 0.02 / (1 + math.exp(t))


def ramp(t):
    return min(max(0.1 + t, 0.0), 1.0)


@dataclass(frozen=True)
class Shape:
    """A family of curves: chance + gain F(p (ln d - shift)), noise sd(share of gain)."""

    share: object
    steepness: float
    baseline: float = 0.98
    chance: float = 0.1
    noise: float = NOISE
    uneven: float = 0.0  # noise grows with the distance from full training
    d: tuple = (40, 4000)


SHAPES = {
    "Weibull": Shape(weibull, 0.45),
    "steep": Shape(weibull, 1.5),
    "very steep": Shape(weibull, 6.0),
    "shallow": Shape(logistic, 0.7),
    "logistic": Shape(logistic, 1.2),
    "Gompertz": Shape(gompertz, 0.9),
    "ramp": Shape(ramp, 0.12),
    "knee": Shape(knee, 1.0),
    "uneven noise": Shape(weibull, 0.45, noise=0.002, uneven=0.03),
    "like CIFAR": Shape(weibull, 0.4, baseline=0.51, noise=0.0028, d=(500, 9000)),
}


def truth(shape, rng, q=0.9):
    """Draw one curve: its function of ln d, noise and crossings by criterion."""
    p = shape.steepness * 2 ** rng.uniform(-0.5, 0.5)
    gain = shape.baseline - shape.chance
    at = math.log(shape.d[0]) + rng.uniform() * math.log(shape.d[1] / shape.d[0])

    def inverse(score):
        return brentq(lambda t: shape.chance + gain * shape.share(t) - score, -30, 30)

    t = inverse(q * shape.baseline)
    others = {"gain": shape.chance + q * gain, "absolute": q}
    crossings = {name: at + (inverse(s) - t) / p for name, s in others.items() if s < 0.985 * shape.baseline}
    return lambda x: shape.chance + gain * shape.share(min(p * (x - at) + t, 500.0)), {
        "fraction": at
    } | crossings


def score(name, index, curve, d, seed):
    """The score of one run."""
    shape = SHAPES[name]
    mean = shape.baseline if d is None else curve(math.log(d))
    rest = max(shape.baseline - mean, 0.0)
    draw = np.random.default_rng([zlib.crc32(name.encode()), index, seed]).standard_normal()
    return mean + (shape.noise + shape.uneven * rest) * draw


def drawn(name, index):
    """The curve of one number."""
    return truth(SHAPES[name], np.random.default_rng([zlib.crc32(name.encode()), index]))


def measure(name, index, **options):
    """One simulated measurement: the result and the true crossings in ln d."""
    curve, crossings = drawn(name, index)
    options = {"chance": SHAPES[name].chance, "d_max": 60_000} | options
    return measure_d90(lambda d, seed: score(name, index, curve, d, seed), **options), crossings


def grid(name, index):
    """Li et al.'s rule on ten values of d, a factor of 1.5 apart and around the truth, three seeds each: ln d."""
    curve, crossings = drawn(name, index)
    offset = np.random.default_rng([zlib.crc32(name.encode()), index, 1]).uniform()
    d = np.round(np.exp(crossings["fraction"] + math.log(1.5) * (np.arange(-5, 5) + offset))).astype(int)
    runs = [(k, score(name, index, curve, int(k), i)) for i, k in enumerate(np.repeat(d, 3))]
    full = np.mean([score(name, index, curve, None, 1000 + i) for i in range(5)])
    return math.log(first_crossing(*zip(*runs, strict=True), 0.9 * full)) - crossings["fraction"]


def summary(name, curves, **options):
    """For each criterion: curves with a crossing, bias and rmse of ln d, coverage, median width and mean runs."""
    seen = {}
    for index in range(curves):
        result, crossings = measure(name, index, **options)
        for criterion, x in crossings.items():
            found = result.crossings[criterion]
            low, high = found.low or 0.0, found.high or math.inf
            width = math.log(high / low) if low and high < math.inf else math.inf
            error = math.nan if found.d is None else math.log(found.d) - x
            row = (error, low <= math.exp(x) <= high, width, len(result.scores))
            seen.setdefault(criterion, []).append(row)
    rows = {}
    for criterion, values in seen.items():
        error, covered, width, runs = np.array(values, dtype=float).T
        rows[criterion] = {
            "curves": error.size,
            "found": int(np.isfinite(error).sum()),
            "bias": np.nanmean(error),
            "rmse": np.sqrt(np.nanmean(error**2)),
            "coverage": covered.mean(),
            "width": np.median(width),
            "runs": runs.mean(),
        }
    return rows


def main():
    figures = ["bias", "rmse", "coverage", "width"]
    with TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["shape", "criterion", "curves", "found", *figures, "runs", "grid_bias", "grid_rmse"])
        for name in SHAPES:
            errors = np.array([grid(name, index) for index in range(CURVES)])
            steps = [f"{errors.mean():.3f}", f"{np.sqrt(np.mean(errors**2)):.3f}"]
            for criterion, row in summary(name, CURVES).items():
                values = [f"{row[key]:.3f}" for key in figures]
                last = steps if criterion == "fraction" else ["", ""]
                table.writerow(
                    [name, criterion, row["curves"], row["found"], *values, f"{row['runs']:.1f}", *last]
                )


if __name__ == "__main__":
    main()
