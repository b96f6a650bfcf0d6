"""Inputs spread over the whole domain of each word, and the error of a float against a ball."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from idbounds.kernels import balls

Floats = NDArray[np.float64]

BITS = 120
TINY = 1e-300  # below it float64 has no relative precision, and a lower end is 0


def rates(rng: np.random.Generator, size: int) -> Floats:
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


def costs(rng: np.random.Generator, size: int) -> Floats:
    """Nats per example, log-even in [1e-300, 1e3], most of them in [1e-12, 1e2]."""
    usual, all_of_it = 10 ** rng.uniform(-12, 2, size), 10 ** rng.uniform(-300, 3, size)
    return np.where(rng.random(size) < 0.7, usual, all_of_it)


def counts_and_levels(rng: np.random.Generator, size: int) -> tuple[Floats, Floats, Floats]:
    """k, n up to 1e9 and log_delta in [-7e8, 0): even and log-even, towards k = 0 and k = n, delta near 0 and 1."""
    n = np.floor(10 ** rng.uniform(0, 9, size))
    few = np.floor(n ** rng.random(size))
    k = np.choose(rng.integers(0, 4, size), [few, n - few, np.floor(n * rng.random(size)), rng.integers(0, 3, size)])
    levels = [
        -(10 ** rng.uniform(-2, 3, size)),
        -(10 ** rng.uniform(0, np.log10(7e8), size)),
        -(10 ** rng.uniform(-300, 0, size)),
    ]
    return np.clip(k, 0, n), n, np.choose(rng.integers(0, 3, size), levels)


def excess(word: str, value: float, *inputs: float) -> float:
    """value / truth - 1 to a few digits, where truth is the word's ball; 0 when both are 0, tiny or infinite."""
    bits = 2400 if word == "kl" else BITS  # 1 - 1e-300 has a thousand bits
    with balls.precision(bits):
        truth: Any = getattr(balls, word)(*(arb(float(x)) for x in inputs))
        if (truth < TINY and abs(value) < TINY) or (value == np.inf and truth == arb.pos_inf()):
            return 0.0
        assert truth.rel_accuracy_bits() > 60, (word, inputs, truth)
        return float((arb(float(value)) / truth - 1).mid())
