"""What every projection shares: checks, scale, the split into signs and column weights, the digest."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError
from idbounds.projections.stream import (
    COUNTER_LIMIT,
    SEED_LIMIT,
    Stream,
    checked_integer,
    stream_key,
    words,
)

Scale = Literal["unit", "rms"]
FloatArray = NDArray[np.floating[Any]]
Float64Array = NDArray[np.float64]
Key = tuple[np.uint32, np.uint32]

SCALES: tuple[Scale, ...] = ("unit", "rms")
PROBE_BITS = 10  # probe entries lie in [-2**10, 2**10): every probe sum stays an exact integer in float64


@dataclass(frozen=True)
class Projection(ABC):
    r"""A linear map :math:`P : \mathbb{R}^d \to \mathbb{R}^D` rebuilt from integers alone.

    :math:`P = S\,\mathrm{diag}(w)` with entries of S in {-1, 0, 1} drawn from the hash stream and positive
    column weights w that depend on the shape only. With scale ``"unit"`` the columns of P have length 1;
    with ``"rms"`` they have length :math:`\sqrt{D/d}`, so that a weight moves about as far as a coordinate
    does and one learning rate serves every d.

    Args:
        seed: integer in [0, 2**63).
        d: number of coordinates, 1 <= d <= D.
        D: number of parameters, at most 2**32.
        scale: ``"rms"`` (default) or ``"unit"``.

    Raises:
        InputError: if an argument is outside what is allowed.

    Source: Li et al., "Measuring the Intrinsic Dimension of Objective Landscapes", ICLR 2018.
    """

    kind: ClassVar[str]
    orthonormal: ClassVar[bool] = False  # promises equal singular values, not only equal column lengths

    seed: int
    d: int
    D: int
    scale: Scale = "rms"

    def __post_init__(self) -> None:
        """Check the fields."""
        D = checked_integer("D", self.D, 1, COUNTER_LIMIT + 1)
        if checked_integer("d", self.d, 1, COUNTER_LIMIT + 1) > D:
            raise InputError(f"d = {self.d} is more than D = {D}: allowed are 1 <= d <= D")
        if self.scale not in SCALES:
            raise InputError(f"scale = {self.scale!r}: allowed are {', '.join(SCALES)}")
        # numpy integers become Python integers, so that equal projections compare and print alike
        object.__setattr__(self, "seed", checked_integer("seed", self.seed, 0, SEED_LIMIT))
        object.__setattr__(self, "d", int(self.d))
        object.__setattr__(self, "D", D)

    @property
    def column_length(self) -> float:
        """The length of every column of P: 1, or sqrt(D/d) with the scale ``"rms"``."""
        return 1.0 if self.scale == "unit" else math.sqrt(self.D / self.d)

    def column_weights(self) -> Float64Array:
        """Return w, the positive factor of each coordinate.

        One division and one square root of exact integers, both correctly rounded: the same everywhere.

        Returns:
            float64 array of shape (d,).
        """
        counts = self.column_counts().astype(np.float64)
        if self.scale == "unit":
            return np.asarray(np.sqrt(1.0 / counts))
        return np.asarray(np.sqrt(self.D / (self.d * counts)))

    @abstractmethod
    def column_counts(self) -> NDArray[np.int64]:
        """Return the number of non-zero entries in each column of S.

        Returns:
            int64 array of shape (d,).
        """

    @abstractmethod
    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z for a contiguous float array of shape (d,), in its dtype."""

    @abstractmethod
    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g for a contiguous float array of shape (D,), in float64."""

    def apply(self, z: FloatArray) -> FloatArray:
        r"""Return :math:`P z = S (w \odot z)`.

        The weights multiply first, in float64; after that a sparse S only copies and negates, so float64
        results have the same bits on every machine.

        Args:
            z: coordinates, float32 or float64 of shape (d,).

        Returns:
            Movement of the parameters, shape (D,), dtype of z.

        Raises:
            InputError: if the shape or dtype is another.
        """  # noqa: DOC502 - raised by _checked
        self._checked("z", z, self.d)
        return self.spread((z * self._weights).astype(z.dtype))

    def adjoint(self, g: FloatArray) -> FloatArray:
        r"""Return :math:`P^\top g = w \odot S^\top g`, the gradient with respect to z.

        Args:
            g: gradient with respect to the parameters, float32 or float64 of shape (D,).

        Returns:
            Gradient with respect to z, shape (d,), dtype of g.

        Raises:
            InputError: if the shape or dtype is another.
        """  # noqa: DOC502 - raised by _checked
        self._checked("g", g, self.D)
        return (self._weights * self.gather(np.ascontiguousarray(g))).astype(g.dtype)

    def description(self) -> str:
        """Return the integers and words that define the projection, as one canonical line."""
        return f"idbounds-projection-1 {self.kind} seed={self.seed} d={self.d} D={self.D} scale={self.scale}"

    def digest(self) -> str:
        """Return a fingerprint of the operator itself, the same on every machine.

        SHA-256 over the description, the bytes of w, and two probes that are exact integers: S'h for a
        fixed integer vector h, and <h, S x> for another x. A port of the project that gets one sign or
        one rotation wrong gets another digest. Costs one apply and one adjoint.

        Returns:
            64 hexadecimal digits.
        """
        h = _probe(self.D, 0)
        x = _probe(self.d, 1)
        image = self.spread(x.astype(np.float64)).astype(np.int64)
        back = self.gather(h.astype(np.float64)).astype(np.int64)
        # Nothing here can reach 2**53: |entries| < 2**10 and D (blocks) or D d (dense) is at most 2**32.
        image *= h
        state = hashlib.sha256(self.description().encode())
        state.update(self.column_weights().astype("<f8").tobytes())
        state.update(back.astype("<i8").tobytes())
        state.update(str(int(image.sum())).encode())
        return state.hexdigest()

    @cached_property
    def _weights(self) -> Float64Array:
        return self.column_weights()

    def _key(self, stream: Stream) -> Key:
        k0, k1 = stream_key(self.seed, stream)
        return np.uint32(k0), np.uint32(k1)

    def _checked(self, name: str, array: FloatArray, size: int) -> None:
        if not isinstance(array, np.ndarray) or array.shape != (size,):
            shape = getattr(array, "shape", type(array).__name__)
            raise InputError(f"{name} must be a numpy array of shape ({size},), not {shape}")
        if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InputError(f"{name} must be float32 or float64, not {array.dtype}")


def _probe(size: int, seed: int) -> NDArray[np.int64]:
    shift = np.uint32(32 - PROBE_BITS - 1)
    return (words(seed, Stream.PROBE, 0, size) >> shift).astype(np.int64) - (1 << PROBE_BITS)
