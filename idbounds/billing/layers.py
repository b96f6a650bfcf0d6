"""Quantised tensors as one message: the layout, then the integers.

The message names no tensor: what is done with the first, the second, ... belongs to the architecture, which
is fixed beforehand. A vector is written in blocks of 2^20 entries, each a codeword of its own: a decoder
holds one block at a time, and the bits by which a block learns anew do not count among a million entries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from idbounds.billing.layout import Layout, Shapes
from idbounds.billing.menu import MENU, Vector
from idbounds.checkpoints import BLOCK
from idbounds.codes import BitReader, BitWriter, Codec
from idbounds.errors import InputError


@final
@dataclass(frozen=True, eq=False)
class Layer:
    """One quantised tensor.

    Attributes:
        shape: its dimensions.
        step: distance of the grid's points: an entry is step times an integer. 1 for whole numbers.
        symbols: the integers in C order, one-dimensional.
    """

    shape: tuple[int, ...]
    step: float
    symbols: NDArray[np.signedinteger]

    def __post_init__(self) -> None:
        """Refuse a shape that does not fit the integers."""
        if self.symbols.shape != (math.prod(self.shape),) or self.symbols.dtype.kind != "i":
            raise InputError(
                f"layer of shape {self.shape}: {self.symbols.dtype} of shape {self.symbols.shape} given; "
                "as many integers in one dimension are allowed"
            )

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        if not isinstance(other, Layer):
            return NotImplemented
        same = (self.shape, self.step) == (other.shape, other.step)
        return same and np.array_equal(self.symbols, other.symbols)

    @property
    def values(self) -> NDArray[np.float64]:
        """The quantised tensor: step times symbols, in its shape."""
        return (self.symbols.astype(np.float64) * self.step).reshape(self.shape)


def narrow(vector: Vector) -> NDArray[np.signedinteger[Any]]:
    """Integers in the smallest type that holds them: a file of weights stays in memory as bytes."""
    ends = np.min_scalar_type(vector.min(initial=0)), np.min_scalar_type(-vector.max(initial=0) - 1)
    return vector.astype(np.result_type(np.int8, *(end for end in ends if end.kind == "i")))


def layout_of(layers: Sequence[Layer]) -> Shapes:
    """What `Layout` writes of tensors."""
    return tuple((layer.shape, layer.step) for layer in layers)


def cuts(sizes: Sequence[int], *, together: bool) -> Iterator[list[tuple[int, slice]]]:
    """How the vectors of a message are cut into blocks.

    Args:
        sizes: Length of each vector.
        together: Whether they make one long vector, or each begins a block.

    Yields:
        A block of at most 2^20 entries: pieces (vector, slice), in order.
    """
    block: list[tuple[int, slice]] = []
    room = BLOCK
    for index, size in enumerate(sizes):
        start = 0
        while start < size:
            stop = min(size, start + room)
            block.append((index, slice(start, stop)))
            start, room = stop, room - (stop - start)
            if not room or not (together or start < size):
                yield block
                block, room = [], BLOCK
    if block:
        yield block


def blocks(layers: Sequence[Layer], *, together: bool) -> Iterator[tuple[int, Vector]]:
    """The integers as they are written.

    Args:
        layers: The tensors.
        together: As for `cuts`.

    Yields:
        The tensor in which a block begins, and the block.
    """
    for block in cuts([layer.symbols.size for layer in layers], together=together):
        pieces = [layers[index].symbols[piece] for index, piece in block]
        yield block[0][0], np.concatenate(pieces).astype(np.int64)


@final
class Layers(Codec[tuple[Layer, ...]]):
    """Quantised tensors: their layout, then their integers by a code of the menu.

    Args:
        code: Name of the code in `MENU`.

    Raises:
        InputError: If there is no such code.
    """

    overhead: ClassVar[float] = math.inf  # two bits for each block

    def __init__(self, code: str) -> None:
        """Fix the code."""
        if code not in MENU:
            raise InputError(f"code: {code!r} given; {', '.join(MENU)} are allowed")
        self._name, self._entry, self._layout = f"layers({code})", MENU[code], Layout()

    @property
    def name(self) -> str:
        """Name of the code with that of the integers."""
        return self._name

    def write(self, value: tuple[Layer, ...], out: BitWriter) -> None:
        """Append tensors."""
        self._layout.write(layout_of(value), out)
        for _, block in blocks(value, together=self._entry.together):
            self._entry.codec(block.size).write(block, out)

    def read(self, source: BitReader) -> tuple[Layer, ...]:
        """Read tensors; DecodeError if none are written so."""
        layout = self._layout.read(source)
        sizes = [math.prod(shape) for shape, _ in layout]
        found: list[list[NDArray[Any]]] = [[] for _ in layout]
        for block in cuts(sizes, together=self._entry.together):
            lengths = [piece.stop - piece.start for _, piece in block]
            vector = self._entry.codec(sum(lengths)).read(source)
            for (index, _), part in zip(block, np.split(vector, np.cumsum(lengths)[:-1]), strict=True):
                found[index].append(narrow(part))
        return tuple(
            Layer(shape, step, np.concatenate(parts))
            for (shape, step), parts in zip(layout, found, strict=True)
        )

    def ideal_length(self, value: tuple[Layer, ...]) -> float:
        """Bits of the layout, and the ideal lengths of all blocks."""
        cut = blocks(value, together=self._entry.together)
        ideal = math.fsum(self._entry.codec(block.size).ideal_length(block) for _, block in cut)
        return self._layout.ideal_length(layout_of(value)) + ideal
