"""Simulated dose-response curves with known crossings: how well `measure_d90` finds them.

    python -m tests.dimension.simulate

writes tests/dimension/simulated.csv again: bias and rmse of ln d, and coverage of the 90% interval, for each
shape and criterion, over 200 curves. Each curve has its own truth and steepness. The shape "tuned" has a learning rate
to be found. The last two columns are what the first crossing on a grid does on the same curves.
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
    rung: float = 0.0  # what a rate one rung from the best one costs; two rungs cost four times that


RATES = tuple(1e-4 * 3.0**i for i in range(9))
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
    "tuned": Shape(weibull, 0.45, rung=0.01),
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


def steps_off(index, d, rate=None):
    """Rungs from a rate, or from the best one of the ladder, to the optimum: it falls with the square root of d."""
    full, small = np.random.default_rng([zlib.crc32(b"rates"), index]).uniform(size=2)
    optimum = 2 + full if d is None else 5 + small - math.log(d / 16) / (2 * math.log(3))
    return min(abs(math.log(one / RATES[0], 3) - optimum) for one in ([rate] if rate else RATES))


def score(name, index, curve, d, seed, rate=None):
    """The score of one run; without a rate at the best one of the ladder."""
    shape = SHAPES[name]
    mean = shape.baseline if d is None else curve(math.log(d))
    if shape.rung:
        mean -= shape.rung * steps_off(index, d, rate) ** 2
    rest = max(shape.baseline - mean, 0.0)
    key = [zlib.crc32(name.encode()), index, seed]
    # Two rates with one seed have nothing in common: the hardest case for tuning.
    draw = np.random.default_rng(key + ([RATES.index(rate)] if rate else [])).standard_normal()
    return mean + (shape.noise + shape.uneven * rest) * draw


def drawn(name, index):
    """The curve of one number."""
    shape = SHAPES[name]
    curve, crossings = truth(shape, np.random.default_rng([zlib.crc32(name.encode()), index]))
    if shape.rung:
        at = crossings["fraction"]
        full = shape.baseline - shape.rung * steps_off(index, None) ** 2
        targets = {
            "fraction": 0.9 * full,
            "gain": shape.chance + 0.9 * (full - shape.chance),
            "absolute": 0.9,
        }

        def excess(x, target):
            return curve(x) - shape.rung * steps_off(index, math.exp(x)) ** 2 - target

        crossings = {key: brentq(excess, at - 3, at + 3, args=(target,)) for key, target in targets.items()}
    return curve, crossings


def measure(name, index, **options):
    """One simulated measurement: the result and the true crossings in ln d."""
    curve, crossings = drawn(name, index)
    options = {"chance": SHAPES[name].chance, "d_max": 60_000} | options
    if SHAPES[name].rung:
        options = {"learning_rates": RATES} | options

    def run(d, seed, rate):
        return score(name, index, curve, d, seed, rate)

    return measure_d90(run, **options), crossings


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
