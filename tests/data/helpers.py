"""Small idx files and a machine on which nothing can be had."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from idbounds.data import Arrays, idx
from idbounds.data import tool as tool_module
from idbounds.errors import DataError


def small_arrays() -> Arrays:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (7, 28, 28), dtype=np.uint8)
    y = rng.integers(0, 10, 7).astype(np.int64)
    return Arrays(x[:4], y[:4], x[4:], y[4:])


def idx_bytes(array: np.ndarray) -> bytes:
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_folder(folder: Path, arrays: Arrays, zipped: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, array in zip(idx.STEMS, arrays, strict=True):
        data = idx_bytes(array)
        name, data = (f"{stem}.gz", gzip.compress(data)) if zipped else (stem, data)
        (folder / name).write_bytes(data)


def cut_off(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Point cache and data at empty folders and make every outside program fail."""

    def refuse(what: str, *_rest: object) -> None:
        raise DataError(f"{what} failed: no network")

    for variable in ("IDBOUNDS_CACHE", "IDBOUNDS_DATA"):
        (folder / variable).mkdir()
        monkeypatch.setenv(variable, str(folder / variable))
    monkeypatch.setattr(tool_module, "run", refuse)
