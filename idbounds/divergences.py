"""Divergences of common posteriors from common priors, in nats: what `kl_nats` asks for.

Each function takes numbers, arrays or tensors. A tensor among them gives a tensor with its gradient; else
all is float64. No sum has a negative term, and ln(a / b) is free of cancellation near a = b, so that a
divergence of 1e-30 is as exact as one of 1e6.
"""

from __future__ import annotations

import math
import sys
from functools import reduce
from typing import Any

import numpy as np

from idbounds.errors import InputError
from idbounds.inputs import is_tensor

_SLACK = 1e-14  # relative; covers the rounding of one coordinate and of a pairwise sum
_SUM = 1e-5  # single-precision probabilities add up to 1 within this


def kl_gaussian_diagonal(mean: Any, sigma: Any, prior_mean: Any = 0.0, prior_sigma: Any = 1.0) -> Any:
    """KL(N(mean, sigma^2) || N(prior_mean, prior_sigma^2)), summed over independent coordinates.

    Args:
        mean: means of the posterior, any shape; all four broadcast.
        sigma: its standard deviations, > 0, or InputError; a single one for an isotropic posterior.
        prior_mean: means of the prior.
        prior_sigma: standard deviations of the prior, > 0, or InputError.

    Returns:
        Nats: a float, not below the true value and within 1e-13 relative of it; or a tensor without
        dimensions, which is not rounded up.
    """
    xp, (mean, sigma, prior_mean, prior_sigma) = _together(
        mean=mean, sigma=sigma, prior_mean=prior_mean, prior_sigma=prior_sigma
    )
    shift = (mean - prior_mean) / prior_sigma
    return _up((_scale_excess(xp, sigma, prior_sigma) + shift * shift).sum() / 2)


def kl_gaussian_isotropic(squared_distance: Any, dimension: int, sigma: Any, prior_sigma: Any) -> Any:
    """KL(N(m, sigma^2 I) || N(m0, prior_sigma^2 I)) in any dimension, from the distance of the means.

    Args:
        squared_distance: |m - m0|^2, a number >= 0.
        dimension: number of coordinates, an integer >= 1.
        sigma: standard deviation of the posterior, > 0.
        prior_sigma: standard deviation of the prior, > 0.

    Returns:
        Nats, as `kl_gaussian_diagonal`.

    Raises:
        InputError: for a standard deviation that is not positive, a negative distance, or no dimension.
    """
    if not (isinstance(dimension, (int, np.integer)) and dimension >= 1):
        raise InputError(f"dimension = {dimension!r}: give an integer >= 1")
    xp, (squared_distance, sigma, prior_sigma) = _together(
        squared_distance=squared_distance, sigma=sigma, prior_sigma=prior_sigma
    )
    _require(squared_distance >= 0, "squared_distance", squared_distance, "a number >= 0")
    shift = squared_distance / prior_sigma / prior_sigma
    return _up((int(dimension) * _scale_excess(xp, sigma, prior_sigma) + shift) / 2)


def kl_bernoulli(q: Any, p: Any) -> Any:
    """KL of a coin with rate q from a coin with rate p, entry by entry.

    Args:
        q: rates in [0, 1], or InputError.
        p: rates in [0, 1], or InputError; broadcast against q.

    Returns:
        Nats of the broadcast shape; infinite where p excludes what q allows. The slope in q at q = 0 and
        q = 1, which is infinite, is given without its infinite term.
    """
    xp, (q, p) = _together(q=q, p=p)
    for name, x in (("q", q), ("p", p)):
        _require((x >= 0) & (x <= 1), name, x, "rates in [0, 1]")
    return _plain(_cell(xp, q, p, p - q) + _cell(xp, 1 - q, 1 - p, q - p))


def kl_categorical(q: Any, p: Any) -> Any:
    """KL of one distribution on k values from another, over the last axis.

    Args:
        q: probabilities of the posterior, shape (..., k). They are divided by their sum; one that is off by
            more than 1e-5 is an InputError, as a negative probability is.
        p: probabilities of the prior, broadcast against q.

    Returns:
        Nats of shape (...), to 1e-15; infinite where p excludes what q allows. Slopes as in `kl_bernoulli`.
    """
    xp, (q, p) = _together(q=q, p=p)
    for name, x in (("q", q), ("p", p)):
        _require(x >= 0, name, x, "probabilities >= 0")
        _require(abs(x.sum(-1) - 1) <= _SUM, f"sum of {name}", x.sum(-1), "probabilities that add up to 1")
    q, p = q / q.sum(-1)[..., None], p / p.sum(-1)[..., None]
    return _plain(_cell(xp, q, p, p - q).sum(-1))


def prior_variance(index: int, *, largest: float = 0.1, steps: int = 100) -> float:
    """Entry of Dziugaite and Roy's (2017) geometric grid of prior variances: largest * exp(-index / steps).

    Args:
        index: position on the grid, an integer >= 1.
        largest: variance above the whole grid (their c), fixed before the sample.
        steps: grid points to a factor of e (their b), fixed before the sample.

    Returns:
        The variance.

    Raises:
        InputError: for an index that is no integer >= 1, or a grid that is none.
    """
    _check_index(index)
    if not (0 < largest < math.inf and steps >= 1):
        raise InputError(f"largest = {largest}, steps = {steps}: give a variance > 0 and at least one step")
    return largest * math.exp(-index / steps)


def prior_variance_union(index: int) -> float:
    """What it costs to choose the prior's scale after the sample, from a grid declared before it.

    Entry j of the grid gets the share 6 / (pi^2 j^2) of delta; the shares of j = 1, 2, ... add up to 1. Round
    the scale to the grid before the divergence is computed, not after, and add the cost to `kl_nats`.

    Args:
        index: position j on the grid, an integer >= 1, or InputError.

    Returns:
        Nats, ln(pi^2 j^2 / 6), rounded up.
    """
    _check_index(index)
    return (math.log(math.pi**2 / 6) + 2 * math.log(index)) * (1 + _SLACK)


def _check_index(index: Any) -> None:
    """Refuse what is no position on a grid; a negative one makes the logarithm of other software a NaN."""
    if isinstance(index, bool) or not (isinstance(index, (int, np.integer)) and index >= 1):
        raise InputError(
            f"index = {index!r}: give an integer >= 1, a position on the grid declared beforehand"
        )


def _together(**given: Any) -> tuple[Any, list[Any]]:
    """The module that computes (numpy or torch) and its arrays of one shape, checked; sigmas are positive."""
    tensors = [v for v in given.values() if is_tensor(v)]
    arrays: list[Any]
    try:
        if tensors:
            xp: Any = sys.modules["torch"]
            kinds = [v.dtype for v in tensors if v.is_floating_point()] or [xp.float64]
            kind, device = reduce(xp.promote_types, kinds), tensors[0].device
            arrays = [xp.as_tensor(v, dtype=kind, device=device) for v in given.values()]
            arrays = list(xp.broadcast_tensors(*arrays))
        else:
            xp = np
            arrays = list(np.broadcast_arrays(*(np.asarray(v, np.float64) for v in given.values())))
    except (TypeError, ValueError, RuntimeError) as problem:
        names = ", ".join(given)
        raise InputError(f"{names}: give numbers, arrays or tensors that broadcast ({problem})") from None
    for name, v in zip(given, arrays, strict=True):
        _require(xp.isfinite(v), name, v, "finite numbers")
        if name.endswith("sigma"):
            _require(v > 0, name, v, "standard deviations > 0")
    return xp, arrays


def _require(good: Any, name: str, values: Any, what: str) -> None:
    """Refuse the first value that is not good."""
    if not bool(good.all()):
        raise InputError(f"{name} = {float(values[~good].flatten()[0])}: give {what}")


def _log_ratio(xp: Any, a: Any, b: Any, gap: Any) -> Any:
    """ln(a / b) for positive numbers with a - b = gap, to full relative precision near a = b."""
    near = abs(gap) < 0.5 * b
    quotient = a / b
    far = (quotient > 1e-300) & (quotient < 1e300)
    one = xp.ones_like(b)
    return xp.where(
        near,
        xp.log1p(xp.where(near, gap, xp.zeros_like(b)) / b),
        xp.where(far, xp.log(xp.where(far, quotient, one)), xp.log(a) - xp.log(b)),
    )


def _near_excess(xp: Any, x: Any) -> Any:
    """e^x - 1 - x for |x| < 1, to full relative precision; for tensors with the gradient e^x - 1."""
    if xp is np:
        return _series(x)
    with xp.no_grad():  # no graph through the series
        value, slope = _series(x), xp.expm1(x)
    return value + slope * (x - x.detach())


def _series(x: Any) -> Any:
    total = 1 + 0 * x
    for k in range(19, 2, -1):
        total = 1 + x * total / k
    return x * x * total / 2


def _scale_excess(xp: Any, sigma: Any, prior_sigma: Any) -> Any:
    """The excess v - 1 - ln v of the ratio v of the variances."""
    x = 2 * _log_ratio(xp, sigma, prior_sigma, sigma - prior_sigma)
    near = abs(x) < 1
    small, one = xp.where(near, x, xp.zeros_like(x)), xp.ones_like(x)
    ratio = xp.where(near, one, sigma) / xp.where(near, one, prior_sigma)
    return xp.where(near, _near_excess(xp, small), ratio * ratio - 1 - x)


def _cell(xp: Any, q: Any, p: Any, gap: Any) -> Any:
    """The term q ln(q / p) - q + p >= 0, with p - q = gap; over all values, q and p cancel."""
    some, one = q > 0, xp.ones_like(q)
    both = some & (p > 0)
    x = _log_ratio(xp, xp.where(both, p, one), xp.where(both, q, one), xp.where(both, gap, xp.zeros_like(q)))
    near = abs(x) < 1
    close = q * _near_excess(xp, xp.where(near, x, xp.zeros_like(x)))
    value = xp.where(near, close, gap - q * x)
    return xp.where(both, value, xp.where(some, xp.full_like(q, math.inf), p))


def _up(value: Any) -> Any:
    """A float rounded up; a tensor as it is."""
    return value if is_tensor(value) else float(value) * (1 + _SLACK)


def _plain(value: Any) -> Any:
    return value if is_tensor(value) or np.ndim(value) else float(value)
