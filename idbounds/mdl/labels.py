"""Ideal lengths of labels given inputs, from predicted probabilities; bits, never nats.

Deep-learning losses are in nats: divide by ln 2. The published code of description-length probing (Voita and
Titov 2020) adds cross-entropies in nats to log2 K of the first block in bits; its ratios are off by up to
ln 2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.integers.elias import integer_within
from idbounds.errors import InputError
from idbounds.mdl._given import array

LARGEST_CLASSES = 2**20
"""Most classes."""


def uniform_label_ideal_bits(n: int, classes: int) -> float:
    """Ideal length of n labels without any model, n log2 K; what every other length is compared with.

    Args:
        n: Number of labels.
        classes: Number K of classes.

    Returns:
        Bits.
    """
    n = integer_within(n, "number of labels", 0, 2**53)
    return n * math.log2(integer_within(classes, "classes", 1, LARGEST_CLASSES))


def label_ideal_bits(probabilities: Any, y: ArrayLike) -> float:
    """Ideal length of labels under predicted probabilities: the sum of -log2 p(y_i | x_i).

    The predictions must not have seen these labels, or the model must be paid for, too (`code_bits` of its
    message: then this is the second part of a two-part code).

    Args:
        probabilities: One row for each label, shape (n, K); not scores.
        y: Labels 0 .. K - 1, shape (n,).

    Returns:
        Bits; infinite if a label was given probability 0.
    """
    p = probability_rows(probabilities)
    labels = checked_labels(y, len(p), p.shape[1])
    with np.errstate(divide="ignore"):
        return float(-np.log2(p[np.arange(labels.size), labels]).sum())


def probability_rows(probabilities: Any) -> NDArray[np.float64]:
    """Predictions as rows that add up to one.

    Args:
        probabilities: Array or tensor, shape (n, K).

    Returns:
        The rows, divided by their sums.

    Raises:
        InputError: If an entry is negative or a sum differs from 1 by more than 1e-3.
    """
    p = array(probabilities, "probabilities", 2)
    sums = p.sum(axis=1, keepdims=True)
    if (p < 0).any() or (abs(sums - 1) > 1e-3).any():
        raise InputError(
            f"probabilities: entries from {p.min():g}, row sums {sums.min():g} to {sums.max():g} given; "
            "entries of at least 0 and sums of 1 are allowed, apply softmax to scores"
        )
    rows: NDArray[np.float64] = p / sums
    return rows


def checked_labels(y: ArrayLike, n: int, classes: int) -> NDArray[np.int64]:
    """Labels as integers.

    Args:
        y: Labels.
        n: How many there must be.
        classes: They must be 0 .. classes - 1.

    Returns:
        The labels, shape (n,).

    Raises:
        InputError: If they are anything else.
    """
    labels = integer_vector(y, "labels")
    if labels.size != n:
        raise InputError(f"labels: {labels.size} given; {n} are allowed")
    if n and not 0 <= labels.min() <= labels.max() < classes:
        raise InputError(
            f"labels: values {labels.min()} to {labels.max()} given; 0 to {classes - 1} is allowed"
        )
    return labels
