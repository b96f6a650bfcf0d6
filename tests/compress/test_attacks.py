"""Attacks do what their formulas say: on a linear model the worst input is known."""

import pytest
import torch
from torch import nn

from idbounds.compress.attacks import PIXELS, fgsm, pgd
from idbounds.errors import InputError
from idbounds.models import build


@pytest.fixture
def inputs():
    draw = torch.Generator().manual_seed(0)
    return torch.rand((40, 8, 8), generator=draw) * 2 - 1, torch.randint(0, 2, (40,), generator=draw)


@pytest.fixture
def linear():
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 2))


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_two_classes_and_one_layer_have_a_closed_form(linear, inputs, attack):
    x, labels = inputs
    weight = linear[1].weight.detach()
    away = (weight[1 - labels] - weight[labels]).reshape(x.shape)
    worst = (x + 0.1 * away.sign()).clamp(*PIXELS)
    torch.testing.assert_close(attack(linear, x, labels, 0.1), worst, rtol=0, atol=1e-6)


def test_ten_small_steps_find_more_than_one_large_one(inputs):
    x, _ = inputs
    torch.manual_seed(0)
    net = build("mlp", (8, 8), 10)
    with torch.no_grad():
        labels = net(x).argmax(1)
    losses = []
    for attacked in (x, fgsm(net, x, labels, 0.3), pgd(net, x, labels, 0.3)):
        assert (attacked - x).abs().max() <= 0.3 + 1e-6
        assert attacked.min() >= -1
        assert attacked.max() <= 1
        losses.append(nn.functional.cross_entropy(net(attacked), labels).item())
    assert losses == sorted(losses)
    assert losses[2] > losses[1] > losses[0]


def test_the_network_stays_as_it_was(linear, inputs):
    x, labels = inputs
    linear.train()
    fgsm(linear, x, labels, 0.1)
    assert linear.training
    assert linear[1].weight.grad is None
    assert not x.requires_grad


def test_no_neighbour_depends_on_the_others(linear, inputs):
    x, labels = inputs
    assert torch.equal(pgd(linear, x, labels, 0.1)[:3], pgd(linear, x[:3], labels[:3], 0.1))


def test_the_library_finds_the_same(inputs):
    foolbox = pytest.importorskip("foolbox")
    x, labels = inputs
    torch.manual_seed(0)
    net = build("convnet", (8, 8), 10).eval()
    known = foolbox.PyTorchModel(net, bounds=PIXELS, device="cpu")
    theirs = foolbox.attacks.LinfFastGradientAttack(random_start=False)
    found = theirs.run(known, x, foolbox.criteria.Misclassification(labels), epsilon=0.2)
    torch.testing.assert_close(fgsm(net, x, labels, 0.2), found, rtol=0, atol=1e-6)
    theirs = foolbox.attacks.LinfPGD(steps=7, abs_stepsize=0.05, random_start=False)
    found = theirs.run(known, x, foolbox.criteria.Misclassification(labels), epsilon=0.2)
    torch.testing.assert_close(pgd(net, x, labels, 0.2, steps=7, step=0.05), found, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"radius": -0.1}, "radius -0.1"),
        ({"radius": float("nan")}, "radius nan"),
        ({"steps": 0}, "steps 0"),
        ({"step": -1.0}, "step -1.0"),
        ({"box": (0.0, 1.0)}, r"x: inputs from -0.9.* is allowed"),
    ],
)
def test_what_cannot_be_is_refused(linear, inputs, changes, word):
    with pytest.raises(InputError, match=word):
        pgd(linear, *inputs, **{"radius": 0.1, **changes})
