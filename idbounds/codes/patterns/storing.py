"""What a sparse matrix costs in each format at each density, and where one format overtakes another."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.integers.elias import integer_within
from idbounds.codes.patterns.blocks import Blocks
from idbounds.codes.patterns.gaps import Delta, Gaps
from idbounds.codes.patterns.pattern import LARGEST_SET, Pattern
from idbounds.codes.patterns.sparse import Coo, Csc, Csr
from idbounds.codes.patterns.subsets import Bitmap, Subset
from idbounds.errors import InputError

Column = NDArray[np.float64]

DENSE = "dense"
"""Name of the column of the matrix stored as it is."""


def formats(shape: tuple[int, int]) -> dict[str, Pattern]:
    """The codes of a sparsity pattern that the table compares, by name.

    Args:
        shape: (rows, columns).

    Returns:
        The codes; COO has a flat index, blocks are 4 x 4.
    """
    return {
        "bitmap": Bitmap(shape),
        "COO": Coo(_size(shape)),
        "CSR": Csr(shape),
        "CSC": Csc(shape),
        "delta-4": Delta(shape, 4),
        "delta-8": Delta(shape, 8),
        "gamma gaps": Gaps(shape, "elias-gamma"),
        "Golomb gaps": Gaps(shape),
        "blocks": Blocks(shape, (4, 4)),
        "enumerative, ideal": Subset(shape),
    }


def storage(shape: tuple[int, int], density: ArrayLike, *, value_bits: int = 32) -> dict[str, Column]:
    """Bits of a matrix with a random pattern: position of every nonzero, and its value in `value_bits` bits.

    Each entry is the mean length of the real messages over all patterns of that density; for the enumerative
    code it is the ideal length, and the message is at most 2.05 bits longer. Blocks are stored dense:
    `value_bits` for each of their cells.

    Args:
        shape: (rows, columns) of the matrix, at most 2^28 entries.
        density: Shares of nonzeros in [0, 1], shape (m,); rounded to whole numbers of nonzeros.
        value_bits: Bits of a stored value, 1 .. 64.

    Returns:
        Columns of shape (m,): `density` and `nonzeros` as rounded; in bits `values` (of the nonzeros alone),
        `dense`, and each of `formats`. `pandas.DataFrame` takes it as it is.

    Raises:
        InputError: If an argument is out of range.
    """
    shares = np.atleast_1d(np.asarray(density, dtype=np.float64))
    if shares.ndim != 1 or not ((shares >= 0) & (shares <= 1)).all():
        raise InputError(f"density: {density!r} given; shares in [0, 1], one dimension, are allowed")
    n = _size(shape)
    k = np.rint(shares * n).astype(np.int64)
    width = integer_within(value_bits, "value_bits", 1, 64)
    table = {
        "density": k / max(n, 1),
        "nonzeros": k.astype(np.float64),
        "values": np.multiply(k, width, dtype=float),
    }
    return table | {name: _bits(name, shape, k, width) for name in [DENSE, *formats(shape)]}


def crossovers(
    shape: tuple[int, int], *, value_bits: int = 32, names: Iterable[str] | None = None
) -> dict[tuple[str, str], float]:
    """Sparsity from which on one format is shorter than another, for all pairs that change places.

    With k the largest number of nonzeros at which the first is shorter than the second, the entry is
    1 - k / n. (Pointers of CSR and CSC widen in steps, so that a format may fall back for a few k.)

    Args:
        shape: (rows, columns) of the matrix.
        value_bits: Bits of a stored value.
        names: The formats to compare; by default dense and all of `formats`.

    Returns:
        {(first, second): sparsity}, the first being the shorter one of a sparser matrix.

    Raises:
        InputError: If there is no such format.
    """
    n = _size(shape)
    known = [DENSE, *formats(shape)]
    chosen = known if names is None else list(names)
    if unknown := set(chosen) - set(known):
        raise InputError(f"formats: {sorted(unknown)} given; {', '.join(known)} are allowed")
    width = integer_within(value_bits, "value_bits", 1, 64)
    grid = np.unique(np.rint([np.geomspace(1, n, 300), np.linspace(1, n, 300)]).astype(np.int64))
    columns = {name: _bits(name, shape, grid, width) for name in chosen}
    found = {}
    for pair in combinations(chosen, 2):
        first, second = sorted(pair, key=lambda name: columns[name][0])  # the shorter one at a single nonzero
        where = np.flatnonzero(columns[first] < columns[second])
        if where.size and where[-1] < grid.size - 1:
            low, high = grid[where[-1] : where[-1] + 2].tolist()
            while high - low > 1:  # the first is shorter at low and not at high
                k = np.array([(low + high) // 2])
                shorter = _bits(first, shape, k, width) < _bits(second, shape, k, width)
                low, high = (int(k[0]), high) if shorter[0] else (low, int(k[0]))
            found[first, second] = 1 - low / n
    return found


def _size(shape: tuple[int, int]) -> int:
    """Number of entries of the matrix."""
    if not isinstance(shape, tuple) or len(shape) != 2:
        raise InputError(f"shape: {shape} given; (rows, columns) is allowed")
    rows, columns = (integer_within(side, "side of the matrix", 0, LARGEST_SET) for side in shape)
    return integer_within(rows * columns, "entries of the matrix", 1, LARGEST_SET)


def _bits(name: str, shape: tuple[int, int], k: NDArray[np.int64], value_bits: int) -> Column:
    """One column of the table."""
    if name == DENSE:
        return np.full(k.shape, float(_size(shape) * value_bits))
    code = formats(shape)[name]
    stored = code.expected_cells(k) * (value_bits - 1) if isinstance(code, Blocks) else k * float(value_bits)
    return code.mean_ideal_length(k) + stored
