"""Inputs spread over the whole domain of each word, committed values, and the error of a float against a ball."""

import csv
import re
from pathlib import Path

import numpy as np
from flint import arb

from idbounds.kernels import balls

BITS = 100
TINY = 1e-300  # below it float64 has no relative precision, and a lower end is 0
LOG_STAR_OF_THE_LITERATURE = "2.865064"


def rates(rng, size):
    """Rates in [0, 1]: even, log-even towards 0 (down to 1e-300) and towards 1, and both ends."""
    return np.choose(
        rng.integers(0, 6, size),
        [
            rng.random(size),
            10 ** rng.uniform(-12, 0, size),
            10 ** rng.uniform(-300, 0, size),
            1 - 10 ** rng.uniform(-16, 0, size),
            np.round(rng.random(size), 3),
            rng.integers(0, 2, size).astype(float),
        ],
    )


def costs(rng, size):
    """Nats per example, log-even in [1e-300, 1e3], most of them in [1e-12, 1e2]."""
    usual, all_of_it = 10 ** rng.uniform(-12, 2, size), 10 ** rng.uniform(-300, 3, size)
    return np.where(rng.random(size) < 0.7, usual, all_of_it)


def counts_and_levels(rng, size):
    """k, n up to 1e9 and log_delta in [-7e8, 0): even and log-even, towards k = 0 and k = n, delta near 0 and 1."""
    n = np.floor(10 ** rng.uniform(0, 9, size))
    few = np.floor(n ** rng.random(size))
    kinds = [few, n - few, np.floor(n * rng.random(size)), rng.integers(0, 3, size)]
    levels = [
        -(10 ** rng.uniform(-2, 3, size)),
        -(10 ** rng.uniform(0, np.log10(7e8), size)),
        -(10 ** rng.uniform(-300, 0, size)),
    ]
    k = np.clip(np.choose(rng.integers(0, 4, size), kinds), 0, n)
    return k, n, np.choose(rng.integers(0, 3, size), levels)


def signed(rng, size):
    """Numbers above -1, log-even towards 0 from both sides, towards -1 and up to 1e300."""
    kinds = [
        10 ** rng.uniform(-300, 300, size),
        10 ** rng.uniform(-12, 3, size),
        -(10 ** rng.uniform(-15, 0, size)),
    ]
    return np.choose(rng.integers(0, 4, size), [*kinds, 10 ** rng.uniform(-16, 0, size) - 1]).clip(2**-53 - 1)


def counts(rng, size):
    """Integers from 1 to 1e15: all the small ones alike, and log-even."""
    return np.floor(
        np.where(rng.random(size) < 0.5, rng.uniform(1, 300, size), 10 ** rng.uniform(0, 15, size))
    )


def subsets(rng, size):
    """k of n up to 1e12: even, and log-even towards k = 0 and k = n."""
    n = np.floor(10 ** rng.uniform(0, 12, size))
    few = np.floor(n ** rng.random(size))
    kinds = [few, n - few, np.floor(n * rng.random(size)), rng.integers(0, 3, size)]
    return np.clip(np.choose(rng.integers(0, 4, size), kinds), 0, n), n


def shares(rng, size):
    """Real k of n up to 1e12, those of `subsets` and numbers between integers, as small as 1e-300."""
    k, n = subsets(rng, size)
    between = n * 10 ** np.where(rng.random(size) < 0.5, rng.uniform(-3, 0, size), rng.uniform(-300, 0, size))
    return np.where(rng.random(size) < 0.5, k, between), n


def compressions(rng, size):
    """k, n up to 1e6 and log_delta in [-700, 0): a scenario decision of k out of n."""
    n = np.floor(10 ** rng.uniform(0, 6, size))
    few = np.floor(n ** rng.random(size))
    k = np.choose(
        rng.integers(0, 4, size), [few, n - few, np.floor(n * rng.random(size)), rng.integers(0, 3, size)]
    )
    level = np.where(rng.random(size) < 0.7, rng.uniform(-30, 0, size), rng.uniform(-700, 0, size))
    return np.clip(k, 0, n), n, level


def inputs(word, rng, size):
    """Random inputs of a word, one array for each argument; k comes before n but in `log_choose(n, k)`."""
    spread = {
        "kl": lambda: (rates(rng, size), rates(rng, size)),
        "binomial_tail_inverse": lambda: counts_and_levels(rng, size),
        "log_star": lambda: (np.floor(10 ** rng.uniform(0, 300, size)),),
        "log1p": lambda: (signed(rng, size),),
        "power_of_two": lambda: (rng.uniform(-900, 900, size),),
        "psi": lambda: (signed(rng, size),),
        "ceiling": lambda: (10 * signed(rng, size),),
        "minimum": lambda: (signed(rng, size), signed(rng, size)),
        "maximum": lambda: (signed(rng, size), signed(rng, size)),
        "phi_inverse": lambda: (10 ** rng.uniform(-12, 3, size), costs(rng, size)),
        "log_xi": lambda: (counts(rng, size),),
        "log_choose": lambda: subsets(rng, size)[::-1],
        "log_peak": lambda: shares(rng, size),
        "scenario_inverse": lambda: compressions(rng, size),
    }
    return spread.get(word, lambda: (rates(rng, size), costs(rng, size)))()


def excess(word, value, *given):
    """(value - truth) / |truth| to a few digits, truth being the word's ball; 0 if both are tiny or infinite."""
    with balls.precision(2400 if word == "kl" else BITS):  # 1 - 1e-300 has a thousand bits
        truth = getattr(balls, word)(*(arb(float(x)) for x in given))
        if (abs(truth) < TINY and abs(value) < TINY) or (value == np.inf and truth == arb.pos_inf()):
            return 0.0
        assert truth.rel_accuracy_bits() > 60, (word, given, truth)
        return float(((arb(float(value)) - truth) / abs(truth)).mid())


def excesses(word, values, columns):
    """`excess` for every entry."""
    return np.array([excess(word, *row) for row in zip(values, *columns, strict=True)])


def vectors():
    """Committed rows: id, word, inputs as text, value as text."""
    with Path(__file__).with_name("vectors.csv").open() as lines:
        rows = list(csv.reader(lines))[1:]
    return [(name, word, given.split(), value) for name, word, given, value in rows]


def evaluate(text, number, log):
    """'-log(0.05)/100' and its like, with the given meaning of a number and of the logarithm."""
    code = re.sub(r"(?<![\w.])(\d[\d.]*(?:e-?\d+)?)", r"number('\1')", text)
    return eval(code, {"number": number, "log": log})
