"""Decoder "subspace-1": what a message of this package says, bit by bit, and how weights are rebuilt from it.

The message names, in this order, the recipe, an architecture of the menu, the projection family, the subspace
dimension d, the seed, the step of the grid, and the d integers k. The weights are then

    theta = theta0(seed) + sigma * P(seed) (step * k),

with theta0, sigma and P made from integers alone (`idbounds.projections`). Decoding is given the charged
bits, the decoder's version and the inputs (shape of an example, number of classes): nothing else. Whatever is
chosen here after looking at data is therefore paid for; a change of anything below is a new decoder with a
new name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import (
    AdaptiveVector,
    BitReader,
    Bits,
    EliasDelta,
    EliasGamma,
    Message,
    MessageBuilder,
    Shifted,
    Uniform,
    step_size,
)
from idbounds.codes.reals.steps import STEPS
from idbounds.errors import DecodeError, InputError
from idbounds.projections import projections

if TYPE_CHECKING:
    from torch import nn

    from idbounds.projections.subspace import SubspaceModule

DECODER = "subspace-1"
RECIPE_BITS = 32
CUSTOM = "custom"
"""Architecture of a model that the user supplies; the menu's entries follow it."""

MENU = (CUSTOM, "convnet", "mlp", "lenet")
"""Architectures by index; an index never changes meaning."""

DEVELOPED_ON = ("fashion-mnist", "digits")
"""Data sets that were looked at while this decoder was developed: said in every certificate of them."""

_RECIPE = int.from_bytes(hashlib.sha256(DECODER.encode()).digest()[: RECIPE_BITS // 8], "big")
_FROM_ZERO = 1


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
    """The message of a model.

    Args:
        model: the hypothesis.

    Returns:
        Message whose parts are recipe, architecture, projection, d, seed, step and symbols.

    Raises:
        InputError: for a value that the message cannot say.
    """
    if model.architecture not in MENU or model.kind not in projections:
        raise InputError(f"architecture {model.architecture!r}, projection {model.kind!r}: not in the menus")
    builder = MessageBuilder()
    builder.add("recipe", Uniform(2**RECIPE_BITS), _RECIPE)
    builder.add("architecture", Shifted(EliasGamma(), by=_FROM_ZERO), MENU.index(model.architecture))
    builder.add("projection", Shifted(EliasGamma(), by=_FROM_ZERO), list(projections).index(model.kind))
    builder.add("d", EliasDelta(), model.d)
    builder.add("seed", Shifted(EliasDelta(), by=_FROM_ZERO), model.seed)
    builder.add("step", Uniform(STEPS), model.step)
    builder.add("symbols", AdaptiveVector(model.d), model.symbols)
    return builder.build(DECODER)


def decode(
    payload: bytes, module: Callable[[str], nn.Module]
) -> tuple[Model, SubspaceModule, dict[str, int]]:
    """The model of a message, its network, and the bits that each part took.

    Args:
        payload: the message, padded with zero bits to whole bytes; how many bits it has is found by reading.
        module: makes the network of an architecture name for the inputs at hand.

    Returns:
        Model, network in its subspace (rebuild its weights with `weights`), and bits by part.

    Raises:
        DecodeError: for anything but exactly one message of this decoder.
    """
    source = BitReader(Bits(payload, 8 * len(payload)))
    parts: dict[str, int] = {}

    def read(name: str, codec: Any) -> Any:
        start = source.position
        value = codec.read(source)
        parts[name] = source.position - start
        return value

    if read("recipe", Uniform(2**RECIPE_BITS)) != _RECIPE:
        raise DecodeError(f"the message names another recipe than {DECODER}; use the version that wrote it")
    architecture = _entry(MENU, read("architecture", Shifted(EliasGamma(), by=_FROM_ZERO)), "architecture")
    kind = _entry(tuple(projections), read("projection", Shifted(EliasGamma(), by=_FROM_ZERO)), "projection")
    d = read("d", EliasDelta())
    seed = read("seed", Shifted(EliasDelta(), by=_FROM_ZERO))
    step = read("step", Uniform(STEPS))
    made = module(architecture)
    try:
        network = subspace(made, kind=kind, d=d, seed=seed)
        symbols = read("symbols", AdaptiveVector(d))
    except InputError as error:
        raise DecodeError(f"d = {d}, seed = {seed}: {error}") from None
    if source.remaining >= 8 or (source.remaining and source.read_uint(source.remaining)):
        raise DecodeError("bits are left over behind the message: not a message of this decoder")
    return Model(architecture, kind, d, seed, step, symbols), network, parts


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


def scaled(images: NDArray[np.uint8], levels: int) -> NDArray[np.float64]:
    """Pixels 0 to levels - 1 as numbers in [-1, 1]; fixed, so that no statistic of the sample enters.

    Args:
        images: uint8, (n, *shape).
        levels: number of grey levels of the format (256; 17 for the small digits).

    Returns:
        float64 array of the same shape.
    """
    half = (levels - 1) / 2
    return (images.astype(np.float64) - half) / half


def _entry(menu: Sequence[str], index: int, what: str) -> str:
    if index >= len(menu):
        raise DecodeError(f"{what} {index}: the menu of {DECODER} has {len(menu)} entries")
    return menu[index]
