"""Persistent homology dimension of a training trajectory, through the spanning tree of scipy.

The lifetimes of the connected components of n points are the edges of their minimum spanning tree. With E(n)
the sum of the edges to the power alpha, E(n) ~ n^(1 - alpha / dim), so a line through (ln n, ln E) of slope m
gives dim = alpha / (1 - m). The points must be many and in their limit law: what is measured is the dimension
of the set that the iterates of an optimiser near a minimum fill, not a number of parameters.

Source: Birdal, Lou, Guibas and Simsekli (2021), arXiv 2111.13171; the limit law: Steele (1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PhDimension:
    """The dimension of a point set by the growth of its spanning tree.

    Attributes:
        dimension: alpha / (1 - slope); infinite where the slope is 1 or more.
        low: the same at the slope less two standard errors of the line.
        high: at the slope plus two. The sums share points, so this is how straight the line is, and no
            interval of known coverage.
        slope: of ln E on ln n.
        alpha: the power of the edges.
        sizes: of the samples.
        sums: mean of E at each size.
    """

    dimension: float
    low: float
    high: float
    slope: float
    alpha: float
    sizes: tuple[int, ...]
    sums: tuple[float, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a size: `points`, `sum`, and `dimension` by the slope to the next size."""
        import pandas as pd

        slopes = np.diff(np.log(self.sums)) / np.diff(np.log(self.sizes))
        local = [_dimension(float(slope), self.alpha) for slope in slopes] + [np.nan]
        return pd.DataFrame({"points": self.sizes, "sum": self.sums, "dimension": local})


def ph_dimension(
    points: ArrayLike,
    *,
    alpha: float = 1.0,
    sizes: Sequence[int] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> PhDimension:
    """Estimate the persistent homology dimension of points, such as the iterates of a training run.

    Args:
        points: shape (N, n), one iterate a row; N^2 distances are held. Doubles are taken once.
        alpha: the power of the edges, above 0.
        sizes: of the samples; if not given, 200, 250, ... up to the number of points (Birdal et al.).
        repeats: samples at each size below the largest, of which the mean is taken.
        seed: of the samples.

    Returns:
        The estimate with the line it rests on.

    Raises:
        InputError: If the points are too few, not finite, or an argument is out of range.
    """
    x = np.asarray(points)
    if x.ndim != 2 or not x.size or not np.isfinite(x).all():
        raise InputError(f"points: shape {x.shape} given; finite numbers of shape (N, n) are allowed")
    x = np.unique(x, axis=0).astype(np.float64)
    wanted = tuple(sorted(set(range(200, len(x) + 1, 50) if sizes is None else sizes)))
    if len(wanted) < 3 or wanted[0] < 3 or wanted[-1] > len(x):
        raise InputError(
            f"sizes {list(wanted)} for {len(x)} distinct points given; 3 sizes or more, from 3 points to all "
            "of them, are allowed: give more points, or sizes"
        )
    if not (0 < alpha < np.inf and repeats >= 1):
        raise InputError(
            f"alpha = {alpha}, repeats = {repeats} given; alpha > 0 and repeats >= 1 are allowed"
        )
    distances, rng = _distances(x), np.random.default_rng(seed)
    sums = []
    for size in wanted:
        times = repeats if size < len(x) else 1
        chosen = [rng.choice(len(x), size, replace=False) for _ in range(times)]
        sums.append(float(np.mean([_tree(distances[np.ix_(c, c)], alpha) for c in chosen])))
    slope, error = _line(np.log(wanted), np.log(sums))
    low, middle, high = (_dimension(slope + step * error, alpha) for step in (-2, 0, 2))
    return PhDimension(middle, low, high, slope, float(alpha), wanted, tuple(sums))


def _distances(x: Floats) -> Floats:
    """All distances; in high dimension of the triangular factor, which has the same and few columns."""
    from scipy.spatial.distance import pdist, squareform

    if x.shape[1] > 2 * len(x):
        x = np.asarray(np.linalg.qr((x - x[0]).T, mode="r")).T
    return np.asarray(squareform(pdist(x)))


def _tree(distances: Floats, alpha: float) -> float:
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    # The heights of single linkage are the edges of the spanning tree, found without sorting all n^2.
    merges = linkage(squareform(distances, checks=False), "single")
    return float((merges[:, 2] ** alpha).sum())


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and its standard error by least squares."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    rest = y - y.mean() - slope * centred
    return slope, float(np.sqrt(rest @ rest / max(len(x) - 2, 1) / (centred @ centred)))


def _dimension(slope: float, alpha: float) -> float:
    return alpha / (1 - slope) if slope < 1 else float("inf")
