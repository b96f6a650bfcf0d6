"""A sentence encoder with a linear head on the mean over the word pieces, as it was trained."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


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
        states = self.encoder(input_ids, **given).last_hidden_state
        mask = attention_mask[:, :, None].to(states.dtype)
        scores: Tensor = self.head((states * mask).sum(1) / mask.sum(1))
        return scores
