"""Cushions by hand, and against their definitions."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from idbounds import bounds
from idbounds.compress.cushions import cushions
from idbounds.errors import InputError

LABELS = torch.tensor([0, 1])


def layer(rows, bias=None):
    made = nn.Linear(len(rows[0]), len(rows), bias=bias is not None).double()
    with torch.no_grad():
        made.weight.copy_(torch.tensor(rows))
        if bias is not None:
            made.bias.copy_(torch.tensor(bias))
    return made


def by_hand():
    """A = diag(3, 4), ReLU, B = (1 1; 1 -1); examples (1, 1) and (1, -1)."""
    network = nn.Sequential(layer([[3.0, 0], [0, 4]]), nn.ReLU(), layer([[1.0, 1], [1, -1]]))
    return network, torch.tensor([[1.0, 1], [1, -1]]).double()


def test_a_case_solved_by_hand():
    """x^1 = (3, 4) and (3, -4), phi = (3, 4) and (3, 0), x^2 = (7, -1) and (3, 3)."""
    network, x = by_hand()
    found = cushions(network, x, LABELS)
    assert np.allclose(
        found.layer, [[1 / math.sqrt(2), math.sqrt(50) / 10], [1 / math.sqrt(2), math.sqrt(18) / 6]]
    )
    # J = B for the first example, its first column for the second.
    assert np.allclose(
        found.interlayer[:, 0, 1], [math.sqrt(50) / (2 * 5), math.sqrt(18) / (math.sqrt(2) * 5)]
    )
    assert np.isinf(found.interlayer[:, [0, 1, 1], [0, 0, 1]]).all()
    assert np.allclose(found.contraction, [[1], [5 / 3]])
    assert np.allclose(found.minimal, [0.6, 1 / math.sqrt(2)])
    assert np.allclose(found.norms, [math.sqrt(50), math.sqrt(18)])
    assert np.allclose(found.margins, [8, 0])
    assert (found.biased, found.skipped, found.widths) == (False, {}, (2, 2))
    mu = 1 / math.sqrt(2)
    wanted = (5 / 3) ** 2 * 2**2 * 50 * (1 / (mu * 0.6) ** 2 + 1 / (mu * mu) ** 2) / 2.0**2
    assert found.noise_stability(2.0) == pytest.approx(wanted)
    assert (found.margin_train_error(0.0), found.margin_train_error(8.0)) == (0.5, 1.0)
    assert found.table["cushion"].tolist() == pytest.approx([mu, mu])
    assert found.table["interlayer_cushion"].tolist() == pytest.approx([0.6, mu])


def test_the_papers_expression_is_no_certificate():
    network, x = by_hand()
    found = cushions(network, x, LABELS)
    bound, case = bounds["arora-noise-stability"], {
        "margin_train_error": found.margin_train_error(2.0), "noise_stability": found.noise_stability(2.0), "n": 10**6,
    }  # fmt: skip
    assert bound(**case) == pytest.approx(0.5 + math.sqrt(found.noise_stability(2.0) / 1e6))
    with pytest.raises(InputError, match="not a certificate"):
        bound.upper(**case)


def test_without_biases_they_are_the_definitions_of_the_paper():
    """J x^i is x^j where all that is between is homogeneous, and cushions do not depend on scale."""
    torch.manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        network = nn.Sequential(
            nn.Flatten(), nn.Sequential(nn.Linear(6, 9, bias=False), nn.ReLU()), nn.Linear(9, 7, bias=False),
            nn.ReLU(), nn.Linear(7, 3, bias=False),
        ).double()  # fmt: skip
        x = torch.randn(11, 2, 3).double()
    found = cushions(network, x, torch.zeros(11, dtype=torch.int64))
    assert found.names == ("1.0", "2", "4")
    a, b, c = (p.detach() for p in network.parameters())
    for row, v in enumerate(x.flatten(1)):
        first = a @ v
        open_first = torch.diag((first > 0).double())
        second = b @ open_first @ first
        slope = b @ open_first
        whole = c @ torch.diag((second > 0).double()) @ slope
        assert found.interlayer[row, 0, 1] == pytest.approx(
            float((slope @ first).norm() / (slope.norm() * first.norm()))
        )
        assert found.interlayer[row, 0, 2] == pytest.approx(
            float((whole @ first).norm() / (whole.norm() * first.norm()))
        )
        assert found.layer[row, 1] == pytest.approx(float(second.norm() / (b.norm() * first.relu().norm())))
    with torch.no_grad():
        network[2].weight *= 7
    again = cushions(network, 5 * x, torch.zeros(11, dtype=torch.int64))
    for name in ("layer", "interlayer", "contraction"):
        assert np.allclose(getattr(again, name), getattr(found, name), rtol=1e-9)


def test_chunks_make_no_difference_and_progress_is_told(monkeypatch):
    network, x = by_hand()
    whole, told = cushions(network, x, LABELS), []
    monkeypatch.setattr("idbounds.compress.cushions._FLOATS", 1)
    parts = cushions(network, x, LABELS, advance=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    assert np.array_equal(whole.interlayer, parts.interlayer)


def test_a_blank_example_asks_nothing_and_a_dead_one_everything():
    network, _ = by_hand()
    blank = cushions(network, torch.zeros(1, 2).double(), LABELS[:1])
    assert np.isinf(blank.layer).all()
    assert blank.contraction.tolist() == [[0.0]]
    dead = cushions(network, -torch.ones(1, 2).double(), LABELS[:1])
    assert np.isinf(dead.contraction).all()
    assert dead.noise_stability(1.0) == math.inf


def test_what_is_not_linear_is_named_and_has_no_theorem():
    network = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    found = cushions(network, torch.randn(4, 1, 3, 3), torch.zeros(4, dtype=torch.int64))
    assert found.skipped == {"0": "Conv2d: not a linear layer"}
    assert found.biased
    with pytest.raises(InputError, match="fully connected"):
        found.noise_stability(1.0)


@pytest.mark.parametrize(
    ("network", "rows", "labels", "word"),
    [
        (nn.Linear(2, 2), 2, 2, "Sequential"),
        (nn.Sequential(nn.ReLU()), 2, 2, "no linear layer"),
        (nn.Sequential(nn.Linear(2, 2)), 2, 1, "one label each"),
        (nn.Sequential(nn.Linear(2, 2)), 0, 0, "one label each"),
    ],
)
def test_what_cannot_be_measured_is_refused(network, rows, labels, word):
    with pytest.raises(InputError, match=word):
        cushions(network, torch.ones(rows, 2), torch.zeros(labels, dtype=torch.int64))


@pytest.mark.parametrize("gamma", [0, -1, math.inf, math.nan])
def test_a_margin_that_is_none_is_refused(gamma):
    network, x = by_hand()
    with pytest.raises(InputError, match="gamma"):
        cushions(network, x, LABELS).noise_stability(gamma)
