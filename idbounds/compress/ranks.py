"""What the steps that choose a rank share: exactly one rule for it, and their place in a pipeline."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from idbounds.compress.drafts import MATRICES, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.errors import InputError


@dataclass(frozen=True)
class Ranked(Step):
    """A step that takes each matrix apart, with a rank that follows from one rule.

    Attributes:
        rank: of every matrix, at most what it has; or
        energy: the smallest rank that keeps this share of the squares, in (0, 1); or
        share: the largest rank whose factors have at most this share of the matrix's numbers, in (0, 1).

    Raises:
        InputError: when not exactly one rule is given, or it is out of range.
    """

    rank: int | None = None
    energy: float | None = None
    share: float | None = None

    stage = Stage.STRUCTURE
    handles = MATRICES
    shares: ClassVar[tuple[str, ...]] = ("energy", "share")

    def __post_init__(self) -> None:
        """Refuse two rules at once."""
        rules = [getattr(self, name) for name in ("rank", *self.shares)]
        if len(rules) - rules.count(None) != 1:
            raise InputError(f"{self}: give exactly one of rank, {', '.join(self.shares)}")
        ranked = self.rank is None or (type(self.rank) is int and self.rank >= 1)
        if not ranked or any(rule is not None and not 0 < rule < 1 for rule in rules[1:]):
            raise InputError(f"{self}: give a whole rank of at least 1, or a share above 0 and below 1")

    def accepts(self, before: Sequence[Step]) -> str:
        """After no other structure."""
        taken = [step for step in before if step.stage is Stage.STRUCTURE]
        return f"the factors would be dense again, and what {taken[-1]} left would be lost" if taken else ""

    @abstractmethod
    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:  # noqa: D102 - as Step has it
        ...

    def useless(self, draft: Draft, rank: int) -> Draft:
        """A matrix that stays dense, with the reason.

        Args:
            draft: the matrix.
            rank: that was tried.

        Returns:
            The same draft with a note.
        """
        rows, columns = draft.slot.matrix
        return draft.skipped(f"{type(self).__name__}: rank {rank} of {rows} x {columns} has no fewer numbers")
