"""Losses in whole units, against a slow and exact count; models that look ahead are refused."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from idbounds import text_evaluator as evaluator
from idbounds.bytegpt import bytes_of
from idbounds.errors import InputError


class Table(nn.Module):
    """Scores from the byte before, or `shift` places ahead of what it should look at."""

    def __init__(self, shift: int = 0) -> None:
        super().__init__()
        drawn = np.random.default_rng(1).normal(size=(257, 256)) * 3
        self.table = nn.Parameter(torch.from_numpy(drawn))
        self.shift = shift

    def forward(self, x):
        text = bytes_of(x)
        before = nn.functional.pad(text, (1, self.shift), value=256)[
            :, self.shift : self.shift + text.shape[1]
        ]
        return self.table[before]


ROWS = np.random.default_rng(0).integers(0, 256, (70, 9), dtype=np.uint8)


def counted(module, **changed):
    state = dict(module.named_parameters())
    return evaluator.count(module, state, ROWS, **{"smoothing": 3, "share": 5} | changed)


def slow(module, alpha, s):
    """The same sums in single floats, byte by byte."""
    table, loss, psi, errors = module.table.detach().numpy(), 0, 0, 0
    delta = math.log2(1 + (1 - alpha) * 256 / alpha)
    for row in ROWS.tolist():
        for before, byte in zip([256, *row], row, strict=False):
            chances = np.exp(table[before])
            chances = (1 - alpha) * chances / chances.sum() + alpha / 256
            x, y = -math.log2(chances[byte]), -float((chances * np.log2(chances)).sum())
            a = s * (y - x) / delta
            loss += math.ceil(x * 2**20)
            psi += math.ceil((a - math.log1p(a)) * 2**30)
            errors += int(table[before].argmax() != byte)
    return loss, psi, errors


def test_the_sums_are_those_of_a_slow_count():
    module = Table()
    found = counted(module)
    loss, psi, errors = slow(module, 1 / 8, 5 / 16)
    assert found.size == ROWS.size == 630
    assert abs(found.loss - loss) <= 630  # one unit a byte is what floats may differ by
    assert abs(found.psi - psi) <= 630
    assert found.errors == errors > 600


def test_rows_are_counted_in_batches_and_reported():
    seen = []
    counted(Table(), advance=seen.append)
    assert seen == [8] * 8 + [6]


def test_a_near_tie_is_an_error():
    module = Table()
    with torch.no_grad():
        module.table.zero_()
    assert counted(module).errors == 630
    with torch.no_grad():
        module.table[:, ROWS[0, 0]] += 2e-6
    assert counted(module).errors == 630 - int((ROWS[0, 0] == ROWS).sum())


def test_no_loss_is_above_sixteen_bits_and_psi_has_its_largest_value():
    module = Table()
    with torch.no_grad():
        module.table.mul_(1000)
    found = counted(module, smoothing=8, share=15)
    assert found.loss <= 16.0001 * 2**20 * 630
    assert found.psi <= 630 * 2**30 * (15 / 16 * -1 - math.log(1 / 16))


@pytest.mark.parametrize("shift", [1, 3])
def test_a_model_that_looks_ahead_is_refused(shift):
    with pytest.raises(InputError, match="earlier bytes"):
        counted(Table(shift))


@pytest.mark.parametrize(
    "scores",
    [
        lambda x: torch.zeros(*x.shape, 256, dtype=torch.float32),
        lambda x: torch.zeros(*x.shape, 255, dtype=torch.float64),
        lambda x: "scores",
        lambda x: torch.full((*x.shape, 256), math.nan, dtype=torch.float64),
    ],
)
def test_other_outputs_are_refused(scores):
    module = Table()
    module.forward = scores
    with pytest.raises(InputError, match="the language model returns"):
        counted(module)
