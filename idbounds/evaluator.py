"""The one reference evaluator: what counts as an error in every certificate.

CPU, float64, argmax; an example whose two highest scores are closer than 1e-6, or whose scores are not finite,
counts as an error. Differences between machines are of the order of 1e-12, so a count made anywhere is not
exceeded elsewhere unless it was a near-tie, and near-ties are errors already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from idbounds.projections.subspace import SubspaceModule
from idbounds.recipe import scaled

NEAR_TIE = 1e-6


def count_errors(
    network: SubspaceModule,
    coordinates: NDArray[np.float64],
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    levels: int,
    batch: int = 500,
    advance: Callable[[int], Any] | None = None,
) -> int:
    """Errors of a network at given subspace coordinates, by the reference rule.

    Args:
        network: the module in its subspace.
        coordinates: z, float64, shape (d,).
        images: uint8, (n, *shape).
        labels: int64, (n,).
        levels: grey levels of the format.
        batch: examples at a time; the result does not depend on it beyond rounding.
        advance: called with the number of examples done, for progress.

    Returns:
        Number of errors.
    """
    module = network.module
    weights = {k: v for k, v in network.weights(coordinates).items()}
    was_training = module.training
    module.eval()
    buffers = {k: v.detach().cpu().double() if v.is_floating_point() else v.detach().cpu() for k, v in module.named_buffers()}
    errors = 0
    with torch.no_grad():
        for start in range(0, len(images), batch):
            x = torch.from_numpy(scaled(images[start : start + batch], levels))
            scores = torch.func.functional_call(module, {**weights, **buffers}, (x,))
            errors += int(_wrong(scores, torch.from_numpy(labels[start : start + batch])).sum())
            if advance is not None:
                advance(len(x))
    module.train(was_training)
    return errors


def _wrong(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    top = scores.topk(2, dim=1)
    right = (top.indices[:, 0] == labels) & (top.values[:, 0] - top.values[:, 1] >= NEAR_TIE)
    return ~(right & scores.isfinite().all(dim=1))
