r"""Normalised maximum likelihood of Gaussian data and of linear regression, over declared ranges.

For real data the sum over all sequences becomes an integral, and it is infinite unless the estimates are kept
inside ranges; these must be declared before the data are seen, and data whose estimate falls outside have
probability 0. The integral splits over the estimates, because in each model here they are sufficient and
independent of each other: with k coefficients, residual variance v = RSS / n and design X,

    coefficients ~ N(b, s^2 (X'X)^-1),   n v / s^2 ~ chi^2 with n - k degrees of freedom.

Setting the parameters equal to the estimates (b = estimate, s^2 = v) leaves the density

    |X'X|^(1/2) (2 pi v)^(-k/2)  times  h / v,    h = (n/2)^((n-k)/2) e^(-n/2) / Gamma((n-k)/2),

and each function below integrates it over its ranges. All lengths are ideal. A density has no code length by
itself: the data are taken as multiples of `resolution`, small beside the noise, which adds
-n log2(resolution).

Sources: Rissanen (2000), IEEE Transactions on Information Theory 46(7); Barron, Rissanen and Yu (1998), same
journal 44(6); Roos, Myllymaki and Rissanen (2009), IEEE Transactions on Signal Processing 57(9).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.errors import InputError
from idbounds.mdl._given import Range, array, between, inside, positive


def nml_location_ideal_bits(x: ArrayLike, *, sigma: float, location: Range, resolution: float = 1.0) -> float:
    """Ideal NML length of N(mu, sigma^2) data with known sigma and the mean declared to lie in a range.

    Args:
        x: Data, shape (n,).
        sigma: Standard deviation.
        location: Declared range of the mean.
        resolution: Step of the data.

    Returns:
        Bits: the integral is (high - low) sqrt(n / (2 pi sigma^2)).
    """
    data, low, high = array(x, "x", 1), *between(location, "location")
    sigma = positive(sigma, "sigma")
    mean = inside(float(data.mean()), (low, high), "location")
    n = data.size
    misfit = n / 2 * math.log(2 * math.pi * sigma**2) + float(((data - mean) ** 2).sum()) / (2 * sigma**2)
    return _bits(misfit + math.log(high - low) + math.log(n / (2 * math.pi * sigma**2)) / 2, n, resolution)


def nml_scale_ideal_bits(x: ArrayLike, *, mean: float, scale: Range, resolution: float = 1.0) -> float:
    """Ideal NML length of N(mean, s^2) data with known mean and s declared to lie in a range.

    Args:
        x: Data, shape (n,).
        mean: Their mean.
        scale: Declared range of s, above 0.
        resolution: Step of the data.

    Returns:
        Bits: the integral is 2 h ln(high / low), with k = 0.
    """
    data, low, high = array(x, "x", 1), *between(scale, "scale", least=0)
    variance = inside(math.sqrt(float(((data - mean) ** 2).mean())), (low, high), "scale") ** 2
    n = data.size
    return _bits(_fit(n, variance) + _log_h(n, 0) + math.log(2 * math.log(high / low)), n, resolution)


def nml_gaussian_ideal_bits(x: ArrayLike, *, location: Range, scale: Range, resolution: float = 1.0) -> float:
    """Ideal NML length of N(mu, s^2) data with both declared to lie in ranges; at least two data.

    Args:
        x: Data, shape (n,), n >= 2.
        location: Declared range of the mean.
        scale: Declared range of the standard deviation, above 0.
        resolution: Step of the data.

    Returns:
        Bits: the integral is 2 h (high - low) sqrt(n / 2 pi) (1 / smallest s - 1 / largest s), with k = 1.
    """
    data = array(x, "x", 1)
    low, high = between(location, "location")
    least, largest = between(scale, "scale", least=0)
    n = _enough(data.size, 1)
    inside(float(data.mean()), (low, high), "location")
    variance = inside(float(data.std()), (least, largest), "scale") ** 2
    volume = 2 * (high - low) * math.sqrt(n / (2 * math.pi)) * (1 / least - 1 / largest)
    return _bits(_fit(n, variance) + _log_h(n, 1) + math.log(volume), n, resolution)


def nml_regression_ideal_bits(
    design: ArrayLike, y: ArrayLike, *, power: float, scale: Range, resolution: float = 1.0
) -> float:
    """Ideal NML length of y = design b + noise, with the power of the signal and the noise declared.

    Declared: |design b|^2 / n <= power at the least-squares estimate, and a noise scale sqrt(RSS / n) in a
    range. The larger the upper end, the closer to Rissanen's first formula, which has none.

    Args:
        design: Known columns, shape (n, k), of full rank; k = 0 leaves noise alone.
        y: Data, shape (n,), n > k.
        power: Declared largest power.
        scale: Declared range of the noise scale, above 0.
        resolution: Step of the data.

    Returns:
        Bits: the integral is V (n power / 2 pi)^(k/2) h (2/k) (low^-k - high^-k), with V the volume
        pi^(k/2) / Gamma(k/2 + 1) of the unit ball.
    """
    low, high = between(scale, "scale", least=0)
    power = positive(power, "power")
    n, k, signal, variance = _least_squares(design, y)
    inside(math.sqrt(variance), (low, high), "scale")
    if not k:
        return _bits(_fit(n, variance) + _log_h(n, 0) + math.log(2 * math.log(high / low)), n, resolution)
    inside(signal, (0, power), "power")
    volume = k / 2 * math.log(n * power / 2) - math.lgamma(k / 2 + 1) + math.log(2 / k)
    tail = -k * math.log(low) + math.log1p(-((low / high) ** k))
    return _bits(_fit(n, variance) + _log_h(n, k) + volume + tail, n, resolution)


def renormalised_regression_ideal_bits(
    design: ArrayLike, y: ArrayLike, *, power: Range, scale: Range, resolution: float = 1.0
) -> float:
    """Ideal length of y = design b + noise, normalised a second time, so that the ranges hardly matter.

    The bounds of `nml_regression_ideal_bits` are set to what the data just need (power = |design b|^2 / n,
    lowest scale = sqrt(RSS / n), highest infinity), and the result is normalised over ranges of these two.
    They add the same ln ln to every k >= 1, so that a choice among such models does not depend on them.

    Args:
        design: Known columns, shape (n, k), of full rank, 1 <= k < n.
        y: Data, shape (n,).
        power: Declared range of |design b|^2 / n, above 0.
        scale: Declared range of sqrt(RSS / n), above 0.
        resolution: Step of the data.

    Returns:
        Bits: with v = RSS / n and r = |design b|^2 / n, in nats (n/2) ln(pi n) + ((n - k)/2) ln v
        + (k/2) ln r - ln Gamma(k/2) - ln Gamma((n - k)/2) + ln ln(r range) + ln ln(v range).

    Raises:
        InputError: If there is no column.
    """
    least, largest = between(scale, "scale", least=0)
    weakest, strongest = between(power, "power", least=0)
    n, k, signal, variance = _least_squares(design, y)
    if not k:
        raise InputError("design: no column given; at least one is allowed (see nml_regression_ideal_bits)")
    inside(math.sqrt(variance), (least, largest), "scale")
    inside(signal, (weakest, strongest), "power")
    nats = n / 2 * math.log(math.pi * n) + (n - k) / 2 * math.log(variance) + k / 2 * math.log(signal)
    nats -= math.lgamma(k / 2) + math.lgamma((n - k) / 2)
    ranges = math.log(strongest / weakest) * 2 * math.log(largest / least)
    return _bits(nats + math.log(ranges), n, resolution)


def _bits(nats: float, n: int, resolution: float) -> float:
    return nats / math.log(2) - n * math.log2(positive(resolution, "resolution"))


def _fit(n: int, variance: float) -> float:
    """-ln of the Gaussian density at its own estimates."""
    return n / 2 * math.log(2 * math.pi * math.e * variance)


def _log_h(n: int, k: int) -> float:
    """The chi-square density of n v / s^2 at its own estimate, times n: ln h."""
    return (n - k) / 2 * math.log(n / 2) - n / 2 - math.lgamma((n - k) / 2)


def _enough(n: int, k: int) -> int:
    if n <= k:
        raise InputError(f"data: {n} given for {k} coefficients; more than {k} are allowed")
    return n


def _least_squares(design: ArrayLike, y: ArrayLike) -> tuple[int, int, float, float]:
    """Number of data and columns, power of the fit and variance of the residuals."""
    data = array(y, "y", 1)
    columns: NDArray[np.float64] = np.asarray(design, dtype=np.float64)
    if columns.ndim == 2 and columns.shape[1]:
        columns = array(columns, "design", 2)
    if columns.ndim != 2 or columns.shape[0] != data.size:
        raise InputError(f"design: shape {columns.shape} given; ({data.size}, k) is allowed")
    n, k = columns.shape
    _enough(n, k)
    if not k:
        return n, 0, 0.0, float((data**2).mean())
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    if sizes[-1] <= n * np.finfo(float).eps * sizes[0]:
        raise InputError(f"design: {k} columns of lower rank given; full rank is allowed, leave columns out")
    fit = left @ (left.T @ data)
    return n, k, float((fit**2).mean()), float(((data - fit) ** 2).mean())
