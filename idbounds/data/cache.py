"""Downloaded data sets, kept as one uncompressed npz file each so that the second run needs no network."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from idbounds.data.model import Arrays


def folder() -> Path:
    """Return the cache folder: `IDBOUNDS_CACHE`, or `~/.cache/idbounds`."""
    given = os.environ.get("IDBOUNDS_CACHE")
    return Path(given).expanduser() if given else Path("~/.cache/idbounds").expanduser()


def path_of(name: str, sha256: str) -> Path:
    """Name the cache file of a data set; the digest in it keeps versions of the project apart.

    Args:
        name: The data set's name.
        sha256: The digest its arrays must have.

    Returns:
        The path, whether or not the file exists.
    """
    return folder() / f"{name}-{sha256[:12]}.npz"


def read(path: Path) -> Arrays | None:
    """Read a cache file.

    Args:
        path: The file.

    Returns:
        The arrays, or None if the file is absent or damaged (it is then fetched again).
    """
    found = read_arrays(path, Arrays._fields)
    return None if found is None else Arrays(**found)


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, npt.NDArray[Any]] | None:
    """Read a cache file of other arrays than those of a data set.

    Args:
        path: The file.
        names: Of the arrays that it must hold.

    Returns:
        The arrays by name, or None if the file is absent or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def write(path: Path, arrays: Arrays) -> None:
    """Write a cache file; readers see the whole file or none, also when two processes write at once.

    Args:
        path: The file to make or replace.
        arrays: What it is to hold.
    """
    write_arrays(path, arrays._asdict())


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write a cache file of other arrays than those of a data set, whole or not at all.

    A cache that cannot be written costs time, not correctness: it is a warning.

    Args:
        path: The file to make or replace.
        arrays: What it is to hold.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The name is unique to this call, and in the same folder, so that os.replace is atomic.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes no mapping
        os.replace(temporary, path)  # noqa: PTH105  (one call, easy to see and to test)
        temporary = None
    except OSError as error:
        warnings.warn(f"{path} cannot be written ({error}); the next run will download again", stacklevel=2)
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
