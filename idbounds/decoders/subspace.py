"""Decoder "subspace-1": what a message of this package says, bit by bit, and how weights are rebuilt from it.

The message names, in this order, the recipe, an architecture of the menu, the projection family, the subspace
dimension d, the seed, the step of the grid, and the d integers k. The weights are then

    theta = theta0(seed) + sigma * P(seed) (step * k),

with theta0, sigma and P made from integers alone (`idbounds.projections`). A change of anything below is a
new decoder with a new name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import (
    AdaptiveVector,
    EliasDelta,
    Message,
    Shifted,
    Uniform,
    step_size,
)
from idbounds.codes.reals.steps import STEPS
from idbounds.decoders.decoder import (
    CUSTOM,
    ENTRY,
    Decoder,
    Maker,
    Network,
    Parts,
    begun,
    wide,
)
from idbounds.errors import DecodeError, InputError
from idbounds.projections import projections

if TYPE_CHECKING:
    from torch import Tensor, nn

    from idbounds.projections.subspace import SubspaceModule

DECODER = "subspace-1"
MENU = (
    CUSTOM, "convnet", "mlp", "lenet", "scatternet", "uprightnet", "linear", "vectornet", "mirrornet",
    "sketchnet", "uprightsketch", "mirrorsketch", "widesketch",
)  # fmt: skip
"""Architectures by index; an index never changes meaning."""

DEVELOPED_ON = ("fashion-mnist", "digits", "mnist", "cifar-10-jpeg")
"""Data sets that were looked at while this decoder was developed: said in every certificate of them.

MNIST came with "uprightnet", whose constants were fixed on it, CIFAR-10 with "mirrornet".
"""

_SEED = Shifted(EliasDelta(), by=1)


@dataclass(frozen=True, eq=False)
class Model:
    """A hypothesis as integers.

    Attributes:
        architecture: name in MENU.
        kind: projection family.
        d: subspace dimension.
        seed: draws theta0 and P.
        step: index into the menu of steps (`step_size`).
        symbols: int64 array (d,), the coordinates in steps.
    """

    architecture: str
    kind: str
    d: int
    seed: int
    step: int
    symbols: NDArray[np.int64]

    @property
    def coordinates(self) -> NDArray[np.float64]:
        """Coordinates z = step * k, shape (d,), each entry one rounding."""
        return self.symbols.astype(np.float64) * step_size(self.step)


def encode(model: Model) -> Message:
    """The message of a model: `written`."""
    return written(model, DECODER, MENU)


def written(model: Model, name: str, menu: tuple[str, ...]) -> Message:
    """The message of a model, for this decoder or one that says the same of other architectures.

    Args:
        model: the hypothesis.
        name: of the decoder that will read it.
        menu: its architectures.

    Returns:
        Message whose parts are recipe, architecture, projection, d, seed, step and symbols.

    Raises:
        InputError: for a value that the message cannot say.
    """
    if model.architecture not in menu or model.kind not in projections:
        raise InputError(f"architecture {model.architecture!r}, projection {model.kind!r}: not in the menus")
    builder = begun(name, menu, model.architecture)
    builder.add("projection", ENTRY, list(projections).index(model.kind))
    builder.add("d", EliasDelta(), model.d)
    builder.add("seed", _SEED, model.seed)
    builder.add("step", Uniform(STEPS), model.step)
    builder.add("symbols", AdaptiveVector(model.d), model.symbols)
    return builder.build(name)


def decode(payload: bytes, module: Maker) -> tuple[Model, Network, dict[str, int]]:
    """The model of a message, its network, and the bits that each part took: `understood`."""
    return understood(payload, module, DECODER, MENU)


def understood(
    payload: bytes, module: Maker, name: str, menu: tuple[str, ...]
) -> tuple[Model, Network, dict[str, int]]:
    """The model of a message, its network, and the bits that each part took.

    Args:
        payload: the message, padded with zero bits to whole bytes.
        module: makes the network of an architecture name for the inputs at hand.
        name: of the decoder, as for `written`.
        menu: its architectures.

    Returns:
        Model, network, and bits by part.

    Raises:
        DecodeError: for anything but exactly one message of this decoder.
    """
    parts = Parts(payload, name)
    architecture = parts.read_entry("architecture", ENTRY, menu)
    kind = parts.read_entry("projection", ENTRY, tuple(projections))
    d, seed, step = (
        parts.read("d", EliasDelta()),
        parts.read("seed", _SEED),
        parts.read("step", Uniform(STEPS)),
    )
    made = module(architecture)
    try:
        wrapped = subspace(made, kind=kind, d=d, seed=seed)
        symbols = parts.read("symbols", AdaptiveVector(d))
    except InputError as error:
        raise DecodeError(f"d = {d}, seed = {seed}: {error}") from None
    parts.finish()
    model = Model(architecture, kind, d, seed, step, symbols)
    states = {
        "architecture": architecture, "projection": kind, "d": d, "seed": seed, "step": step,
        "parameters": wrapped.parameter_count, "start_sha256": wrapped.start_digest,
    }  # fmt: skip
    return model, Network(made, state(wrapped, model.coordinates), states), parts.bits


def subspace(module: nn.Module, *, kind: str, d: int, seed: int) -> SubspaceModule:
    """A module in its random subspace, as this recipe attaches it.

    Args:
        module: the network.
        kind: projection family.
        d: subspace dimension.
        seed: of theta0 and P.

    Returns:
        The wrapped module.

    Raises:
        InputError: when d exceeds the number of weights.
    """  # noqa: DOC502 - raised by attach
    from idbounds.projections.subspace import attach

    return attach(module, d=d, seed=seed, kind=kind, relative=True)


def state(wrapped: SubspaceModule, coordinates: NDArray[np.float64]) -> dict[str, Tensor]:
    """All tensors of a module at given coordinates.

    Args:
        wrapped: the module in its subspace.
        coordinates: z, float64, shape (d,).

    Returns:
        float64 weights, and the buffers that the digest of the start covers, not the ones that the module
        happens to hold.
    """
    buffers = wrapped.get_extra_state()["buffers"]
    return {**wrapped.weights(coordinates), **{name: wide(value) for name, value in buffers.items()}}


STATES = {
    "architecture": str, "projection": str, "d": int, "seed": int, "step": int, "parameters": int,
    "start_sha256": str,
}  # fmt: skip
"""What a header says of a model in a subspace."""

SUBSPACE = Decoder(
    name=DECODER, menu=MENU, developed_on=DEVELOPED_ON, encode=encode, decode=decode, states=STATES
)
