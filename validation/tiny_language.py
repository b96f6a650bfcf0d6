"""Small masked language models, pretrained here on the beginnings of film reviews: a ladder of widths."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

Numbers = NDArray[np.int64]

OTHERS = 48
"""Of so many reviews of the test part one is kept, to say how well a model has learnt the language."""

WORDS, LENGTH = 4000, 16
"""Entries of the vocabulary; words of an example at most, the rest is cut."""

PADDING, UNKNOWN, MASK, FIRST = 0, 1, 2, 3
"""Numbers that stand for no word, for one outside the vocabulary, for a hidden one; the first of a word."""

LAYERS, HEADS = 2, 4
NEAR, FAR = 2.0, 0.125
"""How much a score falls with each place away from where a head looks: a word back, a word ahead, at all."""

_WORD = re.compile(r"[a-z]+|[0-9]+|[^\sa-z0-9]")


def words(text: str) -> list[str]:
    """The lower-cased words of a text; a number is one, and so is each other sign.

    Args:
        text: any.

    Returns:
        The words in order.
    """
    return _WORD.findall(text.lower().replace("<br />", " "))


def numbered(texts: Iterable[Sequence[str]], vocabulary: dict[str, int]) -> Numbers:
    """Texts as rows of numbers.

    Args:
        texts: words of each.
        vocabulary: number of each word.

    Returns:
        (n, LENGTH), padded.
    """
    rows = []
    for text in texts:
        known = [vocabulary.get(word, UNKNOWN) for word in text[:LENGTH]]
        rows.append(known + [PADDING] * (LENGTH - len(known)))
    return np.array(rows, dtype=np.int64)


class Text(NamedTuple):
    """What is pretrained on, and what is learnt afterwards.

    Attributes:
        pieces: numbered pieces of the text, (n, LENGTH), without padding.
        others: of a text that no model is trained on.
        train: questions, x (n, LENGTH) and labels (n,).
        test: likewise.
    """

    pieces: Numbers
    others: Numbers
    train: dict[str, Numbers]
    test: dict[str, Numbers]


@functools.cache
def reading(name: str) -> Text:
    """Load a text and questions, in one vocabulary: the commonest words of the text.

    Args:
        name: "reviews", for the beginnings of IMDB's film reviews and the questions of TREC; or "toy".

    Returns:
        Both. The vocabulary has not seen the questions.
    """
    texts, others, train, test = _toy() if name == "toy" else _reviews()
    counted = Counter(word for text in texts for word in text).most_common(WORDS - FIRST)
    vocabulary = {word: FIRST + i for i, (word, _) in enumerate(counted)}
    parts = ({"x": numbered(asked, vocabulary), "labels": labels} for asked, labels in (train, test))
    return Text(numbered(_cut(texts), vocabulary), numbered(_cut(others), vocabulary), *parts)


def _cut(texts: list[list[str]]) -> Iterator[list[str]]:
    return (text[i : i + LENGTH] for text in texts for i in range(0, len(text) - LENGTH + 1, LENGTH))


Asked = tuple[list[list[str]], Numbers]
"""Words of questions, and their labels."""


def _reviews() -> tuple[list[list[str]], list[list[str]], Asked, Asked]:
    from idbounds import data
    from idbounds.data import trec

    found = data.load("imdb-documents", say=print)
    # The last word of a beginning is cut somewhere.
    texts, others = (
        [words(bytes(row).decode(errors="ignore"))[:-1] for row in part]
        for part in (found.train_x, found.test_x[::OTHERS])
    )
    train, test = (([words(text) for text in part.texts], part.labels) for part in trec.load_questions())
    return texts, others, train, test


def _toy() -> tuple[list[list[str]], list[list[str]], Asked, Asked]:
    rng = np.random.default_rng(0)

    def part(n: int) -> Asked:
        labels = rng.integers(0, 2, n)
        return [[f"{20 * y + i}" for i in rng.integers(0, 20, LENGTH)] for y in labels], labels

    return part(200)[0], part(50)[0], part(200), part(100)


def rung(width: int, classes: int) -> nn.Module:
    """A small transformer that reads numbered words, untrained.

    Args:
        width: of it, a multiple of `HEADS`.
        classes: of its head, which reads the mean over the words.

    Returns:
        Module from (batch, LENGTH) to (batch, classes); `states` gives (batch, LENGTH, width).
    """
    import torch
    from torch import nn

    from idbounds.bytegpt import Block

    class Rung(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(WORDS, width)
            self.blocks = nn.ModuleList(Block(width, HEADS) for _ in range(LAYERS))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)
            place = torch.arange(LENGTH, dtype=torch.float32)
            back = place[:, None] - place
            near = [-NEAR * (back - offset).abs() for offset in (1, -1)]
            self.register_buffer("bias", torch.stack([*near, *[-FAR * back.abs()] * (HEADS - 2)]))

        def states(self, x: Tensor) -> Tensor:
            hidden = self.words(x)
            unseen = torch.zeros_like(x, dtype=hidden.dtype).masked_fill(x == PADDING, -1e9)
            bias = self.bias + unseen[:, None, None]
            for block in self.blocks:
                hidden = block(hidden, bias)
            found: Tensor = self.norm(hidden)
            return found

        def forward(self, x: Tensor) -> Tensor:
            seen = (x != PADDING).to(self.words.weight.dtype)[..., None]
            mean = (self.states(x) * seen).sum(1) / seen.sum(1).clamp(min=1)
            scores: Tensor = self.head(mean)
            return scores

    return Rung()
