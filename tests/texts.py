"""A small text and small documents, of words from a list drawn at random."""

import numpy as np

from idbounds import data
from idbounds.data.byte_rows import rows

WORDS = b"and the lord of king said unto him they were a day".split()


def written(size: int, seed: int) -> bytes:
    """So many bytes of words."""
    rng = np.random.default_rng(seed)
    return b" ".join(WORDS[i] for i in rng.integers(0, len(WORDS), size))[:size]


def small(form: str = "text", n: int = 300, length: int = 32, seed: int = 0) -> data.Dataset:
    """A data set of that form whose rows are such words."""
    parts = [rows(written(count * length, seed + i), length) for i, count in enumerate((n, 50))]
    labels = [np.zeros(len(part), np.int64) for part in parts]
    arrays = data.Arrays(parts[0], labels[0], parts[1], labels[1])
    card = data.Card("", "", "", "", "", (), (len(parts[0]),), (len(parts[1]),))
    return data.Dataset("words", *arrays, 1, 256, card, *data.digests(arrays), "", form)
