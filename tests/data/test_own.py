"""A data set of one's own: what it holds, and what is refused."""

import numpy as np
import pytest

from idbounds import InputError, data

X, Y = np.arange(48).reshape(6, 2, 4), np.array([0, 1, 2, 0, 1, 1])
WAY = {"classes": 3, "sampling": "drawn for a test"}


def test_it_is_what_the_arrays_are():
    made = data.from_arrays("mine", (X[:4], Y[:4]), (X[4:].tolist(), Y[4:].tolist()), **WAY)
    assert (made.classes, made.levels, made.card.title) == (3, 256, "mine")
    assert (made.train_x == X[:4]).all()
    assert made.test_x.dtype == np.uint8
    assert made.test_y.dtype == np.int64
    assert (made.card.train_counts, made.card.test_counts) == ((2, 1, 1), (0, 2, 0))
    assert made.majority_error == 0.5
    arrays = data.Arrays(made.train_x, made.train_y, made.test_x, made.test_y)
    assert data.digests(arrays) == (made.sha256, made.train_sha256, made.test_sha256)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "mnist"}, "give a name other than"),
        ({"sampling": " "}, "how the examples were drawn"),
        ({"levels": 257}, "from 2 to 256"),
        ({"train": (X / 7, Y)}, "training examples of type float64: give integers"),
        ({"test": (X + 209, Y)}, "test examples from 209 to 256: give integers from 0 to 255"),
        ({"test": (X, Y - 1)}, "test labels from -1"),
        ({"train": (X, Y[:5])}, r"training: examples of shape \(6, 2, 4\) and labels of shape \(5,\)"),
        ({"train": (X[:0], Y[:0])}, "training: examples of shape"),
        ({"test": (X.reshape(6, 8), Y)}, r"\(2, 4\) to train and \(8,\) to test"),
        ({"classes": 1}, "classes = 1: give an integer >= 2"),
        ({"test": (X, Y + 1)}, "test labels from 1 to 3: give integers from 0 to 2"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    given = {"name": "mine", "train": (X, Y), "test": (X, Y), **WAY} | change
    with pytest.raises(InputError, match=says):
        data.from_arrays(**given)
