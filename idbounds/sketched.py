r"""The nets of `idbounds.scattering` with a last layer that reads a random sketch of the coefficients.

Each coefficient is added, with a random sign, to one of the entries of its group's sketch, and each entry is
divided by the square root of how many it sums up. The sketch comes from a fixed seed and so costs no bits.
The last layer then has some ten weights a block of draws in place of hundreds. In the terms of intrinsic
dimension it moves in a random subspace of each class's
weights, the same one for every class.

Source: Charikar, Chen and Farach-Colton (2002), Finding frequent items in data streams (the count sketch);
Weinberger et al. (2009), Feature hashing for large scale multitask learning. The sizes were fixed while
Fashion-MNIST and CIFAR-10 were looked at.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import MissingExtra
from idbounds.projections.stream import Stream, permutation, signs
from idbounds.scattering import CosineNet, scatternet
from idbounds.upright import Upright

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("models need torch: pip install 'idbounds[torch]'") from error

WIDTH: Final = 200
"""Entries of the sketch, about."""

SEED: Final = 0
"""Of the sketch."""

_ROOTS: Final = 1 << 20
"""Square roots are compared as integers, times this."""


def shared(counts: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """How many entries of a sketch each group gets: in proportion to the square root of its size.

    Args:
        counts: coefficients of each group, at least 1.
        width: entries to share out.

    Returns:
        Entries of each group, from 1 to its size; their sum is near to ``width`` where there are enough.
    """
    roots = [math.isqrt(int(count) * _ROOTS**2) for count in counts]
    near = [(2 * width * root + sum(roots)) // (2 * sum(roots)) for root in roots]
    return np.array([min(max(1, n), int(c)) for n, c in zip(near, counts, strict=True)], dtype=np.int64)


class SketchNet(CosineNet):
    """A `CosineNet` whose last layer reads a sketch of the coefficients.

    Args:
        width: entries of the sketch, see `shared`.
        args: what `CosineNet` takes.
        kwargs: what `CosineNet` takes.
    """

    def __init__(self, *args: Any, width: int = WIDTH, **kwargs: Any) -> None:
        """Draw the sketch; the weights are whatever torch draws."""
        super().__init__(*args, **kwargs)
        groups, start = self.coefficient_groups(), 0
        labels, counts = np.unique(groups, return_counts=True)
        entries = shared(counts, width)
        order = permutation(SEED, Stream.PERMUTATION, len(groups))
        sign = signs(SEED, Stream.SIGNS, 0, len(groups))
        sketch = np.zeros((len(groups), int(entries.sum())))
        for label, some in zip(labels, entries, strict=True):
            mine = order[groups[order] == label]
            sketch[mine, start + np.arange(len(mine)) % some] = sign[mine]
            start += int(some)
        sketch /= np.sqrt(np.abs(sketch).sum(0))
        self.entry_groups = np.repeat(np.arange(len(labels)), entries)
        self.register_buffer("sketch", torch.from_numpy(sketch))
        self.head = nn.Linear(start, self.classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (batch, classes) of features (batch, channels, height, width)."""
        scores: Tensor = self.head(self.coefficients(x) @ self.get_buffer("sketch").to(x.dtype))
        return scores

    def prior_groups(self) -> dict[str, NDArray[np.int64]]:
        """Which weights share a standard deviation of the prior: as in `CosineNet`."""
        head = np.broadcast_to(self.entry_groups, self.head.weight.shape).astype(np.int64)
        return super().prior_groups() | {"head.weight": head}


def sketchnet(
    shape: Sequence[int], classes: int, *, mirrored: bool = False, hidden: int = 12
) -> nn.Sequential:
    """`scatternet` with a `SketchNet` as its body.

    Args:
        shape: of one example, see `idbounds.scattering.Scattering`.
        classes: number of classes.
        mirrored: see `idbounds.scattering.mirrornet`.
        hidden: channels of the learned convolution.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores; 2,236 weights for 28 x 28 and 10 classes.
    """
    return scatternet(shape, classes, mirrored=mirrored, hidden=hidden, made=SketchNet)


def uprightsketch(shape: Sequence[int], classes: int) -> nn.Sequential:
    """`sketchnet` of straightened images, see `idbounds.upright.uprightnet`.

    Args:
        shape: of one example, see `idbounds.upright.Upright`.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores, with as many weights as `sketchnet`.
    """
    upright, net = Upright(shape), sketchnet(shape, classes)
    return nn.Sequential(OrderedDict(front=nn.Sequential(upright, net[0]), body=net[1]))


def mirrorsketch(shape: Sequence[int], classes: int) -> nn.Sequential:
    """`sketchnet` that does not tell left from right, see `idbounds.scattering.mirrornet`.

    Args:
        shape: of one example, see `idbounds.scattering.Scattering`.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores, with as many weights as `sketchnet`.
    """
    return sketchnet(shape, classes, mirrored=True)


def widesketch(shape: Sequence[int], classes: int) -> nn.Sequential:
    """`mirrorsketch` with 20 hidden channels in place of 12.

    Args:
        shape: of one example, see `idbounds.scattering.Scattering`.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores; 3,050 weights for 3 x 32 x 32 and 10 classes.
    """
    return sketchnet(shape, classes, mirrored=True, hidden=20)
