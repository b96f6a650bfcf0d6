"""Value quantisation: a number becomes one of a few levels, tensor by tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.codes import lloyd
from idbounds.codes.reals.clusters import nearest
from idbounds.codes.reals.signs import SCALES
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.compress.drafts import MATRICES, VECTOR, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.compress.sparsify import pruned
from idbounds.decoders.forms import Sparse, Zero
from idbounds.decoders.values import Book, Floats, Grid, Reals, Values
from idbounds.errors import InputError

_SCALES = np.array(SCALES)
_MOST_LEVELS = 2**16


@final
@dataclass(frozen=True)
class Quantise(Step):
    """Numbers rounded to levels: 2 are binary, 3 ternary.

    Attributes:
        levels: how many for each vector of numbers of a matrix, 2 to 65536.
        spacing: instead, distance of the levels in root mean squares of the vector; as many as it takes.
        kind: "uniform" puts the levels on a symmetric grid, whose scale (9 bits) has the least squared error;
            "kmeans" sends a codebook.
        precision: bits of a level of a codebook, 1 to 16.
        vectors: levels of biases and the vectors of a normalisation, on a uniform grid; None leaves float32.

    Raises:
        InputError: when not exactly one of levels and spacing is given, or a number is out of range.
    """

    levels: int | None = None
    spacing: float | None = None
    kind: str = "uniform"
    precision: int = 8
    vectors: int | None = 255

    stage = Stage.VALUES
    handles = MATRICES | {VECTOR}

    def __post_init__(self) -> None:
        """Refuse what no message says."""
        if (self.levels is None) == (self.spacing is None) or (self.kind == "kmeans" and self.levels is None):
            raise InputError(
                f"{self}: give levels, or spacing for a uniform grid without an end, and not both"
            )
        for name in ("levels", "vectors"):
            count = getattr(self, name)
            if count is not None and not (type(count) is int and 2 <= count <= _MOST_LEVELS):
                raise InputError(f"{name} = {count!r}: give a whole number from 2 to {_MOST_LEVELS}")
        if self.spacing is not None and not 2**-10 <= self.spacing <= 2**10:
            raise InputError(f"spacing = {self.spacing}: give a number from 2^-10 to 2^10")
        precise = type(self.precision) is int and 1 <= self.precision <= 16
        if self.kind not in ("uniform", "kmeans") or not precise:
            raise InputError(
                f"kind = {self.kind!r}, precision = {self.precision}: give uniform or kmeans, 1 to 16 bits"
            )

    def accepts(self, before: Sequence[Step]) -> str:
        """Only once."""
        return "the numbers are quantised already" if any(isinstance(s, Quantise) for s in before) else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Quantise the numbers of each draft.

        Args:
            drafts: matrices and vectors.
            bench: not used.

        Returns:
            The drafts on their levels.
        """
        return [self._quantised(draft) for draft in drafts]

    def _quantised(self, draft: Draft) -> Draft:
        if draft.kind == VECTOR and self.vectors is None:
            return draft.skipped("Quantise: vectors=None leaves it in float32")
        coded = draft.coded
        made = tuple(self._levelled(values.numbers, draft.kind) for values in coded.values)
        if made and any(not values.numbers.any() for values in made):
            return draft.remade(Zero(), positions=coded.positions[:0])
        if isinstance(coded.form, Sparse):
            return pruned(draft, made[0])
        return draft.remade(coded.form, *made)

    def _levelled(self, numbers: Reals, kind: str) -> Values:
        if kind == VECTOR:
            assert self.vectors is not None
            return on_grid(numbers, self.vectors)
        if self.spacing is not None:
            return spaced(numbers, self.spacing)
        assert self.levels is not None
        return (
            on_grid(numbers, self.levels)
            if self.kind == "uniform"
            else by_book(numbers, self.levels, self.precision)
        )


def on_grid(numbers: Reals, levels: int) -> Values:
    """Numbers on the symmetric grid of a few levels that has the least squared error.

    Args:
        numbers: shape (d,).
        levels: how many; an even number lies between the multiples of the scale, so that none is zero.

    Returns:
        The values.
    """
    half = levels % 2 == 0
    largest = float(np.abs(numbers).max(initial=0))
    last = _index(2 * largest / (levels - 1)) + 1
    first = max(0, _index(float(np.sqrt(np.mean(numbers**2))) / levels) if largest else 0)

    def error(index: int) -> float:
        symbols = _symbols(numbers, _SCALES[index], half, levels)
        return float(((numbers - _SCALES[index] * (symbols + 0.5 * half)) ** 2).sum())

    coarse = min(range(first, max(last, first) + 1, 4), key=error)
    span = range(max(0, coarse - 3), min(len(SCALES) - 1, coarse + 3) + 1)
    scale = min(span, key=error)
    return Values(Grid(scale, half), _symbols(numbers, _SCALES[scale], half, levels))


def spaced(numbers: Reals, spacing: float) -> Values:
    """Numbers on a grid without an end.

    Args:
        numbers: shape (d,), d >= 1.
        spacing: its scale in root mean squares of the numbers.

    Returns:
        The values.

    Raises:
        InputError: when a number is too many steps from zero.
    """
    scale = _index(spacing * float(np.sqrt(np.mean(numbers**2))))
    symbols = np.rint(numbers / _SCALES[scale])
    if np.abs(symbols).max(initial=0) > LARGEST_ENTRY:
        raise InputError(
            f"spacing = {spacing}: a number lies {np.abs(symbols).max():.3g} steps from zero; give more"
        )
    return Values(Grid(scale), symbols.astype(np.int64))


def by_book(numbers: Reals, levels: int, precision: int) -> Values:
    """Numbers by a codebook made by k-means.

    Args:
        numbers: shape (d,), d >= 1.
        levels: most levels.
        precision: bits of each.

    Returns:
        The values.
    """
    return rebooked(numbers, lloyd(numbers, levels), precision)


def rebooked(numbers: Reals, levels: Reals, precision: int) -> Values:
    """Numbers by a given codebook.

    Args:
        numbers: shape (d,).
        levels: the levels, in any order.
        precision: bits of each.

    Returns:
        The values: each number at its nearest level.
    """
    book = Book.near(levels, precision)
    return Values(book, nearest(book.numbers, numbers) - book.centre)


def is_quantised(values: Values) -> bool:
    """Whether numbers stand on levels."""
    return not isinstance(values.scheme, Floats)


def _symbols(
    numbers: Reals, scale: float, half: bool, levels: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The nearest symbols among the levels."""
    most = levels // 2 - 1 if half else levels // 2
    least = -most - half
    return np.clip(np.rint(numbers / scale - 0.5 * half), least, most).astype(np.int64)


def _index(scale: float) -> int:
    """The scale of the menu nearest to a number, on the logarithmic axis nearly."""
    return int(np.abs(_SCALES - scale).argmin())
