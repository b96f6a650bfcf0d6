"""Words on torch tensors, with gradients, for training objectives; not for certificates.

Values of the inverses come from `floats`, in float64 on the CPU, whatever the device and dtype of the
arguments; gradients come from implicit differentiation, never from the steps of a solver. Gradients of the
inverses are finite everywhere: each function says what it gives where the true derivative is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from idbounds.errors import InputError
from idbounds.kernels import _slopes, floats


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
    slopes = (_slopes.binomial_in_k, _slopes.binomial_in_n, _slopes.binomial_in_level)
    return _word(floats.binomial_tail_inverse, slopes, k, n, log_delta)


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


def log1p(x: Any) -> Any:
    """ln(1 + x), exact for small x."""
    return x.log1p() if isinstance(x, Tensor) else math.log1p(x)


def ceiling(x: Any) -> Any:
    """The least integer >= x, with slope 0."""
    return x.ceil() if isinstance(x, Tensor) else math.ceil(x)


def minimum(x: Any, y: Any) -> Tensor:
    """The smaller of two numbers; where they are equal, each has half the slope."""
    return torch.minimum(*_together(x, y))


def maximum(x: Any, y: Any) -> Tensor:
    """The larger of two numbers; where they are equal, each has half the slope."""
    return torch.maximum(*_together(x, y))


def power_of_two(x: Any) -> Any:
    """2^x."""
    return 2.0**x


def psi(u: Any) -> Tensor:
    """The function u - ln(1 + u), free of cancellation.

    Args:
        u: numbers above -1.

    Returns:
        Numbers >= 0.
    """
    return _word(floats.psi, (lambda u: u / (1 + u),), u)


def phi_inverse(gamma: Any, x: Any) -> Tensor:
    """Catoni's (1 - exp(-gamma x)) / (1 - exp(-gamma)).

    Args:
        gamma: numbers > 0.
        x: numbers >= 0, broadcast against gamma.

    Returns:
        Numbers from 0 to 1 / (1 - exp(-gamma)).

    Raises:
        InputError: for a gamma or an x outside of these.
    """
    gamma, x = _together(gamma, x)
    if not bool(((gamma > 0) & (x >= 0)).all()):
        raise InputError("phi_inverse(gamma, x): give gamma > 0 and x >= 0")
    value: Tensor = (-gamma * x).expm1() / (-gamma).expm1()
    return value


def log_xi(n: Any) -> Tensor:
    """Logarithm of Maurer's xi(n) = sum over k of C(n,k) (k/n)^k (1-k/n)^(n-k).

    Args:
        n: integers >= 1.

    Returns:
        Nats. The derivative is a central difference over integers, one-sided at n = 1.
    """
    return _word(floats.log_xi, (_slopes.log_xi_in_n,), n)


def log_choose(n: Any, k: Any) -> Tensor:
    """Logarithm of the number of k-subsets of n things.

    Args:
        n: integers >= 0.
        k: integers, 0 <= k <= n, broadcast against n.

    Returns:
        Nats, with the derivatives of ln n! - ln k! - ln (n-k)! by the gamma function.
    """
    return _word(floats.log_choose, (_slopes.log_choose_in_n, _slopes.log_choose_in_k), n, k)


def log_peak(k: Any, n: Any) -> Tensor:
    """Logarithm of the probability that Binomial(n, k/n) is k, with factorials by the gamma function.

    Args:
        k: numbers, 0 <= k <= n.
        n: integers >= 1, broadcast against k.

    Returns:
        Nats <= 0. The infinite derivatives in k at 0 and n are replaced by those of 1e-300 and n - 1e-300.
    """
    return _word(floats.log_peak, (_slopes.log_peak_in_k, _slopes.log_peak_in_n), k, n)


def scenario_inverse(k: Any, n: Any, log_delta: Any) -> Tensor:
    """Campi and Garatti's upper risk level of a preferent compression to k of n examples.

    Args:
        k: sizes of the compression, integers 0 <= k <= n.
        n: sample sizes, integers >= 1, broadcast against k.
        log_delta: natural logarithm of the level, <= 0, broadcast against k.

    Returns:
        Rates. The derivative in log_delta is exact; those in k and n are central differences over integers,
        one-sided at k = 0 and k = n - 1. All are 0 at k = n.
    """
    slopes = (_slopes.scenario_in_k, _slopes.scenario_in_n, _slopes.scenario_in_level)
    return _word(floats.scenario_inverse, slopes, k, n, log_delta)


def minimum_over(body: Callable[[Tensor], Any], low: Any, high: Any) -> Tensor:
    """The least value of a sentence over the integers from low to high, with the slope of the smallest.

    Args:
        body: from a number j to a tensor.
        low: first integer, one for the whole tensor.
        high: last integer, one for the whole tensor.

    Returns:
        Tensor of the shape of the body's; infinity where no integer lies in the range.

    Raises:
        InputError: for ends that are not single integers, or more than 100,000 integers.
    """
    ends = [np.asarray(x.detach().cpu() if isinstance(x, Tensor) else x, np.float64) for x in (low, high)]
    if not all(x.ndim == 0 and float(x).is_integer() for x in ends):
        raise InputError(f"minimum_over from {low} to {high}: give one integer for each end of the range")
    first, last = map(int, ends)
    if last - first >= floats.MOST_STEPS:
        raise InputError(f"minimum_over from {first} to {last}: give at most {floats.MOST_STEPS} integers")
    values = (body(torch.tensor(float(j), dtype=torch.float64)) for j in range(first, last + 1))
    return reduce(minimum, values, torch.tensor(math.inf))


def infimum_over(body: Callable[[Tensor], Any], low: Any, high: Any) -> Tensor:
    """The least value found of a sentence over the reals from low to high, by golden-section search.

    The slope is that of the sentence at the point found, held fixed: the point is stationary, so that its own
    motion changes nothing. At an end of the range the point moves with the end.

    Args:
        body: from a tensor of points to a tensor of values, which fall and then rise.
        low: left ends.
        high: right ends, >= low and finite, broadcast against low and the values of the body.

    Returns:
        Tensor.

    Raises:
        InputError: for ends that are not finite, or where low > high.
    """
    a, b = _together(low, high)
    if not bool((a.isfinite() & b.isfinite() & (a <= b)).all()):
        raise InputError("infimum_over: give finite ends with low <= high")
    with torch.no_grad():
        kind = torch.as_tensor(body(a)).dtype
        x = _lowest(body, a.double(), b.double())
    # the points have the shape of the values, so that their dtype would count
    a, b = a.to(x.device), b.to(x.device)
    value: Tensor = body(torch.where(x == a, a, torch.where(x == b, b, x)))
    return value.to(kind)


def _together(*values: Any) -> tuple[Tensor, ...]:
    """The arguments as tensors of one shape, device and floating dtype (float64 if none has one)."""
    given = [v for v in values if isinstance(v, Tensor)]
    kinds = [v.dtype for v in given if v.is_floating_point()]
    dtype = kinds[0] if kinds else torch.float64
    for kind in kinds:
        dtype = torch.promote_types(dtype, kind)
    # the point of a binder is made on the CPU, and follows the others
    device = next((v.device for v in given if v.device.type != "cpu"), None)
    tensors = (torch.as_tensor(v, dtype=dtype, device=device) for v in values)
    return _alike(*tensors)


def _alike(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors of one shape."""
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
        by_q, by_c = _slopes.kl_inverse(ctx.q, ctx.c, ctx.p, ctx.upper)
        return grad * _like(by_q, grad), grad * _like(by_c, grad), None


def _word(value: Callable[..., Any], slopes: tuple[Callable[..., Any], ...], *given: Any) -> Tensor:
    """A function of `floats` with its derivatives in each argument."""
    result: Tensor = _Known.apply(value, slopes, *_together(*given))  # type: ignore[no-untyped-call]
    return result


class _Known(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Any, slopes: Any, *given: Tensor) -> Tensor:
        ctx.slopes, ctx.values = slopes, _arrays(*given)
        return _like(value(*ctx.values), given[0])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        wanted = zip(ctx.slopes, ctx.needs_input_grad[2:], strict=True)
        found = (grad * _like(slope(*ctx.values), grad) if need else None for slope, need in wanted)
        return None, None, *found


def _lowest(body: Callable[[Tensor], Any], a: Tensor, b: Tensor) -> Tensor:
    """The points with the smallest values met by golden-section search, both ends among them."""

    def look(x: Tensor) -> Tensor:
        value = torch.as_tensor(body(x))
        return value.where(~value.isnan(), math.inf)

    at_a, at_b = look(a), look(b)
    a, b, at_a, at_b = _alike(a.to(at_a.device), b.to(at_b.device), at_a, at_b)
    best, least = torch.where(at_a <= at_b, a, b), torch.minimum(at_a, at_b)
    x, y = b - floats.GOLDEN * (b - a), a + floats.GOLDEN * (b - a)
    at_x, at_y = look(x), look(y)
    for _ in range(200):
        left = at_x <= at_y
        lower = torch.minimum(at_x, at_y)
        best, least = torch.where(lower < least, torch.where(left, x, y), best), torch.minimum(lower, least)
        a, b = torch.where(left, a, x), torch.where(left, y, b)
        # near a least value the body is flat: over a range of 1e-8 it moves by about 1e-16
        if bool((b - a <= 1e-9 * torch.maximum(a.abs(), b.abs())).all()):
            break
        new = torch.where(left, b - floats.GOLDEN * (b - a), a + floats.GOLDEN * (b - a))
        at_new = look(new)
        x, y = torch.where(left, new, y), torch.where(left, x, new)
        at_x, at_y = torch.where(left, at_new, at_y), torch.where(left, at_x, at_new)
    return best
