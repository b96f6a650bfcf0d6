"""What every decoder is: a name, a menu, and two functions between hypotheses and messages.

Decoding is given the charged bits, the decoder's version and the inputs (shape of an example, number of
classes): nothing else. Whatever is chosen after looking at data is therefore in the message and paid for; a
change of anything that a decoder does is a new decoder with a new name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import BitReader, Bits, Codec, EliasGamma, MessageBuilder, Shifted, Uniform
from idbounds.data import Form
from idbounds.errors import DecodeError, InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

RECIPE_BITS = 32
CUSTOM = "custom"
"""Architecture of a model that the user supplies; in every menu it comes first."""

ENTRY = Shifted(EliasGamma(), by=1)
"""Code of an entry of a menu, by its index."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Spread:
    """What makes of a network a posterior: the predictor draws its weights for each example anew.

    Attributes:
        deviations: of each weight tensor by name, float64.
        seed: of the draws.
        kl_nats: divergence from the prior, a decimal string rounded up.
        paid: parts of the message that name the prior: their bits are paid for on top.
    """

    deviations: dict[str, torch.Tensor]
    seed: int
    kl_nats: str
    paid: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """A module with the weights that a message names.

    Attributes:
        module: the network; its own weights are not used.
        state: CPU tensor of each parameter and buffer by name, float64 where it is floating point; of a
            posterior, its means.
        states: what a certificate's header says of it, by key.
        spread: of a posterior; None for a single network.
        draw: of a language model: seed of the subsample that its certificate reads, from the message itself.
    """

    module: nn.Module
    state: dict[str, torch.Tensor]
    states: dict[str, Any]
    spread: Spread | None = None
    draw: int | None = None


Maker = Callable[[str], "nn.Module"]
"""Makes the network that an architecture's name means for the inputs at hand."""


@dataclass(frozen=True)
class Decoder:
    """One meaning of bits.

    Attributes:
        name: as a certificate names it.
        menu: architectures by index.
        developed_on: data sets that were looked at while it was developed: said in every certificate of them.
        states: keys of the header's `model` section and their types.
        encode: from a hypothesis to its message.
        decode: from a payload and a maker of networks to hypothesis, network and bits by part.
        gibbs: whether a message is a posterior, from which a predictor draws.
        form: what the rows of its data sets are; of documents and texts a message is a language model.
    """

    name: str
    menu: tuple[str, ...]
    developed_on: tuple[str, ...]
    states: Mapping[str, type]
    encode: Callable[[Any], Any]
    decode: Callable[[bytes, Maker], tuple[Any, Network, dict[str, int]]]
    gibbs: bool = False
    form: Form = "examples"


def recipe_number(name: str) -> int:
    """The 32 bits with which each message of a decoder begins: the first of the SHA-256 of its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[: RECIPE_BITS // 8], "big")


def begun(decoder: str, menu: tuple[str, ...], architecture: str) -> MessageBuilder:
    """A message up to its architecture: what every one begins with.

    Args:
        decoder: name of the decoder that will read it.
        menu: its architectures.
        architecture: the one.

    Returns:
        A builder that holds recipe and architecture.

    Raises:
        InputError: when it is not in the menu.
    """
    if architecture not in menu:
        raise InputError(f"architecture {architecture!r}: not in the menu of {decoder}")
    builder = MessageBuilder()
    builder.add("recipe", Uniform(2**RECIPE_BITS), recipe_number(decoder))
    builder.add("architecture", ENTRY, menu.index(architecture))
    return builder


class Parts:
    """Reads a payload part by part and keeps the bill.

    Attributes:
        bits: read so far, by part.

    Args:
        payload: the message, padded with zero bits to whole bytes; how many bits it has is found by reading.
        decoder: name of the decoder that reads.

    Raises:
        DecodeError: when the payload begins with the number of another decoder.
    """

    def __init__(self, payload: bytes, decoder: str) -> None:
        """Read the recipe."""
        self._source = BitReader(Bits(payload, 8 * len(payload)))
        self._decoder = decoder
        self.bits: dict[str, int] = {}
        if self.read("recipe", Uniform(2**RECIPE_BITS)) != recipe_number(decoder):
            raise DecodeError(
                f"the message names another recipe than {decoder}; use the version that wrote it"
            )

    def read(self, name: str, codec: Codec[T]) -> T:
        """The next value.

        Args:
            name: what it is.
            codec: how it is written.

        Returns:
            The value.
        """
        start = self._source.position
        value = codec.read(self._source)
        self.bits[name] = self._source.position - start
        return value

    def read_entry(self, name: str, codec: Codec[int], menu: tuple[str, ...]) -> str:
        """The next value as an entry of a menu.

        Args:
            name: what it is.
            codec: of its index.
            menu: the entries.

        Returns:
            The entry.

        Raises:
            DecodeError: when the menu is shorter.
        """
        index = self.read(name, codec)
        if index >= len(menu):
            raise DecodeError(f"{name} {index}: the menu of {self._decoder} has {len(menu)} entries")
        return menu[index]

    def finish(self) -> None:
        """State that the message ends here, but for zeros up to a whole byte.

        Raises:
            DecodeError: when more is left over.
        """
        rest = self._source
        if rest.remaining >= 8 or (rest.remaining and rest.read_uint(rest.remaining)):
            raise DecodeError(f"bits are left over behind the message: not a message of {self._decoder}")


def wide(value: torch.Tensor) -> torch.Tensor:
    """A tensor on the CPU, in float64 if it is floating point."""
    value = value.detach().cpu()
    return value.double() if value.is_floating_point() else value


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
