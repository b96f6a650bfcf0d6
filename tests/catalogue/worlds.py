"""What the simulated worlds of all families share."""

import numpy as np
from scipy.stats import binomtest

DELTA, DRAWS, SIZE = 0.2, 20_000, 100


def fails_too_often(failures, delta=DELTA):
    """Exact binomial test at significance 1e-6 that the rate of failures exceeds delta."""
    return binomtest(int(np.sum(failures)), len(failures), delta, alternative="greater").pvalue < 1e-6


def worst_risk(table):
    """A risk just above one of the values a bound can take, so that the bound fails as often as it can."""
    return float(table[SIZE // 3] * (1 + 1e-9))
