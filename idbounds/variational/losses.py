"""From cross-entropy to the error itself: one family of losses."""

from __future__ import annotations

import torch
from torch import Tensor


def power_loss(scores: Tensor, labels: Tensor, power: float) -> Tensor:
    """(1 - p^q) / q, p the probability that the label gets: cross-entropy at q = 0, 1 - p at q = 1.

    The larger q, the less an example counts that is lost anyway, as in the error that a bound is about.
    Source: Zhang and Sabuncu (2018), Generalized Cross Entropy Loss.

    Args:
        scores: (..., classes, m), already divided by the temperature.
        labels: int64, (m,).
        power: q in [0, 1].

    Returns:
        Mean over the examples, (...).
    """
    logs = torch.log_softmax(scores, -2)
    chosen = labels.expand(*scores.shape[:-2], 1, -1)
    likelihood = logs.gather(-2, chosen).squeeze(-2)
    losses = -torch.expm1(power * likelihood) / power if power else -likelihood
    return losses.mean(-1)
