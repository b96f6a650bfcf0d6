"""Reader of npy and npz files without pickle: numbers of one fixed type, and nothing that could be executed.

A member of an npz file is read as it is expanded, so a small archive cannot claim much memory.

Source: numpy.lib.format, versions 1.0 to 3.0 of the npy format.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import BinaryIO, Final, cast

import numpy as np

from idbounds.checkpoints.tensor import (
    BLOCK,
    Blocks,
    Tensor,
    blocks_of,
    checked_shape,
    file_size,
    open_plain,
    printable,
    read_exactly,
)
from idbounds.errors import InputError

MAGIC: Final = b"\x93NUMPY"
LARGEST_FORTRAN: Final = 2**24
"""Most entries of an array in Fortran order, which is turned round in memory."""

_LARGEST_HEADER = 2**16
_LARGEST_READ = 2**24
_FIELDS = (
    r"'descr'\s*:\s*'([^']{1,16})'",
    r"'fortran_order'\s*:\s*(True|False)",
    r"'shape'\s*:\s*\(([\d,\s]{0,999})\)",  # nothing to backtrack into: a file may hold anything
)
_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")


@dataclass(frozen=True)
class _Header:
    """What stands before the entries: their type, order and shape, and the bytes that this took."""

    dtype: np.dtype[np.generic]
    fortran: bool
    shape: tuple[int, ...]
    bytes: int


def read_npy(path: str | os.PathLike[str]) -> list[Tensor]:
    """The one array of an npy file; its entries are read later, block by block.

    Args:
        path: The file.

    Returns:
        A single tensor, named like the file without its suffix.

    Raises:
        InputError: If the file is truncated, altered, or holds anything but numbers.
    """
    with open_plain(path) as file:
        header = _header(file, str(path))
        wanted, there = header.bytes + prod(header.shape) * header.dtype.itemsize, file_size(file)
    if wanted != there:
        raise InputError(
            f"{path}: {wanted} bytes wanted for its shape, the file has {there}; truncated or altered"
        )

    def stored() -> Blocks:
        with open_plain(path) as file:
            file.seek(header.bytes)
            yield from _entries(file, header, str(path))

    stem = os.path.splitext(os.path.basename(os.fspath(path)))[0]  # noqa: PTH119, PTH122 - may be bytes
    return [Tensor(printable(str(stem)), header.shape, header.dtype.name, stored)]


def read_npz(path: str | os.PathLike[str]) -> list[Tensor]:
    """The arrays of an npz file; their entries are read later, block by block.

    Args:
        path: The file.

    Returns:
        The tensors, in the order of the file.

    Raises:
        InputError: If the file is truncated, altered, or holds anything but arrays of numbers.
    """
    tensors = []
    with _archive(path) as archive:
        members = archive.infolist()
        if len({member.filename for member in members}) < len(members):
            raise InputError(f"{path}: a name occurs twice; altered")
        if any(member.filename.endswith("data.pkl") for member in members):
            raise InputError(f"{path}: a pickled torch checkpoint; save it with safetensors.torch.save_file")
        for member in members:
            what = f"{path}: {printable(member.filename)}"
            if not member.filename.endswith(".npy"):
                raise InputError(
                    f"{what}: not an array; an archive of npy files is allowed, as numpy.savez makes it"
                )
            if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise InputError(
                    f"{what}: an unusual compression; numpy.savez and savez_compressed are allowed"
                )
            with archive.open(member) as file:
                header = _header(cast("BinaryIO", file), what)
            wanted = header.bytes + prod(header.shape) * header.dtype.itemsize
            if wanted != member.file_size:
                raise InputError(
                    f"{what}: {wanted} bytes wanted for its shape, {member.file_size} are there; altered"
                )
            tensors.append(_member(path, member.filename, header))
    return tensors


def _member(path: str | os.PathLike[str], filename: str, header: _Header) -> Tensor:
    name = printable(filename.removesuffix(".npy"))

    def stored() -> Blocks:
        with _archive(path) as archive, archive.open(filename) as file:
            read_exactly(cast("BinaryIO", file), header.bytes, name)
            yield from _entries(cast("BinaryIO", file), header, f"{path}: {name}")

    return Tensor(name, header.shape, header.dtype.name, stored)


def _header(file: BinaryIO, name: str) -> _Header:
    """The header of an npy file or member."""
    start = read_exactly(file, len(MAGIC) + 2, name)
    version = start[len(MAGIC)]
    if not start.startswith(MAGIC) or version not in {1, 2, 3}:
        raise InputError(f"{name}: not an npy file of version 1 to 3")
    width = 2 if version == 1 else 4
    length = int.from_bytes(read_exactly(file, width, name), "little")
    if length > _LARGEST_HEADER:
        raise InputError(f"{name}: a header of {length} bytes claimed; up to {_LARGEST_HEADER} are allowed")
    text = read_exactly(file, length, name).decode("latin-1")
    found = [re.findall(field, text) for field in _FIELDS]
    rest = re.sub("|".join(_FIELDS), "", text)
    if any(len(field) != 1 for field in found) or not re.fullmatch(r"\s*\{[,\s]*\}\s*", rest):
        raise InputError(
            f"{name}: no header of a plain array of numbers ({printable(text.strip())}); records are not read"
        )
    (descr,), (order,), (lengths,) = found
    if "O" in descr:
        raise InputError(
            f"{name}: pickled objects, which could execute anything, are never read; save numbers"
        )
    if not _DTYPE.fullmatch(descr):
        raise InputError(
            f"{name}: dtype {descr!r} given; bool, integers and floats of 16 to 64 bits are allowed"
        )
    shape = checked_shape([int(length) for length in re.findall(r"\d+", lengths)], name)
    if order == "True" and prod(shape) > LARGEST_FORTRAN:
        raise InputError(
            f"{name}: {prod(shape)} entries in Fortran order given; up to {LARGEST_FORTRAN} are allowed, "
            "save numpy.ascontiguousarray of it"
        )
    return _Header(np.dtype(descr), order == "True", shape, len(start) + width + length)


def _entries(file: BinaryIO, header: _Header, name: str) -> Blocks:
    """The entries in C order, from where the file stands."""
    blocks = blocks_of(file, header.dtype, prod(header.shape), name)
    if not header.fortran:
        yield from blocks
        return
    flat = np.concatenate(list(blocks)).reshape(header.shape[::-1]).T.ravel()
    for start in range(0, flat.size, BLOCK):
        yield flat[start : start + BLOCK]


class _Bounded:
    """A file that refuses to read much at once: what an archive lists is as long as it claims."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        left = max(0, file_size(self._file) - self._file.tell())
        count = left if count < 0 else min(count, left)
        if count > _LARGEST_READ:
            raise InputError(f"{self._file.name}: its list of members is too long; altered")
        return self._file.read(count)


@contextmanager
def _archive(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """An npz file whose errors have names."""
    try:
        with open_plain(path) as file, zipfile.ZipFile(cast("BinaryIO", _Bounded(file))) as archive:
            yield archive
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: a broken archive ({error}); truncated or altered") from None
    except (NotImplementedError, RuntimeError, OverflowError) as error:
        raise InputError(f"{path}: an archive that numpy does not write ({error})") from None
