"""Shapes and steps of quantised tensors: the header of their message."""

from __future__ import annotations

from math import prod
from typing import Final, final

import numpy as np

from idbounds.checkpoints import LARGEST_TENSOR
from idbounds.codes import BitReader, BitWriter, Codec, EliasDelta, EliasGamma, Shifted, Uniform, step_size
from idbounds.codes.reals.steps import STEPS
from idbounds.errors import DecodeError, InputError

MOST_TENSORS: Final = 2**16
MOST_DIMENSIONS: Final = 32

Shapes = tuple[tuple[tuple[int, ...], float], ...]
"""Shape and step of each tensor."""

_WHOLE, _SAME, _MENU, _OTHER = range(4)
_STEPS = {step_size(i): i for i in range(STEPS)}


@final
class Layout(Codec[Shapes]):
    """Shapes and steps of tensors: what goes first in the message.

    Elias gamma of how many; for each the number of its dimensions (gamma of that + 1), the dimensions (Elias
    delta), and its step: 2 bits say whether it is 1, the one before again, one of the 64 steps of a
    certificate (2^((i - 40) / 4), 6 bits more), or any other (64 bits more, a float64).
    """

    def __init__(self) -> None:
        """Fix the codes."""
        self._count = EliasGamma(largest=MOST_TENSORS)
        self._rank = Shifted(EliasGamma(largest=MOST_DIMENSIONS + 1), by=1)
        self._length = EliasDelta(largest=LARGEST_TENSOR)
        self._kind, self._menu = Uniform(4), Uniform(STEPS)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "layout"

    def write(self, value: Shapes, out: BitWriter) -> None:
        """Append shapes and steps of at least one tensor."""
        if sum(prod(shape) for shape, _ in value) > LARGEST_TENSOR:
            raise InputError(f"layout: more than {LARGEST_TENSOR} entries given; fewer are allowed")
        self._count.write(len(value), out)
        before = None
        for shape, step in value:
            self._rank.write(len(shape), out)
            for length in shape:
                self._length.write(length, out)
            if not 0 < step < np.inf:
                raise InputError(f"layout: the step {step} given; a positive number is allowed")
            kind = _kind(step, before)
            self._kind.write(kind, out)
            if kind == _MENU:
                self._menu.write(_STEPS[step], out)
            elif kind == _OTHER:
                out.write_uint(int.from_bytes(np.array(step, dtype=">f8").tobytes(), "big"), 64)
            before = step

    def read(self, source: BitReader) -> Shapes:
        """Read shapes and steps; DecodeError beyond 2^28 entries in all."""
        layout: list[tuple[tuple[int, ...], float]] = []
        before, total = None, 0
        for _ in range(self._count.read(source)):
            shape = tuple(self._length.read(source) for _ in range(self._rank.read(source)))
            total += prod(shape)
            if total > LARGEST_TENSOR:
                raise DecodeError(f"layout: more than {LARGEST_TENSOR} entries claimed; altered")
            kind = self._kind.read(source)
            if kind == _MENU:
                step = step_size(self._menu.read(source))
            elif kind == _OTHER:
                step = float(np.frombuffer(source.read_uint(64).to_bytes(8, "big"), dtype=">f8")[0])
            else:
                step = 1.0 if kind == _WHOLE or before is None else before
            if not 0 < step < np.inf or kind != _kind(step, before):
                raise DecodeError(
                    f"layout: the step {step} is written in a way that no encoder takes; altered"
                )
            before = step
            layout.append((shape, step))
        return tuple(layout)

    def ideal_length(self, value: Shapes) -> float:
        """The length itself."""
        return float(self.length(value))


def _kind(step: float, before: float | None) -> int:
    """How a step is written."""
    if step == 1:
        return _WHOLE
    if step == before:
        return _SAME
    return _MENU if step in _STEPS else _OTHER
