"""Bit strings of exact length, and the two ends that write and read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import DecodeError, InputError

_DIGITS = bytes.maketrans(b"01", bytes([0, 1]))


@final
@dataclass(frozen=True)
class Bits:
    """A bit string, most significant bit first, its last byte padded with zeros.

    Args:
        data: The packed bytes, ceil(length / 8) of them.
        length: Number of bits; the padding is not part of the string and is never charged.

    Raises:
        InputError: If the number of bytes is not ceil(length / 8).
        DecodeError: If a padding bit is one.
    """

    data: bytes
    length: int

    def __post_init__(self) -> None:
        """Refuse a second spelling of the same string."""
        if self.length < 0 or len(self.data) != -(-self.length // 8):
            raise InputError(
                f"bits: {len(self.data)} bytes given for {self.length} bits; ceil(bits / 8) bytes are allowed"
            )
        padding = -self.length % 8
        if padding and self.data[-1] & ((1 << padding) - 1):
            raise DecodeError(f"bits: the last {padding} padding bits must be zero; the bytes were altered")

    @classmethod
    def from_string(cls, text: str) -> Self:
        """The bit string written as the characters '0' and '1'; InputError for any other character."""
        if set(text) - {"0", "1"}:
            raise InputError("bits: only the characters 0 and 1 are allowed in a bit string")
        digits = np.frombuffer(text.encode(), dtype=np.uint8) & 1
        return cls(np.packbits(digits).tobytes(), len(text))

    def to_array(self) -> NDArray[np.uint8]:
        """The bits as an array of zeros and ones, shape (length,)."""
        return np.unpackbits(np.frombuffer(self.data, dtype=np.uint8), count=self.length)

    def __str__(self) -> str:
        """The bits as the characters '0' and '1'."""
        return (self.to_array() + ord("0")).tobytes().decode()

    def __len__(self) -> int:
        """Number of bits."""
        return self.length


@final
class BitWriter:
    """Collects bits in order; `bits` packs them."""

    def __init__(self) -> None:
        """Start empty."""
        self._digits = bytearray()  # one byte, 0 or 1, per bit: appending is then a plain byte append

    def __len__(self) -> int:
        """Number of bits written so far."""
        return len(self._digits)

    def write_bit(self, bit: int) -> None:
        """Append one bit.

        Args:
            bit: Zero or one.

        Raises:
            InputError: If it is neither.
        """
        if bit not in (0, 1):
            raise InputError(f"bit: {bit!r} given; 0 or 1 is allowed")
        self._digits.append(bit)

    def write_uint(self, value: int, width: int) -> None:
        """Append a number in exactly `width` bits, most significant bit first.

        Args:
            value: The number, 0 <= value < 2^width.
            width: Number of bits; may be zero.

        Raises:
            InputError: If the number does not fit.
        """
        if width < 0 or value < 0 or value.bit_length() > width:
            given = f"{'negative ' * (value < 0)}{value.bit_length()}-bit number in {width} bits"
            raise InputError(f"unsigned number: a {given} given; 0 to 2^width - 1 is allowed")
        if width:
            self._digits += f"{value:0{width}b}".encode().translate(_DIGITS)

    def write_array(self, bits: NDArray[np.uint8]) -> None:
        """Append an array of zeros and ones.

        Args:
            bits: The bits in order, shape (m,).

        Raises:
            InputError: If it is not a one-dimensional array of zeros and ones.
        """
        if bits.dtype != np.uint8 or bits.ndim != 1 or bits.max(initial=0) > 1:
            raise InputError(
                f"bit array: {bits.dtype} of shape {bits.shape} given; uint8 zeros and ones, 1-D, allowed"
            )
        self._digits += bits.tobytes()

    def extend(self, bits: Bits) -> None:
        """Append another bit string.

        Args:
            bits: The string to append.
        """
        self._digits += bits.to_array().tobytes()

    def bits(self) -> Bits:
        """Everything written so far, packed."""
        return Bits(np.packbits(np.frombuffer(self._digits, dtype=np.uint8)).tobytes(), len(self))


@final
class BitReader:
    """Reads a bit string from its start; never past its end."""

    def __init__(self, bits: Bits) -> None:
        """Start at the first bit.

        Args:
            bits: The string to read.
        """
        self.bits = bits
        self._position = 0

    @property
    def position(self) -> int:
        """Number of bits already read."""
        return self._position

    @property
    def remaining(self) -> int:
        """Number of bits left."""
        return self.bits.length - self._position

    def skip(self, width: int) -> int:
        """Pass over bits.

        Args:
            width: How many, at least zero.

        Returns:
            The position before the step.

        Raises:
            InputError: If the width is negative.
            DecodeError: If fewer bits are left.
        """
        if width < 0:
            raise InputError(f"width: {width} given; at least 0 is allowed")
        if width > self.remaining:
            raise DecodeError(
                f"truncated: {width} bits wanted at bit {self._position}, {self.remaining} left"
            )
        start = self._position
        self._position += width
        return start

    def read_bit(self) -> int:
        """The next bit; DecodeError at the end."""
        start = self.skip(1)
        return (self.bits.data[start >> 3] >> (7 - (start & 7))) & 1

    def read_uint(self, width: int) -> int:
        """The next `width` bits as a number, most significant first; DecodeError if fewer are left."""
        start = self.skip(width)
        stop = start + width
        window = int.from_bytes(self.bits.data[start >> 3 : (stop + 7) >> 3], "big")
        return (window >> (-stop % 8)) & ((1 << width) - 1)

    def read_array(self, width: int) -> NDArray[np.uint8]:
        """The next `width` bits as an array of zeros and ones; DecodeError if fewer are left."""
        start = self.skip(width)
        stop = start + width
        window = np.frombuffer(self.bits.data[start >> 3 : (stop + 7) >> 3], dtype=np.uint8)
        return np.unpackbits(window)[start & 7 : (start & 7) + width]

    def finish(self) -> None:
        """State that the message ends here.

        Raises:
            DecodeError: If bits are left over.
        """
        if self.remaining:
            raise DecodeError(
                f"{self.remaining} bits left over after the message; altered or of another codec"
            )
