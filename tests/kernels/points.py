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


def inputs(word, rng, size):
    """Random inputs of a word, one array for each argument."""
    if word == "binomial_tail_inverse":
        return counts_and_levels(rng, size)
    if word == "log_star":
        return (np.floor(10 ** rng.uniform(0, 300, size)),)
    return rates(rng, size), (rates if word == "kl" else costs)(rng, size)


def excess(word, value, *given):
    """value / truth - 1 to a few digits, where truth is the word's ball; 0 when both are 0, tiny or infinite."""
    with balls.precision(2400 if word == "kl" else BITS):  # 1 - 1e-300 has a thousand bits
        truth = getattr(balls, word)(*(arb(float(x)) for x in given))
        if (truth < TINY and abs(value) < TINY) or (value == np.inf and truth == arb.pos_inf()):
            return 0.0
        assert truth.rel_accuracy_bits() > 60, (word, given, truth)
        return float((arb(float(value)) / truth - 1).mid())


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
