"""Data of any kind: the same examples, the same digest, and a held-out part that the test part never touches."""

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from idbounds import data
from idbounds.dimension.examples import read
from idbounds.errors import InputError

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 4
TORCH = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))


class Own(Sampler):
    def __init__(self, rows):
        self.rows = rows

    def __iter__(self):
        return iter(self.rows)


@pytest.mark.parametrize(
    "same",
    [
        (torch.from_numpy(X), torch.from_numpy(Y)),
        (X.astype(np.float64), Y.astype(np.int32)),
        TORCH,
        DataLoader(TORCH, batch_size=7, shuffle=True),
        DataLoader(TORCH, batch_size=7, sampler=SubsetRandomSampler(range(20))),
        DataLoader(TORCH, batch_size=7, sampler=Own(range(19, -1, -1))),
        DataLoader(TORCH, batch_sampler=BatchSampler(Own(range(20)), 6, drop_last=False)),
        DataLoader(TORCH, batch_sampler=Own([[3, 1], [0, 2], list(range(4, 20))])),
        [(X[:13], Y[:13]), (X[13:], Y[13:])],
    ],
    ids=[
        "tensors",
        "other types",
        "torch data set",
        "loader",
        "sampler",
        "own",
        "batch sampler",
        "own batches",
        "batches",
    ],
)
def test_every_form_is_the_same_data(same):
    whole, other = read((X, Y)), read(same)
    assert other.digest == whole.digest
    assert np.array_equal(other.train.inputs[""], whole.train.inputs[""])
    assert (len(other.train), len(other.held_out), other.test, other.classes) == (18, 2, None, 4)


def test_dicts_are_arguments_by_name():
    batches = [
        {"input_ids": X[i : i + 5], "mask": X[i : i + 5] > 3, "labels": Y[i : i + 5]} for i in range(0, 20, 5)
    ]
    parts = read(batches, held_out=0.25)
    assert parts.train.inputs.keys() == {"input_ids", "mask"}
    assert (len(parts.train), len(parts.held_out)) == (15, 5)
    assert read({"input_ids": X, "mask": X > 3, "labels": Y}, held_out=0.25).digest == parts.digest


def test_the_held_out_part_is_the_training_datas_own():
    sample = data.load("digits")
    parts = read("digits", held_out=0.1)
    assert len(parts.train) + len(parts.held_out) == len(sample.train_y)
    assert np.array_equal(parts.test.labels, sample.test_y)
    rows = {x.tobytes() for x in (parts.held_out.inputs[""] * 8 + 8).astype(np.uint8)}
    assert rows <= {x.tobytes() for x in sample.train_x}
    assert (parts.classes, parts.name) == (10, "digits")
    assert parts.chance == max(np.bincount(parts.held_out.labels)) / len(parts.held_out)


def test_test_data_change_no_part_that_chooses():
    one, other = read((X, Y), test=(X, Y)), read((X, Y), test=(X + 1, Y))
    assert one.digest != other.digest
    assert np.array_equal(one.held_out.inputs[""], other.held_out.inputs[""])
    own = read((X, Y), valid=(X[:3], Y[:3]))
    assert (len(own.train), len(own.held_out)) == (20, 3)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (3, "DataLoader"),
        ([], "no example"),
        ((X, Y[:5]), "as many inputs as labels"),
        ((X[:1], Y[:1]), "at least 2"),
        ([(X, Y), (X[:, :2], Y)], "padding"),
        ([{"x": X}], "'labels'"),
        ([X, X, X], "pairs"),
        ((np.array(["a", "b"]), np.array([0, 1])), "tokenise"),
        ("nope", "unknown data set"),
    ],
    ids=lambda v: v[:12] if isinstance(v, str) else "",
)
def test_what_is_no_data_says_so(bad, says):
    with pytest.raises(InputError, match=says):
        read(bad)


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_the_share_is_a_share(share):
    with pytest.raises(InputError, match="held_out"):
        read((X, Y), held_out=share)


def test_a_sampler_of_ones_own_chooses_the_rows():
    parts = read(
        DataLoader(TORCH, sampler=Own(range(15))), valid=DataLoader(TORCH, sampler=Own(range(15, 20)))
    )
    assert np.array_equal(parts.train.inputs[""], X[:15])
    assert np.array_equal(parts.held_out.inputs[""], X[15:])


@pytest.mark.parametrize(
    ("sampler", "says"),
    [
        (WeightedRandomSampler([1.0] * 20, 20), "replacement"),
        (WeightedRandomSampler([1.0] * 20, 20, replacement=False), "replacement"),
        (RandomSampler(TORCH, replacement=True), "replacement"),
        (RandomSampler(TORCH, num_samples=5), "5 of 20"),
        (Own([1, 2, 1]), "twice"),
        (Own(iter(lambda: 1, 0)), "twice"),
        (Own([20]), "0 to 19"),
        (Own([-1]), "0 to 19"),
        (Own([0.5]), "0 to 19"),
    ],
)
def test_samplers_that_repeat_or_miss_rows_are_refused(sampler, says):
    with pytest.raises(InputError, match=says):
        read(DataLoader(TORCH, sampler=sampler))


@pytest.mark.parametrize(
    ("train", "valid"),
    [
        (TORCH, TORCH),
        (TORCH, Subset(TORCH, [3])),
        (DataLoader(TORCH, shuffle=True), DataLoader(TORCH, batch_size=4)),
        (DataLoader(TORCH, sampler=Own(range(10))), DataLoader(TORCH, sampler=Own(range(9, 20)))),
        (DataLoader(Subset(TORCH, [5, 6, 7]), sampler=Own([2, 1])), Subset(TORCH, [7, 8])),
        ((X, Y), (X, Y)),
    ],
)
def test_no_row_is_both_trained_and_scored_on(train, valid):
    with pytest.raises(InputError, match=r"data and valid"):
        read(train, valid=valid)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["data", "valid", "test"])
def test_what_is_not_finite_is_named_by_its_row(bad, part):
    broken = X.copy()
    broken[13, 1] = broken[17, 0] = bad
    given = {"data": (X, Y), "valid": (X[:3], Y[:3])} | {part: (broken, Y)}
    with pytest.raises(InputError, match=f"{part}: the input of row 13 holds NaN or infinity, as do 1 other"):
        read(given.pop("data"), **given)
