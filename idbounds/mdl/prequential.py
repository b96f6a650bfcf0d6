"""Prequential (online) code of labels given inputs: a learner trained on all blocks before predicts the next.

No parameters are sent: the receiver has the inputs, decodes a block, trains the same learner on it and goes
on. The first block has nothing to learn from and takes log2 K bits a label. Blocks are an approximation of
training after every label, which would be shorter and slower.

`Prequential` writes real messages, and reads them back wherever the learner gives the same floats again: the
same program, libraries, threads and machine. That is weaker than what the codes of `idbounds.codes` promise,
so a length from here belongs into a comparison of models, not into a certificate.

Sources: Dawid (1984), JRSS A 147(2); Blier and Ollivier (2018), NeurIPS; Voita and Titov (2020), EMNLP.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.arithmetic import LARGEST_RUN
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import integer_within
from idbounds.codes.symbols.decisions import CERTAIN, DecisionReader, decisions_length, write_decisions
from idbounds.errors import InputError
from idbounds.inputs import is_tensor
from idbounds.mdl.labels import LARGEST_CLASSES, checked_labels, probability_rows

Predict = Callable[[Any], Any]
"""From inputs, shape (m, ...), to probabilities, shape (m, K)."""

_PORTIONS = (2, 4, 8, 16, 32, 64, 125, 250, 500, 1000, 2000)  # of 2000


def doubling(n: int, *, first: int = 8) -> tuple[int, ...]:
    """Ends of blocks at first, 2 first, 4 first, ... and n.

    Args:
        n: Number of labels.
        first: Size of the first block.

    Returns:
        Increasing ends, the last one n.
    """
    n = integer_within(n, "number of labels", 1, LARGEST_RUN)
    ends = [integer_within(first, "first block", 1, LARGEST_RUN)]
    while ends[-1] < n:
        ends.append(2 * ends[-1])
    return (*ends[:-1], n)


def portions(n: int) -> tuple[int, ...]:
    """Ends of blocks at 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.25, 12.5, 25, 50 and 100 per cent (Voita and Titov).

    Args:
        n: Number of labels.

    Returns:
        Increasing ends, the last one n; for small n some of the first blocks are empty and left out.
    """
    n = integer_within(n, "number of labels", 1, LARGEST_RUN)
    return tuple(sorted({n * portion // 2000 for portion in _PORTIONS} - {0}))


@final
@dataclass(frozen=True)
class Block:
    """One block of a prequential code.

    Args:
        start: Number of labels before it, which the learner was trained on.
        stop: Number of labels up to its end.
        ideal_bits: -log2 of the probability of its labels.
    """

    start: int
    stop: int
    ideal_bits: float


@final
class Prequential(Codec[NDArray[np.int64]]):
    """Prequential code of n labels 0 .. K - 1, given n inputs that the decoder has.

    Probabilities p after t labels become (t p + smoothing / K) / (t + smoothing), so that no class that has
    not been seen yet is impossible, and then integers out of 2^30, each at least 1.

    Args:
        learner: An object with `fit(x, y)` and `predict_proba(x)`, as in scikit-learn, which is copied for
            each block, with `classes_` if it knows only the classes it has seen; or a function `train(x, y)`
            that gives a function from inputs to probabilities. Same data, same floats: fix its seeds. If
            `fit` refuses labels that are all alike, as scikit-learn's often do, that class is predicted.
        x: Inputs, shape (n, ...): an array, a sparse matrix, a tensor. With a tensor, the learner gets its
            labels as a tensor, too.
        classes: Number K of classes, at least 1.
        ends: Ends of the blocks, increasing, the last one n; `doubling` by default.
        smoothing: How many uniform labels the learner is thought to have seen besides, at least 0.

    Raises:
        InputError: If an argument is out of its range.
    """

    def __init__(
        self,
        learner: Any,
        x: Any,
        *,
        classes: int,
        ends: Sequence[int] | None = None,
        smoothing: float = 1.0,
    ) -> None:
        """Fix the learner, the inputs and the blocks."""
        self._x = x if hasattr(x, "shape") else np.asarray(x)
        self._n = integer_within((*self._x.shape, 0)[0], "number of inputs", 1, LARGEST_RUN)
        self._classes = integer_within(classes, "classes", 1, LARGEST_CLASSES)
        self._ends = doubling(self._n) if ends is None else tuple(ends)
        steps = (0, *(integer_within(end, "end of a block", 1, self._n) for end in self._ends))
        if steps[-1] != self._n or not all(a < b for a, b in pairwise(steps)):
            raise InputError(f"ends: {self._ends} given; increasing ends up to {self._n} are allowed")
        if not 0 <= smoothing < np.inf:
            raise InputError(f"smoothing: {smoothing} given; at least 0 is allowed")
        if not callable(learner) and not (hasattr(learner, "fit") and hasattr(learner, "predict_proba")):
            raise InputError(
                f"learner: {type(learner).__name__} given; fit and predict_proba, or a function, are allowed"
            )
        self._learner, self._smoothing = learner, smoothing
        self._last: tuple[bytes, list[NDArray[np.uint8]], list[NDArray[np.uint32]]] | None = None

    @property
    def name(self) -> str:
        """Name of the code with its sizes; the learner is not part of it."""
        return f"prequential(K={self._classes}, n={self._n}, blocks={len(self._ends)})"

    def blocks(self, value: NDArray[np.int64]) -> tuple[Block, ...]:
        """Ideal length of each block.

        Args:
            value: The labels, shape (n,).

        Returns:
            The blocks; their lengths add up to `ideal_length`.
        """
        bits, odds = self._decisions(value)
        return tuple(
            Block(start, stop, decisions_length(b, o))
            for (start, stop), b, o in zip(pairwise((0, *self._ends)), bits, odds, strict=True)
        )

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the labels, shape (n,)."""
        bits, odds = self._decisions(value)
        write_decisions(np.concatenate(bits), np.concatenate(odds), out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read the labels, shape (n,), training on the way; DecodeError if no labels are written so."""
        reader = DecisionReader(source)
        y = np.zeros(self._n, dtype=np.int64)
        for start, stop, table in self._tables(y):
            for i in range(start, stop):
                row, low, high = table[i - start], 0, self._classes
                while high - low > 1:
                    middle = (low + high) // 2
                    odds = (int(row[middle]) - int(row[low])) * CERTAIN // (int(row[high]) - int(row[low]))
                    low, high = (middle, high) if reader.read(odds) else (low, middle)
                y[i] = low
                if reader.broken:  # altered or truncated: stop before inventing labels
                    break
            if reader.broken:
                break
        reader.finish()
        return y

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """-log2 of the probability of the labels, in bits."""
        return float(sum(block.ideal_bits for block in self.blocks(value)))

    def _decisions(
        self, value: NDArray[np.int64]
    ) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.uint32]]]:
        """The decisions of each block and their odds; kept for the last labels, as training takes long."""
        y = checked_labels(value, self._n, self._classes)
        if self._last is None or self._last[0] != y.tobytes():
            halved = [_halved(table, y[start:stop]) for start, stop, table in self._tables(y)]
            self._last = y.tobytes(), [bits for bits, _ in halved], [odds for _, odds in halved]
        return self._last[1], self._last[2]

    def _tables(self, y: NDArray[np.int64]) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
        """Each block with the cumulative weights of its labels, shape (stop - start, K + 1)."""
        for start, stop in pairwise((0, *self._ends)):
            p = np.full((stop - start, self._classes), 1 / self._classes)
            if start:
                learnt = self._probabilities(y, start, stop)
                p = (start * learnt + self._smoothing * p) / (start + self._smoothing)
            weights = (p * (CERTAIN - self._classes)).astype(np.int64) + 1
            yield start, stop, np.concatenate([np.zeros_like(weights[:, :1]), weights.cumsum(axis=1)], axis=1)

    def _probabilities(self, y: NDArray[np.int64], start: int, stop: int) -> NDArray[np.float64]:
        """What the learner, trained on the labels before `start`, says about the block."""
        x, block = self._x[:start], self._x[start:stop]
        p = np.zeros((stop - start, self._classes))
        seen: Any = y[:start].copy()
        if is_tensor(x):
            seen = sys.modules["torch"].as_tensor(seen, device=x.device)
        if hasattr(self._learner, "predict_proba"):
            learner = copy.deepcopy(self._learner)
            try:
                fitted = learner.fit(x, seen)
            except ValueError:
                if (y[:start] != y[0]).any():
                    raise
                p[:, y[0]] = 1
                return p
            learner = learner if fitted is None else fitted
            rows = probability_rows(learner.predict_proba(block))
            columns = np.asarray(getattr(learner, "classes_", np.arange(self._classes)), dtype=np.int64)
        else:
            rows = probability_rows(self._learner(x, seen)(block))
            columns = np.arange(self._classes)
        if rows.shape != (stop - start, columns.size) or not set(columns) <= set(range(self._classes)):
            raise InputError(
                f"learner: probabilities of shape {rows.shape} given; ({stop - start}, {columns.size}) for "
                f"classes among 0 .. {self._classes - 1} is allowed"
            )
        p[:, columns] = rows
        return p


def _halved(table: NDArray[np.int64], y: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Labels as decisions between the lower and the upper half of the classes left, and the odds of each."""
    rows = np.arange(y.size)
    low, high = np.zeros_like(y), np.full_like(y, table.shape[1] - 1)
    steps = []
    while (high - low > 1).any():
        open_, middle = high - low > 1, (low + high) // 2
        whole = table[rows, high] - table[rows, low]
        odds = (table[rows, middle] - table[rows, low]) * CERTAIN // whole
        upper = y >= middle
        steps.append((open_, upper, odds))
        low, high = np.where(open_ & upper, middle, low), np.where(open_ & ~upper, middle, high)
    if not steps:
        return np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.uint32)
    taken, bits, odds = (np.stack(column, axis=1) for column in zip(*steps, strict=True))
    return bits[taken].astype(np.uint8), odds[taken].astype(np.uint32)
