"""Words on torch tensors, with gradients, for training objectives; not for certificates.

Values of the inverses come from `floats`, in float64 on the CPU, whatever the device and dtype of the
arguments; gradients come from implicit differentiation, never from the steps of a solver. Gradients of the
inverses are finite everywhere: each function says what it gives where the true derivative is infinite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from idbounds.errors import InputError
from idbounds.kernels import floats

_TINY = 1e-300  # stands for 0 inside a logarithm
_EPS = 2.0**-52
_STEP = 1e-5  # of the differences in k and n: truncation and rounding both stay near 1e-10


def number(value: Any) -> float:
    """A constant of an expression as a float."""
    return float(value)


def as_tensor(value: Any, device: Any) -> Tensor:
    """A tensor as it is; a number as a tensor of no dimension, which leaves the dtype of the others alone."""
    return (
        value if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value, np.float64), device=device)
    )


def log(x: Any) -> Any:
    """Natural logarithm."""
    return x.log() if isinstance(x, Tensor) else math.log(x)


def sqrt(x: Any) -> Any:
    """Square root."""
    return x.sqrt() if isinstance(x, Tensor) else math.sqrt(x)


def kl(q: Any, p: Any) -> Tensor:
    """Binary relative entropy in nats.

    Args:
        q: rates in [0, 1].
        p: rates in [0, 1], broadcast against q.

    Returns:
        Nats; infinite, with an infinite slope in p, where p excludes what q allows. The slope in q at q = 0
        or q = 1, which is infinite too, is given without its infinite term.

    Raises:
        InputError: for a rate outside [0, 1].
    """
    q, p = _together(q, p)
    if not bool(((q >= 0) & (q <= 1) & (p >= 0) & (p <= 1)).all()):
        raise InputError("kl(q, p): give rates in [0, 1]")
    return _times_log(q, p) + _times_log(1 - q, 1 - p)


def kl_inverse(q: Any, c: Any) -> Tensor:
    """Largest p in [q, 1] with kl(q || p) <= c.

    Args:
        q: rates in [0, 1].
        c: nats per example, >= 0, broadcast against q.

    Returns:
        Rates. Infinite derivatives are replaced: the one in c at c = 0 by that of the smallest gap a float64
        can hold, the one in q at q = 0 by that of q = 1e-300.
    """
    value: Tensor = _Inverse.apply(*_together(q, c), True)  # type: ignore[no-untyped-call]
    return value


def kl_inverse_lower(q: Any, c: Any) -> Tensor:
    """Smallest p in [0, q] with kl(q || p) <= c; the mirror image of `kl_inverse`, derivatives included.

    Args:
        q: rates in [0, 1].
        c: nats per example, >= 0, broadcast against q.

    Returns:
        Rates.
    """
    value: Tensor = _Inverse.apply(*_together(q, c), False)  # type: ignore[no-untyped-call]
    return value


def binomial_tail_inverse(k: Any, n: Any, log_delta: Any) -> Tensor:
    """Largest p with P[Binomial(n, p) <= k] >= exp(log_delta).

    Args:
        k: error counts, 0 <= k <= n.
        n: sample sizes >= 1, broadcast against k.
        log_delta: natural logarithm of the level, <= 0, broadcast against k.

    Returns:
        Rates. The derivative in log_delta is exact; those in k and n are central differences of the
        continuous (incomplete beta) extension, one-sided at k = 0 and k = n - 1. All are 0 at k = n, and the
        infinite one in log_delta at log_delta = 0 < k is given as 0.
    """
    value: Tensor = _BinomialInverse.apply(*_together(k, n, log_delta))  # type: ignore[no-untyped-call]
    return value


def log_star(n: Any) -> Tensor:
    """Rissanen's universal code length log2 c0 + log2 n + log2 log2 n + ... (positive terms), in bits.

    Args:
        n: numbers >= 1.

    Returns:
        Bits; differentiable where no term is 0.

    Raises:
        InputError: for a value below 1.
    """
    (x,) = _together(n)
    if not bool(((x >= 1) & x.isfinite()).all()):
        raise InputError("log_star(n): give integers >= 1")
    total = torch.full_like(x, math.log2(floats.LOG_STAR_CONSTANT))
    while bool((x > 1).any()):
        x = x.clamp(min=1).log2()
        total = total + x
    return total


def _together(*values: Any) -> tuple[Tensor, ...]:
    """The arguments as tensors of one shape, device and floating dtype (float64 if none has one)."""
    given = [v for v in values if isinstance(v, Tensor)]
    kinds = [v.dtype for v in given if v.is_floating_point()]
    dtype = kinds[0] if kinds else torch.float64
    for kind in kinds:
        dtype = torch.promote_types(dtype, kind)
    device = given[0].device if given else None
    tensors = (torch.as_tensor(v, dtype=dtype, device=device) for v in values)
    return tuple(torch.broadcast_tensors(*tensors))  # type: ignore[no-untyped-call]


def _times_log(x: Tensor, y: Tensor) -> Tensor:
    some = x > 0  # masked before the logarithms, so that no gradient is 0 times infinity
    one = torch.ones_like(x)
    return torch.where(some, x * (torch.where(some, x, one).log() - torch.where(some, y, one).log()), x)


def _arrays(*tensors: Tensor) -> list[Any]:
    return [t.detach().to("cpu", torch.float64).numpy() for t in tensors]


def _like(value: Any, model: Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64).to(model.dtype).to(model.device)


class _Inverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, c: Tensor, upper: bool) -> Tensor:
        ctx.q, ctx.c = _arrays(q, c)
        ctx.p = np.asarray((floats.kl_inverse if upper else floats.kl_inverse_lower)(ctx.q, ctx.c))
        ctx.upper = upper
        return _like(ctx.p, q)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        by_q, by_c = _kl_slopes(ctx.q, ctx.c, ctx.p, ctx.upper)
        return grad * _like(by_q, grad), grad * _like(by_c, grad), None


def _kl_slopes(q: Any, c: Any, p: Any, upper: bool) -> tuple[Any, Any]:
    """Derivatives in q and c of the p with kl(q || p) = c."""
    smallest = np.maximum(_EPS * q * (1 - q), _TINY)
    gap = np.maximum(p - q, smallest) if upper else np.minimum(p - q, -smallest)
    by_c = p * (1 - p) / gap
    log_odds = _log(p) - _log(q) + _log(1 - q) - _log(1 - p)
    corner = (c == 0) & (q == (0 if upper else 1))  # where p = 1 - e^-c, or e^-c
    return np.where(c == 0, 1.0, log_odds * by_c), np.where(corner, 1.0 if upper else -1.0, by_c)


def _log(x: Any) -> Any:
    return np.log(np.maximum(x, _TINY))


class _BinomialInverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, k: Tensor, n: Tensor, log_delta: Tensor) -> Tensor:
        ctx.values = _arrays(k, n, log_delta)
        return _like(floats.binomial_tail_inverse(*ctx.values), k)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        slopes = (_slope_in_k, _slope_in_n, _slope_in_level)
        wanted = zip(slopes, ctx.needs_input_grad, strict=True)
        return tuple(grad * _like(slope(*ctx.values), grad) if need else None for slope, need in wanted)


def _slope_in_k(k: Any, n: Any, log_delta: Any) -> Any:
    step = _STEP * (k + 1)
    inside = k < n
    low = np.where(inside, np.maximum(k - step, 0), k)
    high = np.where(inside, np.minimum(k + step, np.maximum(n - 1, k)), k)
    rise = floats.binomial_tail_inverse(high, n, log_delta) - floats.binomial_tail_inverse(low, n, log_delta)
    return rise / np.where(high > low, high - low, 1.0)


def _slope_in_n(k: Any, n: Any, log_delta: Any) -> Any:
    inside = k < n
    low = np.where(inside, np.maximum(n * (1 - _STEP), np.minimum(k + 1, n)), n)
    high = np.where(inside, n * (1 + _STEP), n)
    rise = floats.binomial_tail_inverse(k, high, log_delta) - floats.binomial_tail_inverse(k, low, log_delta)
    return rise / np.where(high > low, high - low, 1.0)


def _slope_in_level(k: Any, n: Any, log_delta: Any) -> Any:
    # the derivative of ln P[X <= k] in p is -(n-k) / (1-p) P[X = k] / P[X <= k]
    p = np.asarray(floats.binomial_tail_inverse(k, n, log_delta)) / (1 + floats._SLACK)
    slope = np.zeros_like(p)
    some = (k <= n - 1) & np.isfinite(log_delta) & ((log_delta < 0) | (k == 0))
    k, n, log_delta, p = k[some], n[some], log_delta[some], p[some]
    ratio = np.ones_like(p)
    left, right = (k > 0) & (log_delta < -np.log(2)), (k > 0) & (log_delta >= -np.log(2))
    ratio[left] = floats._tail_over_mass(k[left], n[left], (1 - p[left]) / p[left])
    ratio[right] = np.exp(log_delta[right] - floats._log_mass(k[right], n[right], floats._coin(p[right])))
    slope[some] = -(1 - p) * ratio / (n - k)
    return slope
