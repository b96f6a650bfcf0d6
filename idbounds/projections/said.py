"""Structure-aware intrinsic dimension: one trained factor lambda for each layer (Aghajanyan et al. 2020)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from idbounds.projections._torch import Tensor, torch
from idbounds.projections.base import Float64Array
from idbounds.projections.spaces import Entry

Method = Literal["direct", "did", "said"]
METHODS: tuple[Method, ...] = ("direct", "did", "said")
Layer = Literal["tensor", "module", "block"]
LAYERS: tuple[Layer, ...] = ("tensor", "module", "block")

_UP_TO_A_NUMBER = re.compile(r"(?:^|.*?\.)\d+(?=\.|$)")


def layer_of(entry: Entry, layers: Layer) -> str:
    """Name the layer that a tensor belongs to.

    Args:
        entry: the tensor.
        layers: ``"tensor"``: each tensor is one; ``"module"``: those of one submodule are; ``"block"``: those
            whose names agree up to the first number are (``encoder.layer.3``, ``h.0``), and a tensor without
            a number in its name goes with its submodule.

    Returns:
        The name.
    """
    if layers == "tensor":
        return entry.label
    module = entry.parameter.rpartition(".")[0]
    block = _UP_TO_A_NUMBER.match(module) if layers == "block" else None
    return block[0] if block else module


class Lambdas:
    """The factors of the layers, 1 at first: coordinate i of the last m holds lambda_i - 1.

    Args:
        entries: the tensors of trainable numbers.
        layers: what a layer is.

    Attributes:
        names: of the m layers, in the order of their first tensors.
    """

    def __init__(self, entries: Sequence[Entry], layers: Layer) -> None:
        """Number the layers."""
        owner = [layer_of(entry, layers) for entry in entries]
        self.names = list(dict.fromkeys(owner))
        self._layer = [self.names.index(name) for name in owner]
        self._sizes = [entry.size for entry in entries]

    def __len__(self) -> int:
        """Number of layers, m."""
        return len(self.names)

    def scaled(self, movement: Tensor, offsets: Tensor) -> Tensor:
        """Multiply the movement of each layer by its lambda.

        Args:
            movement: shape (D,).
            offsets: lambda - 1, shape (m,).

        Returns:
            Tensor of shape (D,).
        """
        factors = 1 + offsets
        pieces = torch.split(movement, self._sizes)
        return torch.cat([piece * factors[i] for piece, i in zip(pieces, self._layer, strict=True)])

    def exact(self, movement: Float64Array, offsets: Float64Array) -> Float64Array:
        """Do the same in numpy, one rounding an operation.

        Args:
            movement: shape (D,).
            offsets: lambda - 1, shape (m,).

        Returns:
            float64 array of shape (D,).
        """
        return movement * np.repeat((1 + offsets)[self._layer], self._sizes)
