"""Writers that say anything, for files that are right and files that are not."""

import json

import numpy as np

NAMES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "uint32": "U32", "int32": "I32",
    "uint64": "U64", "int64": "I64", "float16": "F16", "float32": "F32", "float64": "F64",
}  # fmt: skip


def framed(header, data=b"", *, length=None):
    """A safetensors file of a header, as an object or as it stands."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(start, stop, shape, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


def safetensors(arrays, metadata=None):
    """A safetensors file of arrays by name."""
    header, data = ({} if metadata is None else {"__metadata__": metadata}), b""
    for name, array in arrays.items():
        raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = entry(len(data), len(data) + len(raw), array.shape, NAMES[array.dtype.name])
        data += raw
    return framed(header, data)


def npy(header, data=b"", *, version=1, length=None):
    """An npy file of a header, as text."""
    width = 2 if version == 1 else 4
    size = len(header) if length is None else length
    return (
        b"\x93NUMPY" + bytes([version, 0]) + size.to_bytes(width, "little") + header.encode("latin-1") + data
    )


def entries(tensor):
    return np.concatenate(list(tensor.blocks())).reshape(tensor.shape)
