import math

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.mdl import variational_ideal_bits

N, SIGMA = 40, 0.7
X = np.random.default_rng(0).normal(1.0, SIGMA, N)


def data_bits(theta):
    """-log2 of the density of X around a mean."""
    nats = ((X - theta[0]) ** 2).sum() / (2 * SIGMA**2) + N / 2 * math.log(2 * math.pi * SIGMA**2)
    return nats / math.log(2)


def posterior():
    precision = 1 + N / SIGMA**2
    return X.sum() / SIGMA**2 / precision, precision**-0.5


def evidence_bits():
    covariance = SIGMA**2 * np.eye(N) + 1
    nats = X @ np.linalg.solve(covariance, X) / 2 + np.linalg.slogdet(2 * math.pi * covariance)[1] / 2
    return nats / math.log(2)


def test_the_exact_posterior_gives_the_evidence():
    mean, sigma = posterior()
    length = variational_ideal_bits(data_bits, [mean], [sigma], draws=4000)
    assert length.standard_error < 0.05
    assert length.ideal_bits == pytest.approx(evidence_bits(), abs=5 * length.standard_error)
    assert length.ideal_bits == length.kl_bits + length.data_ideal_bits


@pytest.mark.parametrize(("shift", "factor"), [(0.2, 1), (0, 2), (0, 0.3), (-0.1, 1.5)])
def test_any_other_posterior_is_longer(shift, factor):
    mean, sigma = posterior()
    length = variational_ideal_bits(data_bits, [mean + shift], [factor * sigma], draws=4000)
    assert length.ideal_bits > evidence_bits() + 5 * length.standard_error


def test_bits_not_nats():
    length = variational_ideal_bits(lambda theta: 0.0, [1.0, 2.0], 1.0, draws=2)
    assert length.kl_bits == pytest.approx(2.5 / math.log(2))
    assert length.data_ideal_bits == 0


def test_draws_repeat_and_one_draw_says_so():
    twice = [variational_ideal_bits(data_bits, [0.9], 0.1, draws=7, seed=3) for _ in range(2)]
    assert twice[0] == twice[1]
    assert variational_ideal_bits(data_bits, [0.9], 0.1, draws=1).standard_error == math.inf


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mean": [math.nan], "sigma": 1.0}, "nan given"),
        ({"mean": [0.0], "sigma": 0.0}, "sigma"),
        ({"mean": [0.0], "sigma": [1.0], "prior_sigma": -1.0}, "prior_sigma"),
        ({"mean": [0.0], "sigma": 1.0, "draws": 0}, "draws"),
        ({"mean": 0.0, "sigma": 1.0}, "1 dimensions"),
    ],
)
def test_bad_input(arguments, words):
    with pytest.raises(InputError, match=words):
        variational_ideal_bits(data_bits, **arguments)


def test_infinite_lengths_are_refused():
    with pytest.raises(InputError, match="not finite"):
        variational_ideal_bits(lambda theta: math.inf, [0.0], 1.0)
