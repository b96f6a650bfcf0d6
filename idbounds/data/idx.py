"""The idx format of MNIST's files: a big-endian header, then unsigned bytes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from idbounds.data.model import Arrays
from idbounds.errors import DataError

STEMS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_UNSIGNED_BYTE = 0x08


def _contents(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}); replace it by a whole copy") from error


def read_idx(path: Path, dimensions: int) -> npt.NDArray[np.uint8]:
    """Read one idx file of unsigned bytes.

    Args:
        path: The file; one that ends in .gz is decompressed.
        dimensions: How many dimensions it must have (3 for images, 1 for labels).

    Returns:
        A new, writable array.

    Raises:
        DataError: If the file cannot be read, is of another type or has another length than it states.
    """
    data = _contents(path)
    magic = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if data[:4] != magic:
        raise DataError(
            f"{path}: starts with 0x{data[:4].hex()}, expected 0x{magic.hex()} ({dimensions}-d idx)"
        )
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise DataError(f"{path}: ends within its header; replace it by a whole copy")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    if len(data) - start != math.prod(shape):
        raise DataError(
            f"{path}: holds {len(data) - start} bytes of values, its header says {math.prod(shape)}; "
            "replace it by a whole copy"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()


def files_in(folder: Path) -> tuple[list[Path], list[str]]:
    """Look for the four idx files, plain or gzipped.

    Args:
        folder: Where to look.

    Returns:
        The files that are there, and the names of those that are not.
    """
    found, missing = [], []
    for stem in STEMS:
        path = next((p for p in (folder / stem, folder / f"{stem}.gz") if p.is_file()), None)
        if path is None:
            missing.append(stem)
        else:
            found.append(path)
    return found, missing


def read_folder(folder: Path) -> Arrays:
    """Read the four idx files of a folder.

    Args:
        folder: A folder for which `files_in` misses nothing.

    Returns:
        The four arrays.

    Raises:
        DataError: If a file is missing, damaged, or not of the format.
    """
    found, missing = files_in(folder)
    if missing:
        raise DataError(f"{folder}: {', '.join(missing)} missing")
    train_x, train_y, test_x, test_y = (read_idx(p, d) for p, d in zip(found, (3, 1, 3, 1), strict=True))
    return Arrays(train_x, train_y.astype(np.int64), test_x, test_y.astype(np.int64))
