"""How to fit, and how long; no decoder needs any of it, so none of it is paid for."""

from __future__ import annotations

from dataclasses import dataclass

from idbounds.codes.reals.drawn import WIDEST
from idbounds.errors import InputError

NATS_PER_ERROR = 4.0
"""Cross-entropy that stands for one error: what the loss of a classifier of images costs per error."""

CHEAPEST = NATS_PER_ERROR / 8
"""The least that an error may stand for, where it has to be found out."""

DEAREST = NATS_PER_ERROR * 8
"""The most that an error may stand for."""

FEWEST = 16.0
"""Bits of divergence with which a fit has learned something."""


@dataclass(frozen=True)
class Fit:
    """How to fit a posterior.

    Attributes:
        steps: gradient steps on the posterior.
        pilot: gradient steps on each architecture, where there are several to choose among.
        batch: examples a step.
        learning_rate: Adam's, for the posterior; a tenth of it afterwards.
        budget: minutes for the whole job: when what is left is needed for counting errors, the last stage
            ends. None for no limit.
        power: of the loss at the end of the fit, see `losses.power_loss`: 0 stays cross-entropy; what is
            nearer to 1 gives up examples that are lost anyway. It rises from 0 in the middle of the fit.
        starts: how many random starts are tried, `pilot` steps each; the best one goes on.
        nats: of cross-entropy that stand for one error in the price of a bit: the fewer, the cheaper a bit.
            None for `NATS_PER_ERROR` with images, and for what a short fit likes best with vectors.
    """

    steps: int = 6000
    pilot: int = 800
    batch: int = 128
    learning_rate: float = 0.03
    budget: float | None = 5.0
    nats: float | None = None
    power: float = 0.0
    starts: int = 1

    def __post_init__(self) -> None:
        """Refuse settings that cannot fit.

        Raises:
            InputError: naming them.
        """
        if min(self.steps, self.pilot, self.batch, self.starts) < 1:
            raise InputError(
                f"steps = {self.steps}, pilot = {self.pilot}, batch = {self.batch}, starts = {self.starts}: "
                "give at least 1 of each"
            )
        if not 0 <= self.power <= 1:
            raise InputError(f"power = {self.power}: give 0 to 1")
        if not 0 < self.learning_rate <= 10 or (self.budget is not None and not self.budget > 0):
            raise InputError(
                f"learning_rate = {self.learning_rate}, budget = {self.budget}: give a rate in (0, 10] and "
                "minutes above 0 (or None)"
            )
        if self.nats is not None and not CHEAPEST <= self.nats <= DEAREST:
            raise InputError(f"nats = {self.nats}: give {CHEAPEST:g} to {DEAREST:g}, or None")


@dataclass(frozen=True)
class Settings(Fit):
    """How to fit a posterior and to turn it into draws.

    Attributes:
        bits: of a block: the draw is one of 2^bits. The decoder is told this one.
        balance: steps that bring the blocks to as many bits of KL divergence as the draw has.
        between: steps between two blocks.
        passes: how often each block of the last layer is chosen again, at most.
    """

    bits: int = 16
    balance: int = 1500
    between: int = 30
    passes: int = 8

    def __post_init__(self) -> None:
        """Refuse settings that cannot fit.

        Raises:
            InputError: naming them.
        """
        super().__post_init__()
        if min(self.balance, self.between, self.passes) < 0:
            raise InputError(
                f"balance = {self.balance}, between = {self.between}, passes = {self.passes}: give at least 0"
            )
        if not 1 <= self.bits <= WIDEST:
            raise InputError(f"bits = {self.bits}: give 1 to {WIDEST}")


@dataclass(frozen=True)
class Settle(Fit):
    """How to fit a posterior that stays one.

    Attributes:
        settle: steps after the scales of the prior were rounded.
    """

    steps: int = 12000
    settle: int = 3000

    def __post_init__(self) -> None:
        """Refuse settings that cannot fit.

        Raises:
            InputError: naming them.
        """
        super().__post_init__()
        if self.settle < 0:
            raise InputError(f"settle = {self.settle}: give at least 0")
