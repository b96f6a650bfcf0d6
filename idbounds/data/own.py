"""A data set of one's own, from arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from idbounds.data.loading import names
from idbounds.data.model import Arrays, Card, Dataset, digests
from idbounds.errors import InputError


def from_arrays(
    name: str,
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    classes: int,
    sampling: str,
    levels: int = 256,
    title: str = "",
    source: str = "given as arrays",
    licence: str = "not stated",
    duplicates: str = "not counted",
    caveats: tuple[str, ...] = (),
) -> Dataset:
    """Make a data set that `certify` and `verify` take in place of a name.

    Args:
        name: what certificates call it; not that of a data set of the package.
        train: examples and labels. Examples are images, n x height x width or n x channels x height x width,
            or other features, n x d: integers from 0 to `levels` - 1. Labels are integers from 0 to
            `classes` - 1.
        test: the same for the test part.
        classes: their number, known before the sample: the architecture has an output for each.
        sampling: how the examples were drawn, in a sentence: a bound assumes independent draws.
        levels: number of levels of a feature, at most 256; a property of the format, not of the sample.
        title: full name; default: `name`.
        source: where the data come from.
        licence: as far as it is stated.
        duplicates: exact duplicates within and between the parts.
        caveats: further reasons for care.

    Returns:
        The data set, with its digests.

    Raises:
        InputError: for a taken name, an empty part, arrays that do not fit together, or values that are no
            integers of the range.
    """
    if not name.strip() or name in names():
        raise InputError(f"name = {name!r}: give a name other than {', '.join(names())}")
    if not sampling.strip():
        raise InputError("sampling is empty: say in a sentence how the examples were drawn")
    if classes < 2:
        raise InputError(f"classes = {classes}: give an integer >= 2")
    if not 2 <= levels <= 256:
        raise InputError(f"levels = {levels}: give an integer from 2 to 256")
    parts = (train, test)
    xs = [_integers(f"{part} examples", x, levels).astype(np.uint8) for part, (x, _) in _named(parts)]
    ys = [_integers(f"{part} labels", y, classes).astype(np.int64) for part, (_, y) in _named(parts)]
    for (part, _), x, y in zip(_named(parts), xs, ys, strict=True):
        if x.ndim not in (2, 3, 4) or y.ndim != 1 or len(x) != len(y) or not x.size:
            raise InputError(
                f"{part}: examples of shape {x.shape} and labels of shape {y.shape}; give n x d, n x height "
                "x width or n x channels x height x width, and n labels"
            )
    if xs[0].shape[1:] != xs[1].shape[1:]:
        raise InputError(
            f"examples of shape {xs[0].shape[1:]} to train and {xs[1].shape[1:]} to test; give the same"
        )
    arrays = Arrays(xs[0], ys[0], xs[1], ys[1])
    counts = [tuple(np.bincount(y, minlength=classes).tolist()) for y in ys]
    card = Card(title or name, source, licence, sampling, duplicates, caveats, counts[0], counts[1])
    found = digests(arrays)
    return Dataset(
        name, *arrays, classes=classes, levels=levels, card=card, sha256=found.both, train_sha256=found.train,
        test_sha256=found.test, origin="arrays",
    )  # fmt: skip


def _named(parts: tuple[Any, Any]) -> zip[tuple[str, Any]]:
    return zip(("training", "test"), parts, strict=True)


def _integers(what: str, given: npt.ArrayLike, top: int) -> npt.NDArray[np.integer[Any]]:
    found = np.asarray(given)
    if not np.issubdtype(found.dtype, np.integer):
        raise InputError(
            f"{what} of type {found.dtype}: give integers. Put other numbers on a grid by a rule fixed "
            "before the sample was seen, such as (x - low) / (high - low) * 255 for known limits"
        )
    if found.size and (found.min() < 0 or found.max() >= top):
        raise InputError(f"{what} from {found.min()} to {found.max()}: give integers from 0 to {top - 1}")
    return found
