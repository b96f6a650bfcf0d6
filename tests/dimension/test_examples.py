"""Data of any kind: the same examples, the same digest, and a held-out part that the test part never touches."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

from idbounds import data
from idbounds.dimension.examples import read
from idbounds.errors import InputError

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 4
TORCH = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))


@pytest.mark.parametrize(
    "same",
    [
        (torch.from_numpy(X), torch.from_numpy(Y)),
        (X.astype(np.float64), Y.astype(np.int32)),
        TORCH,
        DataLoader(TORCH, batch_size=7, shuffle=True),
        DataLoader(TORCH, batch_size=7, sampler=SubsetRandomSampler(range(20))),
        [(X[:13], Y[:13]), (X[13:], Y[13:])],
    ],
    ids=["tensors", "other types", "torch data set", "loader", "sampler", "batches"],
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
