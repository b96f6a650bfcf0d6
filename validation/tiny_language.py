"""Small masked language models, pretrained here on the first sentences of film reviews: a ladder of sizes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SPECIAL = 3
"""Words 0, 1 and 2: padding, the start of a text, the mask. A bucket of `imdb` comes after them."""

LENGTH, BATCH, HIDDEN_SHARE = 24, 32, 0.15
RATE, REVIEWS = 1e-3, 8000
SEED = 0


def numbered(texts: list[str]) -> dict[str, NDArray[np.int64]]:
    """Texts as hashed words: no vocabulary is learnt from any sample.

    Args:
        texts: any; what is behind the first `LENGTH` - 1 words is cut off.

    Returns:
        "input_ids" and "attention_mask", int64, (n, LENGTH).
    """
    import numpy as np

    from idbounds.data import imdb

    ids = np.zeros((len(texts), LENGTH), dtype=np.int64)
    for row, text in zip(ids, texts, strict=True):
        words = imdb.buckets(text)[: LENGTH - 1]
        row[: len(words) + 1] = [1, *(SPECIAL + word for word in words)]
    return {"input_ids": ids, "attention_mask": (ids > 0).astype(np.int64)}


def configured(width: int) -> Any:
    """The architecture of a rung: two layers, heads of 16.

    Args:
        width: of the hidden layers.

    Returns:
        A `transformers.BertConfig` without dropout.
    """
    from transformers import BertConfig

    from idbounds.data import imdb

    return BertConfig(
        vocab_size=imdb.BUCKETS + SPECIAL, hidden_size=width, num_hidden_layers=2,
        intermediate_size=2 * width, num_attention_heads=width // 16, max_position_embeddings=LENGTH,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=2,
    )  # fmt: skip


@functools.cache
def checkpoints(width: int, marks: tuple[int, ...], reviews: int = REVIEWS) -> dict[int, dict[str, Tensor]]:
    """Pretrain one rung and keep its weights on the way.

    Args:
        width: of the rung.
        marks: numbers of updates at which weights are kept, increasing.
        reviews: of the training part of IMDB that are read; their labels are not.

    Returns:
        The encoder's weights by the number of updates.
    """
    import numpy as np
    import torch
    from transformers import BertForMaskedLM

    from idbounds.data import imdb
    from idbounds.finetuning.pretrained import draw

    given = {k: torch.from_numpy(v) for k, v in numbered(imdb.load_reviews(reviews)).items()}
    model = BertForMaskedLM(configured(width)).train()
    draw(model, [name for name, _ in model.named_parameters()], SEED)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    rng, kept = np.random.default_rng(SEED), {}
    for update in range(max(marks) + 1):
        if update in marks:
            kept[update] = {k: v.detach().clone() for k, v in model.bert.state_dict().items()}
        rows = torch.from_numpy(rng.integers(0, len(given["input_ids"]), BATCH))
        ids, mask = given["input_ids"][rows], given["attention_mask"][rows]
        hidden = torch.from_numpy(rng.random(ids.shape) < HIDDEN_SHARE) & (ids >= SPECIAL)
        states = model.bert(ids.masked_fill(hidden, 2), attention_mask=mask).last_hidden_state
        loss = torch.nn.functional.cross_entropy(model.cls(states[hidden]), ids[hidden])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return kept


def classifier(width: int, state: dict[str, Tensor]) -> Any:
    """A classifier on a rung of the ladder; its pooling layer and head are drawn.

    Args:
        width: of the rung.
        state: weights of the encoder.

    Returns:
        A `transformers.BertForSequenceClassification` in eval mode.
    """
    from transformers import BertForSequenceClassification

    from idbounds.finetuning.pretrained import draw

    made = BertForSequenceClassification(configured(width)).eval()
    draw(made, [name for name, _ in made.named_parameters()], SEED + 1)
    made.bert.load_state_dict(state, strict=False)
    return made
