"""A small text and small documents, of words from a list drawn at random."""

import numpy as np

from idbounds import data

WORDS = b"and the lord of king said unto him they were a day".split()


def written(size: int, seed: int) -> bytes:
    """So many bytes of words."""
    rng = np.random.default_rng(seed)
    return b" ".join(WORDS[i] for i in rng.integers(0, len(WORDS), size))[:size]


def small(form: str = "text", n: int = 300, length: int = 32, seed: int = 0) -> data.Dataset:
    """A data set of that form whose rows are such words."""
    parts = [written(count * length, seed + i) for i, count in enumerate((n, 50))]
    if form == "documents":
        parts = [[part[i : i + length] for i in range(0, len(part), length)] for part in parts]
    return data.own_text(*parts, name="words", length=length)
