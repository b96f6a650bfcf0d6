"""All-but-the-top: word vectors without their mean and their strongest directions, and what that changes.

The mean and the first few principal components are shared by all words, say little about meaning, and make
every cosine larger. Taking them away is a statement about the intrinsic dimension of the vectors: their
spectrum gets flatter. How many to take away is a choice (the authors: about n / 100 for n dimensions), and so
is the vocabulary of which mean and components are taken, so both are arguments.

Source: Mu and Viswanath (2018), All-but-the-Top, ICLR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.errors import InputError

Floats = NDArray[np.float64]
Pair = tuple[str, str, float]


@dataclass(frozen=True)
class Similarity:
    """How vectors agree with people on the similarity of word pairs.

    Attributes:
        spearman: rank correlation of cosines and ratings over the pairs with both words known.
        pairs: how many those are.
        missing: the pairs left out, because a word has no vector.
    """

    spearman: float
    pairs: int
    missing: tuple[tuple[str, str], ...]


def all_but_the_top(vectors: ArrayLike, components: int, *, fitted_on: ArrayLike | None = None) -> Floats:
    """Remove the mean and the strongest principal components.

    Args:
        vectors: shape (words, n).
        components: how many to remove, from 0 (the mean alone) to n.
        fitted_on: vectors of which mean and components are taken, shape (any, n), such as those of the
            frequent words; all if not given.

    Returns:
        The new vectors, float64, shape (words, n).

    Raises:
        InputError: If the vectors are not finite or of other shapes, or the components are out of range.
    """
    x = _matrix(vectors, "vectors")
    base = x if fitted_on is None else _matrix(fitted_on, "fitted_on")
    if base.shape[1] != x.shape[1] or not 0 <= components <= x.shape[1]:
        raise InputError(
            f"vectors of {x.shape[1]} dimensions, fitted on {base.shape[1]}, {components} components given; "
            f"the same dimensions and 0 to {x.shape[1]} components are allowed"
        )
    mean = base.mean(axis=0)
    centred = base - mean
    _, directions = np.linalg.eigh(centred.T @ centred)
    top = directions[:, x.shape[1] - components :]
    x = x - mean
    return np.asarray(x - (x @ top) @ top.T)


def similarity(words: Mapping[str, int], vectors: ArrayLike, pairs: Sequence[Pair]) -> Similarity:
    """Hold cosines against ratings.

    Args:
        words: row of each word in the vectors. A word is looked up as it is, then in lower case.
        vectors: shape (words, n).
        pairs: (word, word, rating).

    Returns:
        The rank correlation, and the pairs without a vector, which it does not count.

    Raises:
        InputError: If fewer than three pairs are known.
    """
    from scipy.stats import spearmanr

    x = _matrix(vectors, "vectors")
    cosines, ratings, missing = [], [], []
    for first, second, rating in pairs:
        i, j = (words.get(word, words.get(word.lower())) for word in (first, second))
        if i is None or j is None:
            missing.append((first, second))
            continue
        lengths = float(np.linalg.norm(x[i]) * np.linalg.norm(x[j]))
        cosines.append(float(x[i] @ x[j]) / lengths if lengths else 0.0)
        ratings.append(rating)
    if len(cosines) < 3:
        raise InputError(f"{len(cosines)} of {len(pairs)} pairs have vectors; 3 or more are needed")
    return Similarity(float(spearmanr(cosines, ratings).statistic), len(cosines), tuple(missing))


def _matrix(value: ArrayLike, what: str) -> Floats:
    x = np.asarray(value, dtype=np.float64)
    if x.ndim != 2 or not x.size or not np.isfinite(x).all():
        raise InputError(f"{what}: shape {x.shape} given; finite numbers of shape (words, n) are allowed")
    return x
