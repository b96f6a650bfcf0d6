"""One tensor, read block by block, and the limits that every reader keeps."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError

BLOCK: Final = 2**20
"""Most entries that are read at once."""

LARGEST_TENSOR: Final = 2**28
"""Most entries of a tensor."""

LARGEST_HEADER: Final = 2**22
"""Most bytes that are parsed before the tensors are known."""

BFLOAT16: Final = "bfloat16"
"""The upper half of a float32; numpy has no name for it."""

_MOST_DIMENSIONS = 32
_ADVICE = "give a safetensors, npy or npz file"

Blocks = Iterator[NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Tensor:
    """What a tensor is called, its shape, and a way to read it without holding it whole.

    Attributes:
        name: its name in the file, fit to be printed.
        shape: its dimensions; () is a single number.
        dtype: numpy's name of the type of its entries, or bfloat16.
        stored: gives the entries as they are stored, in C order, in blocks of at most 2^20.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    stored: Callable[[], Blocks]

    @property
    def size(self) -> int:
        """Number of entries."""
        return prod(self.shape)

    @property
    def whole(self) -> bool:
        """Whether the entries are whole numbers (or truth values)."""
        return self.dtype.startswith(("int", "uint", "bool"))

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """The entries as numbers, in C order.

        Yields:
            Blocks of at most 2^20: float64, or int64 if the entries are whole.

        Raises:
            InputError: If an entry is NaN, infinite, or too large for int64; or if the file is truncated.
        """
        for block in self.stored():
            if self.dtype == BFLOAT16:
                block = (block.astype(np.uint32) << np.uint32(16)).view(np.float32)
            if not self.whole and not np.isfinite(block).all():
                raise InputError(f"{self.name}: an entry is NaN or infinite; only finite weights are allowed")
            if block.dtype == np.uint64 and int(block.max()) >= 2**63:
                raise InputError(f"{self.name}: the entry {block.max()} given; less than 2^63 is allowed")
            yield block.astype(np.int64 if self.whole else np.float64)


def printable(name: str) -> str:
    """A name from a file as it may be printed: no control characters, not too long."""
    text = "".join(c if c.isprintable() else "?" for c in name[:80])
    return text if len(name) <= 80 else f"{text[:77]}..."


def checked_shape(shape: object, name: str) -> tuple[int, ...]:
    """A shape that a file claims.

    Args:
        shape: What the file says.
        name: Of the tensor, for the error message.

    Returns:
        The shape: whole numbers from 1 up, at most 32, whose product is at most 2^28.

    Raises:
        InputError: If it is anything else, an empty tensor included.
    """
    if not isinstance(shape, (list, tuple)) or len(shape) > _MOST_DIMENSIONS:
        raise InputError(
            f"{name}: no shape given; a list of up to {_MOST_DIMENSIONS} whole numbers is allowed"
        )
    if not all(type(length) is int and 0 <= length < 2**63 for length in shape):
        raise InputError(f"{name}: the shape {str(shape)[:60]} given; whole numbers from 1 up are allowed")
    if 0 in shape:
        raise InputError(f"{name}: an empty tensor, shape {str(tuple(shape))[:60]}; leave it out")
    if prod(shape) > LARGEST_TENSOR:
        raise InputError(
            f"{name}: the shape {str(shape)[:60]} given; up to {LARGEST_TENSOR} entries are allowed"
        )
    return tuple(shape)


def open_plain(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a plain file for reading; a pipe never blocks.

    Args:
        path: The file.

    Returns:
        The open file.

    Raises:
        InputError: If it is not there, a directory, or anything but a plain file.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}; {_ADVICE}") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a directory" if stat.S_ISDIR(mode) else "not a plain file"
        raise InputError(f"{path}: {what}; {_ADVICE}")
    return os.fdopen(handle, "rb")


def file_size(file: BinaryIO) -> int:
    """Number of bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def read_exactly(file: BinaryIO, count: int, what: str) -> bytes:
    """So many bytes; InputError if the file ends before."""
    data = file.read(count)
    if len(data) < count:
        raise InputError(f"{what}: {count} bytes wanted, {len(data)} left; the file is truncated")
    return data


def blocks_of(file: BinaryIO, dtype: np.dtype[np.generic], size: int, name: str) -> Blocks:
    """Entries from where a file stands.

    Args:
        file: Open at the first entry.
        dtype: Of the entries in the file.
        size: How many there are.
        name: Of the tensor, for the error message.

    Yields:
        Blocks of at most 2^20 entries.
    """
    for start in range(0, size, BLOCK):
        count = min(BLOCK, size - start)
        yield np.frombuffer(read_exactly(file, count * dtype.itemsize, name), dtype=dtype)
