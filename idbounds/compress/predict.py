"""Prediction of parameters: few weights of each unit are written, and the others follow from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from idbounds.compress.drafts import Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.decoders.forms import Predicted
from idbounds.decoders.kriging import LARGEST, REACHES
from idbounds.decoders.values import Reals, Values
from idbounds.errors import InputError


@final
@dataclass(frozen=True)
class Predict(Step):
    """Weights at a few points of each unit's grid of inputs, and kernel ridge regression for the others.

    Neighbouring pixels want similar weights, so a smooth function through few of them says most. The grids
    are the images, for a matrix that takes them, and the windows of a convolution; a layer whose inputs lie
    on no grid is left alone. The points follow from the kernel, so that no pattern is written. The numbers
    are those with which the prediction is nearest to the trained weights; training should follow.

    Attributes:
        alpha: share of the points of a grid whose weights are written, in (0, 1), at least one point.
        reach: of the kernel, 0 to 15: its length is about 2^((reach - 1) / 2) steps of the grid; None takes
            the one that is nearest to the trained weights. In the message, 4 bits.

    Raises:
        InputError: for a share or a reach out of range.

    Source: Denil, Shakibi, Dinh, Ranzato and de Freitas (2013), Predicting parameters in deep learning.
    """

    alpha: float
    reach: int | None = None

    stage = Stage.STRUCTURE
    handles = frozenset({"linear", "convolution"})

    def __post_init__(self) -> None:
        """Refuse what no message says."""
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha = {self.alpha}: give a share above 0 and below 1")
        if self.reach is not None and not (type(self.reach) is int and 0 <= self.reach < REACHES):
            raise InputError(f"reach = {self.reach!r}: give a whole number from 0 to {REACHES - 1}, or None")

    @property
    def needs_data(self) -> bool:
        """For the shape of an example only."""
        return True

    def accepts(self, before: Sequence[Step]) -> str:
        """After no other structure."""
        taken = [step for step in before if step.stage is Stage.STRUCTURE]
        return f"it would replace what {taken[-1]} left" if taken else ""

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Predict what can be predicted.

        Args:
            drafts: dense matrices.
            bench: for the shape of an example.

        Returns:
            Predicted drafts, and those that have no grid.
        """
        assert bench.sample is not None
        shape = bench.sample.train_x.shape[1:]
        return [self._predicted(draft, shape) for draft in drafts]

    def _predicted(self, draft: Draft, example: tuple[int, ...]) -> Draft:
        grid = draft.slot.shape[2:] if draft.kind == "convolution" else example[-2:]
        images = draft.kind == "convolution" or draft.slot.matrix[1] == math.prod(example)
        if not images or len(grid) != 2 or math.prod(grid) == 1:
            return draft.skipped("Predict: its inputs lie on no grid")
        points = math.ceil(self.alpha * math.prod(grid))
        if points * math.prod(grid) > LARGEST:
            return draft.skipped(f"Predict: {points} of {math.prod(grid)} points are too many to decode")
        reaches = range(REACHES) if self.reach is None else [self.reach]
        weights = draft.coded.weights.reshape(-1, math.prod(grid))
        made = (_nearest(weights, Predicted(points, *grid, reach)) for reach in reaches)
        _, form, numbers = min(made, key=lambda found: found[0])
        return draft.remade(form, Values.floats(numbers.ravel()))


def _nearest(weights: Reals, form: Predicted) -> tuple[float, Predicted, Reals]:
    """The numbers whose prediction has the least squared error; with the error."""
    numbers: Reals = np.linalg.lstsq(form.dictionary.T, weights.T, rcond=1e-4)[0].T.astype(np.float64)
    return float(((weights - numbers @ form.dictionary) ** 2).sum()), form, numbers
