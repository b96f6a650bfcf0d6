"""Down-sizing: a narrower network in the corner of the wide one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from idbounds.compress.drafts import VECTOR, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.decoders.forms import Corner
from idbounds.decoders.values import Reals, Values
from idbounds.errors import InputError


@final
@dataclass(frozen=True)
class Downsize(Step):
    """Fewer units in every hidden layer: those that matter least go, the others move to the front.

    Layers are taken to feed each other in their order. A unit matters by the product of the norms of its
    weights in and out; the matrix after it loses the columns, and vectors of its length (its bias, a
    normalisation) the entries. The inputs and the outputs of the network stay. In a network that is no chain
    the result decodes as well, but more is lost; training should follow, with `FineTune(teacher=0.9)` the
    distillation of Hinton et al. (2015).

    Attributes:
        width: share of the units that stays in each hidden layer, in (0, 1), at least one unit.

    Raises:
        InputError: for a width out of range.
    """

    width: float

    stage = Stage.STRUCTURE
    handles = frozenset({"linear", "convolution", VECTOR})

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.width < 1:
            raise InputError(f"width = {self.width}: give a share above 0 and below 1")

    def accepts(self, before: Sequence[Step]) -> str:
        """After no other structure."""
        taken = [step for step in before if step.stage is Stage.STRUCTURE]
        return f"the units of what {taken[-1]} left would be taken apart" if taken else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Keep the best units.

        Args:
            drafts: matrices and vectors, in the order of the network.
            bench: not used.

        Returns:
            Their corners.
        """
        arrays = [draft.coded.weights.reshape(draft.slot.matrix) for draft in drafts]
        matrices = [i for i, draft in enumerate(drafts) if draft.kind != VECTOR]
        kept: NDArray[np.int64] | None = None  # units of the layer before, None for all of its units
        before, made = 0, list(drafts)
        for i, draft in enumerate(drafts):
            if draft.kind == VECTOR:
                if kept is not None and len(arrays[i]) == before:
                    made[i] = _corner(draft, arrays[i][kept])
                continue
            columns = _columns(arrays[i].shape[1], before, kept)
            following = next((j for j in matrices if j > i), None)
            units = None if following is None else self._units(arrays[i], arrays[following])
            rows = np.arange(len(arrays[i])) if units is None else units
            made[i] = _corner(draft, arrays[i][np.ix_(rows, columns)])
            kept, before = units, len(arrays[i])
        return made

    def _units(self, matrix: Reals, after: Reals) -> NDArray[np.int64] | None:
        """The rows that stay, in their order; all of them if the matrix after it does not take them."""
        units = len(matrix)
        if after.shape[1] % units:
            return None
        out = (after.reshape(len(after), units, -1) ** 2).sum(axis=(0, 2))
        worth = (matrix**2).sum(axis=1) * out
        count = max(1, math.ceil(self.width * units))
        return np.sort(np.argsort(-worth, kind="stable")[:count]).astype(np.int64)


def _columns(size: int, before: int, kept: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """The columns that belong to the units kept; a unit has several behind a flattening or a kernel."""
    if kept is None:
        return np.arange(size)
    each = size // before
    columns: NDArray[np.int64] = (kept[:, None] * each + np.arange(each)).ravel()
    return columns


def _corner(draft: Draft, block: Reals) -> Draft:
    if block.shape == draft.slot.matrix:
        return draft
    return draft.remade(Corner(*block.shape), Values.floats(block.ravel()))
