r"""Images without their slant and their place: moved and sheared by their own moments.

With the image as a mass, its centre goes to the middle, and rows are shifted by :math:`\alpha` pixels a row,
:math:`\alpha` the covariance of column and row over the variance of the row, which makes them uncorrelated.
There are no weights, so it costs no bits. It helps where slant says nothing about the class, as in
handwriting; the constants were fixed while MNIST was looked at.

Source: LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition,
section III-A, where digits are "deslanted" by their second moments.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from idbounds.errors import InputError, MissingExtra
from idbounds.scattering import fits, scatternet

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("models need torch: pip install 'idbounds[torch]'") from error

STEEPEST: Final = 1.0
"""The largest shear, pixels a row."""

FLATTEST: Final = 1e-3
"""The smallest variance of the row, square pixels, that is divided by."""

EMPTY: Final = 1e-6
"""The smallest mass that is divided by."""


class Upright(nn.Module):
    """(batch, *shape) in [-1, 1], -1 the ground, to the same, each image centred and straightened.

    Args:
        shape: of one example, (height, width) or (1, height, width).

    Raises:
        InputError: for another shape.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        """Keep the shape."""
        super().__init__()
        if not stands(shape):
            raise InputError(
                f"upright takes grey images of even sides from 8 x 8 on; an example has shape "
                f"{tuple(shape)}: use mlp, or scatternet for colours"
            )
        self.side = (shape[-2], shape[-1])

    def forward(self, x: Tensor) -> Tensor:
        """The images.

        Args:
            x: (batch, *shape), float32 or float64.

        Returns:
            Of the same shape and dtype; what comes from outside the image is ground.
        """
        height, width = self.side
        mass = (x.reshape(len(x), height, width) + 1) / 2
        row = torch.arange(height, dtype=x.dtype, device=x.device)[:, None]
        column = torch.arange(width, dtype=x.dtype, device=x.device)[None]
        total = mass.sum((1, 2), keepdim=True).clamp_min(EMPTY)
        middle = (mass * row).sum((1, 2), keepdim=True) / total
        centre = (mass * column).sum((1, 2), keepdim=True) / total
        variance = (mass * (row - middle) ** 2).sum((1, 2), keepdim=True) / total
        covariance = (mass * (row - middle) * (column - centre)).sum((1, 2), keepdim=True) / total
        shear = (covariance / variance.clamp_min(FLATTEST)).clamp(-STEEPEST, STEEPEST)
        down = row - (height - 1) / 2
        from_row = (down + middle).expand(-1, -1, width)
        from_column = column - (width - 1) / 2 + centre + shear * down
        places = torch.stack([2 * from_column / (width - 1) - 1, 2 * from_row / (height - 1) - 1], -1)
        moved = nn.functional.grid_sample(mass[:, None], places, mode="bilinear", align_corners=True)
        return (2 * moved - 1).reshape(x.shape)


def stands(shape: Sequence[int]) -> bool:
    """Whether `Upright` takes examples of a shape: what `idbounds.scattering.fits` takes, and grey."""
    return fits(shape) and (len(shape) == 2 or shape[0] == 1)


def uprightnet(shape: Sequence[int], classes: int) -> nn.Sequential:
    """`scatternet` of straightened images.

    Args:
        shape: of one example, see `Upright`.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores, with as many weights as `scatternet`.
    """
    upright, net = Upright(shape), scatternet(shape, classes)
    return nn.Sequential(OrderedDict(front=nn.Sequential(upright, net[0]), body=net[1]))
