"""The language model sees what stands before a byte and nothing else, and starts from a table of letters."""

import numpy as np
import pytest
import torch

from idbounds.bytegpt import HEADS, biases, bytegpt, bytes_of, letters
from idbounds.decoders import scaled
from idbounds.errors import InputError


def test_every_byte_survives_the_way_into_the_model():
    rows = np.arange(256, dtype=np.uint8)[None]
    for kind in (torch.float32, torch.float64):
        assert bytes_of(torch.from_numpy(scaled(rows, 256)).to(kind)).tolist() == [list(range(256))]


def test_scores_depend_on_earlier_bytes_alone():
    torch.manual_seed(0)
    module = bytegpt((12,), 1).double().eval()
    rows = np.random.default_rng(0).integers(0, 256, (1, 12), dtype=np.uint8)
    first = module(torch.from_numpy(scaled(rows, 256)))
    for place in range(12):
        other = rows.copy()
        other[0, place] ^= 1
        differs = (module(torch.from_numpy(scaled(other, 256))) != first).any(-1)[0]
        assert not differs[: place + 1].any()
        assert place == 11 or differs[place + 1]


def test_heads_look_where_they_should():
    bias = biases(6, torch.zeros(1))
    assert bias.shape == (HEADS, 6, 6)
    assert bias[:3, 5].argmax(-1).tolist() == [4, 3, 2]
    assert bias[3, 5].argmax() == 5
    assert torch.isinf(bias[:, 2, 3:]).all()


def test_the_table_of_letters_is_frozen_and_nearly_a_distribution():
    found = letters()
    assert float(found.exp().sum()) == pytest.approx(1, abs=0.02)
    order = [chr(b) for b in found.argsort(descending=True, stable=True)[:6]]
    assert order == [" ", "e", "t", "a", "o", "i"]
    assert (8 * found).sum() == -19858
    assert (8 * found == (8 * found).round()).all()


@pytest.mark.parametrize("shape", [(1,), (5000,), (28, 28), ()])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="rows of 2 to 4096 bytes"):
        bytegpt(shape, 1)
