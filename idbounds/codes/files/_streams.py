"""Streams of general compressors: one way to make them, one way to expand them into bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

MODULES: Final = {"zlib": "zlib", "bz2": "bz2", "lzma": "lzma", "zstd": "zstandard", "brotli": "brotli"}
"""Module of each compressor; Python itself may have been built without one of the first three."""

Expanded = tuple[bytes, bool]
"""What came out, and whether the stream ended with its last byte."""

_WINDOW = 2**23
_PIECE = 64  # bytes of a zstd stream: a block has at least 3 and gives at most 128 KiB, so 3 MiB at once


def module(name: str) -> Any:
    """The module of a compressor, imported here and not before; None if there is none."""
    try:
        return import_module(MODULES[name])
    except ImportError:
        return None


def compress(name: str, data: bytes) -> bytes:
    """The stream of some bytes.

    Args:
        name: Of the compressor, whose module is there.
        data: The bytes.

    Returns:
        The stream, as this version of the library makes it.
    """
    return _COMPRESS[name](module(name), data)


def expand(name: str, stream: bytes, limit: int) -> Expanded:
    """The bytes of a stream.

    Args:
        name: Of the compressor, whose module is there.
        stream: The stream.
        limit: Stop soon after so many bytes, at least 1.

    Returns:
        The bytes, and whether the stream ended with its last byte.

    Raises:
        ValueError: If it is no stream of this compressor.
    """
    library = module(name)
    errors = [
        getattr(library, error) for error in ("error", "LZMAError", "ZstdError") if hasattr(library, error)
    ]
    try:
        return _EXPAND[name](library, stream, limit)
    except (OSError, EOFError, *errors) as error:
        raise ValueError(str(error)) from None


def _filters(lzma: Any) -> list[dict[str, int]]:
    preset = 9 | lzma.PRESET_EXTREME
    return [{"id": lzma.FILTER_LZMA1, "preset": preset, "dict_size": _WINDOW, "lc": 0, "lp": 0, "pb": 0}]


def _deflate(zlib: Any, data: bytes) -> bytes:
    raw = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return bytes(raw.compress(data) + raw.flush())


def _zstd(zstandard: Any, data: bytes) -> bytes:
    settings = zstandard.ZstdCompressionParameters.from_level(
        19, source_size=len(data), format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False
    )
    return bytes(zstandard.ZstdCompressor(compression_params=settings).compress(data))


_COMPRESS: dict[str, Callable[[Any, bytes], bytes]] = {
    "zlib": _deflate,
    "bz2": lambda bz2, data: bz2.compress(data, 9),
    "lzma": lambda lzma, data: lzma.compress(data, lzma.FORMAT_RAW, filters=_filters(lzma)),
    "zstd": _zstd,
    "brotli": lambda brotli, data: brotli.compress(data, quality=11),
}


def _whole(decompressor: Any, stream: bytes, limit: int) -> Expanded:
    data = decompressor.decompress(stream, limit)
    return data, decompressor.eof and not decompressor.unused_data


def _unzstd(zstandard: Any, stream: bytes, limit: int) -> Expanded:
    settings = {"format": zstandard.FORMAT_ZSTD1_MAGICLESS, "max_window_size": _WINDOW}
    frame = zstandard.ZstdDecompressor(**settings).decompressobj()
    data = bytearray()
    for start in range(0, len(stream), _PIECE):
        data += frame.decompress(stream[start : start + _PIECE])
        if len(data) >= limit:
            break
    return bytes(data), frame.eof and not frame.unused_data


def _unbrotli(brotli: Any, stream: bytes, limit: int) -> Expanded:
    decompressor = brotli.Decompressor()
    return decompressor.process(stream, output_buffer_limit=limit), decompressor.is_finished()


_EXPAND: dict[str, Callable[[Any, bytes, int], Expanded]] = {
    "zlib": lambda zlib, stream, limit: _whole(zlib.decompressobj(-15), stream, limit),
    "bz2": lambda bz2, stream, limit: _whole(bz2.BZ2Decompressor(), stream, limit),
    "lzma": lambda lzma, stream, limit: _whole(
        lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_filters(lzma)), stream, limit
    ),
    "zstd": _unzstd,
    "brotli": _unbrotli,
}
