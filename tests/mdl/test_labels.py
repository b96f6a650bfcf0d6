import math

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.mdl import label_ideal_bits, uniform_label_ideal_bits


def test_bits_not_nats():
    p = np.full((8, 4), 0.25)
    assert label_ideal_bits(p, [0, 1, 2, 3, 0, 1, 2, 3]) == pytest.approx(16)
    assert uniform_label_ideal_bits(8, 4) == 16


def test_the_published_sum_of_nats_and_bits():
    # Voita and Titov's repository: 950,028 labels of 45 classes, first block of 0.1 per cent in bits, the rest in
    # nats, all divided by 1024. Its 96.02 "kbits" are 139.5, and the compression 53.06 is 37.4.
    n, classes, stated = 950_028, 45, 96.02 * 1024
    uniform = uniform_label_ideal_bits(n, classes)
    first = uniform_label_ideal_bits(n // 1000, classes)
    true = first + (stated - first) / math.log(2)
    assert uniform / stated == pytest.approx(53.06, abs=0.01)
    assert true / 1000 == pytest.approx(139.5, abs=0.1)
    assert uniform / true == pytest.approx(37.4, abs=0.1)


def test_impossible_labels_are_infinite():
    assert label_ideal_bits([[1.0, 0.0]], [1]) == math.inf
    assert label_ideal_bits([[1.0, 0.0]], [0]) == 0


def test_tensors():
    torch = pytest.importorskip("torch")
    p = torch.tensor([[0.5, 0.5], [0.25, 0.75]], requires_grad=True)
    assert label_ideal_bits(p, torch.tensor([0, 0])) == pytest.approx(3)


@pytest.mark.parametrize(
    ("p", "y", "words"),
    [
        ([[0.5, 0.5]], [2], "0 to 1 is allowed"),
        ([[0.5, 0.5]], [-1], "0 to 1 is allowed"),
        ([[0.5, 0.5]], [0, 1], "2 given; 1"),
        ([[0.5, 0.5]], [0.0], "integers"),
        ([[2.0, -1.0]], [0], "softmax"),
        ([[2.0, 1.0]], [0], "softmax"),
        ([[np.nan, 1.0]], [0], "nan given"),
        ([0.5, 0.5], [0], "2 dimensions"),
        (np.empty((0, 2)), [], "shape"),
    ],
)
def test_bad_input(p, y, words):
    with pytest.raises(InputError, match=words):
        label_ideal_bits(p, y)


def test_bad_sizes():
    for n, classes in [(-1, 2), (3, 0), (3, 2**31)]:
        with pytest.raises(InputError):
            uniform_label_ideal_bits(n, classes)


def test_half_precision_tensors():
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    exact = label_ideal_bits(scores.softmax(1), [1, 0])
    assert label_ideal_bits(scores.softmax(1).bfloat16(), [1, 0]) == pytest.approx(exact, abs=0.02)
