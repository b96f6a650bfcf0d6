"""What a code is here: a prefix-free map from values to bits whose exact length a bound is charged."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, Self, TypeVar, final

from idbounds.codes.bits import BitReader, Bits, BitWriter
from idbounds.errors import DecodeError, InputError

T = TypeVar("T")


@final
@dataclass(frozen=True)
class Part:
    """One item on the bill of a message.

    Args:
        name: What the bits say.
        bits: Exact number of bits.
        ideal_bits: -log2 of the probability the code gives to the value, in bits.
    """

    name: str
    bits: int
    ideal_bits: float


@final
@dataclass(frozen=True)
class Message:
    """A bit string with its itemised bill.

    Args:
        bits: The message itself.
        parts: The items, in the order written; their bits add up to the length of the message.
        decoder: Name of the codec that reads it.

    Raises:
        InputError: If the parts do not add up.
    """

    bits: Bits
    parts: tuple[Part, ...]
    decoder: str

    def __post_init__(self) -> None:
        """Refuse a bill that differs from the message."""
        billed = sum(part.bits for part in self.parts)
        if billed != self.bits.length:
            raise InputError(
                f"message: the parts add up to {billed} bits, the message has {self.bits.length}"
            )

    @property
    def code_bits(self) -> int:
        """Exact length in bits: what a bound is charged."""
        return self.bits.length

    @property
    def ideal_bits(self) -> float:
        """Sum of the ideal lengths of the parts, in bits; shown, never charged."""
        return math.fsum(part.ideal_bits for part in self.parts)


class Codec(ABC, Generic[T]):
    """A prefix-free code: no codeword begins with another, hence the sum of 2^-length is at most one.

    `overhead` is the promise length < ideal_length + overhead (in bits; infinity for none). Integer codes
    meet their ideal length exactly.
    """

    overhead: ClassVar[float] = 2.0

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the code with its parameters, as written in a message."""

    @abstractmethod
    def write(self, value: T, out: BitWriter) -> None:
        """Append the codeword of a value; InputError if it has none.

        Args:
            value: The value.
            out: Where the bits go.
        """

    @abstractmethod
    def read(self, source: BitReader) -> T:
        """Read one codeword and not a bit more; DecodeError if there is none.

        Args:
            source: Where the bits come from.
        """

    @abstractmethod
    def ideal_length(self, value: T) -> float:
        """-log2 of the probability that the code gives to a value, in bits.

        Args:
            value: The value.
        """

    @final
    def encode(self, value: T) -> Message:
        """Write one value as a message of one part.

        Args:
            value: The value.

        Returns:
            The message; its `code_bits` is the exact length.
        """
        return MessageBuilder().add(self.name, self, value).build(self.name)

    @final
    def decode(self, message: Message | Bits) -> T:
        """Read a message back.

        Args:
            message: A message, or its bits alone.

        Returns:
            The value.

        Raises:
            DecodeError: If another codec wrote it, or bits are missing, altered or left over.
        """
        if isinstance(message, Message):
            if message.decoder != self.name:
                raise DecodeError(f"message written by {message.decoder!r}; this is {self.name!r}")
            message = message.bits
        source = BitReader(message)
        value = self.read(source)
        source.finish()
        return value

    @final
    def length(self, value: T) -> int:
        """Exact length in bits of the codeword of a value.

        Args:
            value: The value.

        Returns:
            The number of bits.
        """
        out = BitWriter()
        self.write(value, out)
        return len(out)


@final
class MessageBuilder:
    """Writes several named values one after another, each with its own codec.

    The concatenation of prefix-free codes is prefix-free: a reader calls `read` of the same codecs in the
    same order on one BitReader and ends with its `finish`.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._out = BitWriter()
        self._parts: list[Part] = []

    def add(self, name: str, codec: Codec[T], value: T) -> Self:
        """Append one value.

        Args:
            name: What the value is.
            codec: How it is written.
            value: The value.

        Returns:
            The builder itself.
        """
        ideal_bits = codec.ideal_length(value)
        start = len(self._out)
        codec.write(value, self._out)
        self._parts.append(Part(name, len(self._out) - start, ideal_bits))
        return self

    def build(self, decoder: str) -> Message:
        """The message of all parts so far, to be read by the named decoder."""
        return Message(self._out.bits(), tuple(self._parts), decoder)
