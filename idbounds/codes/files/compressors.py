"""General compressors as prefix-free codes of bytes: upper bounds on Kolmogorov complexity, up to a constant.

A compressed stream is whole bytes, so its length goes first, by Elias delta; containers (headers, sizes,
checksums) are left off where the format allows it. The program that expands the stream is not in the message:
by convention it is shared, and fixed beforehand. Streams differ between versions of a library, so lengths may
differ by some bytes, but each version reads them all.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.files import _streams
from idbounds.codes.integers.elias import EliasDelta, Shifted, Uniform, integer_within
from idbounds.codes.symbols.ctw import LARGEST_TEXT, ContextTree
from idbounds.errors import DecodeError, InputError, MissingExtra

COMPRESSORS: Final = ("stored", "zlib", "bz2", "lzma", "zstd", "brotli", "ctw")
"""The menu, by index: an index never changes meaning, new entries go to the end."""

PLACES: Final = 8
"""Places of the menu, taken or not: a new compressor changes no length."""

LARGEST_DATA: Final = LARGEST_TEXT
"""Most bytes that are compressed or expanded at once, unless told otherwise."""

_STORED, *_LIBRARIES, _CTW = COMPRESSORS


def available() -> tuple[str, ...]:
    """The compressors of the menu that are there; some need a library."""
    return tuple(name for name in COMPRESSORS if name not in _LIBRARIES or _streams.module(name))


def compressor(name: str, *, largest: int = LARGEST_DATA) -> Codec[bytes]:
    """A compressor of the menu.

    Args:
        name: One of `COMPRESSORS`; "ctw" is `ContextTree` at depth 24, the others are `Compressor`.
        largest: Most bytes that are written or read.

    Returns:
        The code.
    """
    return ContextTree(24, largest=largest) if name == _CTW else Compressor(name, largest=largest)


@final
class Compressor(Codec[bytes]):
    """Bytes as one stream of a general compressor, after the number of its bytes (Elias delta of that + 1).

    Each works as hard as it can in a window of 8 MiB (brotli: 4): raw deflate at level 9, bz2 at 9, raw LZMA
    at preset 9e with lc = lp = pb = 0, zstd at 19 without magic number, size and checksum, brotli at 11;
    "stored" does nothing. A reader takes every stream of the format that expands to at most `largest` bytes,
    and allocates little more.

    Args:
        name: One of `COMPRESSORS` but "ctw", see `compressor`.
        largest: Most bytes that are written or read.

    Raises:
        InputError: If there is no such compressor.
        MissingExtra: If its library is not installed.
    """

    def __init__(self, name: str, *, largest: int = LARGEST_DATA) -> None:
        """Fix the compressor."""
        if name not in COMPRESSORS or name == _CTW:
            raise InputError(f"compressor: {name!r} given; {', '.join(COMPRESSORS[:-1])} are allowed")
        if name not in available():
            raise MissingExtra(
                f"{name} needs the module {_streams.MODULES[name]}: pip install 'idbounds[compressors]'"
            )
        self._name = name
        self._largest = integer_within(largest, "largest", 0, LARGEST_DATA)
        self._size = Shifted(EliasDelta(largest=2 * self._largest + 2**10), by=1)

    @property
    def name(self) -> str:
        """Name of the compressor."""
        return self._name

    def write(self, value: bytes, out: BitWriter) -> None:
        """Append bytes."""
        stream = self._stream(value)
        self._size.write(len(stream), out)
        out.write_array(np.unpackbits(np.frombuffer(stream, dtype=np.uint8)))

    def read(self, source: BitReader) -> bytes:
        """Read bytes; DecodeError if the stream is none of this compressor, or expands to too many."""
        stream = np.packbits(source.read_array(8 * self._size.read(source))).tobytes()
        data, whole = stream, True
        if self._name != _STORED:
            try:
                data, whole = _streams.expand(self._name, stream, self._largest + 1)
            except ValueError as error:
                raise DecodeError(f"{self.name}: altered, or of another compressor ({error})") from None
        if len(data) > self._largest:
            raise DecodeError(
                f"{self.name}: the stream expands to more than {self._largest} bytes, the most allowed"
            )
        if not whole:
            raise DecodeError(f"{self.name}: the stream does not end with its last byte; altered")
        return data

    def ideal_length(self, value: bytes) -> float:
        """The length itself: a compressor gives codewords and no other probabilities."""
        stream = len(self._stream(value))
        return self._size.ideal_length(stream) + 8 * stream

    def _stream(self, value: bytes) -> bytes:
        """The compressed bytes; InputError if they are no bytes, or too many."""
        if not isinstance(value, bytes):
            raise InputError(
                f"{self.name}: {type(value).__name__} given; bytes are allowed (`serialise` makes them)"
            )
        if len(value) > self._largest:
            raise InputError(f"{self.name}: {len(value)} bytes given; up to {self._largest} are allowed")
        return value if self._name == _STORED else _streams.compress(self._name, value)


@final
class ShortestCompressor(Codec[bytes]):
    """Bytes by whichever compressor of the menu makes them shortest: its index (3 bits), then its codeword.

    The writer tries those that are installed; the price of the choice is always that of the whole menu.

    Args:
        largest: Most bytes that are written or read.
    """

    def __init__(self, *, largest: int = LARGEST_DATA) -> None:
        """Fix the menu."""
        self._largest = integer_within(largest, "largest", 0, LARGEST_DATA)
        self._choice = Uniform(PLACES)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "shortest-compressor"

    def write(self, value: bytes, out: BitWriter) -> None:
        """Append bytes."""
        best = self._shortest(value)
        self._choice.write(COMPRESSORS.index(best), out)
        compressor(best, largest=self._largest).write(value, out)

    def read(self, source: BitReader) -> bytes:
        """Read bytes; DecodeError if there is no such compressor, MissingExtra if it is not installed."""
        index = self._choice.read(source)
        if index >= len(COMPRESSORS):
            raise DecodeError(
                f"{self.name}: compressor {index} of a menu of {len(COMPRESSORS)}; altered, or newer"
            )
        return compressor(COMPRESSORS[index], largest=self._largest).read(source)

    def ideal_length(self, value: bytes) -> float:
        """The bits of the index, and the ideal length under that compressor."""
        best = compressor(self._shortest(value), largest=self._largest)
        return self._choice.ideal_length(0) + best.ideal_length(value)

    def lengths(self, value: bytes) -> dict[str, int]:
        """Exact length under each compressor that is installed, without the price of the choice.

        Args:
            value: The bytes to compress.

        Returns:
            Bits by name, in the order of the menu.
        """
        return {name: compressor(name, largest=self._largest).length(value) for name in available()}

    def _shortest(self, value: bytes) -> str:
        """Name of the compressor that makes it shortest; the first of several."""
        lengths = self.lengths(value)
        return min(lengths, key=lengths.__getitem__)


def kolmogorov_bound(data: bytes) -> int:
    """Upper bound on the prefix Kolmogorov complexity of bytes, up to the constant of the language.

    It is the length of a real message: 3 bits for the compressor, the length of its stream, and the stream.
    The constant is the size of a program that expands it: it depends on the language, not on the data.

    Args:
        data: The bytes, at most 32 MiB; `serialise` makes bytes of integers.

    Returns:
        The bound in bits.
    """
    return Uniform(PLACES).length(0) + min(ShortestCompressor().lengths(data).values())
