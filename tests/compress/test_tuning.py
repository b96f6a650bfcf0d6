"""Training moves the numbers and keeps the form; what it sees is what the decoder makes."""

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.compress import (
    Bench,
    Downsize,
    Factorise,
    FineTune,
    Pipeline,
    Predict,
    Project,
    Quantise,
    Scatter,
    Share,
    Sparsify,
    TensorTrain,
    drafts,
)
from idbounds.compress.tuning import _Moving
from idbounds.decoders.layers import Coded, Model, layout, state
from idbounds.decoders.values import Book
from idbounds.errors import InputError
from idbounds.evaluator import count_errors

TUNE = FineTune(steps=60, learning_rate=2e-3)
WAYS = [
    Pipeline(), Quantise(levels=2), Quantise(levels=3), Quantise(levels=4, kind="kmeans"), Sparsify(0.9),
    Sparsify(0.8) | Quantise(levels=4), Factorise(rank=3), Predict(0.3), Predict(0.5) | Quantise(levels=9), Factorise(rank=5) | Quantise(levels=4),
    Scatter(0.05), Scatter(0.1) | Quantise(levels=2), Downsize(0.1), Downsize(0.2) | Quantise(levels=5), Share(0.05), Share(0.05) | Quantise(levels=8, kind="kmeans"),
    TensorTrain(rank=6) | Quantise(levels=15), TensorTrain(share=0.1, cores=3), Project(0.005), Factorise(utilised=0.9, examples=100),
]  # fmt: skip


def pipeline(way):
    return way if isinstance(way, Pipeline) else Pipeline((way,))


def errors(made, digits, module):
    model = Model("mlp", tuple(draft.coded for draft in made))
    return count_errors(module, state(model, module), digits.train_x, digits.train_y, levels=17)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_training_sees_what_the_decoder_makes(way, first, bench):
    for draft in pipeline(way).run(first, bench):
        seen = _Moving(draft).weights().detach().double().numpy()
        assert np.allclose(seen, draft.coded.weights, rtol=2e-5, atol=2e-6)
        again = _Moving(draft).settled().coded.weights
        # A codebook is rounded to 8 bits of its largest level once more.
        coarse = "kmeans" in str(way) and draft.kind == "linear"
        slack = 2**-7 * np.abs(seen).max() if coarse else 2e-6
        assert np.allclose(again, draft.coded.weights, rtol=2e-5, atol=slack)


@pytest.mark.parametrize("way", WAYS[1:], ids=str)
def test_training_keeps_the_form_and_lowers_the_errors(way, first, bench, digits):
    before = pipeline(way).run(first, bench)
    after = (pipeline(way) | TUNE).run(first, bench)
    for old, new in zip(before, after, strict=True):
        assert new.coded.form == old.coded.form or old.coded.form.kind == "sparse"
        assert [type(v.scheme) for v in new.coded.values] == [type(v.scheme) for v in old.coded.values]
        assert not set(new.coded.positions) - set(old.coded.positions)
        for a, b in zip(old.coded.values, new.coded.values, strict=True):
            if isinstance(a.scheme, Book):
                assert np.unique(b.numbers).size <= np.unique(a.numbers).size
            elif a.entries.dtype.kind == "i":
                assert a.entries.min() <= b.entries.min()
                assert b.entries.max() <= a.entries.max()
    assert any(
        not np.array_equal(a.coded.weights, b.coded.weights) for a, b in zip(before, after, strict=True)
    )
    assert errors(after, digits, bench.module) <= errors(before, digits, bench.module)


def test_training_is_the_same_each_time_and_tells_how_far_it_is(first, digits, bench):
    told = []
    with_progress = Bench(bench.module, digits, lambda done, total: told.append((done, total)))
    one = FineTune(steps=4).apply(first, with_progress)
    two = FineTune(steps=4).apply(first, bench)
    other = FineTune(steps=4, seed=1).apply(first, bench)
    assert told == [(i, 4) for i in range(1, 5)]
    assert all(np.array_equal(a.coded.weights, b.coded.weights) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].coded.weights, other[0].coded.weights)


def test_batches_go_through_all_examples_before_any_comes_again():
    rows = torch.cat(FineTune(steps=5, batch=4)._batches(9))
    assert rows.shape == (20,)
    assert len(set(rows[:8].tolist())) == 8
    assert len(FineTune(steps=3, batch=100)._batches(9)[2]) == 9


class Normalised(nn.Module):
    """A layer that no step knows and a normalisation, whose statistics training must see as they are."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(10, 64) / 8)
        self.norm = nn.BatchNorm1d(10)

    def forward(self, x):
        return self.norm(x.flatten(1) @ self.weight.T)


def test_training_uses_the_given_statistics_and_moves_none(digits):
    trained = Normalised()
    trained.norm.running_var.fill_(9.0)
    trained.norm.running_mean.fill_(1.0)
    given = drafts(Normalised(), {k: v.numpy() for k, v in trained.state_dict().items()})
    seen = []

    class Watched(Normalised):
        def forward(self, x):
            seen.append((float(self.norm.running_var[0]), torch.allclose(self.weight, trained.weight)))
            return super().forward(x)

    made = FineTune(steps=2).apply(given, Bench(Watched(), digits))
    assert seen[0] == (9.0, True)
    moved = {
        d.slot.name for d, o in zip(made, given, strict=True) if (d.coded.weights != o.coded.weights).any()
    }
    assert moved == {"weight", "norm.weight", "norm.bias"}


def test_a_training_that_cannot_be_is_refused(first, bench):
    from idbounds.decoders.forms import Zero

    zeros = [d.remade(Zero()) for d in first]
    with pytest.raises(InputError, match="nothing to train"):
        FineTune(steps=1).apply(zeros, bench)
    for bad in (
        {"steps": 0},
        {"batch": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"seed": -1},
    ):
        with pytest.raises(InputError, match="give whole steps"):
            FineTune(**bad)


def test_the_layout_of_the_drafts_is_that_of_the_decoder(first, bench):
    assert tuple(d.slot for d in first) == layout(bench.module)
    assert all(isinstance(d.coded, Coded) for d in first)
