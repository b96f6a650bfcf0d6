"""Reader of the safetensors format: 8 bytes length of the header, a JSON object, the entries.

The entries are raw, little-endian, in C order, at the place that the header names. Nothing is executed. What
the format demands is checked before entries are read: each byte behind the header belongs to one tensor.

Source: github.com/huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

import numpy as np

from idbounds.checkpoints.tensor import (
    BFLOAT16,
    LARGEST_HEADER,
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

DTYPES: Final = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "BF16": "<u2",
    "F32": "<f4",
    "F64": "<f8",
}
"""The types that are read, as numpy sees their bytes."""

_LENGTH = 8


def read(path: str | os.PathLike[str]) -> list[Tensor]:
    """The tensors of a safetensors file; their entries are read later, block by block.

    Args:
        path: The file.

    Returns:
        The tensors, in the order of the file.

    Raises:
        InputError: If the file is not what the format demands.
    """
    with open_plain(path) as file:
        length = int.from_bytes(read_exactly(file, _LENGTH, str(path)), "little")
        room = file_size(file) - _LENGTH
        if length > min(room, LARGEST_HEADER):
            raise InputError(
                f"{path}: a header of {length} bytes claimed, {room} are there, {LARGEST_HEADER} allowed; "
                "truncated, or no safetensors file"
            )
        header = _parsed(read_exactly(file, length, str(path)), str(path))
    tensors, end = [], 0
    for name, entry in sorted(header.items(), key=lambda item: _place(item[1])):
        tensor, start, stop = _tensor(path, name, entry, _LENGTH + length)
        if start != end:
            kind = "overlap" if start < end else "leave a gap"
            raise InputError(f"{path}: {tensor.name}: the offsets {kind} at byte {min(start, end)}; altered")
        end = stop
        tensors.append(tensor)
    if end != room - length:
        raise InputError(
            f"{path}: the tensors have {end} bytes, the file has {room - length}; truncated or altered"
        )
    return tensors


def _parsed(text: bytes, path: str) -> dict[str, Any]:
    """The header without the comments of the format."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise InputError(f"{path}: a name occurs twice in the header; altered")
        return dict(pairs)

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError(f"{path}: the header is no JSON; not a safetensors file") from None
    if not isinstance(header, dict):
        raise InputError(f"{path}: the header is no JSON object; not a safetensors file")
    header.pop("__metadata__", None)
    return header


def _place(entry: Any) -> tuple[int, ...]:
    """Where an entry begins and ends, for sorting; () if it does not say."""
    place = entry.get("data_offsets") if isinstance(entry, dict) else None
    good = isinstance(place, list) and len(place) == 2 and all(type(x) is int for x in place)
    return tuple(place) if isinstance(place, list) and good else ()


def _tensor(path: str | os.PathLike[str], key: str, entry: Any, data: int) -> tuple[Tensor, int, int]:
    """A tensor and its place behind the header, from its entry there."""
    name = printable(key)
    place = _place(entry)
    if not place or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise InputError(
            f"{path}: {name}: dtype, shape and two data_offsets are wanted in the header; altered"
        )
    code = entry["dtype"]
    if not isinstance(code, str) or code not in DTYPES:
        raise InputError(f"{path}: {name}: dtype {str(code)[:20]!r} given; {', '.join(DTYPES)} are allowed")
    shape = checked_shape(entry["shape"], f"{path}: {name}")
    dtype, (start, stop) = np.dtype(DTYPES[code]), place
    size = int(np.prod(shape, dtype=object))
    if stop - start != size * dtype.itemsize or start < 0:
        raise InputError(
            f"{path}: {name}: data_offsets {str([start, stop])[:60]} given; {size} entries of {code} have "
            f"{size * dtype.itemsize} bytes"
        )

    def stored() -> Blocks:
        with open_plain(path) as file:
            file.seek(data + start)
            yield from blocks_of(file, dtype, size, f"{path}: {name}")

    return Tensor(name, shape, BFLOAT16 if code == "BF16" else dtype.name, stored), start, stop
