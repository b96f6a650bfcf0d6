"""Data sets changed on purpose: fewer examples, other labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from idbounds import data
from idbounds.projections.stream import Stream, permutation


def changed(sample: data.Dataset, name: str, **arrays: Any) -> data.Dataset:
    """A data set with some arrays replaced, which `certify` takes as one's own.

    Args:
        sample: the data set.
        name: of the new one.
        **arrays: any of train_x, train_y, test_x, test_y.

    Returns:
        The new one, with its own digests and counts.
    """
    new = replace(sample, name=name, **arrays)
    both, train, test = data.digests(data.Arrays(new.train_x, new.train_y, new.test_x, new.test_y))
    counts = [tuple(map(int, np.bincount(y, minlength=new.classes))) for y in (new.train_y, new.test_y)]
    card = replace(sample.card, train_counts=counts[0], test_counts=counts[1])
    return replace(new, card=card, sha256=both, train_sha256=train, test_sha256=test)


def drawn(sample: data.Dataset, n: int, seed: int) -> data.Dataset:
    """Some of the training examples, drawn without replacement.

    Args:
        sample: the data set.
        n: how many.
        seed: of the draw.

    Returns:
        The data set with those n, and the same test part.
    """
    rows = permutation(seed, Stream.SPLIT, len(sample.train_y))[:n]
    return changed(
        sample, f"{sample.name}, {n} drawn", train_x=sample.train_x[rows], train_y=sample.train_y[rows]
    )


def noisy(sample: data.Dataset, share: float, seed: int) -> data.Dataset:
    """Labels of both parts replaced by uniform ones, each with a probability.

    Whatever predicts, its risk is then at least share (K - 1) / K for K classes, known beforehand.

    Args:
        sample: the data set.
        share: that probability.
        seed: of numpy's generator.

    Returns:
        The data set with the new labels.
    """
    rng = np.random.default_rng(seed)
    labels = [
        np.where(rng.random(len(y)) < share, rng.integers(sample.classes, size=len(y)), y)
        for y in (sample.train_y, sample.test_y)
    ]
    return changed(sample, f"{sample.name}, {share:g} noise", train_y=labels[0], test_y=labels[1])


def halved(images: Any) -> Any:
    """Images at half the resolution, each pixel the mean of four.

    Args:
        images: (n, height, width), both even.

    Returns:
        (n, height / 2, width / 2).
    """
    n, height, width = images.shape
    return images.reshape(n, height // 2, 2, width // 2, 2).mean(axis=(2, 4))


def arrays(sample: data.Dataset) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Training and test part as pairs of arrays.

    Args:
        sample: the data set.

    Returns:
        Inputs in [0, 1] (float32) and labels (int64) of each part.
    """
    top = np.float32(sample.levels - 1)
    return (
        (sample.train_x.astype(np.float32) / top, sample.train_y),
        (sample.test_x.astype(np.float32) / top, sample.test_y),
    )
