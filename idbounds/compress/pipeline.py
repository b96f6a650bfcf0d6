"""What a step of a compression is, and pipelines of steps: `Sparsify(0.9) | Quantise(levels=4) | Encode()`.

A step takes drafts of all tensors and gives drafts again. It works on the layer types that it handles and
leaves the others as they are, with its reason. There are three stages: how a tensor is made (structure), with
which numbers (values), by which code (codes); training may go between. A pipeline out of order would undo
what it did, so it is refused when it is put together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, final

from idbounds.compress.drafts import Draft
from idbounds.data import Dataset
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import nn


class Stage(IntEnum):
    """What a step settles."""

    STRUCTURE = 0
    VALUES = 1
    CODES = 2
    TRAINING = 3


@final
@dataclass(frozen=True, eq=False)
class Bench:
    """What a step may use besides the drafts.

    Attributes:
        module: a network of the architecture; its own weights are not used.
        sample: for steps that look at data; only its training part is looked at.
        advance: called with (parts done, total) by a step that looks at data.
        drafts: of every tensor, as the step finds them.
    """

    module: nn.Module
    sample: Dataset | None = None
    advance: Callable[[int, int], None] | None = None
    drafts: tuple[Draft, ...] = ()


class Step(ABC):
    """One step; its subclasses are frozen dataclasses."""

    stage: ClassVar[Stage]
    handles: ClassVar[frozenset[str]]
    """Layer types, as in `idbounds.compress.drafts.KINDS`."""

    @abstractmethod
    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """New drafts of the tensors that the step handles.

        Args:
            drafts: those of the handled layer types only.
            bench: network and data.

        Returns:
            As many drafts, in the same order.
        """

    @abstractmethod
    def accepts(self, before: Sequence[Step]) -> str:
        """Why the step cannot come after the ones before it; "" if it can.

        Args:
            before: the steps before, in order.

        Returns:
            A reason in words, or "".
        """

    @property
    def needs_data(self) -> bool:
        """Whether it looks at the training part."""
        return self.stage is Stage.TRAINING

    def __str__(self) -> str:
        """As it is written in Python, without what is at its default."""
        mine: Any = self
        shown = []
        for entry in fields(mine):
            value = getattr(mine, entry.name)
            if entry.default is MISSING:
                shown.append(repr(value))
            elif value != entry.default:
                shown.append(f"{entry.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __or__(self, other: Step | Pipeline) -> Pipeline:
        """This step, then the others."""
        return Pipeline((self,)) | other


@final
@dataclass(frozen=True)
class Pipeline:
    """Steps one after another; without any, the dense float32 weights.

    Attributes:
        steps: in order.

    Raises:
        InputError: When a step would undo what one before it settled.
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a pipeline that cannot decode to what it made."""
        for place, step in enumerate(self.steps):
            if not isinstance(step, Step):
                raise InputError(f"pipeline: {step!r} given; steps such as Sparsify(0.9) are allowed")
            reason = _order(self.steps[:place], step) or step.accepts(self.steps[:place])
            if reason:
                raise InputError(f"{step} cannot come here: {reason}")

    def __or__(self, other: Step | Pipeline) -> Pipeline:
        """These steps, then the others."""
        more = other.steps if isinstance(other, Pipeline) else (other,)
        return Pipeline((*self.steps, *more))

    def __str__(self) -> str:
        """As it is written in Python."""
        return " | ".join(map(str, self.steps)) or "no steps"

    @property
    def needs_data(self) -> bool:
        """Whether a step looks at the training part."""
        return any(step.needs_data for step in self.steps)

    def run(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """All steps.

        Args:
            drafts: of every tensor, in the order of the message.
            bench: network and data.

        Returns:
            Drafts in the same order.

        Raises:
            InputError: When a step looks at data and there are none.
        """
        if self.needs_data and bench.sample is None:
            raise InputError(f"{self}: a step trains or weighs; give the data set it may look at")
        current = list(drafts)
        for step in self.steps:
            taken = [i for i, draft in enumerate(current) if draft.kind in step.handles]
            made = step.apply([current[i] for i in taken], replace(bench, drafts=tuple(current)))
            new = dict(zip(taken, made, strict=True))
            current = [
                new[i] if i in new else draft.skipped(f"{type(step).__name__}: {draft.no_matrix}")
                for i, draft in enumerate(current)
            ]
        return current


def _order(before: Sequence[Step], step: Step) -> str:
    """Why a step is out of order; "" if it is not."""
    settled = [earlier for earlier in before if earlier.stage is not Stage.TRAINING]
    if settled and settled[-1].stage is Stage.CODES:
        return f"{settled[-1]} has written the symbols already; put it last"
    if settled and step.stage < settled[-1].stage:
        return f"it would make new numbers in place of what {settled[-1]} left; put it before"
    return ""
