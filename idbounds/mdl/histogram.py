"""MDL histograms: the bins of variable width that give the shortest ideal description of the data.

Cut points lie on a declared grid. A histogram with given bins is scored by NML: the counts as categorical
data, and each datum uniform in its bin. Which cut points are used is paid for, uniformly, and so is their
number.

Source: Kontkanen and Myllymaki (2007), AISTATS, PMLR 2:219-226; they leave out the number of bins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.integers.elias import integer_within
from idbounds.codes.patterns.pattern import log2_choose
from idbounds.errors import InputError
from idbounds.mdl._given import Range, array, between, inside, positive
from idbounds.mdl.nml import multinomial_regret_bits, nml_multinomial_ideal_bits


@final
@dataclass(frozen=True, eq=False)
class Histogram:
    """A histogram and what it costs to describe the data with it.

    Args:
        edges: Ends of the bins, ascending, shape (bins + 1,).
        counts: Data in each bin, shape (bins,).
        ideal_bits: Ideal length of the data and the bins, in bits.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    ideal_bits: float

    def density(self, x: ArrayLike) -> NDArray[np.float64]:
        """The maximum-likelihood density count / (n width) at each point; 0 outside the range."""
        points = array(x, "x", 1)
        heights = self.counts / (max(int(self.counts.sum()), 1) * np.diff(self.edges))
        place = np.searchsorted(self.edges, points, side="right") - 1
        place[points == self.edges[-1]] -= 1
        inside_range = (place >= 0) & (place < heights.size)
        return np.where(inside_range, heights[np.clip(place, 0, heights.size - 1)], 0.0)


def histogram_ideal_bits(counts: ArrayLike, widths: ArrayLike, *, resolution: float = 1.0) -> float:
    """Ideal length of data given the bins: NML of the counts, and log2(width / resolution) for each datum.

    Args:
        counts: Data in each bin, shape (bins,).
        widths: Widths of the bins, shape (bins,).
        resolution: Step of the data, at most the smallest width.

    Returns:
        Bits.

    Raises:
        InputError: If a width is not positive, or their number is not that of the counts.
    """
    tally, sizes = integer_vector(counts, "counts"), array(widths, "widths", 1)
    if sizes.shape != tally.shape or (sizes <= 0).any():
        raise InputError(f"widths: {widths!r} given for {tally.size} bins; a positive one each is allowed")
    used = tally > 0
    cells = np.log2(sizes[used] / positive(resolution, "resolution"))
    return nml_multinomial_ideal_bits(tally) + float(tally[used] @ cells)


def best_histogram(
    x: ArrayLike, *, support: Range, cells: int, most_bins: int | None = None, resolution: float = 1.0
) -> Histogram:
    """The histogram of the shortest ideal length, by dynamic programming in cells^2 bins steps.

    Args:
        x: Data, shape (n,).
        support: Declared range of the data.
        cells: Number of cells of the declared grid of cut points, 1 .. 1000.
        most_bins: Declared largest number of bins; `cells` by default.
        resolution: Step of the data.

    Returns:
        The histogram; its length includes log2(most_bins) + log2 C(cells - 1, bins - 1) bits for the bins.
    """
    low, high = between(support, "support")
    data = array(x, "x", 1)
    inside(float(data.min()), (low, high), "support")
    inside(float(data.max()), (low, high), "support")
    cells = integer_within(cells, "cells", 1, 1000)
    most = integer_within(cells if most_bins is None else most_bins, "most_bins", 1, cells)
    edges = np.linspace(low, high, cells + 1)
    below = np.concatenate([[0], np.cumsum(np.histogram(data, edges)[0])]).astype(np.int64)
    # cost[a, b]: the data in one bin from edge a to edge b
    held = below[None, :] - below[:, None]
    width = (high - low) / cells / positive(resolution, "resolution")
    ends = np.arange(cells + 1)
    wide = np.maximum(ends[None, :] - ends[:, None], 1)
    cost = np.where(held > 0, held * np.log2(data.size * width * wide / np.maximum(held, 1)), 0.0)
    cost[ends[None, :] <= ends[:, None]] = np.inf
    best, origins, totals = cost[0], [], []
    for bins in range(1, most + 1):
        if bins > 1:
            through = best[:, None] + cost
            origins.append(through.argmin(axis=0))
            best = through.min(axis=0)
        chosen = log2_choose(cells - 1, bins - 1) + math.log2(most)
        totals.append(float(best[-1] + chosen) + multinomial_regret_bits(bins, data.size))
    bins = int(np.argmin(totals)) + 1
    cuts = [cells]
    for origin in reversed(origins[: bins - 1]):
        cuts.append(int(origin[cuts[-1]]))
    cuts = [0, *reversed(cuts)]
    return Histogram(edges[cuts], np.diff(below[cuts]), totals[bins - 1])
