"""Variational (bits-back) length: a distribution over parameters instead of one parameter vector.

The sender draws parameters from a posterior q with random bits that the receiver gets back, so that they
cost KL(q || prior) instead of -log2 prior. In expectation the labels take E_q[-log2 p(y | x, parameters)]
more. The sum is an ideal length, an expectation; it is never below the Bayes mixture under the same prior,
and equal to it only if q is the exact posterior.

Sources: Hinton and van Camp (1993); Honkela and Valpola (2004), IEEE Transactions on Neural Networks 15(4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.integers.elias import integer_within
from idbounds.divergences import kl_gaussian_diagonal
from idbounds.errors import InputError
from idbounds.mdl._given import array


@final
@dataclass(frozen=True)
class VariationalLength:
    """The two terms of a variational length.

    Args:
        kl_bits: KL(q || prior), in bits.
        data_ideal_bits: Expected -log2 p(data | parameters), in bits, estimated from draws.
        standard_error: Of `data_ideal_bits`; infinite for one draw.
    """

    kl_bits: float
    data_ideal_bits: float
    standard_error: float

    @property
    def ideal_bits(self) -> float:
        """The sum; an estimate, up to a few standard errors."""
        return self.kl_bits + self.data_ideal_bits


def variational_ideal_bits(
    data_bits: Callable[[NDArray[np.float64]], float],
    mean: ArrayLike,
    sigma: ArrayLike,
    *,
    prior_mean: ArrayLike = 0.0,
    prior_sigma: ArrayLike = 1.0,
    draws: int = 100,
    seed: int = 0,
) -> VariationalLength:
    """Length of data under a diagonal Gaussian over parameters, with a diagonal Gaussian prior.

    Args:
        data_bits: -log2 p(data | parameters) for parameters of shape (k,), in bits.
        mean: Means of q, shape (k,).
        sigma: Standard deviations of q, > 0, shape (k,) or a number.
        prior_mean: Means of the prior, fixed before the data.
        prior_sigma: Standard deviations of the prior, > 0, fixed before the data.
        draws: Number of draws for the expectation; every second one is the mirror image of the one before.
        seed: Of the draws.

    Returns:
        The length in its two terms.

    Raises:
        InputError: If a length is not finite.
    """
    centre = array(mean, "mean", 1)
    kl_nats = kl_gaussian_diagonal(centre, sigma, prior_mean, prior_sigma)
    draws = integer_within(draws, "draws", 1, 2**31)
    rng = np.random.default_rng(seed)
    bits = []
    noise = np.zeros(centre.size)
    for i in range(draws):
        noise = -noise if i % 2 else rng.standard_normal(centre.size)
        bits.append(float(data_bits(centre + np.asarray(sigma) * noise)))
    if not np.isfinite(bits).all():
        raise InputError("data_bits: a length that is not finite; only finite lengths are allowed")
    pairs = np.array(bits[: draws // 2 * 2]).reshape(-1, 2).mean(axis=1)
    error = float(pairs.std(ddof=1) / math.sqrt(pairs.size)) if pairs.size > 1 else math.inf
    return VariationalLength(kl_nats / math.log(2), math.fsum(bits) / draws, error)
