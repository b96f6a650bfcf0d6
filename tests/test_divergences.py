"""Divergences against mpmath, against torch.distributions, and at the edges where naive formulas cancel."""

import math
import subprocess
import sys

import numpy as np
import pytest
from mpmath import mp, mpf

from idbounds import bounds
from idbounds.divergences import (
    kl_bernoulli,
    kl_categorical,
    kl_gaussian_diagonal,
    kl_gaussian_isotropic,
    prior_variance,
    prior_variance_union,
)
from idbounds.errors import InputError

mp.dps = 60


def gaussian(mean, sigma, prior_mean, prior_sigma):
    """By its textbook form, at 60 digits."""
    total = mpf(0)
    for m, s, n, t in zip(*np.broadcast_arrays(mean, sigma, prior_mean, prior_sigma), strict=True):
        m, s, n, t = map(mpf, (m, s, n, t))
        total += mp.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - mpf(1) / 2
    return total


def categorical(q, p):
    q, p = ([mpf(x) / mp.fsum(map(mpf, v)) for x in v] for v in (q, p))
    return mp.fsum(a * mp.log(a / b) for a, b in zip(q, p, strict=True) if a)


SCALES = [(1.0, 1.0), (0.03, 0.1), (5.0, 0.1), (1e-8, 1e8), (1e160, 3e160), (2e-200, 1e-200)]
RATIOS = [1.0, 1 + 1e-15, 1 - 1e-12, 1 + 1e-8, 1 - 1e-5, 1.001, 0.9, 1.45, 1.51, 1.6, 1.7, 0.55, 0.2, 40.0]


@pytest.mark.parametrize("scale", [1.0, 0.1, 1e-100, 3e100])
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_gaussian_is_exact_also_where_it_nearly_is_its_prior(ratio, scale):
    sigma, shift = scale * ratio, scale * abs(ratio - 1)
    for mean in (0.0, shift):
        truth, value = gaussian([mean], sigma, 0.0, scale), kl_gaussian_diagonal(mean, sigma, 0.0, scale)
        assert truth <= mpf(value) <= truth * (1 + mpf(10) ** -13)
        assert kl_gaussian_isotropic(mean**2, 1, sigma, scale) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(("sigma", "prior_sigma"), SCALES)
def test_a_gaussian_of_any_scale(sigma, prior_sigma):
    mean = [0.0, prior_sigma, -3 * prior_sigma]
    truth = gaussian(mean, sigma, 0.5 * prior_sigma, prior_sigma)
    value = kl_gaussian_diagonal(mean, sigma, 0.5 * prior_sigma, prior_sigma)
    assert truth <= mpf(value) <= truth * (1 + mpf(10) ** -13)


def test_the_sum_over_many_coordinates_is_rounded_up_too():
    rng = np.random.default_rng(1)
    mean, sigma = rng.normal(size=(3, 400)), np.exp(rng.normal(size=(3, 400)))
    truth = gaussian(mean.ravel(), sigma.ravel(), 0.1, 0.7)
    value = kl_gaussian_diagonal(mean, sigma, 0.1, 0.7)
    assert isinstance(value, float)
    assert truth <= mpf(value) <= truth * (1 + mpf(10) ** -13)


def test_an_isotropic_gaussian_is_a_diagonal_one_with_one_sigma():
    mean = np.linspace(-1, 2, 1000)
    a = kl_gaussian_diagonal(mean, 0.3, 0.5, 0.4)
    assert kl_gaussian_isotropic(np.sum((mean - 0.5) ** 2), 1000, 0.3, 0.4) == pytest.approx(a, rel=1e-13)


def test_a_posterior_that_is_its_prior_costs_nothing():
    assert kl_gaussian_diagonal([1.0, 2.0], [0.1, 3.0], [1.0, 2.0], [0.1, 3.0]) == 0
    assert kl_bernoulli(0.3, 0.3) == kl_bernoulli(0, 0) == kl_bernoulli(1, 1) == 0
    assert kl_categorical([0.2, 0.0, 0.8], [0.2, 0.0, 0.8]) == 0


GAPS = [0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.3]


@pytest.mark.parametrize("q", [0.0, 1e-300, 1e-12, 0.01, 0.3, 0.5, 0.7, 0.99, 1 - 2**-40, 1.0])
def test_coins(q):
    for p in [*(min(1.0, q + g) for g in GAPS), *(max(0.0, q - g) for g in GAPS), 0.5]:
        value = kl_bernoulli(q, p)
        if (p == 0 < q) or (p == 1 > q):
            assert value == math.inf
            continue
        a, b = mpf(q), mpf(p)
        truth = (a * mp.log(a / b) if q else 0) + ((1 - a) * mp.log((1 - a) / (1 - b)) if q < 1 else 0)
        assert abs(mpf(value) - truth) <= mpf(10) ** -14 * truth, (q, p)


def test_coins_have_the_shape_of_their_rates():
    q = np.array([[0.1], [0.9]])
    assert kl_bernoulli(q, [0.2, 0.5, 0.9]).shape == (2, 3)
    assert isinstance(kl_bernoulli(0.1, 0.2), float)


def test_categoricals():
    rng = np.random.default_rng(2)
    for step in (1e-9, 1e-4, 1.0):
        p = rng.dirichlet(np.ones(7), 5)
        q = p * (1 + step * rng.random((5, 7)))
        q[0, 0] = 0
        q /= q.sum(axis=1, keepdims=True)
        values = kl_categorical(q, p)
        assert values.shape == (5,)
        for value, a, b in zip(values, q, p, strict=True):
            assert value >= 0
            assert abs(mpf(value) - categorical(a, b)) <= mpf(10) ** -14 * (categorical(a, b) + mpf("0.1"))
    assert kl_categorical([0.5, 0.5], [1.0, 0.0]) == math.inf
    assert kl_categorical([1.0, 0.0], [0.25, 0.75]) == pytest.approx(math.log(4), rel=1e-15)
    assert kl_categorical(np.float32([0.1] * 10), np.ones(10) / 10) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tensors_agree_with_torch_distributions_and_with_the_floats(dtype):
    torch = pytest.importorskip("torch")
    kind, close = getattr(torch, dtype), 1e-12 if dtype == "float64" else 2e-5
    generator = torch.Generator().manual_seed(3)
    mean = torch.randn(2, 50, generator=generator, dtype=kind).requires_grad_()
    log_sigma = (0.5 * torch.randn(2, 50, generator=generator, dtype=kind)).requires_grad_()
    value = kl_gaussian_diagonal(mean, log_sigma.exp(), 0.1, 0.7)
    normal = torch.distributions.Normal
    prior = normal(torch.tensor(0.1, dtype=kind), torch.tensor(0.7, dtype=kind))
    known = torch.distributions.kl_divergence(normal(mean, log_sigma.exp()), prior).sum()
    assert value.dtype == kind
    assert value.shape == ()
    floats = kl_gaussian_diagonal(mean.detach().numpy(), log_sigma.exp().detach().numpy(), 0.1, 0.7)
    for other in (known.item(), floats):
        assert value.item() == pytest.approx(other, rel=close)
    for a, b in zip(*(torch.autograd.grad(v, (mean, log_sigma)) for v in (value, known)), strict=True):
        torch.testing.assert_close(a, b, rtol=10 * close, atol=10 * close)


def test_tensors_of_coins_and_categoricals_agree_with_torch_distributions():
    torch = pytest.importorskip("torch")
    d = torch.distributions
    q = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64, requires_grad=True)
    p = torch.tensor([0.11, 0.2, 0.7], dtype=torch.float64, requires_grad=True)
    pairs = [(kl_bernoulli(q, p), d.kl_divergence(d.Bernoulli(q), d.Bernoulli(p)))]
    a, b = q / q.sum(), p / p.sum()
    pairs.append((kl_categorical(a, b), d.kl_divergence(d.Categorical(a), d.Categorical(b))))
    for value, known in pairs:
        torch.testing.assert_close(value, known)
        for x, y in zip(
            *(torch.autograd.grad(v.sum(), (q, p), retain_graph=True) for v in (value, known)), strict=True
        ):
            torch.testing.assert_close(x, y)


@pytest.mark.parametrize("gap", [0.0, 1e-9, 1e-4, 0.4, 0.7, -0.45, -0.6])
def test_the_gradient_of_a_gaussian_is_right_near_its_prior(gap):
    torch = pytest.importorskip("torch")
    sigma = torch.tensor(0.1 * (1 + gap), dtype=torch.float64, requires_grad=True)
    prior = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    mean = torch.tensor(0.02 * gap, dtype=torch.float64, requires_grad=True)
    found = torch.autograd.grad(kl_gaussian_diagonal(mean, sigma, 0.0, prior), (mean, sigma, prior))
    s, t, m = (mpf(x.item()) for x in (sigma, prior, mean))
    truth = (m / t**2, s / t**2 - 1 / s, 1 / t - (s**2 + m**2) / t**3)
    for a, b in zip(found, truth, strict=True):
        assert a.item() == pytest.approx(float(b), rel=1e-12, abs=1e-14)


def test_gradients_are_finite_at_the_edges():
    torch = pytest.importorskip("torch")
    q = torch.tensor([0.0, 1.0, 0.0, 0.5], dtype=torch.float64, requires_grad=True)
    p = torch.tensor([0.5, 0.5, 0.0, 0.5], dtype=torch.float64, requires_grad=True)
    for gradient in torch.autograd.grad(kl_bernoulli(q, p).sum(), (q, p)):
        assert gradient.isfinite().all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: kl_gaussian_diagonal(0, 0.0), r"^sigma = 0\.0: give standard deviations > 0"),
        (lambda: kl_gaussian_diagonal(0, [1, -2], 0, 1), r"^sigma = -2\.0"),
        (lambda: kl_gaussian_diagonal(0, 1, 0, 0), r"^prior_sigma = 0\.0"),
        (lambda: kl_gaussian_diagonal(math.nan, 1), r"^mean = nan: give finite"),
        (lambda: kl_gaussian_diagonal([1, 2, 3], [1, 2]), "that broadcast"),
        (lambda: kl_gaussian_diagonal("x", 1), "give numbers"),
        (lambda: kl_gaussian_isotropic(-1, 3, 1, 1), r"^squared_distance = -1\.0"),
        (lambda: kl_gaussian_isotropic(1, 0, 1, 1), r"^dimension = 0"),
        (lambda: kl_gaussian_isotropic(1, 2.5, 1, 1), r"^dimension = 2\.5"),
        (lambda: kl_bernoulli(1.1, 0.5), r"^q = 1\.1: give rates in \[0, 1\]"),
        (lambda: kl_bernoulli(0.5, -0.1), r"^p = -0\.1"),
        (lambda: kl_categorical([0.5, 0.6], [0.5, 0.5]), r"^sum of q = 1\.1"),
        (lambda: kl_categorical([0.5, 0.5], [1.5, -0.5]), r"^p = -0\.5"),
        (lambda: prior_variance_union(0), r"^index = 0: give an integer >= 1"),
        (lambda: prior_variance_union(-3), r"^index = -3"),
        (lambda: prior_variance_union(2.0), r"^index = 2\.0"),
        (lambda: prior_variance_union(True), r"^index = True"),
        (lambda: prior_variance(0), r"^index = 0"),
        (lambda: prior_variance(1, largest=0), r"^largest = 0"),
    ],
)
def test_what_is_impossible_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_tensors_are_refused_in_the_same_way():
    torch = pytest.importorskip("torch")
    with pytest.raises(InputError, match=r"^sigma = -1\.0"):
        kl_gaussian_diagonal(torch.zeros(2), torch.tensor([1.0, -1.0]))
    with pytest.raises(InputError, match="that broadcast"):
        kl_gaussian_diagonal(torch.zeros(2), torch.ones(3))


def test_whole_numbers_and_plain_numbers_beside_a_tensor_keep_its_precision():
    torch = pytest.importorskip("torch")
    value = kl_gaussian_diagonal(torch.tensor(0.1, dtype=torch.float64), 0.3, 0, 0.1)
    assert value.item() == pytest.approx(kl_gaussian_diagonal(0.1, 0.3, 0, 0.1), rel=1e-13)
    assert kl_gaussian_diagonal(torch.tensor([0, 1]), 1).dtype == torch.float64


def test_the_shares_of_the_grid_add_up_to_one_at_most():
    shares = [math.exp(-prior_variance_union(j)) for j in range(1, 100_001)]
    assert 1 - 1.1e-5 < math.fsum(shares) < 1
    for j in (1, 2, 100, 10**9):
        truth = mp.log(mp.pi**2 * mpf(j) ** 2 / 6)
        assert truth <= mpf(prior_variance_union(j)) <= truth * (1 + mpf(10) ** -13)


def test_the_grid_of_prior_variances():
    assert prior_variance(1) == pytest.approx(0.1 * math.exp(-0.01))
    assert prior_variance(230) == pytest.approx(0.1 * math.exp(-2.3))
    assert prior_variance(3, largest=1.0, steps=1) == pytest.approx(math.exp(-3))


def test_a_divergence_and_the_cost_of_its_scale_go_into_a_bound():
    index = 150
    nats = kl_gaussian_diagonal(np.full(1000, 0.01), 0.1, 0.0, math.sqrt(prior_variance(index)))
    total = nats + prior_variance_union(index)
    value = bounds["maurer-kl"](gibbs_train_error=0.02, kl_nats=total, n=60_000)
    assert 0.02 < value < 0.1


def test_torch_is_not_imported():
    code = (
        "import sys, idbounds.divergences as d; d.kl_bernoulli(0.1, 0.2); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
