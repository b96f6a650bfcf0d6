"""The reference rule: what counts as an error, whatever the batch size or the machine."""

import numpy as np
import pytest
import torch
from torch import nn

from idbounds import data
from idbounds.decoders.subspace import state
from idbounds.errors import InputError
from idbounds.evaluator import NEAR_TIE, count_errors, wrong
from idbounds.projections.subspace import attach

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("scores", "label", "counts"),
    [
        ([1.0, 0.0, -1.0], 0, False),
        ([1.0, 0.0, -1.0], 1, True),
        ([1.0, 1.0, 0.0], 0, True),
        ([1.0, 1.0, 0.0], 1, True),
        ([1.0 + 0.5 * NEAR_TIE, 1.0, 0.0], 0, True),
        ([1.0 + 2.0 * NEAR_TIE, 1.0, 0.0], 0, False),
        ([1.0, 0.0, NAN], 0, True),
        ([NAN, 0.0, 1.0], 0, True),
        ([NAN, NAN, NAN], 0, True),
        ([INF, 0.0, 0.0], 0, True),
        ([1.0, 0.0, -INF], 0, True),
        ([1.0, 0.0, 0.0], 7, True),
    ],
)
def test_the_rule(scores, label, counts):
    assert wrong(torch.tensor([scores], dtype=torch.float64), torch.tensor([label])).tolist() == [counts]


def network(module, d=8):
    return attach(module, d=d, seed=1, relative=True)


def small():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 10)
    )


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def count(net, digits, z=None, n=300, **options):
    z = np.linspace(-3, 3, net.projection.d) if z is None else z
    return count_errors(
        net.module, state(net, z), digits.train_x[:n], digits.train_y[:n], levels=digits.levels, **options
    )


def test_the_count_depends_on_nothing_but_model_and_data(digits):
    net = network(small())
    first = count(net, digits)
    assert 0 < first < 300
    torch.manual_seed(3)
    assert {count(net, digits, batch=b) for b in (1, 7, 299, 300, 301)} == {first}
    assert count(network(small()), digits) == first
    seen = []
    count(net, digits, batch=128, advance=seen.append)
    assert seen == [128, 128, 44]


def test_the_mode_of_every_part_is_left_as_found(digits):
    net = network(small()).train()  # frozen normalisation stays in eval mode
    before = [part.training for part in net.module.modules()]
    assert len(set(before)) == 2
    count(net, digits)
    assert [part.training for part in net.module.modules()] == before

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count(net, digits, advance=stop)
    assert [part.training for part in net.module.modules()] == before


def test_buffers_are_those_of_the_digest(digits):
    # Cause: the evaluator took the module's own running statistics, which start_sha256 does not cover.
    first = count(network(small()), digits)
    other = small()
    other[2].running_mean.fill_(5.0)
    net = network(other)
    assert net.start_digest == network(small()).start_digest
    assert count(net, digits) == first


def test_weights_of_the_wrapped_module_do_not_matter(digits):
    net = network(small())
    first = count(net, digits)
    with torch.no_grad():
        for p in net.module.parameters():
            p.fill_(NAN)
    assert count(net, digits) == first


def test_not_finite_models_err_everywhere(digits):
    assert count(network(small()), digits, z=np.full(8, NAN)) == 300
    assert count(network(small()), digits, z=np.full(8, 1e308)) == 300


class Narrow(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.layer, self.change = nn.Linear(64, 10), change

    def forward(self, x):
        return self.change(self.layer(x.flatten(1)))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda s: s.float(), "float64"),
        (lambda s: s.argmax(1), "float64"),
        (lambda s: (s,), "tuple"),
        (lambda s: s[:, :1], "2 classes"),
        (lambda s: s[:1], "shape"),
        (lambda s: s[:, 0], "shape"),
    ],
)
def test_modules_that_give_no_scores_are_named(digits, change, word):
    with pytest.raises(InputError, match=word):
        count(network(Narrow(change)), digits)


class Company(nn.Module):
    """Scores that depend on more than their example, by a change of the inputs."""

    def __init__(self, change):
        super().__init__()
        self.layer, self.change = nn.Linear(64, 10), change

    def forward(self, x):
        return self.layer(self.change(x.flatten(1)))


COMPANY = {
    "mean": lambda x: x - x.mean(0),
    "first": lambda x: x - x[:1],
    "last": lambda x: x - x[-1:],
    "sum": lambda x: x.cumsum(0),
    "dropout": lambda x: nn.functional.dropout(x, 0.5),
}


@pytest.mark.parametrize("change", COMPANY)
def test_scores_that_depend_on_other_inputs_are_refused(digits, change):
    # Cause: such a module got a certificate, and its replay said that the claim holds.
    with pytest.raises(InputError, match="by itself"):
        count(network(Company(COMPANY[change])), digits)
    count(network(Company(lambda x: 2 * x)), digits)
