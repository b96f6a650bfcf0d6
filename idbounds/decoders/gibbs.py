"""Decoder "gibbs-1": a normal posterior over the weights, from which a Gibbs predictor draws each time anew.

The message names the recipe, an architecture of the menu and the scale s of each group of weights: that is
the prior, N(0, s^2) for each weight, and its bits are paid for. Then it names the posterior, whose divergence
from the prior is paid for in place of its bits: for each weight a mean, a multiple j of s / 4096, and a
deviation, s 2^(-k / 32). So the divergence is a function of integers alone,

    (2^(-k / 16) + j^2 / 2^24 - 1 + k ln(2) / 16) / 2  nats a weight,

which ball arithmetic encloses. What a group is, and what the rest of the module holds, is as in "draws-1". A
change of anything below is a new decoder with a new name.

Source: Langford and Caruana (2001); Dziugaite and Roy (2017), normal posteriors of networks.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, final

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
from idbounds.decoders.decoder import ENTRY, Decoder, Maker, Network, Parts, Spread, begun
from idbounds.decoders.draws import DEVELOPED_ON, MENU, Scales, layout, placed
from idbounds.errors import InputError
from idbounds.exactly import decimal_up

if TYPE_CHECKING:
    from torch import nn

DECODER = "gibbs-1"
PAID = ("recipe", "architecture", "scales")
"""Parts whose bits are paid for; the others are paid for by their divergence."""

MEAN_PLACES = 12
"""Means are multiples of s / 2^12."""

OCTAVE = 32
"""Deviations are s 2^(-k / 32)."""

FARTHEST = 2**20 - 1
"""Largest |j|, and largest |k|."""

DIGITS = 12
"""Significant digits of a stated divergence."""

_SIGNED = Zigzag(Shifted(EliasGamma(largest=2 * FARTHEST + 2), by=1))


@dataclass(frozen=True, eq=False)
class Model:
    """A posterior as integers.

    Attributes:
        architecture: name in MENU.
        scales: of each group's prior, an even index into the menu of steps (`step_size`), int64.
        means: j of each weight, int64, shape (D,).
        narrowings: k of each weight, int64, shape (D,).
    """

    architecture: str
    scales: NDArray[np.int64]
    means: NDArray[np.int64]
    narrowings: NDArray[np.int64]

    def kl_nats(self) -> str:
        """Divergence of the posterior from the prior, nats: a decimal string, rounded up from a ball."""
        from flint import arb, ctx, fmpq

        pairs, counts = np.unique(np.stack([self.means, self.narrowings]), axis=1, return_counts=True)
        bits, ctx.prec = ctx.prec, 128
        try:
            total = arb(0)
            for j, k, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
                narrow = arb(fmpq(k, OCTAVE // 2))
                ratio = (-narrow * arb.const_log2()).exp()
                total += (
                    count * (ratio + arb(fmpq(j * j, 4**MEAN_PLACES)) - 1 + narrow * arb.const_log2()) / 2
                )
            mantissa, exponent = total.upper().man_exp()
        finally:
            ctx.prec = bits
        return decimal_up(max(Fraction(int(mantissa)) * Fraction(2) ** int(exponent), Fraction(0)), DIGITS)


@final
class SignedIntegers(Codec[NDArray[np.int64]]):
    """Code of integers of either sign: 0, -1, 1, -2, .. as 1, 2, 3, 4, .. in Elias gamma.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        """Fix the number."""
        self._count = count

    @property
    def name(self) -> str:
        """Name of the code with the number of integers."""
        return f"signed-integers({self._count})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append integers of shape (count,); InputError for others, or one of magnitude above 2^20 - 1."""
        for one in self._checked(value):
            _SIGNED.write(one, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read integers, int64, shape (count,)."""
        return np.array([_SIGNED.read(source) for _ in range(self._count)], dtype=np.int64)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The sum of the lengths."""
        return sum(_SIGNED.ideal_length(one) for one in self._checked(value))

    def _checked(self, value: NDArray[np.int64]) -> list[int]:
        given = np.asarray(value)
        if (
            given.shape != (self._count,)
            or given.dtype.kind not in "iu"
            or (given.size and max(-int(given.min()), int(given.max())) > FARTHEST)
        ):
            raise InputError(
                f"{self.name}: {given.dtype} of shape {given.shape} given; {self._count} integers from "
                f"-{FARTHEST} to {FARTHEST} are allowed"
            )
        found: list[int] = given.tolist()
        return found


def nearest(
    architecture: str,
    scales: NDArray[np.int64],
    groups: NDArray[np.int64],
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
) -> Model:
    """The posterior that a message can name nearest to a given one.

    Args:
        architecture: name in MENU.
        scales: of each group, an even index into the menu of steps.
        groups: group of each weight, (D,).
        mean: of each weight, (D,).
        deviation: of each weight, > 0, (D,).

    Returns:
        The model.
    """
    size = np.array([step_size(int(index)) for index in scales])[groups]
    means = np.rint(mean / size * 2.0**MEAN_PLACES).clip(-FARTHEST, FARTHEST)
    narrowings = np.rint(-OCTAVE * np.log2(deviation / size)).clip(-FARTHEST, FARTHEST)
    return Model(architecture, scales, means.astype(np.int64), narrowings.astype(np.int64))


def halvings(k: NDArray[np.int64]) -> NDArray[np.float64]:
    """2^(-k / 32), the same floats on every machine.

    Args:
        k: any shape.

    Returns:
        The shape of `k`.
    """
    scaled = [1 << (OCTAVE * 52 + fraction) for fraction in range(OCTAVE)]
    for _ in range(OCTAVE.bit_length() - 1):  # the root of degree 32, rounded down: five square roots
        scaled = [math.isqrt(one) for one in scaled]
    octave, fraction = np.divmod(-k, OCTAVE)
    return np.asarray(np.ldexp(np.array(scaled, dtype=np.float64)[fraction], octave - 52))


def seed_of(payload: bytes) -> int:
    """The seed of all draws from a posterior: the first 63 bits of the SHA-256 of its message."""
    return int.from_bytes(hashlib.sha256(payload).digest()[:8], "big") >> 1


def encode(model: Model) -> Message:
    """The message of a posterior.

    Args:
        model: the posterior.

    Returns:
        Message whose parts are recipe, architecture and scales, which are paid for, means and deviations.

    Raises:
        InputError: for a value that the message cannot say.
    """  # noqa: DOC502 - raised by the parts
    builder = begun(DECODER, MENU, model.architecture)
    builder.add("scales", Scales(len(model.scales)), model.scales)
    builder.add("means", SignedIntegers(len(model.means)), model.means)
    builder.add("deviations", SignedIntegers(len(model.narrowings)), model.narrowings)
    return builder.build(DECODER)


def decode(payload: bytes, module: Maker) -> tuple[Model, Network, dict[str, int]]:
    """The posterior of a message, its network, and the bits that each part took.

    Args:
        payload: the message, padded with zero bits to whole bytes.
        module: makes the network of an architecture name for the inputs at hand.

    Returns:
        Posterior, a network with its means and deviations, and bits by part.

    Raises:
        DecodeError: for anything but exactly one message of this decoder.
    """  # noqa: DOC502 - raised by the parts
    import torch

    parts = Parts(payload, DECODER)
    architecture = parts.read_entry("architecture", ENTRY, MENU)
    made: nn.Module = module(architecture)
    sizes, groups = layout(made)
    scales = parts.read("scales", Scales(int(groups.max()) + 1))
    means = parts.read("means", SignedIntegers(len(groups)))
    narrowings = parts.read("deviations", SignedIntegers(len(groups)))
    parts.finish()
    model = Model(architecture, scales, means, narrowings)
    size = np.array([step_size(int(index)) for index in scales])[groups]
    state, _ = placed(made, torch.from_numpy(size * means * 2.0**-MEAN_PLACES))
    _, deviations = placed(made, torch.from_numpy(size * halvings(narrowings)))
    spread = Spread(deviations, seed_of(payload), model.kl_nats(), PAID)
    states = {"architecture": architecture, "parameters": sum(sizes)}
    return model, Network(made, state, states, spread), parts.bits


GIBBS = Decoder(
    name=DECODER, menu=MENU, developed_on=DEVELOPED_ON, encode=encode, decode=decode,
    states={"architecture": str, "parameters": int}, gibbs=True,
)  # fmt: skip
