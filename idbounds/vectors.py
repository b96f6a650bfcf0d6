"""Architectures for examples that are vectors: text as presences, the columns of a table.

Both were made while IMDB reviews and letters were looked at, which the decoder says where it is used there.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import MissingExtra

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("models need torch: pip install 'idbounds[torch]'") from error

HIDDEN: Final = 32


class FromZero(nn.Module):
    """(batch, *shape) with entries in [-1, 1] to (batch, d) with entries in [0, 1].

    What is absent is 0 again, so that a weight says nothing about the examples that lack its entry, and its
    noise does not reach them.
    """

    def forward(self, x: Tensor) -> Tensor:
        """The entries, flat."""
        return ((x + 1) / 2).flatten(1)


class Scores(nn.Module):
    """One linear layer whose outputs are the scores; of two classes the first scores 0.

    Two classes need one score: a second row of weights would be paid for and tell nothing new.

    Args:
        width: of the input.
        classes: number of classes.
        bias: whether the layer has one.
    """

    def __init__(self, width: int, classes: int, *, bias: bool) -> None:
        """Build the layer; its weights are whatever torch draws."""
        super().__init__()
        self.given = int(classes == 2)
        self.head = nn.Linear(width, classes - self.given, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (batch, classes) of (batch, width)."""
        return nn.functional.pad(self.head(x), (self.given, 0))


class Beside(nn.Module):
    """A learned layer with ReLU beside its own input, then `Scores`.

    Args:
        width: of the input.
        classes: number of classes.
        hidden: outputs of the learned layer.
    """

    def __init__(self, width: int, classes: int, *, hidden: int) -> None:
        """Build the layers; their weights are whatever torch draws."""
        super().__init__()
        self.width, self.hidden = width, hidden
        self.mix = nn.Linear(width, hidden)
        self.scores = Scores(hidden + width, classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (batch, classes) of (batch, width)."""
        out: Tensor = self.scores(torch.cat([torch.relu(self.mix(x)), x], 1))
        return out

    def prior_groups(self) -> dict[str, NDArray[np.int64]]:
        """Which weights share a standard deviation of the prior.

        Returns:
            For each parameter an integer array of its shape: the head by hidden and by direct inputs.
        """
        direct = np.repeat(np.arange(2), (self.hidden, self.width))
        return {
            "mix.weight": np.zeros((self.hidden, self.width), dtype=np.int64),
            "mix.bias": np.zeros(self.hidden, dtype=np.int64),
            "scores.head.weight": np.broadcast_to(direct, self.scores.head.weight.shape).astype(np.int64),
        }


def linear(shape: Sequence[int], classes: int) -> nn.Sequential:
    """`FromZero` as ``front``, then one linear layer as ``body``.

    Args:
        shape: of one example, any.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores.
    """
    body = Scores(math.prod(shape), classes, bias=True)
    return nn.Sequential(OrderedDict(front=FromZero(), body=body))


def vectornet(shape: Sequence[int], classes: int) -> nn.Sequential:
    """The entries in [-1, 1], flat, as ``front``, then `Beside` as ``body``.

    Args:
        shape: of one example, any.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores; 1,792 weights for 16 entries and 26 classes.
    """
    body = Beside(math.prod(shape), classes, hidden=HIDDEN)
    return nn.Sequential(OrderedDict(front=nn.Flatten(), body=body))
