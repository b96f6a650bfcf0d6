"""The codes that a bill compares: a menu fixed beforehand, so that taking the best has a known price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import (
    AdaptiveVector,
    Codec,
    EliasDelta,
    EliasGamma,
    HistogramRun,
    HuffmanRun,
    MixtureVector,
    ParametricVector,
    RangedVector,
    Shifted,
    StaticRun,
    Uniform,
    Zigzag,
    huffman_lengths,
)
from idbounds.codes.files.serial import CompressedVector, header_bits, serialise
from idbounds.codes.symbols import tables
from idbounds.codes.symbols.each import RiceVector, gamma_vector

Vector = NDArray[np.int64]

CHOICES: Final = 16
"""Places of the menu, taken or not: a new code changes no bound."""


@dataclass(frozen=True)
class Entry:
    """A code of integer vectors, as the menu has it.

    Attributes:
        codec: makes the code of vectors of a length that the decoder knows.
        header: how many bits of a vector's codeword, whose length is given, do not stand for entries.
        together: whether all tensors make one vector, as a general compressor sees a file.
    """

    codec: Callable[[int], Codec[Vector]]
    header: Callable[[Vector, int], int]
    together: bool = False


def _uniform(size: int, *, n: int) -> StaticRun:
    """All symbols 0 .. size - 1 alike."""
    return StaticRun(np.ones(size, dtype=np.int64), n=n)


def _ends(vector: Vector) -> int:
    """Bits of the smallest entry and of the range in a `RangedVector`."""
    smallest, span = int(vector.min()), int(np.ptp(vector)) + 1
    return Zigzag(Shifted(EliasGamma(), by=1)).length(smallest) + EliasGamma().length(span)


def _counts(vector: Vector) -> Vector:
    """How often each integer occurs, from the smallest to the largest."""
    return np.bincount(vector - vector.min()).astype(np.int64)


def _histogram_header(vector: Vector, bits: int) -> int:
    size = int(np.ptp(vector)) + 1
    return _ends(vector) + HistogramRun(size, n=vector.size).header_bits(vector - vector.min())


def _huffman_header(vector: Vector, bits: int) -> int:
    counts = _counts(vector).tolist()
    return bits - sum(int(n) * length for n, length in zip(counts, huffman_lengths(counts), strict=True))


def _largest_header(vector: Vector, bits: int) -> int:
    return EliasGamma().length(int(np.abs(vector).max()) + 1)


def _family_header(vector: Vector, bits: int) -> int:
    scales = tables.scale_count(tables.fineness(vector.size))
    return Uniform(len(tables.FAMILIES) * scales).length(0)


def _tree_header(vector: Vector, bits: int) -> int:
    return Uniform(4).length(0) + EliasDelta().length(len(serialise(vector)) + 1)


def _compressed(name: str) -> Entry:
    return Entry(partial(CompressedVector, name), header_bits, together=True)


MENU: Final = {
    "uniform": Entry(partial(RangedVector, _uniform), lambda vector, bits: _ends(vector)),
    "elias-gamma": Entry(gamma_vector, lambda vector, bits: 0),
    "rice": Entry(RiceVector, lambda vector, bits: RiceVector(vector.size).header_bits(vector)),
    "huffman": Entry(partial(RangedVector, HuffmanRun), _huffman_header),
    "histogram": Entry(partial(RangedVector, HistogramRun), _histogram_header),
    "adaptive": Entry(AdaptiveVector, _largest_header),
    "parametric": Entry(ParametricVector, _family_header),
    "mixture": Entry(MixtureVector, lambda vector, bits: 0),
    "zlib": _compressed("zlib"),
    "bz2": _compressed("bz2"),
    "lzma": _compressed("lzma"),
    "zstd": _compressed("zstd"),
    "brotli": _compressed("brotli"),
    "context-tree": Entry(partial(CompressedVector, "ctw"), _tree_header, together=True),
}
"""Codes by name, in an order that never changes; new ones go to the end, up to 16."""
