"""Laplace's evidence of a network: exact for linear regression, and the two curvatures meet where they should."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.errors import InputError
from idbounds.mdl import laplace_approximate_bits, network_hessian, network_laplace_approximate_bits

pytest.importorskip("curvlinops")


@pytest.mark.parametrize("kind", ["kfac", "ggn"])
@pytest.mark.parametrize("precision", [0.5, 3.0])
def test_it_is_the_evidence_of_linear_regression(kind, precision):
    """The summed square is -ln of a density of variance 1/2, up to (n/2) ln pi; y is then N(0, I/2 + X X'/t)."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(15, 4)), rng.normal(size=15)
    mode = np.linalg.solve(x.T @ x + precision / 2 * np.eye(4), x.T @ y)
    network = nn.Linear(4, 1, bias=False).double()
    with torch.no_grad():
        network.weight.copy_(torch.from_numpy(mode[None]))
    covariance = np.eye(15) / 2 + x @ x.T / precision
    sign, logdet = np.linalg.slogdet(covariance)
    exact = (y @ np.linalg.solve(covariance, y) + logdet + 15 * math.log(2 * math.pi)) / 2
    found = network_laplace_approximate_bits(
        network, nn.MSELoss(reduction="sum"), torch.from_numpy(x), torch.from_numpy(y[:, None]),
        prior_precision=precision, kind=kind,
    )  # fmt: skip
    assert sign == 1
    assert found * math.log(2) + 15 / 2 * math.log(math.pi) == pytest.approx(exact, rel=1e-10)


def classifier():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
        x, y = torch.randn(9, 4).double(), torch.arange(9) % 3
    return network, nn.CrossEntropyLoss(reduction="sum"), x, y


def test_with_the_whole_matrix_it_is_laplace_approximate_bits():
    network, loss, x, y = classifier()
    mode = np.concatenate([p.detach().numpy().ravel() for p in network.parameters()])
    hessian = network_hessian(network, loss, x, y, prior_precision=2.0)

    def log_joint(theta):
        assert np.array_equal(theta, mode)
        prior = -theta @ theta + len(theta) / 2 * math.log(2.0 / (2 * math.pi))
        return float(-loss(network(x), y).detach()) + prior

    wanted = laplace_approximate_bits(log_joint, mode, hessian=hessian)
    found = network_laplace_approximate_bits(network, loss, x, y, prior_precision=2.0, kind="ggn")
    assert found == pytest.approx(wanted, rel=1e-9)
    blocks = network_laplace_approximate_bits(network, loss, x, y, prior_precision=2.0)
    assert blocks != pytest.approx(found, rel=1e-4)
    assert blocks == pytest.approx(found, rel=0.2)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"kind": "hessian"}, "'kfac' or 'ggn'"),
        ({"prior_precision": 0.0}, "prior_precision"),
        ({"loss": nn.CrossEntropyLoss()}, "'sum' is allowed"),
        ({"network": nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)).double()}, "give kind='ggn'"),
    ],
)
def test_what_cannot_be_is_refused(changes, word):
    network, loss, x, y = classifier()
    given = {"network": network, "loss": loss, "x": x, "y": y, "prior_precision": 1.0} | changes
    with pytest.raises(InputError, match=word):
        network_laplace_approximate_bits(**given)
