"""What a run is trained and scored on: any kind of data as arrays in memory, in three parts.

The held-out part, on which every choice rests, is drawn from the training data by the integer stream. The
test part chooses nothing; its score is reported beside the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from idbounds import data as named
from idbounds.decoders import scaled
from idbounds.errors import InputError
from idbounds.projections.stream import Stream, permutation

Array = NDArray[Any]
KINDS = (
    "the name of a data set, a Dataset, a pair (inputs, labels) of arrays, a mapping of arrays with "
    "'labels', a torch Dataset, a DataLoader or a list of batches"
)
_LABELS = ("labels", "label")
_READ = 256  # examples at a time when a torch Dataset is read


@dataclass(frozen=True, eq=False)
class Examples:
    """Examples as arrays (numpy, so that worker processes can share them).

    Attributes:
        inputs: what the model is given, keyed by argument name; the single key "" means one positional
            argument. Each array has n entries along its first axis.
        labels: of n entries.
    """

    inputs: Mapping[str, Array]
    labels: Array

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.labels)

    def take(self, rows: NDArray[np.int64]) -> Examples:
        """Some of the examples.

        Args:
            rows: their positions, int64.

        Returns:
            Those, in that order.
        """
        return Examples({name: value[rows] for name, value in self.inputs.items()}, self.labels[rows])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example's (first) input."""
        return tuple(next(iter(self.inputs.values())).shape[1:])

    @property
    def classes(self) -> int | None:
        """Number of classes: the largest label and one more; None if the labels are no class numbers."""
        whole = np.issubdtype(self.labels.dtype, np.integer) and self.labels.ndim == 1
        return int(self.labels.max()) + 1 if whole and self.labels.min() >= 0 else None

    def digest(self) -> str:
        """SHA-256 of names, types, shapes and bytes."""
        state = hashlib.sha256()
        for name, value in [*self.inputs.items(), ("labels of", self.labels)]:
            state.update(f"{name} {value.dtype.str} {value.shape}\n".encode())
            state.update(np.ascontiguousarray(value).tobytes())
        return state.hexdigest()


@dataclass(frozen=True, eq=False)
class Parts:
    """The data of a study.

    Attributes:
        train: to train on.
        held_out: to score on.
        test: to report on, or None.
        name: of the data.
        digest: SHA-256 over the three parts, or over the data set that they come from.
        classes: number of classes; None if the labels are no class numbers.
    """

    train: Examples
    held_out: Examples
    test: Examples | None
    name: str
    digest: str
    classes: int | None

    @property
    def chance(self) -> float | None:
        """Accuracy on the held-out part of naming its commonest class; None without classes."""
        labels = self.held_out.labels
        return None if self.classes is None else float(np.bincount(labels).max() / len(labels))


def read(data: Any, *, valid: Any = None, test: Any = None, held_out: float = 0.1) -> Parts:
    """Read data of any kind into memory.

    A loader is read once, in the order of its data set and without its shuffling; a random augmentation is
    therefore drawn once. The order of training comes from the seed of each run.

    Args:
        data: the training data, one of `KINDS`.
        valid: data to score on; None carves a share out of the training data.
        test: data to report on; a named data set brings its own.
        held_out: that share, in (0, 1).

    Returns:
        The three parts.

    Raises:
        InputError: for another kind of data, parts without an example, numbers that are not finite, samplers
            that repeat rows, or parts to train and to score on that share rows.
    """
    if not 0 < held_out < 1:
        raise InputError(f"held_out = {held_out}: give a share of the training data in (0, 1)")
    name, digest, classes = "own data", "", None
    if isinstance(data, str):
        data = named.load(data)
    if isinstance(data, named.Dataset):
        data.examples()  # not of a text
        test = (scaled(data.test_x, data.levels), data.test_y) if test is None else test
        name, digest, classes = data.name, f"{data.sha256} {data.levels}", data.classes
        data = (scaled(data.train_x, data.levels), data.train_y)
    whole = train = _examples(data)
    if len(train) < 2:
        raise InputError(f"the training data have n = {len(train)}: give at least 2 examples")
    own = digest and valid is None
    if valid is None:
        order = permutation(0, Stream.SPLIT, len(train))
        size = min(max(1, round(held_out * len(train))), len(train) - 1)
        scored, train = train.take(order[:size]), train.take(order[size:])
    else:
        _check_apart(data, valid)
        scored = _examples(valid)
    reported = None if test is None else _examples(test)
    for part, examples in (("data", whole), ("valid", scored), ("test", reported)):
        _check_finite(part, examples)
    if not own:
        digest = " ".join(part.digest() for part in (train, scored, reported) if part is not None)
    if classes is None and train.classes and scored.classes:
        classes = max(train.classes, scored.classes)
    return Parts(train, scored, reported, name, hashlib.sha256(digest.encode()).hexdigest(), classes)


def _examples(data: Any) -> Examples:
    """One part, whatever it came as."""
    if isinstance(data, Examples):
        return data
    if isinstance(data, tuple) and len(data) == 2 and all(_is_array(part) for part in data):
        return _whole([data])
    if isinstance(data, Mapping):
        return _whole([data])
    if isinstance(data, torch.utils.data.DataLoader):
        data = _in_order(data)
    elif (
        hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, list | tuple | str)
    ):
        data = torch.utils.data.DataLoader(data, batch_size=_READ)
    if isinstance(data, str) or not isinstance(data, Iterable):
        raise InputError(f"data = {type(data).__name__}: give {KINDS}")
    return _whole(list(data))


def _check_finite(part: str, examples: Examples | None) -> None:
    """Refuse NaN and infinity: every run would fail, each after its training."""
    for name, value in [] if examples is None else [*examples.inputs.items(), ("labels", examples.labels)]:
        if value.dtype.kind not in "fc":
            continue
        fine = np.isfinite(value).reshape(len(value), -1).all(axis=1)
        if not fine.all():
            what = f"input {name!r}" if name not in ("", "labels") else name or "input"
            raise InputError(
                f"{part}: the {what} of row {int(fine.argmin())} holds NaN or infinity, as do "
                f"{int((~fine).sum()) - 1} other rows: take them out or fill them in"
            )


def _in_order(loader: Any) -> Any:
    """The loader without its shuffling: the digest of what it gives must not depend on torch's generator."""
    if isinstance(loader.dataset, torch.utils.data.IterableDataset):
        return loader
    rows = _rows_of(loader)
    chosen = loader.dataset if rows is None else torch.utils.data.Subset(loader.dataset, rows)
    # A loader with a batch sampler has no batch size of its own; without either, an item is a batch already.
    size = loader.batch_size or (None if loader.batch_sampler is None else _READ)
    return torch.utils.data.DataLoader(chosen, batch_size=size, collate_fn=loader.collate_fn)


def _rows_of(loader: Any) -> list[int] | None:
    """The rows of its data set that a loader gives, in order; None for all of them."""
    kinds, n = torch.utils.data, len(loader.dataset)
    batched = loader.batch_size is None and loader.batch_sampler is not None
    sampler = loader.batch_sampler if batched else loader.sampler
    if batched and isinstance(sampler, kinds.BatchSampler):
        sampler, batched = sampler.sampler, False
    what = f"a loader with {type(sampler).__name__}"
    if isinstance(sampler, kinds.WeightedRandomSampler) or getattr(sampler, "replacement", False):
        raise InputError(f"{what} draws with replacement: give one that gives each row once, or none")
    if isinstance(sampler, kinds.SequentialSampler):
        return None
    if isinstance(sampler, kinds.RandomSampler):
        if sampler.num_samples != n:
            raise InputError(
                f"{what} draws {sampler.num_samples} of {n} rows, others each time: give a Subset"
            )
        return None
    drawn = chain.from_iterable(sampler) if batched else iter(sampler)
    rows = list(islice(drawn, n + 1))  # one may have no end
    if not all(isinstance(row, Integral) and 0 <= int(row) < n for row in rows):
        raise InputError(f"{what} gives what is no row: give integers from 0 to {n - 1}, each once")
    if len(set(rows)) < len(rows):
        raise InputError(f"{what} gives a row twice: give one that gives each row once")
    return sorted(int(row) for row in rows)


def _check_apart(data: Any, valid: Any) -> None:
    """Refuse to score on rows that are trained on, where that can be seen."""
    (own, rows), (other, scored) = _origin(data), _origin(valid)
    if own is not other:
        return
    if rows is None or scored is None:
        raise InputError("data and valid are the same examples: give others to score on, or leave valid out")
    if shared := set(rows) & set(scored):
        raise InputError(
            f"data and valid share {len(shared)} rows of one data set, row {min(shared)} among them: give "
            "rows apart, or leave valid out"
        )


def _origin(data: Any) -> tuple[Any, Sequence[int] | None]:
    """The object that examples come from, and their rows there; None if the object itself is all there is."""
    rows: Sequence[int] | None = None
    if isinstance(data, torch.utils.data.DataLoader):
        if isinstance(data.dataset, torch.utils.data.IterableDataset):
            return data.dataset, None
        rows, data = _rows_of(data), data.dataset
    while isinstance(data, torch.utils.data.Subset):
        rows = data.indices if rows is None else [data.indices[row] for row in rows]
        data = data.dataset
    if isinstance(data, tuple) and len(data) == 2 and all(_is_array(part) for part in data):
        data = data[0]
    whole = rows is None and isinstance(data, torch.utils.data.Dataset) and hasattr(data, "__len__")
    return data, range(len(data)) if whole else rows


def _whole(batches: list[Any]) -> Examples:
    """Batches joined along the first axis."""
    parts = [_batch(batch) for batch in batches]
    if not parts or parts[0].keys() == {"labels of"}:
        raise InputError(f"the data hold no example: give {KINDS}")
    try:
        joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    except (KeyError, ValueError) as error:
        raise InputError(
            f"the batches do not fit together ({error}): give all the same keys and shapes; pad texts to one "
            "length (padding='max_length')"
        ) from None
    sizes = {key: len(value) for key, value in joined.items()}
    if len(set(sizes.values())) != 1 or not sizes["labels of"]:
        raise InputError(f"the data have {sizes} examples: give as many inputs as labels, and at least one")
    labels = joined.pop("labels of")
    return Examples(joined, labels)


def _batch(batch: Any) -> dict[str, Array]:
    """Arrays by argument name, the labels under a name that no argument has."""
    if isinstance(batch, Mapping):
        label = next((key for key in _LABELS if key in batch), None)
        if label is None:
            raise InputError(f"a batch has the keys {', '.join(map(str, batch))}: one must be 'labels'")
        named_inputs = {str(key): _array(value) for key, value in batch.items() if key != label}
        return named_inputs | {"labels of": _array(batch[label])}
    if isinstance(batch, list | tuple) and len(batch) == 2:
        return {"": _array(batch[0]), "labels of": _array(batch[1])}
    raise InputError(
        f"a batch is a {type(batch).__name__}: give pairs (inputs, labels) or dicts with 'labels'"
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | torch.Tensor)


def _array(value: Any) -> Array:
    """As numpy; floating-point numbers in float32, class numbers in int64."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind in "USO":
        raise InputError(f"an array of {array.dtype}: give numbers; tokenise texts first")
    if array.dtype.kind == "f":
        return array.astype(np.float32, copy=False)
    return array.astype(np.int64, copy=False) if array.dtype.kind in "iu" else array
