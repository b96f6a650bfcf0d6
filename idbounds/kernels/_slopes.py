"""Derivatives of the words in numpy: the slopes of `tensors`, given the arguments of a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import digamma

from idbounds.kernels import _scalars, floats

_TINY = 1e-300  # stands for 0 inside a logarithm
_EPS = 2.0**-52
_STEP = 1e-5  # of the differences in k and n: truncation and rounding both stay near 1e-10


def kl_inverse(q: Any, c: Any, p: Any, upper: bool) -> tuple[Any, Any]:
    """Derivatives in q and c of the p with kl(q || p) = c."""
    smallest = np.maximum(_EPS * q * (1 - q), _TINY)
    gap = np.maximum(p - q, smallest) if upper else np.minimum(p - q, -smallest)
    by_c = p * (1 - p) / gap
    log_odds = _log(p) - _log(q) + _log(1 - q) - _log(1 - p)
    corner = (c == 0) & (q == (0 if upper else 1))  # where p = 1 - e^-c, or e^-c
    return np.where(c == 0, 1.0, log_odds * by_c), np.where(corner, 1.0 if upper else -1.0, by_c)


def binomial_in_k(k: Any, n: Any, log_delta: Any) -> Any:
    """Central difference, one-sided at k = 0 and k = n - 1."""
    step = np.where(k < n, _STEP * (k + 1), 0)
    low, high = np.maximum(k - step, 0), np.minimum(k + step, np.maximum(n - 1, k))
    given = (low, n, log_delta), (high, n, log_delta)
    return _difference(floats.binomial_tail_inverse, *given, high - low)


def binomial_in_n(k: Any, n: Any, log_delta: Any) -> Any:
    """Central difference, one-sided at n = k + 1."""
    step = np.where(k < n, _STEP * n, 0)
    low, high = np.maximum(n - step, np.minimum(k + 1, n)), n + step
    given = (k, low, log_delta), (k, high, log_delta)
    return _difference(floats.binomial_tail_inverse, *given, high - low)


def binomial_in_level(k: Any, n: Any, log_delta: Any) -> Any:
    """Derivative in log_delta; 0 where it is infinite."""
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


def log_xi_in_n(n: Any) -> Any:
    """Central difference over integers, one-sided at n = 1."""
    low, high = np.maximum(n - _whole_step(n), 1), n + _whole_step(n)
    return _difference(floats.log_xi, (low,), (high,), high - low)


def log_choose_in_n(n: Any, k: Any) -> Any:
    """Derivative in n, with factorials by the gamma function."""
    return digamma(n + 1) - digamma(n - k + 1)


def log_choose_in_k(n: Any, k: Any) -> Any:
    """Derivative in k, with factorials by the gamma function."""
    return digamma(n - k + 1) - digamma(k + 1)


def log_peak_in_k(k: Any, n: Any) -> Any:
    """Derivative in k; finite at the ends."""
    return _log_over_digamma(k) - _log_over_digamma(n - k)


def log_peak_in_n(k: Any, n: Any) -> Any:
    """Derivative in n; finite at k = n."""
    return _log_over_digamma(n - k) - _log_over_digamma(n)


def scenario_in_k(k: Any, n: Any, log_delta: Any) -> Any:
    """Central difference over integers, one-sided at k = 0 and k = n - 1."""
    step = np.where(k < n, 1, 0)
    low, high = np.maximum(k - step, 0), np.minimum(k + step, np.maximum(n - 1, k))
    given = (low, n, log_delta), (high, n, log_delta)
    return _difference(floats.scenario_inverse, *given, high - low)


def scenario_in_n(k: Any, n: Any, log_delta: Any) -> Any:
    """Central difference over integers, one-sided at n = k + 1."""
    step = np.where(k < n, _whole_step(n), 0)
    low, high = np.maximum(n - step, np.minimum(k + 1, n)), n + step
    given = (k, low, log_delta), (k, high, log_delta)
    return _difference(floats.scenario_inverse, *given, high - low)


def scenario_in_level(k: Any, n: Any, log_delta: Any) -> Any:
    """Derivative in log_delta."""
    slope = np.zeros_like(log_delta)
    some = (k < n) & np.isfinite(log_delta)
    slope[some] = [_scenario_in_level(*row) for row in zip(k[some], n[some], log_delta[some], strict=True)]
    return slope


def _scenario_in_level(k: float, n: float, log_delta: float) -> float:
    # t = -ln(1 - p) solves excess = 0, and delta / (6 n + delta) is lost to the other side of the equation
    t = _scalars.scenario_root(k, n, log_delta)
    share = 6 * n / (6 * n + np.exp(log_delta))
    return float(-np.exp(-t) * share / _scalars.scenario_excess(k, n, log_delta, t)[1])


def _log_over_digamma(x: Any) -> Any:
    """The difference ln x - digamma(x + 1), about -1/(2x) for large x and finite at 0."""
    i = 1 / np.maximum(x, 32.0)
    series = -i / 2 + i**2 * (1 / 12 - i**2 * (1 / 120 - i**2 / 252))
    return np.where(x < 32, _log(x) - digamma(x + 1), series)


def _log(x: Any) -> Any:
    return np.log(np.maximum(x, _TINY))


def _difference(f: Callable[..., Any], low: tuple[Any, ...], high: tuple[Any, ...], run: Any) -> Any:
    """The rise of f from one set of arguments to another over the run; 0 where there is no run."""
    return (np.asarray(f(*high)) - f(*low)) / np.where(run > 0, run, 1.0)


def _whole_step(n: Any) -> Any:
    return np.maximum(np.round(_STEP * n), 1)
