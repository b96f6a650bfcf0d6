"""Divergences and noise are what they are called."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from idbounds.errors import InputError
from idbounds.scattering import scatternet
from idbounds.variational.posterior import Posterior


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def posterior(body, example):
    made = Posterior(body, example, generator())
    with torch.no_grad():
        made.log_std += torch.randn(made.log_std.shape, generator=generator(1)) * 0.5
        made.log_scale += torch.randn(made.log_scale.shape, generator=generator(2)) * 0.3
    return made


def test_divergence_is_that_of_normal_variables():
    body = scatternet((8, 8), 10).body
    made = posterior(body, torch.zeros(2, 17, 4, 4))
    prior = Normal(torch.zeros(()), made.log_scale.exp()[made.group])
    nats = kl_divergence(Normal(made.mean, made.log_std.exp()), prior)
    assert torch.allclose(made.kl_bits(), nats / math.log(2), rtol=1e-4, atol=1e-5)
    assert len(made.log_scale) == 11 + 1 + 14


def test_weights_are_put_where_they_belong():
    made = posterior(scatternet((8, 8), 10).body, torch.zeros(2, 17, 4, 4))
    state = made.state(torch.arange(len(made.mean)))
    assert list(state) == ["mix.weight", "mix.bias", "head.weight"]
    assert state["mix.bias"].tolist() == list(range(12 * 17, 12 * 17 + 12))
    assert state["head.weight"].shape == (10, 29 * 16)


@pytest.mark.parametrize("bias", [False, True])
def test_noise_of_outputs_has_the_law_of_noise_of_weights(bias):
    made = posterior(nn.Linear(3, 2, bias=bias), torch.zeros(2, 3))
    assert list(made.linear) == ["weight"]
    x = torch.tensor([[1.0, -2.0, 0.5]])
    mean, std = made.state(made.mean), made.state(made.log_std.exp())
    draws = torch.cat(
        [made.scores(x.expand(500, 3), made.mean, made.log_std.exp(), generator(s)) for s in range(400)]
    )
    wanted = nn.functional.linear(x, mean["weight"], mean.get("bias"))[0]
    variance = ((x**2) @ (std["weight"] ** 2).T)[0] + (std["bias"] ** 2 if bias else 0)
    tolerance = 6 * variance.max().sqrt() / (400**0.5 if bias else 200_000**0.5)
    assert draws.mean(0) == pytest.approx(wanted, abs=float(tolerance))
    assert draws.var(0) == pytest.approx(variance, rel=0.25 if bias else 0.02)
    if not bias:  # each example has noise of its own
        pair = made.scores(x.expand(2, 3), made.mean, made.log_std.exp(), generator())
        assert not torch.equal(pair[0], pair[1])


class Tied(nn.Module):
    """One layer twice, one for each place of a sequence, one through its weight alone."""

    def __init__(self):
        super().__init__()
        self.twice, self.places, self.called = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.norm, self.head = nn.LayerNorm(4), nn.Linear(4, 3)

    def forward(self, x):
        x = self.twice(self.twice(x))
        x = self.places(x[:, None].expand(-1, 5, -1)).mean(1)
        return self.head(self.norm(nn.functional.linear(x, self.called.weight)))


def test_layers_of_other_use_have_noise_in_their_weights():
    made = Posterior(Tied(), torch.zeros(2, 4), generator())
    assert list(made.linear) == ["head.weight"]
    assert made.state(made.mean)["norm.weight"].tolist() == [1.0] * 4
    assert not made.state(made.mean)["norm.bias"].any()
    x = torch.ones(2, 4)
    still = made.scores(x, made.mean, torch.zeros(len(made.mean)), generator())
    assert torch.allclose(still[0], still[1], atol=1e-4)
    assert made.scores(x, made.mean, made.log_std.exp(), generator()).shape == (2, 3)


def test_no_weights():
    with pytest.raises(InputError, match="0 parameters"):
        Posterior(nn.ReLU(), torch.zeros(2, 3), generator())
