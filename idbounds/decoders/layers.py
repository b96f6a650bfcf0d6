"""Decoder "layers-1": the weights of a network tensor by tensor, each in the form that its compression left.

The message names, in this order, the recipe, an architecture of the menu, and for each tensor its form with
the schemes of its numbers, the positions that the form needs, and the numbers. The tensors are the
parameters that need a gradient, in the module's order, then running means and variances. Everything else
(other buffers, parameters without gradient) is what the architecture sets it to. A change of anything below,
or of the codes of `forms` and `values`, is a new decoder with a new name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from idbounds.codes import Message, MessageBuilder
from idbounds.decoders.decoder import CUSTOM, ENTRY, Decoder, Maker, Network, Parts, begun, wide
from idbounds.decoders.form import Form, Positions, Slot
from idbounds.decoders.heads import HeadCode
from idbounds.decoders.values import Reals, Values, checked, entries_codec
from idbounds.errors import DecodeError, InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

DECODER = "layers-1"
MENU = (
    CUSTOM, "convnet", "mlp", "lenet", "scatternet", "uprightnet", "linear", "vectornet", "mirrornet",
    "sketchnet", "uprightsketch", "mirrorsketch", "widesketch",
)  # fmt: skip
"""Architectures by index; an index never changes meaning."""

DEVELOPED_ON = ("fashion-mnist", "mnist", "digits", "cifar-10-jpeg")
"""Data sets that were looked at while this decoder was developed: said in every certificate of them."""

STATISTICS = ("running_mean", "running_var")
"""Buffers that training changes: they are part of the model, and paid for."""


def _nowhere() -> Positions:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Coded:
    """One tensor as the message says it.

    Attributes:
        slot: which one.
        form: how it is made.
        values: the vectors of numbers that it is made of.
        positions: those that the form names, int64, ascending; none for most forms.
    """

    slot: Slot
    form: Form
    values: tuple[Values, ...]
    positions: Positions = field(default_factory=_nowhere)

    @property
    def weights(self) -> Reals:
        """The tensor, float64, in its shape."""
        made = self.form.weights(self.slot, self.positions, [v.numbers for v in self.values])
        return made.reshape(self.slot.shape)

    def write(self, builder: MessageBuilder) -> MessageBuilder:
        """Append the tensor to a message.

        Args:
            builder: the message so far.

        Returns:
            The same.

        Raises:
            InputError: when the vectors do not fit the form.
        """  # noqa: DOC502 - raised by the codes
        name, slot = self.slot.name, self.slot
        builder.add(f"{name}, form", HeadCode(slot), (self.form, tuple(v.scheme for v in self.values)))
        pattern = self.form.pattern(slot)
        if pattern is not None:
            builder.add(f"{name}, pattern", pattern, self.positions)
        sizes = self.form.sizes(slot, self.positions.size)
        for place, (vector, size) in enumerate(zip(self.values, sizes, strict=True), 1):
            part = f"{name}, values" + (f" {place}" if len(sizes) > 1 else "")
            builder.add(part, entries_codec(vector.scheme, size), vector.entries)
        return builder


@dataclass(frozen=True, eq=False)
class Model:
    """A hypothesis.

    Attributes:
        architecture: name in MENU.
        tensors: each tensor of its layout, in order.
    """

    architecture: str
    tensors: tuple[Coded, ...]


def layout(module: nn.Module) -> tuple[Slot, ...]:
    """The tensors that a message gives.

    Args:
        module: the network.

    Returns:
        One slot a tensor, in the order of the message; a tied parameter once.

    Raises:
        InputError: when there is none, one is empty or not of real numbers, or a batch norm has no running
            statistics, so that a prediction depends on other inputs.
    """
    from idbounds.projections.buffers import normalisations

    normalisations(module)
    found: dict[str, Tensor] = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not found or not all(p.is_floating_point() and p.numel() for p in found.values()):
        raise InputError(
            f"{DECODER} writes real weights; the module has {len(found)} parameters that need a gradient, of "
            "which one must be there, and none may be empty or of whole or complex numbers"
        )
    buffers = module.named_buffers()
    found |= {name: b for name, b in buffers if name.rpartition(".")[2] in STATISTICS}
    slots, start = [], 0
    for name, tensor in found.items():
        slots.append(Slot(name, tuple(tensor.shape), start))
        start += tensor.numel()
    return tuple(slots)


def state(model: Model, module: nn.Module) -> dict[str, Tensor]:
    """All tensors of a module with the weights that a model names.

    Args:
        model: the hypothesis.
        module: the network it is for.

    Returns:
        CPU tensor by name, float64 where it is floating point.
    """
    import torch

    from idbounds.projections.buffers import constants

    found = {name: wide(p) for name, p in module.named_parameters()}
    found |= {name: wide(value) for name, value in constants(module, initial=True).items()}
    return found | {t.slot.name: torch.from_numpy(t.weights.copy()) for t in model.tensors}


def encode(model: Model) -> Message:
    """The message of a model.

    Args:
        model: the hypothesis.

    Returns:
        Message whose parts are recipe, architecture, and form, pattern and values of each tensor.

    Raises:
        InputError: for a value that the message cannot say.
    """  # noqa: DOC502 - raised by the parts
    builder = begun(DECODER, MENU, model.architecture)
    for tensor in model.tensors:
        tensor.write(builder)
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
    """
    parts = Parts(payload, DECODER)
    architecture = parts.read_entry("architecture", ENTRY, MENU)
    made = module(architecture)
    slots = layout(made)
    try:
        model = Model(architecture, tuple(_read(slot, parts) for slot in slots))
    except InputError as error:
        raise DecodeError(f"{DECODER}: {error}") from None
    parts.finish()
    states = {
        "architecture": architecture,
        "parameters": sum(slot.size for slot in slots),
        "forms": [tensor.form.kind for tensor in model.tensors],
    }
    return model, Network(made, state(model, made), states), parts.bits


def _read(slot: Slot, parts: Parts) -> Coded:
    """The next tensor."""
    form, schemes = parts.read(f"{slot.name}, form", HeadCode(slot))
    pattern = form.pattern(slot)
    positions = _nowhere() if pattern is None else parts.read(f"{slot.name}, pattern", pattern)
    sizes = form.sizes(slot, positions.size)
    values = []
    for place, (scheme, size) in enumerate(zip(schemes, sizes, strict=True), 1):
        part = f"{slot.name}, values" + (f" {place}" if len(sizes) > 1 else "")
        values.append(checked(scheme, parts.read(part, entries_codec(scheme, size))))
    return Coded(slot, form, tuple(values), positions)


LAYERS = Decoder(
    name=DECODER, menu=MENU, developed_on=DEVELOPED_ON, encode=encode, decode=decode,
    states={"architecture": str, "parameters": int, "forms": list},
)  # fmt: skip
