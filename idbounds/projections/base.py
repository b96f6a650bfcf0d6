"""What every projection shares: checks, scale, the split into integers and column weights, the digest."""

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
Int64Array = NDArray[np.int64]
Float64Array = NDArray[np.float64]
Key = tuple[np.uint32, np.uint32]

SCALES: tuple[Scale, ...] = ("unit", "rms")
BUFFER = 1 << 16  # bytes that numpy takes when it reads one type as another
PROBE_BITS = 10  # probe entries lie in [-2**10, 2**10)


@dataclass(frozen=True)
class Cost:
    """What a projection needs, estimated from its shape alone, for float32 arrays.

    Attributes:
        memory: bytes kept or taken for a while by apply and adjoint, apart from z, g and the results; what
            the first call needs for a moment, to set up, is not counted unless it is kept.
        operations: additions, multiplications and hashed words of one apply; the adjoint needs as many.
    """

    memory: int
    operations: int


@dataclass(frozen=True)
class Projection(ABC):
    r"""A linear map :math:`P : \mathbb{R}^d \to \mathbb{R}^D` rebuilt from integers alone.

    :math:`P = S\,\mathrm{diag}(w)` with S made from words of the hash stream and positive column weights w.
    With scale ``"unit"`` the columns of P have length 1; with ``"rms"`` they have length
    :math:`\sqrt{D/d}`, so that a weight moves about as far as a coordinate does and one learning rate
    serves every d. Families whose S has entries in {-1, 0, 1} are `SignProjection`.

    Only +, -, \*, / and square roots, each rounded once and in a fixed order, lie between the integers and
    a float64 result: it has the same bits on every machine and for every number of threads.

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

    @property
    def orthonormal(self) -> bool:
        """True if all singular values are promised to be equal, not only the lengths of the columns."""
        return False

    @property
    def column_tolerance(self) -> float:
        """How far, relatively, the r.m.s. length of the columns may be from `column_length`.

        0 promises that each column has that length, up to rounding.
        """
        return 0.0

    @abstractmethod
    def column_weights(self) -> Float64Array:
        """Return w, the positive factor of each coordinate, with the same bits on every machine.

        Returns:
            float64 array of shape (d,).
        """

    @abstractmethod
    def cost(self) -> Cost:
        """Return what one apply needs, before it is made."""

    @abstractmethod
    def spread(self, z: FloatArray) -> FloatArray:
        """Return S z for a contiguous float array of shape (d,), in its dtype."""

    def spread_into(self, z: FloatArray, out: FloatArray) -> None:
        """Write S z into ``out``, contiguous of shape (D,) and the dtype of z."""
        out[:] = self.spread(z)

    @abstractmethod
    def gather(self, g: FloatArray) -> Float64Array:
        """Return S' g for a contiguous float array of shape (D,), in float64."""

    @abstractmethod
    def exact_images(self, x: Int64Array, h: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return S x and S' h for integer vectors as integers modulo 2**64; the digest rests on them.

        Where S is not made of integers itself, the integers that it is made from stand in for it.

        Args:
            x: int64 array of shape (d,).
            h: int64 array of shape (D,).

        Returns:
            int64 arrays of shapes (D,) and (d,).
        """

    def apply(self, z: FloatArray, *, out: FloatArray | None = None) -> FloatArray:
        r"""Return :math:`P z = S (w \odot z)`.

        The weights multiply first, in float64; the product is rounded once to the dtype of z.

        Args:
            z: coordinates, float32 or float64 of shape (d,).
            out: contiguous array of shape (D,) and the dtype of z that takes the result. Beyond about
                32 MB new memory costs more than the projection itself: keep one array and give it again.

        Returns:
            Movement of the parameters, shape (D,), dtype of z; ``out`` if that was given.

        Raises:
            InputError: if a shape or dtype is another.
        """
        self._checked("z", z, self.d)
        weighted = (z * self._weights).astype(z.dtype)
        if out is None:
            return self.spread(weighted)
        self._checked("out", out, self.D)
        if out.dtype != z.dtype or not out.flags.c_contiguous or not out.flags.writeable:
            raise InputError(f"out must be contiguous, writeable and of dtype {z.dtype}, as z is")
        self.spread_into(weighted, out)
        return out

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

    def description_bits(self) -> int:
        """Return how many bits tell a decoder which projection this is.

        The index in the menu `projections` plus one in Elias's gamma code, d in his delta code, the seed plus
        one in his delta code: what the decoder ``subspace-1`` charges. D comes with the architecture; the
        scale and the options of a family are fixed beforehand by the decoder's name, and are not charged.

        Returns:
            Bits, at least 3.

        Raises:
            InputError: if the family is not in the menu, so that no message can name it.
        """
        from idbounds.projections import projections  # the menu lies above the families

        if self.kind not in projections:
            raise InputError(f"{self.kind!r} is not in the menu of projections: no message can name it")
        index = list(projections).index(self.kind)
        return _gamma_bits(index + 1) + _delta_bits(self.d) + _delta_bits(self.seed + 1)

    def digest(self) -> str:
        """Return a fingerprint of the operator itself, the same on every machine.

        SHA-256 over the description, the bytes of w, and two probes in exact integers: S'h for a
        fixed integer vector h, and <h, S x> for another x. A port of the project that gets one sign or
        one rotation wrong gets another digest. Costs one apply and one adjoint.

        Returns:
            64 hexadecimal digits.
        """
        h = _probe(self.D, 0)
        image, back = self.exact_images(_probe(self.d, 1), h)
        state = hashlib.sha256(self.description().encode())
        state.update(self.column_weights().astype("<f8").tobytes())
        state.update(back.astype("<i8").tobytes())
        state.update(str(int((image * h).sum())).encode())
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


@dataclass(frozen=True)
class SignProjection(Projection):
    """A projection whose S has entries in {-1, 0, 1}, so that counting them gives the column weights."""

    @abstractmethod
    def column_counts(self) -> Int64Array:
        """Return the number of non-zero entries in each column of S.

        Returns:
            int64 array of shape (d,).
        """

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

    def exact_images(self, x: Int64Array, h: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return S x and S' h through float64, which holds sums of signed probe entries exactly.

        They stay below 2**53: entries below 2**10 in size, at most 2**32 of them.

        Args:
            x: int64 array of shape (d,).
            h: int64 array of shape (D,).

        Returns:
            int64 arrays of shapes (D,) and (d,).
        """
        image = self.spread(x.astype(np.float64)).astype(np.int64)
        return image, self.gather(h.astype(np.float64)).astype(np.int64)


def _gamma_bits(n: int) -> int:
    return 2 * n.bit_length() - 1


def _delta_bits(n: int) -> int:
    return _gamma_bits(n.bit_length()) + n.bit_length() - 1


def _probe(size: int, seed: int) -> NDArray[np.int64]:
    shift = np.uint32(32 - PROBE_BITS - 1)
    return (words(seed, Stream.PROBE, 0, size) >> shift).astype(np.int64) - (1 << PROBE_BITS)
