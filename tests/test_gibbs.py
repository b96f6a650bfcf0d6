"""Draws for each example anew have the law they are said to have, and are counted as they are said to be."""

from statistics import NormalDist

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from idbounds import gibbs
from idbounds.catalogue import bounds
from idbounds.codes.reals import noise
from idbounds.decoders import Network, Spread
from idbounds.errors import InputError

RNG = np.random.default_rng(0)


class Mixed(nn.Module):
    """A convolution, a norm layer used with weights, and two linear layers, the first on each position."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 3, 3), nn.LayerNorm(2)
        self.each, self.last = nn.Linear(2, 2), nn.Linear(12, 3)

    def forward(self, x):
        return self.last(self.each(self.norm(torch.relu(self.conv(x[:, None])))).flatten(1))


def network(module, deviation=0.3, seed=7):
    module = module.double()
    state = {name: p.detach() for name, p in module.named_parameters()}
    deviations = {name: torch.full_like(p, deviation) for name, p in module.named_parameters()}
    return Network(module, state, {}, Spread(deviations, seed, "1", ()))


def drawn(net, x, times, seed=3):
    made = gibbs.Drawn(net.module.eval(), net.state, net.spread.deviations, x[:2])
    numbers = torch.from_numpy(gibbs.normals(seed, np.arange(len(x) * times), made.count))
    with torch.no_grad():
        return made.scores(x.repeat_interleave(times, 0), numbers).view(len(x), times, -1)


def plain(net, x, times, seed=5):
    """The definition: draw all weights, run the module on one example, again and again."""
    generator, out = torch.Generator().manual_seed(seed), []
    for _ in range(times):
        weights = {
            name: net.state[name] + s * torch.randn(s.shape, generator=generator, dtype=torch.float64)
            for name, s in net.spread.deviations.items()
        }
        with torch.no_grad():
            out.append(torch.func.functional_call(net.module, {**net.state, **weights}, (x,)))
    return torch.stack(out, 1)


def test_scores_have_the_law_of_whole_networks_drawn():
    torch.manual_seed(0)
    net, x = network(Mixed()), torch.randn(2, 4, 4, dtype=torch.float64)
    ours, theirs = drawn(net, x, 4000), plain(net, x, 4000)
    for i in range(2):
        for c in range(3):
            assert stats.ks_2samp(ours[i, :, c], theirs[i, :, c]).pvalue > 1e-3
        assert np.cov(ours[i].T) == pytest.approx(np.cov(theirs[i].T), rel=0.25, abs=0.2)


def test_without_deviation_it_is_the_network():
    net, x = network(Mixed(), deviation=0.0), torch.randn(5, 4, 4, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(drawn(net, x, 1)[:, 0], net.module(x), atol=1e-12)


def test_examples_have_draws_of_their_own():
    net, x = network(Mixed()), torch.randn(1, 4, 4, dtype=torch.float64).expand(3, 4, 4)
    scores = drawn(net, x, 1)[:, 0]
    assert len(np.unique(scores.numpy(), axis=0)) == 3


def test_normals_are_normal_and_a_function_of_their_place():
    numbers = gibbs.normals(1, np.arange(2000), 50)
    assert stats.kstest(numbers.ravel(), "norm").pvalue > 1e-3
    assert np.array_equal(gibbs.normals(1, np.array([7]), 50)[0], numbers[7])
    assert not np.array_equal(gibbs.normals(2, np.array([7]), 50)[0], numbers[7])
    assert 0.0 < np.abs(numbers).max() < 8.3


def test_normals_are_the_quantiles_of_the_words():
    key = noise.key(5, noise.Stream.POSTERIOR)
    words = [noise.mix(key + (i + 1) * noise.GOLDEN & 2**64 - 1) for i in range(4)]
    wanted = [NormalDist().inv_cdf(((word >> 12) + 0.5) * 2.0**-52) for word in words]
    assert gibbs.normals(5, np.array([0, 1]), 2).ravel() == pytest.approx(wanted, rel=1e-12)


def counted(net, n=60, **options):
    x = RNG.integers(0, 17, (n, 4, 4)).astype(np.uint8)
    y = RNG.integers(0, 3, n)
    known = {"levels": 17, "first": 0, "draws": 3, **options}
    return gibbs.count_errors(net, x, y, **known), lambda **more: gibbs.count_errors(
        net, x, y, **known | more
    )


def test_counting_does_not_depend_on_the_batch(monkeypatch):
    torch.manual_seed(1)
    errors, again = counted(network(Mixed()))
    assert 0 < errors < 180
    monkeypatch.setattr(gibbs, "BATCH", 7)
    assert again() == errors
    done = []
    again(advance=done.append)
    assert sum(done) == 60
    assert len({again(first=k) for k in (0, 60, 120, 180)}) > 1  # other draws


def test_the_front_is_computed_once_for_all_draws():
    calls = []

    class Front(nn.Module):
        def forward(self, x):
            calls.append(len(x))
            return x.flatten(1)

    whole = nn.Sequential()
    whole.add_module("front", Front())
    whole.add_module("body", nn.Linear(16, 3))
    net = network(whole)
    _, again = counted(net, draws=1)
    calls.clear()
    one = again(draws=1)
    few = len(calls)
    calls.clear()
    again(draws=9)
    assert len(calls) == few
    assert one == again(draws=1)


def test_a_layer_that_is_used_otherwise_for_other_inputs_is_refused():
    class Fickle(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(16, 16)

        def forward(self, x):
            once = self.inner(x.flatten(1))
            return once if len(x) < 3 else once + self.inner(2 * once)

    with pytest.raises(InputError, match="call 2 of a linear layer"):
        counted(network(Fickle()))


@pytest.mark.parametrize("kind", ["tied", "nested", "flattened"])
def test_what_cannot_be_drawn_for_each_example_is_refused(kind):
    class Nested(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.inner = nn.Parameter(torch.ones(3)), nn.Linear(16, 3)

        def forward(self, x):
            return self.scale * self.inner(x.flatten(1))

    class Flattened(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 3)

        def forward(self, x):
            return self.inner(x.reshape(-1, 4)).view(len(x), 4, 3).sum(1)

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(16, 16), nn.Linear(16, 16)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x.flatten(1)))

    module = {"tied": Tied, "nested": Nested, "flattened": Flattened}[kind]()
    with pytest.raises(InputError, match=r"layer|batch"):
        counted(network(module))


def test_unequal_coins_are_within_the_bound_of_equal_ones():
    """Each example has an error rate of its own: the estimate from one trial each still holds (Hoeffding)."""
    rates = np.concatenate([np.zeros(300), np.linspace(0, 1, 200), np.ones(20)])
    rng, delta, runs = np.random.default_rng(2), 0.1, 4000
    errors = (rng.random((runs, len(rates))) < rates).sum(1)
    upper = bounds["gibbs-monte-carlo"](mc_error=errors / len(rates), mc_draws=len(rates), mc_delta=delta)
    assert (upper < rates.mean()).mean() <= delta
    assert (upper < rates.mean() * 1.1).mean() > 0  # not by being far away
