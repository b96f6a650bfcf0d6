"""No projection at all: d = D, for small spaces and for the full-parameter baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from idbounds.errors import InputError
from idbounds.projections.base import Cost, Float64Array, FloatArray, Int64Array, SignProjection


@dataclass(frozen=True)
class IdentityProjection(SignProjection):
    """P = I, d = D. Costs one copy; not in the menu of messages, whose d is smaller than D."""

    kind: ClassVar[str] = "identity"

    def __post_init__(self) -> None:
        """Check the fields, and that the map is square."""
        super().__post_init__()
        if self.d != self.D:
            raise InputError(f"identity: d = {self.d} and D = {self.D} must be equal")

    @property
    def orthonormal(self) -> bool:
        """True: every singular value equals `column_length`."""
        return True

    def cost(self) -> Cost:
        """Return one copy."""
        return Cost(memory=8 * self.d, operations=self.d)

    def column_counts(self) -> Int64Array:
        """Return 1 for every column.

        Returns:
            int64 array of shape (d,).
        """
        return np.ones(self.d, dtype=np.int64)

    def spread(self, z: FloatArray) -> FloatArray:
        """Return a copy of z.

        Args:
            z: contiguous float array of shape (d,).

        Returns:
            Array of shape (D,), dtype of z.
        """
        return z.copy()

    def gather(self, g: FloatArray) -> Float64Array:
        """Return g in float64.

        Args:
            g: contiguous float array of shape (D,).

        Returns:
            float64 array of shape (d,).
        """
        return g.astype(np.float64)
