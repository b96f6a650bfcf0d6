"""A two-part code of regression targets whose decoder computes with integers only. Real messages."""

from __future__ import annotations

import math
from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasDelta, Shifted, Uniform, Zigzag
from idbounds.codes.reals.steps import rissanen_step
from idbounds.codes.symbols.mixture import MixtureVector
from idbounds.errors import DecodeError, InputError

LARGEST_TARGET: Final = 2**19
"""Largest |y_i|; predictions are cut off there."""

_LARGEST_ENTRY = 2**16
_LARGEST_INDEX = 2**30
_MOST_COLUMNS = 64
_FINEST, _COARSEST = -40, 10  # exponents of the step of a coefficient


@final
class TwoPartRegression(Codec[NDArray[np.int64]]):
    """Two-part code of integer targets y given an integer design: coefficients, then residuals.

    First how many of the leading columns are used, then one step 2^e for all coefficients, their indices
    (zigzag Elias delta), and the residuals y - round(design b) by `MixtureVector`, which need not be told
    the noise. Everything the decoder computes is an integer. It is meant for columns of about the same norm
    that are nearly orthogonal; then e is near log2 of Rissanen's step.

    Args:
        design: Integers known to both sides, shape (n, k), magnitudes up to 2^16, k <= 64.

    Raises:
        InputError: If the design is anything else.
    """

    def __init__(self, design: ArrayLike) -> None:
        """Fix the design."""
        columns = np.asarray(design)
        if columns.ndim != 2 or columns.dtype.kind not in "iu" or not 0 <= columns.shape[1] <= _MOST_COLUMNS:
            raise InputError(
                f"design: {columns.dtype} of shape {columns.shape} given; integers of shape (n, k), "
                f"k <= {_MOST_COLUMNS}, are allowed"
            )
        self._design = columns.astype(np.int64)
        if (abs(self._design) > _LARGEST_ENTRY).any() or (columns > _LARGEST_ENTRY).any():
            raise InputError(f"design: an entry beyond {_LARGEST_ENTRY} given; scale the columns down")
        self._n, self._k = columns.shape
        self._used, self._step = Uniform(self._k + 1), Uniform(_COARSEST - _FINEST + 1)
        self._index = Zigzag(Shifted(EliasDelta(largest=2 * _LARGEST_INDEX), by=1))
        self._residuals = MixtureVector(self._n)
        self._last: tuple[bytes, tuple[int, NDArray[np.int64]]] | None = None

    @property
    def name(self) -> str:
        """Name of the code with the shape of its design."""
        return f"two-part-regression({self._n}x{self._k})"

    def coefficients(self, value: NDArray[np.int64]) -> NDArray[np.float64]:
        """The coefficients that the message of some targets sends, one for each column it uses.

        Args:
            value: Targets, shape (n,).

        Returns:
            Shape (j,), j <= k.
        """
        e, index = self._best(value)
        return np.ldexp(index.astype(np.float64), e)

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append targets, shape (n,)."""
        e, index = self._best(value)
        self._used.write(index.size, out)
        if index.size:
            self._step.write(e - _FINEST, out)
        for i in index.tolist():
            self._index.write(i, out)
        self._residuals.write(self._checked(value) - self._predicted(e, index), out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read targets, shape (n,); DecodeError if none are written so."""
        used = self._used.read(source)
        e = self._step.read(source) + _FINEST if used else 0
        index = np.array([self._index.read(source) for _ in range(used)], dtype=np.int64)
        y = self._residuals.read(source) + self._predicted(e, index)
        if y.size and max(int(y.max()), -int(y.min())) > LARGEST_TARGET:
            raise DecodeError(f"{self.name}: a target beyond {LARGEST_TARGET}; the message was altered")
        return y

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Bits of the coefficients, and -log2 of the probability of the residuals."""
        return self._length(self._checked(value), *self._best(value))

    def _checked(self, value: ArrayLike) -> NDArray[np.int64]:
        y = integer_vector(value, "targets")
        if y.size != self._n:
            raise InputError(f"targets: {y.size} given; {self._n} are allowed")
        if y.size and (y.max() > LARGEST_TARGET or y.min() < -LARGEST_TARGET):
            raise InputError(
                f"targets: values {y.min()} to {y.max()} given; up to {LARGEST_TARGET} in magnitude allowed, "
                "take a larger unit"
            )
        return y

    def _predicted(self, e: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rounded fit; at most 2^16 2^30 2^6 2^10 in between, so that no sum overflows."""
        fit: NDArray[np.int64] = self._design[:, : index.size] @ index
        fit = fit << e if e >= 0 else (fit + (1 << (-e - 1))) >> -e
        return np.maximum(np.minimum(fit, LARGEST_TARGET), -LARGEST_TARGET)

    def _length(self, y: NDArray[np.int64], e: int, index: NDArray[np.int64]) -> float:
        header = self._used.ideal_length(index.size) + (self._step.ideal_length(0) if index.size else 0)
        header += sum(self._index.ideal_length(i) for i in index.tolist())
        return header + self._residuals.ideal_length(y - self._predicted(e, index))

    def _best(self, value: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
        """Step and indices of the shortest message found; kept for the last targets."""
        y = self._checked(value)
        if self._last is None or self._last[0] != y.tobytes():
            choices = [(0, np.zeros(0, dtype=np.int64))]
            for used in range(1, min(self._k, self._n) + 1):
                columns = self._design[:, :used].astype(np.float64)
                b = np.linalg.lstsq(columns, y, rcond=None)[0]
                # rounded targets leave a variance of 1/12 in any case
                variance = max(float(((y - columns @ b) ** 2).mean()), 1 / 12)
                power = max(float((columns**2).mean()), 2.0**-20)
                near = round(math.log2(float(rissanen_step(self._n, power / variance))))
                for e in range(max(near - 1, _FINEST), min(near + 1, _COARSEST) + 1):
                    index = np.rint(b / 2.0**e)
                    if (abs(index) <= _LARGEST_INDEX).all():
                        choices.append((e, index.astype(np.int64)))
            self._last = y.tobytes(), min(choices, key=lambda choice: self._length(y, *choice))
        return self._last[1]
