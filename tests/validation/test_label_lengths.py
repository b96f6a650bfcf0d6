"""Lengths of labels under a network: rounding, posteriors, and what they cost."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from idbounds.mdl import label_ideal_bits  # noqa: E402
from validation import lengths  # noqa: E402

RNG = np.random.default_rng(0)
X = torch.from_numpy(RNG.normal(size=(400, 4)).astype(np.float32))
Y = (X[:, 0] + 0.3 * X[:, 1] > 0).long()


@pytest.fixture(scope="module")
def net():
    return lengths.fitted(lengths.network(4, 2, (), 0), X, Y, steps=200, seed=0)


def test_a_network_learns_and_its_seed_fixes_it(net):
    again = lengths.fitted(lengths.network(4, 2, (), 0), X, Y, steps=200, seed=0)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
    assert (lengths.probabilities(net, X).argmax(1) == Y.numpy()).mean() > 0.9
    assert sum(p.numel() for p in lengths.network(4, 2, (8, 8), 0).parameters()) == 40 + 72 + 18


def test_a_finer_grid_costs_more_and_changes_less(net):
    coarse, fine = (lengths.on_grid(net, spacing) for spacing in (0.8, 0.05))
    assert coarse[1] < fine[1]
    exact = lengths.probabilities(net, X)
    apart = [abs(lengths.probabilities(some, X) - exact).max() for some, _ in (coarse, fine)]
    assert apart[1] < apart[0]


def test_the_best_grid_is_paid_for(net):
    bits, weights = lengths.rounded(net, X, Y)
    each = []
    for spacing in lengths.SPACINGS:
        some, length = lengths.on_grid(net, spacing)
        each.append(length + label_ideal_bits(lengths.probabilities(some, X), Y.numpy()))
    assert bits == pytest.approx(min(each) + math.log2(len(lengths.SPACINGS)))
    assert weights < bits


def test_a_posterior_is_shorter_than_weights_to_many_digits(net):
    found = lengths.variational(net, X, Y, steps=200, seed=0)
    float32 = 32 * 10 + label_ideal_bits(lengths.probabilities(net, X), Y.numpy())
    assert 0 < found.kl_bits < found.ideal_bits < min(float32, len(Y))


def test_scores_take_other_parameters(net):
    flat = torch.nn.utils.parameters_to_vector(net.parameters())
    assert torch.equal(lengths.scores(net, flat, X), net(X))
    assert not lengths.scores(net, 0 * flat, X).any()
