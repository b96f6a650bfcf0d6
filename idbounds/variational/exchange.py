"""What a bit is worth in errors: the slope of the bound itself."""

from __future__ import annotations

import torch

from idbounds.catalogue import bounds
from idbounds.variational.settings import NATS_PER_ERROR

_BOUND = "occam-kl"  # smooth; the certificate states the binomial form, which is a little smaller


def estimate(*, train_error: float, code_bits: float, n: int, delta: float) -> float:
    """The bound at a rate and a length that are not yet those of a message: to compare, not to quote.

    Args:
        train_error: rate, moved into [0, 1].
        code_bits: bits, moved to at least 0.
        n: examples.
        delta: failure probability.

    Returns:
        The value of the bound.
    """
    rate, bits = min(max(train_error, 0.0), 1.0), max(code_bits, 0.0)
    return float(bounds[_BOUND](train_error=rate, code_bits=bits, n=n, delta=delta))


def nats_per_bit(
    *, train_error: float, code_bits: float, n: int, delta: float, nats: float = NATS_PER_ERROR
) -> float:
    """The price of a bit in the training loss: how many nats move the bound as much as one bit does.

    With B the bound, it is (dB/dbits) / (dB/derror) times `nats`. Where the bound says nothing its
    slopes vanish, and their quotient is no price: more bits than n/2 are priced as n/2.

    Args:
        train_error: rate at hand, moved into [1/n, 1/2].
        code_bits: bits at hand, moved into [1, n/2].
        n: examples.
        delta: failure probability.
        nats: cross-entropy that stands for one error.

    Returns:
        Nats of mean cross-entropy a bit.
    """
    error = torch.tensor(min(max(train_error, 1 / n), 0.5), dtype=torch.float64, requires_grad=True)
    bits = torch.tensor(min(max(code_bits, 1.0), max(n / 2, 1.0)), dtype=torch.float64, requires_grad=True)
    value = bounds[_BOUND](train_error=error, code_bits=bits, n=n, delta=delta)
    by_error, by_bits = torch.autograd.grad(value, (error, bits))
    return float(by_bits / by_error) * nats
