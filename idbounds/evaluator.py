"""The one reference evaluator: what counts as an error in every certificate.

CPU, float64, argmax; an example whose two highest scores are closer than 1e-6, or whose scores are not
finite, counts as an error. Differences between machines are of the order of 1e-12, so a count made anywhere
is not exceeded elsewhere unless it was a near-tie, and near-ties are errors already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from idbounds.decoders import scaled
from idbounds.errors import InputError

NEAR_TIE = 1e-6


def count_errors(
    module: torch.nn.Module,
    state: Mapping[str, torch.Tensor],
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    levels: int,
    batch: int = 100,
    advance: Callable[[int], Any] | None = None,
) -> int:
    """Errors of a network with given weights, by the reference rule.

    Args:
        module: the network; its own weights and buffers are not used.
        state: CPU tensor of each parameter and buffer by name, float64 where it is floating point.
        images: uint8, (n, *shape).
        labels: int64, (n,).
        levels: grey levels of the format.
        batch: examples at a time; the result does not depend on it beyond rounding, but the time does: the
            layers of 100 images fit into the cache of a processor.
        advance: called with the number of examples done, for progress.

    Returns:
        Number of errors.

    Raises:
        InputError: when the module does not give one float64 score for each class, or gives an example other
            scores beside others than by itself.
    """  # noqa: DOC502 - raised by checked and check_alone
    modes = {part: part.training for part in module.modules()}
    errors = 0
    try:
        module.eval()
        with torch.no_grad():
            for start in range(0, len(images), batch):
                x = torch.from_numpy(scaled(images[start : start + batch], levels))
                scores = scores_of(module, state, x)
                if not start:
                    check_classes(scores, labels)
                    check_alone(module, state, x, scores)
                errors += int(wrong(scores, torch.from_numpy(labels[start : start + batch])).sum())
                if advance is not None:
                    advance(len(x))
    finally:
        for part, mode in modes.items():
            part.training = mode
    return errors


def scores_of(module: torch.nn.Module, state: Mapping[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The scores of a network with given tensors: `checked`.

    Args:
        module: in eval mode.
        state: its tensors by name.
        x: inputs, (batch, ...), float64.

    Returns:
        Scores, (batch, classes), float64.
    """
    return checked(torch.func.functional_call(module, dict(state), (x,)), len(x))


def check_classes(scores: torch.Tensor, labels: NDArray[np.int64]) -> None:
    """Refuse a network that has no score for a class.

    Args:
        scores: (examples, classes).
        labels: int64, any number.

    Raises:
        InputError: when a label is no column.
    """
    if scores.shape[1] <= labels.max():
        raise InputError(
            f"the model returns {scores.shape[1]} scores, and there is an example of class {labels.max()}; "
            "give a score for each class, counted from 0"
        )


def check_alone(
    module: torch.nn.Module, state: Mapping[str, torch.Tensor], x: torch.Tensor, scores: torch.Tensor
) -> None:
    """A bound is about a function of one example: batch statistics or noise would make it about nothing.

    The first and the last example are looked at, since a module may look at those before or behind.

    Args:
        module: in eval mode.
        state: its tensors.
        x: inputs, (batch, ...).
        scores: what it gave for them together.

    Raises:
        InputError: when their scores change in company.
    """
    for row in {0, len(x) - 1} if len(x) > 1 else ():
        beside, alone = scores[row], scores_of(module, state, x[row : row + 1])[0]
        if not (beside.isfinite().all() and alone.isfinite().all()):
            continue  # an error in any company
        if (beside - alone).abs().max() > NEAR_TIE * max(1.0, float(beside.abs().max())):
            raise InputError(
                "the model gives an example other scores beside others than by itself, from batch statistics "
                "or noise, so there is no error rate to bound; in eval mode an output must depend on its "
                "example alone"
            )


def checked(scores: Any, examples: int) -> torch.Tensor:
    """The scores, if they are what the rule is about: one row an example, in double precision.

    Args:
        scores: what the module returned.
        examples: how many it was given.

    Returns:
        The same, (examples, classes).

    Raises:
        InputError: when they are not.
    """
    if not isinstance(scores, torch.Tensor) or scores.dtype != torch.float64:
        given = getattr(scores, "dtype", type(scores).__name__)
        raise InputError(
            f"the model returns {given}; the reference evaluator needs float64 scores for float64 inputs"
        )
    if scores.ndim != 2 or len(scores) != examples or scores.shape[1] < 2:
        raise InputError(
            f"the model returns scores of shape {tuple(scores.shape)} for {examples} examples; "
            "give (examples, classes) with at least 2 classes"
        )
    return scores


def wrong(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Which examples count as errors.

    Args:
        scores: float64, (examples, classes).
        labels: int64, (examples,).

    Returns:
        Bool, (examples,).
    """
    top = scores.topk(2, dim=1)
    right = (top.indices[:, 0] == labels) & (top.values[:, 0] - top.values[:, 1] >= NEAR_TIE)
    return ~(right & scores.isfinite().all(dim=1))
