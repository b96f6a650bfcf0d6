"""A sentence encoder with a linear head on the mean over the word pieces, as it was trained; its top."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from idbounds.batches import evaluating
from idbounds.errors import InputError
from idbounds.finetuning.named import Prepared

_AT_ONCE = 256
"""Sentences that go through the lower layers together."""


class SentenceClassifier(nn.Module):
    """Scores of the classes from the mean of what an encoder makes of a sentence's word pieces.

    Encoders of sentence-transformers were trained to put the meaning into that mean. The classifiers of
    `transformers` read the first piece through a layer that such a checkpoint does not have.

    Args:
        encoder: of `transformers`, its outputs have `last_hidden_state`, (batch, pieces, width).
        classes: at least 2.
    """

    def __init__(self, encoder: Any, classes: int) -> None:
        """Add the head."""
        super().__init__()
        self.config = encoder.config
        self.encoder = encoder
        self.head = nn.Linear(int(encoder.config.hidden_size), classes)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Score sentences.

        Args:
            input_ids: int64 (batch, pieces).
            attention_mask: the same shape, 1 where there is a piece and 0 where padding is.
            token_type_ids: of pairs, 0 in the first text and 1 in the second.

        Returns:
            (batch, classes).
        """
        given = {"attention_mask": attention_mask, "token_type_ids": token_type_ids}
        return _scores(self.head, self.encoder(input_ids, **given).last_hidden_state, attention_mask)


class UpperLayers(nn.Module):
    """The last layers of a `SentenceClassifier` and its head; those below are still.

    Args:
        whole: the classifier, which is not changed.
        layers: how many.
    """

    def __init__(self, whole: SentenceClassifier, layers: int) -> None:
        """Copy what moves."""
        super().__init__()
        self.config = whole.config
        self.encoder = copy.deepcopy(whole.encoder.encoder)
        self.encoder.layer = self.encoder.layer[-layers:]
        self.head = copy.deepcopy(whole.head)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Score sentences.

        Args:
            states: what the layers below make of the word pieces, (batch, pieces, width).
            attention_mask: (batch, pieces), 1 where there is a piece.

        Returns:
            (batch, classes).
        """
        width = int(attention_mask.any(0).nonzero().max()) + 1
        states, mask = states[:, :width], attention_mask[:, :width]
        padding = (1.0 - mask.to(states.dtype))[:, None, None] * torch.finfo(states.dtype).min
        return _scores(self.head, self.encoder(states, attention_mask=padding).last_hidden_state, mask)


def upper_layers(made: Prepared, layers: int) -> Prepared:
    """Keep all but the last layers still: what they make of the examples is computed once.

    A step then costs the share of the layers that move. In memory an example takes 4 x pieces x width bytes.

    Args:
        made: a `SentenceClassifier` and arrays.
        layers: how many move, with the head.

    Returns:
        The `UpperLayers` and what they read.

    Raises:
        InputError: for another model, or no layer below.
    """
    whole = made.model
    if not isinstance(whole, SentenceClassifier):
        raise InputError(f"upper layers of a {type(whole).__name__}: give minilm-l3 or minilm-l6")
    if not 1 <= layers < len(whole.encoder.encoder.layer):
        raise InputError(
            f"layers = {layers}: {len(whole.encoder.encoder.layer)} are there; give 1 or more, and leave one"
        )
    below = copy.deepcopy(whole.encoder)
    below.encoder.layer = below.encoder.layer[:-layers]
    return Prepared(UpperLayers(whole, layers).eval(), _states(below, made.data), _states(below, made.test))


def _scores(head: nn.Module, states: Tensor, mask: Tensor) -> Tensor:
    weights = mask[:, :, None].to(states.dtype)
    scores: Tensor = head((states * weights).sum(1) / weights.sum(1))
    return scores


def _states(below: Any, arrays: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: torch.as_tensor(value) for name, value in arrays.items() if name != "labels"}
    given.setdefault("attention_mask", torch.ones_like(given["input_ids"]))
    n, pieces = given["input_ids"].shape
    states = np.zeros((n, pieces, below.config.hidden_size), dtype=np.float32)
    with evaluating(below):
        for start in range(0, n, _AT_ONCE):
            some = {name: value[start : start + _AT_ONCE] for name, value in given.items()}
            states[start : start + _AT_ONCE] = below(**some).last_hidden_state.numpy()
    return {
        "states": states, "attention_mask": given["attention_mask"].numpy(),
        "labels": np.asarray(arrays["labels"]),
    }  # fmt: skip
