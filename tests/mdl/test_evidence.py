import importlib.util
import math
import sys

import numpy as np
import pytest
from scipy.special import gammaln

from idbounds.errors import InputError, MissingExtra
from idbounds.mdl import bic_approximate_bits, differences, laplace_approximate_bits, network_hessian


def gaussian_model(seed=0, n=30, k=3):
    """Linear regression with a normal prior: the evidence is known, and Laplace is exact."""
    rng = np.random.default_rng(seed)
    design, y = rng.standard_normal((n, k)), rng.standard_normal(n)
    precision = design.T @ design + 2 * np.eye(k)
    mode = np.linalg.solve(precision, design.T @ y)

    def log_joint(b):
        misfit = -((y - design @ b) ** 2).sum() / 2 - n / 2 * math.log(2 * math.pi)
        return misfit - (b**2).sum() + k / 2 * math.log(2 / (2 * math.pi))

    covariance = np.eye(n) + design @ design.T / 2
    nats = y @ np.linalg.solve(covariance, y) / 2 + np.linalg.slogdet(2 * math.pi * covariance)[1] / 2
    return log_joint, mode, precision, nats / math.log(2)


def test_laplace_is_exact_for_a_gaussian():
    log_joint, mode, hessian, bits = gaussian_model()
    assert laplace_approximate_bits(log_joint, mode, hessian=hessian) == pytest.approx(bits, abs=1e-9)
    assert laplace_approximate_bits(log_joint, mode) == pytest.approx(bits, abs=1e-5)


def test_differences():
    def log_joint(t):
        return -math.cosh(t[0] - 2 * t[1]) - t[1] ** 4 - t[2] ** 2

    point = np.array([0.3, 0.4, 5.0])
    wanted = math.cosh(-0.5) * np.outer([1, -2, 0], [1, -2, 0]) + np.diag([0, 12 * 0.16, 2])
    assert differences(log_joint, point) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("n", [100, 10_000])
def test_laplace_of_a_coin_tends_to_the_evidence(n):
    # Under a uniform prior the evidence of h heads is 1 / ((n + 1) C(n, h)).
    heads = 3 * n // 10
    exact = (math.log(n + 1) + gammaln(n + 1) - gammaln(heads + 1) - gammaln(n - heads + 1)) / math.log(2)

    def log_joint(p):
        return heads * math.log(p[0]) + (n - heads) * math.log(1 - p[0])

    bits = laplace_approximate_bits(log_joint, [heads / n], hessian=[[n / 0.21]])
    assert bits == pytest.approx(exact, abs=4 / n)
    # BIC leaves out what does not grow: log2 of sqrt(I / 2 pi), about 0.19 bits here
    bic = bic_approximate_bits(-log_joint([heads / n]) / math.log(2), k=1, n=n)
    assert exact - bic == pytest.approx(math.log2(1 / math.sqrt(2 * math.pi * 0.21)), abs=4 / n)


def test_no_maximum_is_named():
    log_joint, mode, hessian, _ = gaussian_model()
    with pytest.raises(InputError, match="positive"):
        laplace_approximate_bits(lambda b: -log_joint(b), mode)
    with pytest.raises(InputError, match=r"shape \(2, 2\)"):
        laplace_approximate_bits(log_joint, mode, hessian=np.eye(2))
    with pytest.raises(InputError, match="at the mode"):
        laplace_approximate_bits(lambda b: -math.inf, mode, hessian=hessian)
    with pytest.raises(InputError, match="nan given"):
        laplace_approximate_bits(log_joint, [math.nan] * 3)
    with pytest.raises(InputError, match="hessian: inf given"):
        laplace_approximate_bits(lambda t: 0.0 if t[0] == 1 else -math.inf, [1.0])
    for bits, k, n in [(math.nan, 1, 1), (1.0, -1, 1), (1.0, 1, 0), (1.0, 1.5, 1)]:
        with pytest.raises(InputError, match="given"):
            bic_approximate_bits(bits, k=k, n=n)


def network():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch, torch.nn.Linear(4, 3), torch.randn(50, 4), torch.randint(0, 3, (50,))


@pytest.mark.skipif(importlib.util.find_spec("curvlinops") is None, reason="curvlinops is not installed")
@pytest.mark.parametrize("kind", ["ggn", "hessian"])
def test_curvature_of_a_network(kind):
    torch, net, x, y = network()
    loss = torch.nn.CrossEntropyLoss(reduction="sum")
    hessian = network_hessian(net, loss, x, y, kind=kind, prior_precision=0.5)

    def log_joint(t):
        scores = x.double() @ torch.tensor(t[:12].reshape(3, 4)).T + torch.tensor(t[12:])
        return -float(loss(scores, y)) - 0.25 * float((t**2).sum())

    point = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    assert differences(log_joint, point) == pytest.approx(hessian, abs=1e-4)  # linear: GGN is the Hessian
    assert np.linalg.eigvalsh(hessian)[0] > 0
    with pytest.raises(InputError, match="'sum' is allowed"):
        network_hessian(net, torch.nn.CrossEntropyLoss(), x, y)
    with pytest.raises(InputError, match="'kfac' given"):
        network_hessian(net, loss, x, y, kind="kfac")

    with pytest.raises(InputError, match="prior_precision: -1 given"):
        network_hessian(net, loss, x, y, prior_precision=-1)
    net.requires_grad_(False)
    with pytest.raises(InputError, match="no parameter"):
        network_hessian(net, loss, x, y)


def test_what_to_install_is_named(monkeypatch):
    torch, net, x, y = network()
    monkeypatch.setitem(sys.modules, "curvlinops", None)  # as if it were not installed
    with pytest.raises(MissingExtra, match=r"idbounds\[curvature\]"):
        network_hessian(net, torch.nn.CrossEntropyLoss(reduction="sum"), x, y)
