"""Random codes: real vectors as indices into candidates that encoder and decoder make from a seed.

The vector is cut into blocks. For each block there are 2^b candidates, drawn from the prior N(0, scale^2),
and the message names one of them. Which one is the choice of the encoder:

- the nearest one: a vector quantiser at b bits a block, whatever the vector. Its error comes close to the
  rate-distortion bound as blocks grow (`random_code`);
- one drawn with probabilities in proportion to posterior over prior: what is decoded is then nearly a sample
  of the posterior, as soon as b exceeds the KL divergence of a block by a few bits (`relative_entropy_code`).

Sources: Havasi, Peharz and Hernandez-Lobato (2019), arXiv 1810.00440 (MIRACLE), for blocks and importance
sampling; Theis and Yosri (2022), arXiv 2110.12805, for the order of the indices; Chatterjee and Diaconis
(2018), arXiv 1511.01437, for the number of candidates.
"""

from __future__ import annotations

import math
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec, Message, MessageBuilder
from idbounds.codes.integers.elias import integer_within
from idbounds.codes.reals._given import Reals, over, real_vector
from idbounds.codes.reals.candidates import LARGEST_SIZE, Plan, PlanCode, choose
from idbounds.codes.reals.noise import SEED_LIMIT
from idbounds.codes.reals.steps import nearest_step, step_size
from idbounds.codes.symbols.indices import EvenIndices, Indices, LowIndices
from idbounds.errors import InputError


class CandidateCode(Codec[Reals]):
    """The plan, then for each block the index of a candidate.

    As an encoder it takes the nearest candidates. Precision is lost and nothing else: decode(encode(x)) is
    `quantise(x)`. Writing takes a time in proportion to d 2^b: d = 10^4 at b = 16 takes two seconds.

    Args:
        size: Length d of the vector, 0 .. 2^24.
        plan: What to write with; None in a codec that only reads.

    Raises:
        InputError: If the length is out of range.
    """

    kind: ClassVar[str]
    indices: ClassVar[type[Indices]]

    def __init__(self, size: int, plan: Plan | None = None) -> None:
        """Fix the length and the plan."""
        self._size = integer_within(size, "size of the vector", 0, LARGEST_SIZE)
        self._plan = plan

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"{self.kind}({self._size})"

    def quantise(self, value: ArrayLike) -> Reals:
        """What the decoder will give.

        Args:
            value: Finite numbers, shape (d,).

        Returns:
            Shape (d,).
        """
        plan, indices = self._nearest(value)
        return plan.made(self._size, indices)

    def write(self, value: Reals, out: BitWriter) -> None:
        """Append the plan and the indices of the nearest candidates of a vector of shape (d,)."""
        plan, indices = self._nearest(value)
        PlanCode().write(plan, out)
        self.indices(plan.widths(self._size)).write(indices, out)

    def read(self, source: BitReader) -> Reals:
        """Read a vector of candidates, shape (d,); DecodeError if none is written so."""
        plan = PlanCode().read(source)
        return plan.made(self._size, self.indices(plan.widths(self._size)).read(source))

    def ideal_length(self, value: Reals) -> float:
        """The bits of the plan and the ideal length of the indices."""
        plan, indices = self._nearest(value)
        return PlanCode().ideal_length(plan) + self.indices(plan.widths(self._size)).ideal_length(indices)

    def message(self, plan: Plan, indices: NDArray[np.int64]) -> Message:
        """The message of candidates chosen elsewhere, billed by part.

        Args:
            plan: The plan.
            indices: One for each block.

        Returns:
            The message; this codec reads it, with whatever plan it was made.
        """
        builder = MessageBuilder().add("plan", PlanCode(), plan)
        return builder.add("indices", self.indices(plan.widths(self._size)), indices).build(self.name)

    def _nearest(self, value: ArrayLike) -> tuple[Plan, NDArray[np.int64]]:
        """The plan, and the indices of the nearest candidates."""
        plan, vector = self._checked(value)
        return plan, nearest(plan, vector, np.ones(self._size))

    def _checked(self, value: ArrayLike) -> tuple[Plan, Reals]:
        """The plan and the vector, or InputError."""
        vector = real_vector(value, "vector", self._size)
        if self._plan is None:
            raise InputError(f"{self.name}: no plan given, it can only read; give a plan to write")
        return self._plan, vector


@final
class RandomCode(CandidateCode):
    """Candidates with indices that are all alike: b bits a block, whatever the vector. See `random_code`."""

    kind = "random-code"
    indices = EvenIndices
    overhead: ClassVar[float] = EvenIndices.overhead

    def ideal_length(self, value: Reals) -> float:
        """The bits of the plan and b for each block: the length itself."""
        plan, _ = self._checked(value)
        return PlanCode().ideal_length(plan) + int(plan.widths(self._size).sum())


@final
class RelativeEntropyCode(CandidateCode):
    """Candidates of which the first ones are likelier. See `relative_entropy_code`."""

    kind = "relative-entropy-code"
    indices = LowIndices


def random_code(
    vector: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    bits: int,
    block: int,
    seed: int = 0,
    scale: int | None = None,
) -> Message:
    """The message of the candidates nearest to a vector, to be read by `RandomCode(d)`.

    What is decoded is its own nearest candidate: `RandomCode(d, plan)` puts it into a longer message.

    Args:
        vector: Finite numbers x, shape (d,).
        weights: What an error costs, w_i (x_i - candidate_i)^2, not negative; equal by default.
        bits: Bits of a block, 1 .. 16.
        block: Entries of a block.
        seed: Of the candidates.
        scale: Index of the standard deviation of the candidates (`step_size`). By default the one nearest to
            sigma sqrt(1 - 4^(-bits / block)), sigma^2 being the weighted mean square: the best for long
            blocks of normal variables.

    Returns:
        The message.

    Raises:
        InputError: If an argument is out of range.
    """
    x = real_vector(vector, "vector")
    w = np.ones(x.size) if weights is None else real_vector(weights, "weights", x.size)
    if (w < 0).any():
        raise InputError(f"weights: {w.min():.6g} given; at least 0 is allowed")
    if scale is None:
        rate = Plan(0, bits, block).bits / block  # refuses what is out of range
        scale = _fitting_scale(x, w, rate)
    plan = Plan(scale, bits, block, seed)
    return RandomCode(x.size).message(plan, nearest(plan, x, w))


def relative_entropy_code(
    mean: ArrayLike, sigma: ArrayLike, *, scale: int, bits: int, block: int, seed: int = 0, draw: int = 0
) -> Message:
    """The message of a draw from a normal posterior, nearly; to be read by `RelativeEntropyCode(d)`.

    In each block, candidate z is chosen with probability q(z)/p(z) over the sum of that over all candidates
    of the block. The draw is fair in the limit of many candidates; with few, it is pulled towards the prior.
    Among all ways to draw so, the one is taken that prefers low indices (ordered random coding).

    Args:
        mean: Means of the posterior q, shape (d,).
        sigma: Its standard deviations, positive, shape (d,).
        scale: Index of the standard deviation of the prior p, whose mean is 0 (`step_size`).
        bits: log2 of the number of candidates of a block, 1 .. 16: some more than the KL divergence of a
            block.
        block: Entries of a block.
        seed: Of the candidates.
        draw: Seed of the draw, which no decoder needs: 0 .. 2^63 - 1.

    Returns:
        The message.

    Raises:
        InputError: If an argument is out of range.
    """
    mu = real_vector(mean, "mean")
    s = real_vector(sigma, "sigma", mu.size)
    if not (s > 0).all():
        raise InputError(f"sigma: {s.min():.6g} given; positive numbers are allowed")
    plan = Plan(scale, bits, block, seed)
    with np.errstate(over="ignore"):
        ratio = step_size(scale) / s
        linear, square = mu / s * ratio, (1 - ratio**2) / 2  # log q(z)/p(z) but for a constant
    integer_within(draw, "seed of the draw", 0, SEED_LIMIT - 1)
    return RelativeEntropyCode(mu.size).message(plan, choose(plan, linear, square, draw=draw))


def ideal_relative_entropy_bits(kl_bits: float) -> float:
    """KL + log2(KL + 1) + 4: what a draw from a posterior can be coded in, on average, with unlimited time.

    Args:
        kl_bits: KL divergence of the posterior from the prior, in bits, at least 0.

    Returns:
        Bits; ideal: no code of this package promises them.

    Raises:
        InputError: If the divergence is negative or not finite.

    Source: Li and El Gamal (2018), IEEE Transactions on Information Theory 64(11).
    """
    if not 0 <= kl_bits < math.inf:
        raise InputError(f"KL divergence: {kl_bits!r} bits given; a finite number of at least 0 is allowed")
    return kl_bits + math.log2(kl_bits + 1) + 4


def nearest(plan: Plan, vector: Reals, weights: Reals) -> NDArray[np.int64]:
    """Indices of the candidates scale * z with the smallest sum of w (x / scale - z)^2.

    Args:
        plan: The plan.
        vector: The x, shape (d,).
        weights: The w, at least 0, shape (d,).

    Returns:
        One for each block.
    """
    with np.errstate(over="ignore"):
        linear = 2 * weights * over(vector, step_size(plan.scale))
    return choose(plan, linear, -weights)


def _fitting_scale(vector: Reals, weights: Reals, rate: float) -> int:
    """The default scale of `random_code`."""
    largest = float(np.abs(vector[weights > 0]).max(initial=0))
    if not largest:
        return 0
    share = weights / weights.max()
    square = float(share @ (vector / largest) ** 2 / share.sum())
    return nearest_step(largest * math.sqrt(square * -math.expm1(-2 * rate * math.log(2))))
