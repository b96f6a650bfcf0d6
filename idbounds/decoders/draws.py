"""Decoder "draws-1": weights as draws from a prior, block by block, each named by its index.

The message names, in this order, the recipe, an architecture of the menu, how the weights are cut into blocks
and drawn (`Drawing`: bits of a block, seed, number of blocks of each tensor), the scale of each group of
weights, and one index a block. Weight i is then

    theta_i = scale(group of i) * z_i,

with z from integers alone; a tensor without blocks is zero. Which weights form a group is a property of the
architecture. Parameters that need no gradient, and buffers, are what the architecture sets them to; running
statistics are at mean 0 and variance 1. A change of anything below is a new decoder with a new name.

Source: Havasi, Peharz and Hernandez-Lobato (2019), Minimal Random Code Learning: weights as indices of draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import (
    BitReader,
    BitWriter,
    Codec,
    EliasGamma,
    Message,
    Shifted,
    Zigzag,
    step_size,
)
from idbounds.codes.reals.drawn import Drawing, DrawingCode, DrawnIndices
from idbounds.codes.reals.steps import STEPS
from idbounds.decoders.decoder import CUSTOM, ENTRY, Decoder, Maker, Network, Parts, begun, wide
from idbounds.errors import DecodeError, InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

DECODER = "draws-1"
MENU = (
    CUSTOM, "scatternet", "mlp", "convnet", "lenet", "uprightnet", "linear", "vectornet", "mirrornet",
    "sketchnet", "uprightsketch", "mirrorsketch", "widesketch",
)  # fmt: skip
"""Architectures by index; an index never changes meaning."""

DEVELOPED_ON = ("fashion-mnist", "mnist", "digits", "cifar-10-jpeg", "imdb", "letter")
"""Data sets that were looked at while this decoder was developed: said in every certificate of them."""

FIRST_SCALE = 44
"""Step 2^(4/4): the first scale is written as a difference from it."""

_DIFFERENCE = Zigzag(Shifted(EliasGamma(), by=1))


@dataclass(frozen=True, eq=False)
class Model:
    """A hypothesis as integers.

    Attributes:
        architecture: name in MENU.
        drawing: blocks and their candidates.
        scales: of each group, an even index into the menu of steps (`step_size`), int64.
        indices: of each block, int64.
    """

    architecture: str
    drawing: Drawing
    scales: NDArray[np.int64]
    indices: NDArray[np.int64]

    def prior_scales(self) -> NDArray[np.float64]:
        """The scale of each group of weights."""
        return np.array([step_size(int(index)) for index in self.scales])


@final
class Scales(Codec[NDArray[np.int64]]):
    """Code of the scales of groups: even indices into the menu of steps, each as a difference from the last.

    Half differences d are written with Elias gamma, 0, -1, 1, -2, .. as 1, 2, 3, 4, ..

    Args:
        count: Number of groups.
    """

    def __init__(self, count: int) -> None:
        """Fix the number."""
        self._count = count

    @property
    def name(self) -> str:
        """Name of the code with the number of groups."""
        return f"scales({self._count})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the scales; InputError for odd ones, too many or too few."""
        for difference in self._differences(value):
            _DIFFERENCE.write(difference, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read the scales, int64, shape (groups,); DecodeError where one leaves the menu."""
        found, last = [], FIRST_SCALE
        for _ in range(self._count):
            last += 2 * _DIFFERENCE.read(source)
            if not 0 <= last < STEPS:
                raise DecodeError(f"{self.name}: scale {last} is not in the menu of {STEPS} steps")
            found.append(last)
        return np.array(found, dtype=np.int64)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The bits of all differences."""
        return sum(_DIFFERENCE.ideal_length(difference) for difference in self._differences(value))

    def _differences(self, value: NDArray[np.int64]) -> list[int]:
        scales = np.asarray(value)
        if (
            scales.shape != (self._count,)
            or scales.dtype.kind not in "iu"
            or (scales % 2).any()
            or ((scales < 0) | (scales >= STEPS)).any()
        ):
            raise InputError(
                f"{self.name}: {scales.dtype} of shape {scales.shape} given; {self._count} even indices "
                f"from 0 below {STEPS} are allowed"
            )
        return [int(d) for d in np.diff(scales, prepend=FIRST_SCALE) // 2]


def weights_of(module: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that a message names: those that need a gradient, in the module's order.

    Args:
        module: the network.

    Returns:
        Parameter by name; a tied one once.

    Raises:
        InputError: when there is none, one is not a real number, or a batch norm has no running statistics,
            so that a prediction depends on other inputs.
    """
    from idbounds.projections.buffers import normalisations

    normalisations(module)
    found = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not found or not all(p.is_floating_point() for p in found.values()):
        raise InputError(
            f"{DECODER} draws real weights; the module has {len(found)} parameters that need a gradient, "
            "of which all must be floating point and one must be there"
        )
    return found


def layout(module: nn.Module) -> tuple[tuple[int, ...], NDArray[np.int64]]:
    """How the weights of a module lie in a message.

    Args:
        module: the network.

    Returns:
        Number of entries of each weight tensor, and the group of each weight, int64, (D,), numbered from 0:
        what the submodule that owns it says in `prior_groups`, else one group a tensor.

    Raises:
        InputError: when `prior_groups` does not fit the weights.
    """
    told: dict[str, Any] = {}
    for name, part in module.named_modules():
        if callable(getattr(part, "prior_groups", None)):
            told |= {f"{name}.{leaf}".lstrip("."): labels for leaf, labels in part.prior_groups().items()}
    weights = weights_of(module)
    groups, start = [], 0
    for name, p in weights.items():
        labels = np.asarray(told.get(name, np.zeros(tuple(p.shape), np.int64)))
        if labels.shape != tuple(p.shape):
            raise InputError(
                f"prior_groups: {name} has shape {tuple(p.shape)}, its groups have {labels.shape}; "
                "give one integer a weight"
            )
        groups.append(start + np.unique(labels, return_inverse=True)[1].reshape(-1))
        start = int(groups[-1].max(initial=start - 1)) + 1
    return tuple(p.numel() for p in weights.values()), np.concatenate(groups).astype(np.int64)


def placed(module: nn.Module, flat: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """All tensors of a module with given weights.

    Args:
        module: the network.
        flat: its weights, float64, (D,).

    Returns:
        CPU tensor of each parameter and buffer by name, float64 where it is floating point; its weights.
    """
    import torch

    from idbounds.projections.buffers import constants

    found = {name: wide(p) for name, p in module.named_parameters()}
    found |= {name: wide(value) for name, value in constants(module, initial=True).items()}
    named = weights_of(module)
    pieces = torch.split(flat, [p.numel() for p in named.values()])
    weights = {name: piece.view(p.shape) for (name, p), piece in zip(named.items(), pieces, strict=True)}
    return found | weights, weights


def state(model: Model, module: nn.Module) -> dict[str, Tensor]:
    """All tensors of a module with the weights that a model names.

    Args:
        model: the hypothesis.
        module: the network it is for.

    Returns:
        CPU tensor by name, float64 where it is floating point.
    """
    import torch

    groups = layout(module)[1]
    flat = torch.from_numpy(model.drawing.made(model.indices) * model.prior_scales()[groups])
    return placed(module, flat)[0]


def encode(model: Model) -> Message:
    """The message of a model.

    Args:
        model: the hypothesis.

    Returns:
        Message whose parts are recipe, architecture, drawing, scales and indices.

    Raises:
        InputError: for a value that the message cannot say.
    """  # noqa: DOC502 - raised by the parts
    builder = begun(DECODER, MENU, model.architecture)
    builder.add("drawing", DrawingCode(model.drawing.sizes), model.drawing)
    builder.add("scales", Scales(len(model.scales)), model.scales)
    builder.add("indices", DrawnIndices(model.drawing.total, model.drawing.bits), model.indices)
    return builder.build(DECODER)


def decode(payload: bytes, module: Maker) -> tuple[Model, Network, dict[str, int]]:
    """The model of a message, its network, and the bits that each part took.

    Args:
        payload: the message, padded with zero bits to whole bytes.
        module: makes the network of an architecture name for the inputs at hand.

    Returns:
        Model, network, and bits by part.

    Raises:
        DecodeError: for anything but exactly one message of this decoder.
    """  # noqa: DOC502 - raised by the parts
    parts = Parts(payload, DECODER)
    architecture = parts.read_entry("architecture", ENTRY, MENU)
    made = module(architecture)
    sizes, groups = layout(made)
    drawing = parts.read("drawing", DrawingCode(sizes))
    scales = parts.read("scales", Scales(int(groups.max()) + 1))
    indices = parts.read("indices", DrawnIndices(drawing.total, drawing.bits))
    parts.finish()
    model = Model(architecture, drawing, scales, indices)
    states = {
        "architecture": architecture, "seed": drawing.seed, "bits": drawing.bits,
        "blocks": list(drawing.counts), "parameters": sum(sizes),
    }  # fmt: skip
    return model, Network(made, state(model, made), states), parts.bits


DRAWS = Decoder(
    name=DECODER, menu=MENU, developed_on=DEVELOPED_ON, encode=encode, decode=decode,
    states={"architecture": str, "seed": int, "bits": int, "blocks": list, "parameters": int},
)  # fmt: skip
