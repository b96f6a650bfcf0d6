"""A numbered menu of small architectures, declared before any data: what `certify` and `measure` train.

The index of an architecture is part of every certificate's message, so it never changes meaning; a new one is
added at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from idbounds.errors import InputError, MissingExtra
from idbounds.scattering import mirrornet, scatternet
from idbounds.sketched import mirrorsketch, sketchnet, uprightsketch, widesketch
from idbounds.upright import uprightnet
from idbounds.vectors import linear, vectornet

try:
    from torch import nn

    from idbounds.bytegpt import bytegpt
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("models need torch: pip install 'idbounds[torch]'") from error

Factory = Callable[[Sequence[int], int], "nn.Module"]


def convnet(shape: Sequence[int], classes: int) -> nn.Module:
    """Two convolutions of 32 channels, 5x5 with stride 2 and 3x3, each pooled by 2, then one linear layer.

    Args:
        shape: of one example, (height, width) or (channels, height, width); sides of at least 8.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores; 15,210 parameters for 28 x 28 and 10 classes.
    """
    channels, height, width = _image(shape)
    sides = [math.ceil(math.ceil(side / 2) // 2 / 2) for side in (height, width)]
    return nn.Sequential(
        nn.Unflatten(1, (channels, height)) if len(shape) == 2 else nn.Identity(),
        nn.Conv2d(channels, 32, 5, stride=2, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2, ceil_mode=True),
        nn.Flatten(), nn.Linear(32 * sides[0] * sides[1], classes),
    )  # fmt: skip


def mlp(shape: Sequence[int], classes: int) -> nn.Module:
    """Fully connected 200-200 with ReLU (the FC model of Li et al. 2018).

    Args:
        shape: of one example, any.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores.
    """
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), 200),
        nn.ReLU(),
        nn.Linear(200, 200),
        nn.ReLU(),
        nn.Linear(200, classes),
    )


def lenet(shape: Sequence[int], classes: int) -> nn.Module:
    """LeNet-5 as Li et al. 2018 train it: two 5 x 5 convolutions of 6 and 16 channels, then 120 and 84 units.

    Args:
        shape: of one example, (height, width) or (channels, height, width), with sides of at least 8; images
            of less than 16 x 16 are padded with zeros to that size.
        classes: number of classes.

    Returns:
        Module from (batch, *shape) to (batch, classes) scores; 44,426 parameters for 28 x 28 and 10 classes,
        62,006 for 3 x 32 x 32.

    Source: LeCun et al. 1998; Li et al. 2018, section 3 (ReLU and maximum pooling).
    """
    channels, height, width = _image(shape)
    padding = (0, max(0, 16 - width), 0, max(0, 16 - height))
    sides = [((max(side, 16) - 4) // 2 - 4) // 2 for side in (height, width)]
    return nn.Sequential(
        nn.Unflatten(1, (channels, height)) if len(shape) == 2 else nn.Identity(),
        nn.ZeroPad2d(padding) if any(padding) else nn.Identity(),
        nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * sides[0] * sides[1], 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
    )  # fmt: skip


ARCHITECTURES: dict[str, Factory] = {
    "convnet": convnet, "mlp": mlp, "lenet": lenet, "scatternet": scatternet,
    "uprightnet": uprightnet, "linear": linear, "vectornet": vectornet, "mirrornet": mirrornet,
    "sketchnet": sketchnet, "uprightsketch": uprightsketch, "mirrorsketch": mirrorsketch,
    "widesketch": widesketch,
}  # fmt: skip
"""The menu in order; the decoders number it, each in its own way."""

LANGUAGE_MODELS: dict[str, Factory] = {"bytegpt": bytegpt}
"""The same for rows of bytes: modules with scores for each place, of the decoders of language models."""


def build(architecture: str, shape: Sequence[int], classes: int) -> nn.Module:
    """A module of the menu.

    Args:
        architecture: its name.
        shape: of one example.
        classes: number of classes.

    Returns:
        The module; its weights are whatever torch drew and are not used by certificates.

    Raises:
        InputError: for a name that is not in the menu.
    """
    known = ARCHITECTURES | LANGUAGE_MODELS
    if architecture not in known:
        raise InputError(f"no architecture {architecture!r}; known: {', '.join(known)}")
    return known[architecture](shape, classes)


def _image(shape: Sequence[int]) -> tuple[int, int, int]:
    if len(shape) not in (2, 3) or min(shape[-2:]) < 8:
        raise InputError(
            f"convolutions take images of at least 8 x 8; an example has shape {tuple(shape)}: use mlp"
        )
    return (shape[0] if len(shape) == 3 else 1), shape[-2], shape[-1]
