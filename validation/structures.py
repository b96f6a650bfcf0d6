"""Small networks for 14 x 14 images that differ in what is built into them, all with about 8,000 weights.

All are made of matrices and biases, so that starts, subspaces and groups of runs treat them alike.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

SIDE, CLASSES = 14, 10


class Local(nn.Module):
    """Patches of 4 x 4, two apart, each with weights of its own: a convolution that shares nothing.

    Args:
        channels: outputs of each of the 36 patches.
    """

    def __init__(self, channels: int) -> None:
        """Make the weights, a row for each patch and output."""
        super().__init__()
        self.channels = channels
        # As rows of a linear layer: the start scales by the inputs of a row, 16.
        self.patches = nn.Linear(16, 36 * channels)

    def forward(self, images: Tensor) -> Tensor:
        """Images (batch, 14, 14) to (batch, 36 channels)."""
        cut = images.unfold(1, 4, 2).unfold(2, 4, 2).reshape(len(images), 36, 1, 16)
        weight = self.patches.weight.reshape(36, self.channels, 16)
        return (cut * weight).sum(dim=-1).flatten(1) + self.patches.bias


class Recurrent(nn.Module):
    """Reads an image row by row with the same weights at each.

    Args:
        units: of the state.
    """

    def __init__(self, units: int) -> None:
        """Make the weights."""
        super().__init__()
        self.units, self.rows, self.state = units, nn.Linear(SIDE, units), nn.Linear(units, units, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Images (batch, 14, 14) to the last state (batch, units)."""
        seen, state = self.rows(images), images.new_zeros(len(images), self.units)
        for row in range(SIDE):
            # Starts have a variance of 2 / units; the factor gives the state's matrix a spectral radius of 1.
            state = (seen[:, row] + self.state(state) * 0.5**0.5).tanh()
        return state


def _mlp() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(SIDE**2, 38), nn.ReLU(), nn.Linear(38, CLASSES))


def _local() -> nn.Module:
    return nn.Sequential(Local(8), nn.ReLU(), nn.Linear(288, CLASSES))


def _image() -> nn.Module:
    return nn.Unflatten(1, (1, SIDE))


def _shared() -> nn.Module:
    return nn.Sequential(
        _image(), nn.Conv2d(1, 21, 4, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(21 * 36, CLASSES)
    )


def _pooled() -> nn.Module:
    return nn.Sequential(
        _image(), nn.Conv2d(1, 16, 4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 25, 19),
        nn.ReLU(), nn.Linear(19, CLASSES),
    )  # fmt: skip


def _equivariant() -> nn.Module:
    # Round the edges, as the images are shifted; steps of two pixels then change nothing at all.
    return nn.Sequential(
        _image(), nn.Conv2d(1, 16, 4, stride=2, padding=1, padding_mode="circular"), nn.ReLU(),
        nn.Conv2d(16, 50, 3, padding=1, padding_mode="circular"), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(50, CLASSES),
    )  # fmt: skip


def _recurrent() -> nn.Module:
    return nn.Sequential(Recurrent(78), nn.Linear(78, CLASSES))


STRUCTURES: dict[str, Callable[[], nn.Module]] = {
    "mlp": _mlp, "local": _local, "shared": _shared, "pooled": _pooled, "equivariant": _equivariant,
    "recurrent": _recurrent,
}  # fmt: skip
"""Factories. From `local` on each has what the one before has and more, but for recurrence."""
