"""Data sets of texts by name, as they were written: for models that read words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from idbounds.data import mrpc, sst
from idbounds.data.model import Card
from idbounds.errors import InputError


class Texts(NamedTuple):
    """A part of a data set.

    Attributes:
        first: a text of each example.
        second: the other one where examples are pairs; None where they are not.
        labels: int64, class numbers from 0.
    """

    first: list[str]
    second: list[str] | None
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TextSet:
    """A data set.

    Attributes:
        name: as `load_texts` takes it.
        train: training part.
        test: test part.
        card: source, licence, sampling and caveats.
    """

    name: str
    train: Texts
    test: Texts
    card: Card

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.card.train_counts)


def _mrpc() -> tuple[Texts, Texts]:
    train, test = (Texts(*part) for part in mrpc.load_pairs())
    return train, test


def _sst() -> tuple[Texts, Texts]:
    train, test = (Texts(part.texts, None, part.labels) for part in sst.load_sentences())
    return train, test


_SETS: Final[dict[str, tuple[Callable[[], tuple[Texts, Texts]], Card]]] = {
    "mrpc": (_mrpc, mrpc.CARD),
    "sst2-sentences": (_sst, sst.SOURCE.card),
}


def text_names() -> list[str]:
    """The names that `load_texts` takes."""
    return list(_SETS)


def load_texts(name: str) -> TextSet:
    """Load a data set of texts: MRPC, or the whole sentences of SST-2.

    Args:
        name: one of `text_names()`.

    Returns:
        The data set.

    Raises:
        InputError: for another name.
        DataError: If it is not in the folder named by `IDBOUNDS_DATA`, or damaged.
    """  # noqa: DOC502 - raised further down
    if name not in _SETS:
        raise InputError(f"unknown data set of texts {name!r}; known: {', '.join(_SETS)}")
    loader, card = _SETS[name]
    return TextSet(name, *loader(), card)
