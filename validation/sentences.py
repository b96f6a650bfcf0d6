"""Sentences through a pretrained encoder and a linear layer: batches without padding, training, counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

BATCH, LONGEST = 32, 40
"""Sentences a step, and word pieces of a sentence at most."""

Part = tuple[list[list[int]], "NDArray[np.int64]"]
"""Word pieces of sentences, and their labels."""


def classifier(encoder: nn.Module, width: int) -> nn.Module:
    """The mean of what an encoder makes of the word pieces, and a linear layer to two scores.

    Args:
        encoder: from (batch, pieces) to an object whose `last_hidden_state` is (batch, pieces, width).
        width: of it.

    Returns:
        Module from int64 (batch, pieces) to (batch, 2).
    """
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.head = encoder, nn.Linear(width, 2)

        def forward(self, pieces: Tensor) -> Tensor:
            scores: Tensor = self.head(self.encoder(pieces).last_hidden_state.mean(dim=1))
            return scores

    return Classifier()


def toy() -> tuple[Any, Part, Part]:
    """A small encoder without training, and sentences whose first half of the words tells the class."""
    import numpy as np
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=40, hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        encoder = BertModel(config, add_pooling_layer=False)
    rng = np.random.default_rng(0)

    def part(n: int) -> Part:
        labels = rng.integers(0, 2, n)
        return [list(rng.integers(20 * y, 20 * y + 20, rng.integers(3, 6))) for y in labels], labels

    return encoder, part(200), part(100)


def toy_classifier() -> Any:
    """A small classifier and the sentences of `toy`, cut to three words, as `finetuning.Prepared`."""
    import torch
    from transformers import BertForSequenceClassification

    from idbounds.finetuning import Prepared

    encoder, *parts = toy()
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        made = BertForSequenceClassification(encoder.config)
    arrays = []
    for pieces, labels in parts:
        cut = torch.tensor([list(one[:3]) for one in pieces])
        arrays.append({"input_ids": cut, "labels": torch.from_numpy(labels)})
    return Prepared(made, *arrays)


def minilm() -> tuple[Any, Part, Part]:
    """MiniLM-L6, and training and test part of SST-2 in its word pieces."""
    from idbounds.data import sst
    from idbounds.data.minilm import load_minilm

    encoder = load_minilm(print)
    train, test = ((encoder.pieces(part.texts, LONGEST), part.labels) for part in sst.load_sentences())
    return encoder.module(), train, test


def batches(part: Part, seed: int) -> list[tuple[Tensor, Tensor]]:
    """A pass over sentences, those of one length together, so that nothing is padded.

    Args:
        part: word pieces and labels.
        seed: of the order.

    Returns:
        Pairs of int64 tensors, (batch, pieces) and (batch,), in random order.
    """
    import numpy as np
    import torch

    pieces, labels = part
    lengths = np.array([len(one) for one in pieces])
    rng = np.random.default_rng(seed)
    made = []
    for length in np.unique(lengths):
        rows = rng.permutation(np.flatnonzero(lengths == length))
        for some in np.split(rows, range(BATCH, len(rows), BATCH)):
            made.append((torch.tensor([pieces[i] for i in some]), torch.from_numpy(labels[some])))
    return [made[i] for i in rng.permutation(len(made))]


def train_on(model: nn.Module, part: Part, steps: int, rate: float, seed: int) -> None:
    """Adam on the cross-entropy, in eval mode (no dropout), the rate falling to zero along a cosine.

    Args:
        model: is trained.
        part: word pieces and labels.
        steps: how many.
        rate: at the start.
        seed: of the order.
    """
    import torch

    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    model.eval()
    done = 0
    while done < steps:
        for pieces, labels in batches(part, seed + done)[: steps - done]:
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(pieces), labels).backward()
            optimiser.step()
            schedule.step()
            done += 1


def pooled(encoder: nn.Module, pieces: list[list[int]]) -> NDArray[np.float32]:
    """What each layer of an encoder makes of sentences, as the mean over the word pieces.

    Args:
        encoder: as Hugging Face makes them, with hidden states to give.
        pieces: of the sentences.

    Returns:
        Float32 (layers + 1, sentences, width): of the embeddings, then of each layer.
    """
    import numpy as np
    import torch

    from idbounds.batches import evaluating

    found: NDArray[np.float32] | None = None
    with evaluating(encoder):
        for some, rows in batches((pieces, np.arange(len(pieces))), 0):
            states = encoder(some, output_hidden_states=True).hidden_states
            means = torch.stack([state.mean(dim=1) for state in states]).float().numpy()
            if found is None:
                found = np.empty((len(means), len(pieces), means.shape[2]), dtype=np.float32)
            found[:, rows.numpy()] = means
    assert found is not None
    return found


def right(model: nn.Module, part: Part) -> NDArray[np.bool_]:
    """Which sentences a model gets right.

    Args:
        model: the classifier.
        part: word pieces and labels.

    Returns:
        Bool, one a sentence, in the order of `batches` with seed 0.
    """
    import torch

    from idbounds.batches import evaluating

    with evaluating(model):
        found = [model(pieces).argmax(1) == labels for pieces, labels in batches(part, 0)]
    return torch.cat(found).numpy()
