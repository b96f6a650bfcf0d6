"""Loss and score of language models, as `measure_d90(..., loss=, score=)` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

IGNORED = -100
"""The label of a token that is not to be predicted (padding), as `transformers` writes it."""


def next_token_loss(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each token given those before it.

    Args:
        outputs: scores, (batch, length, vocabulary).
        labels: the tokens themselves, int64, (batch, length); `IGNORED` where nothing is to be predicted.

    Returns:
        The mean, nats a token.
    """
    from torch import nn

    scores, wanted = outputs[:, :-1], labels[:, 1:]
    return nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), wanted.reshape(-1))


def next_token_accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Share of the tokens that have the highest score.

    Args:
        outputs: scores, (n, length, vocabulary).
        labels: the tokens themselves, int64, (n, length); `IGNORED` where nothing is to be predicted.

    Returns:
        The share, in [0, 1].
    """
    wanted = labels[:, 1:]
    right = (outputs[:, :-1].argmax(-1) == wanted)[wanted != IGNORED]
    return float(right.double().mean())
