"""Tensor trains: an entry is a product of matrices, and digits and weights are frozen."""

import hashlib
import math

import numpy as np
import pytest

from idbounds.decoders.form import Slot
from idbounds.decoders.trains import Train, digits

SHAPES = [(12, 20), (6, 35), (8, 6, 3, 5), (7, 13), (10, 4, 1, 1), (4, 3, 5), (1, 9)]


@pytest.mark.parametrize(
    ("n", "count", "wanted"),
    [(784, 2, (28, 28)), (300, 2, (20, 15)), (784, 3, (14, 8, 7)), (97, 2, (97, 1)), (1, 4, (1, 1, 1, 1)), (512, 4, (8, 4, 4, 4))],
)  # fmt: skip
def test_the_digits_are_frozen(n, count, wanted):
    assert digits(n, count) == wanted


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cores", [1, 2, 3, 4])
def test_an_entry_is_the_product_of_its_matrices(shape, cores):
    """By the definition, entry by entry."""
    slot, rng = Slot("w", shape, 0), np.random.default_rng(3)
    form = Train(cores, min(3, math.isqrt(math.prod(shape))))
    numbers = rng.normal(size=form.sizes(slot, 0))
    parts = form.split(slot, numbers)
    rows, columns, kernel = form.axes(slot)
    made = form.weights(slot, np.zeros(0, np.int64), [numbers]).reshape(*slot.matrix)
    for row, column in rng.integers(slot.matrix, size=(20, 2)):
        point = math.prod(kernel)
        i, j = np.unravel_index(row, rows), np.unravel_index(column // point, columns)
        chosen = [core[:, a * n + b] for core, a, b, n in zip(parts, i, j, columns, strict=False)]
        if kernel:
            chosen.append(parts[-1][:, column % point])
        assert made[row, column] == pytest.approx(
            float(np.linalg.multi_dot([*chosen, np.eye(1)]).item()), rel=1e-12, abs=1e-12
        )


def test_the_weights_are_frozen():
    slot, form = Slot("w", (6, 35, 2, 2), 0), Train(3, 4)
    numbers = np.arange(form.sizes(slot, 0)[0]) / 64 - 1
    made = form.weights(slot, np.zeros(0, np.int64), [numbers])
    assert hashlib.sha256(made.astype("<f8").tobytes()).hexdigest()[:16] == "b3f26211ef182ba5"
