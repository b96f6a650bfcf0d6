"""The local fit: a parabola whose bend is held by a prior, and its inverse by Fieller's argument.

Near the crossing the mean score minus the threshold is taken as

    m(u) = a + b u + g u^2 / 2,        u = (ln d - centre) / half-width,

A straight line would be biased, because every curve that saturates is bent there; a free parabola needs more
runs than anybody has. So the bend g has a prior. Write G for the baseline's gain above chance and f for the
share of it that the threshold asks. A logistic curve in ln d bends by g G / b^2 = (1 - 2f) / (f (1 - f)), a
straight one by 0, and the usual shapes lie between: the prior's mean is half way, its standard deviation the
other half, plus one for where the logistic is straight, too.

The interval is the set of all u at which m(u) does not differ significantly from zero,

    m(u)^2 <= t^2 (var m(u) + var threshold),

with t from Student's distribution at the degrees of freedom of Satterthwaite (the noise of the runs and that
of the baseline are estimated apart). For a straight line this is Fieller's interval. It need not be bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BEYOND = 1.5  # half-widths: the parabola is not believed further out
_FIRM = 1e-6  # least weight of the prior, so that two different d are enough for a solution


@dataclass(frozen=True)
class Parabola:
    """A fitted m(u).

    Attributes:
        a: value at u = 0.
        b: slope there.
        g: bend.
        cov: covariance of (a, b, g), shape (3, 3).
        noise: standard deviation of a run.
        dof: degrees of freedom of `cov`.
    """

    a: float
    b: float
    g: float
    cov: Floats
    noise: float
    dof: int

    def root(self) -> float | None:
        """Where it crosses zero upwards.

        Returns:
            u, or None if it does not rise through zero.
        """
        inside = self.b**2 - 2 * self.g * self.a
        # This form of the root neither cancels nor divides by a bend of zero.
        return -2 * self.a / (self.b + math.sqrt(inside)) if self.b > 0 and inside > 0 else None

    def slope(self, u: float) -> float:
        """The derivative.

        Args:
            u: where.

        Returns:
            b + g u.
        """
        return self.b + self.g * u

    def variance(self, u: float) -> float:
        """The squared standard error of m(u).

        Args:
            u: where.

        Returns:
            Its value.
        """
        at = np.array([1.0, u, u * u / 2])
        return float(at @ self.cov @ at)

    def interval(self, extra: float, extra_dof: int, level: float) -> tuple[float, float]:
        """All u around the root that the runs do not rule out.

        Args:
            extra: standard error of the threshold.
            extra_dof: its degrees of freedom; with none, those of the runs are taken.
            level: of the interval.

        Returns:
            Its ends; infinite where nothing bounds it nearby.
        """
        from scipy.special import stdtrit

        root = self.root()
        assert root is not None
        own, other = self.variance(root), extra**2
        parts = own**2 / self.dof + other**2 / (extra_dof or self.dof)
        dof = (own + other) ** 2 / parts if parts > 0 else self.dof
        t2 = float(stdtrit(dof, (1 + level) / 2)) ** 2
        if t2 * (own + other) <= (1e-9 * self.b) ** 2:
            return root, root
        a, b, g, c = self.a, self.b, self.g, self.cov
        square = np.array([g * g / 4, b * g, b * b + a * g, 2 * a * b, a * a])
        error = np.array([c[2, 2] / 4, c[1, 2], c[1, 1] + c[0, 2], 2 * c[0, 1], c[0, 0] + other])
        roots = np.roots(square - t2 * error)
        real = roots.real[np.abs(roots.imag) <= 1e-9 * np.abs(roots)]
        real = real[np.abs(real) <= _BEYOND]
        lower, upper = real[real <= root], real[real >= root]
        return (
            float(lower.max()) if lower.size else -math.inf,
            float(upper.min()) if upper.size else math.inf,
        )


def bend(share: float) -> tuple[float, float]:
    """The prior of g G / b^2 at a share of the gain.

    Args:
        share: f, the threshold as a share of the baseline's gain above chance.

    Returns:
        Mean and standard deviation.
    """
    f = min(max(share, 0.05), 0.98)
    logistic = (1 - 2 * f) / (f * (1 - f))
    return logistic / 2, abs(logistic) / 2 + 1


def fit(u: Floats, y: Floats, cluster: NDArray[np.int64], mean: float, sd: float) -> Parabola:
    """Fit m(u) to runs.

    Args:
        u: where the runs are, shape (n,), at least two different values.
        y: scores minus the threshold, shape (n,), n >= 4.
        cluster: groups within which runs are not independent, shape (n,).
        mean: of the prior of g.
        sd: its standard deviation.

    Returns:
        The fit. With runs that share a cluster, its covariance is the jackknife's over clusters where that is
        the larger one at u = 0.
    """
    design = np.stack([np.ones_like(u), u, u * u / 2], axis=1)
    free, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    dof = u.size - int(rank)  # of the parabola without a prior: its noise owes nothing to the prior
    noise = math.sqrt(float(np.sum((y - design @ free) ** 2)) / dof)
    weight = max(noise / sd, _FIRM)

    def solve(keep: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        # The prior is one more observation, of g itself, rescaled to the noise of the others.
        rows = np.vstack([design[keep], [0.0, 0.0, weight]])
        values = np.append(y[keep], weight * mean)
        inverse = np.linalg.inv(rows.T @ rows)
        return inverse @ (rows.T @ values), inverse

    estimate, inverse = solve(np.ones(u.size, bool))
    cov = noise**2 * inverse
    groups = np.unique(cluster)
    if 1 < groups.size < u.size:
        without = np.array([solve(cluster != group)[0] for group in groups]) - estimate
        between = (groups.size - 1) / groups.size * without.T @ without
        sampled = noise**2 * inverse @ (design.T @ design) @ inverse
        if between[0, 0] > sampled[0, 0]:
            cov, dof = cov - sampled + between, groups.size - 1
    a, b, g = map(float, estimate)
    return Parabola(a, b, g, cov, noise, dof)
