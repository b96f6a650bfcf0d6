"""Architectures for vectors: what is absent is silent, two classes have one score, groups fit the weights."""

import pytest
import torch

from idbounds import vectors
from idbounds.decoders import draws
from idbounds.halves import halves, prepared
from idbounds.models import build


def test_what_is_absent_says_nothing():
    module = build("linear", (6,), 3)
    x = torch.full((1, 6), -1.0)
    x[0, 2] = 1
    with torch.no_grad():
        assert torch.allclose(module(x)[0], module.body.head.weight[:, 2] + module.body.head.bias, atol=1e-6)
        assert torch.allclose(module(-torch.ones(1, 6))[0], module.body.head.bias)


@pytest.mark.parametrize("name", ["linear", "vectornet"])
def test_of_two_classes_the_first_scores_nothing(name):
    module, x = build(name, (6,), 2), torch.rand(5, 6) * 2 - 1
    with torch.no_grad():
        scores = module(x)
        assert scores.shape == (5, 2)
        assert (scores[:, 0] == 0).all()
        assert scores[:, 1].unique().numel() > 1
        assert (build(name, (6,), 3)(x)[:, 0] != 0).all()


def test_sizes_never_change():
    for name, shape, classes, parameters in (
        ("linear", (2048,), 2, 2049),
        ("linear", (16,), 26, 442),
        ("vectornet", (16,), 26, 1792),
        ("vectornet", (137,), 2, 137 * 32 + 32 + 169),
    ):
        assert sum(p.numel() for p in build(name, shape, classes).parameters()) == parameters


@pytest.mark.parametrize("name", ["linear", "vectornet"])
@pytest.mark.parametrize("shape", [(6,), (2, 3)])
def test_the_front_is_cut_off(name, shape):
    module = prepared(build(name, shape, 2))
    front, body = halves(module, torch.rand(2, *shape))
    assert front is module.front
    assert body is module.body


def test_groups():
    sizes, groups = draws.layout(build("vectornet", (6,), 3))
    hidden = vectors.HIDDEN
    assert sizes == (6 * hidden, hidden, 3 * (hidden + 6))
    assert groups[: 6 * hidden].tolist() == [0] * 6 * hidden
    assert groups[-(hidden + 6) :].tolist() == [2] * hidden + [3] * 6
