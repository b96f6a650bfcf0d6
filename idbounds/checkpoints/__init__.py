"""Weights out of files and arrays, block by block: safetensors, npy and npz; never pickle."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.checkpoints import numpy_files, safetensors
from idbounds.checkpoints.tensor import (
    BLOCK,
    LARGEST_TENSOR,
    Blocks,
    Tensor,
    checked_shape,
    open_plain,
    printable,
)
from idbounds.errors import InputError

__all__ = ["BLOCK", "LARGEST_TENSOR", "Tensor", "read_tensors"]

Weights = str | os.PathLike[str] | NDArray[Any] | Mapping[str, NDArray[Any]]
"""A file, an array, or arrays by name."""

_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_tensors(weights: Weights) -> list[Tensor]:
    """The tensors of a file, of an array, or of arrays by name.

    What a file is, its first bytes say, not its suffix. Headers are read and checked now, entries later.

    Args:
        weights: Path of a safetensors, npy or npz file; or an array; or a mapping from names to arrays.

    Returns:
        The tensors, at least one, sorted by name.

    Raises:
        InputError: If it is none of these, is empty, holds anything but numbers, or too many.
    """
    if isinstance(weights, (str, os.PathLike)):
        tensors, what = _reader(weights)(weights), str(weights)
    else:
        arrays = weights if isinstance(weights, Mapping) else {"array": weights}
        tensors, what = [_tensor(str(name), array) for name, array in arrays.items()], "arrays"
    if not tensors:
        raise InputError(f"{what}: no tensors; at least one is wanted")
    total = sum(tensor.size for tensor in tensors)
    if total > LARGEST_TENSOR:
        raise InputError(f"{what}: {total} entries in all; up to {LARGEST_TENSOR} are allowed")
    return sorted(tensors, key=lambda tensor: tensor.name)


def _reader(path: str | os.PathLike[str]) -> Callable[[str | os.PathLike[str]], list[Tensor]]:
    """The reader of a file, by its first bytes."""
    with open_plain(path) as file:
        start = file.read(9)
    if start.startswith(numpy_files.MAGIC):
        return numpy_files.read_npy
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return numpy_files.read_npz
    if start.startswith(_PICKLES) and start[8:] != b"{":
        raise InputError(
            f"{path}: a pickle, which could execute anything, is never read; save it as safetensors"
        )
    if start[8:] != b"{":
        raise InputError(f"{path}: neither safetensors nor npy nor npz, by its first bytes")
    return safetensors.read


def _tensor(name: str, array: object) -> Tensor:
    """A tensor of an array in memory."""
    shown = printable(name)
    try:
        values = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{shown}: no array ({error}); a numpy array or a torch tensor without gradient is allowed"
        ) from None
    if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8:
        raise InputError(
            f"{shown}: dtype {values.dtype} given; bool, integers and floats of 16 to 64 bits are allowed"
        )
    shape = checked_shape(values.shape, shown)

    def stored() -> Blocks:
        flat = values.reshape(-1)
        for start in range(0, flat.size, BLOCK):
            yield flat[start : start + BLOCK]

    return Tensor(shown, shape, values.dtype.name, stored)
