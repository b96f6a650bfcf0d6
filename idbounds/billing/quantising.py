"""Tensors rounded to a uniform grid: code lengths are of integers, so the error of rounding is reported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.billing.layers import Layer, narrow
from idbounds.checkpoints import Tensor
from idbounds.codes import step_size
from idbounds.codes.reals.steps import STEPS
from idbounds.errors import InputError

SPACING: Final = 0.5
"""Step of the grid in standard deviations of a tensor, unless told otherwise."""

_MOST_STEPS = 2.0**52
_NARROWEST = 1 / 64  # a tensor that hardly varies is rounded as if it varied by this share of its size


@dataclass(frozen=True)
class Rounded:
    """A tensor on its grid.

    Attributes:
        name: its name in the file.
        layer: shape, step and integers.
        rms: root mean square of the entries, before rounding.
        rms_error: root mean square of what rounding changed.
        largest_error: largest change of an entry.
    """

    name: str
    layer: Layer
    rms: float
    rms_error: float
    largest_error: float


def round_tensor(tensor: Tensor, *, step: float | None = None, spacing: float = SPACING) -> Rounded:
    """Round a tensor to the multiples of a step; whole numbers stay as they are.

    Args:
        tensor: The tensor.
        step: The step. By default `spacing` standard deviations of the tensor, rounded to a power of 2^(1/4).
        spacing: See there.

    Returns:
        The tensor on its grid, and what rounding changed.

    Raises:
        InputError: If step or spacing is not positive and finite, or the entries are too large for the step.
    """
    for name, value in (("step", step), ("spacing", spacing)):
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"{name} = {value}: give a positive number")
    largest = max(float(np.abs(block).max()) for block in tensor.blocks())
    size = 1.0 if tensor.whole else float(step or _own_step(tensor, largest, spacing))
    if largest > size * _MOST_STEPS and not tensor.whole:
        raise InputError(
            f"{tensor.name}: an entry of {largest:g} is more than 2^52 steps of {size:g}; take larger steps"
        )
    pieces: list[NDArray[np.signedinteger[Any]]] = []
    unit, square, change, most = largest or 1.0, 0.0, 0.0, 0.0
    for block in tensor.blocks():
        symbols = block if tensor.whole else np.rint(block / size)
        pieces.append(narrow(symbols.astype(np.int64)))
        error = np.abs(block - symbols * size)
        square += float(((block / unit) ** 2).sum())
        change += float(((error / unit) ** 2).sum())
        most = max(most, float(error.max()))
    rms, rms_error = (unit * math.sqrt(total / tensor.size) for total in (square, change))
    return Rounded(tensor.name, Layer(tensor.shape, size, np.concatenate(pieces)), rms, rms_error, most)


def _own_step(tensor: Tensor, largest: float, spacing: float) -> float:
    """The power of 2^(1/4) nearest to `spacing` standard deviations; 1 for a tensor of zeros."""
    if not largest:
        return 1.0
    sums = [(float((x := block / largest).sum()), float((x * x).sum())) for block in tensor.blocks()]
    mean, square = (math.fsum(column) / tensor.size for column in zip(*sums, strict=True))
    spread = math.sqrt(max(square - mean * mean, _NARROWEST**2 * square))
    quarters = round(4 * (math.log2(spread) + math.log2(largest) + math.log2(spacing)))
    if 0 <= quarters + 40 < STEPS:
        return step_size(quarters + 40)
    return math.ldexp(2 ** (quarters % 4 / 4), min(max(quarters // 4, -1000), 1000))
