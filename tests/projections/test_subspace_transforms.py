"""A subspace under torch.func: a pure function of z."""

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds.projections import attach  # noqa: E402
from idbounds.projections.operator import Operator  # noqa: E402

from .nets import Tied, batch, norm_net, small_net  # noqa: E402

CASES = [
    {"d": 7},
    {"d": 7, "relative": True, "kind": "srht"},
    {"d": None, "space": "norms"},
    {"d": 7, "space": "low-rank", "rank": 2},
    {"d": 11, "method": "said"},
]


def cross_entropy(model, z, x, y):
    return nn.functional.cross_entropy(model.functional(z, x), y)


@pytest.mark.parametrize("options", CASES, ids=str)
@pytest.mark.parametrize("stored", [False, True])
def test_many_points_of_one_subspace(options, stored):
    model, x = attach(norm_net(), seed=1, **options).eval(), batch()
    model.operator = Operator(model.projection, stored=stored)
    y = torch.arange(8) % 3
    zs = torch.randn(4, model.d)
    outputs = torch.func.vmap(lambda z: model.functional(z, x))(zs)
    gradient = torch.func.grad(cross_entropy, argnums=1)
    gradients = torch.func.vmap(lambda z: gradient(model, z, x, y))(zs)
    for z, output, g in zip(zs, outputs, gradients, strict=True):
        with torch.no_grad():
            model.z.copy_(z)
        model.z.grad = None
        alone = model(x)
        assert torch.allclose(alone, output, atol=1e-5)
        nn.functional.cross_entropy(alone, y).backward()
        assert torch.allclose(model.z.grad, g, atol=1e-5)
    assert g.abs().max() > 1e-3


def test_each_point_its_own_batch_and_each_example_its_own_gradient():
    model = attach(small_net(), d=7, seed=1)
    x, y = torch.stack([batch(0), batch(1)]), torch.zeros(2, 8, dtype=torch.long)
    zs = torch.randn(2, 7)
    gradient = torch.func.grad(lambda z, x, y: cross_entropy(model, z, x, y))
    both = torch.func.vmap(gradient)(zs, x, y)
    assert torch.allclose(both[1], gradient(zs[1], x[1], y[1]), atol=1e-6)
    each = torch.func.vmap(gradient, in_dims=(None, 0, 0))(zs[0], x[0][:, None], y[0][:, None])
    assert torch.allclose(each.mean(0), gradient(zs[0], x[0], y[0]), atol=1e-6)


def test_several_seeds_and_dimensions_at_once():
    """The recipe in the docstring of `functional`."""
    models = [attach(norm_net(), d=d, seed=seed).eval() for d, seed in ((3, 1), (7, 2), (5, 9))]
    x = batch()
    for model in models:
        nn.init.normal_(model.z)
    states = [model.state(model.z) for model in models]
    stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}

    def run(state, x):
        return torch.func.functional_call(models[0].module, state, (x,))

    outputs = torch.func.vmap(run, in_dims=(0, None))(stacked, x)
    outputs.square().sum().backward()
    for model, output in zip(models, outputs, strict=True):
        gradient, model.z.grad = model.z.grad, None
        assert torch.allclose(model(x), output, atol=1e-5)
        model(x).square().sum().backward()
        assert torch.allclose(model.z.grad, gradient, atol=1e-4)


def test_dropout_draws_for_each_point():
    model, x = attach(norm_net(), d=4, seed=1).train(), batch()
    zs = torch.randn(1, 4).expand(6, 4)
    outputs = torch.func.vmap(lambda z: model.functional(z, x), randomness="different")(zs)
    assert len({tuple(output.reshape(-1).tolist()) for output in outputs}) > 1
    same = torch.func.vmap(lambda z: model.functional(z, x), randomness="same")(zs)
    assert torch.allclose(same[0], same[5])


def test_functional_leaves_tracked_buffers_alone():
    model = attach(norm_net(), d=4, seed=1, buffers="tracked").train()
    model.module[2].p = 0.0
    before = model.module[1].running_mean.clone()
    output = model.functional(torch.zeros(4), batch() + 3)
    assert torch.equal(model.module[1].running_mean, before)
    assert torch.allclose(model(batch() + 3), output)
    assert not torch.equal(model.module[1].running_mean, before)


def test_tied_weights_and_keywords():
    model, tokens = attach(Tied(), d=6, seed=2), torch.arange(5)
    zs = torch.randn(3, 6)
    found = torch.func.vmap(lambda z: model.functional(z, tokens, gain=2.0)["logits"])(zs)
    assert torch.allclose(found[2], 2 * model.functional(zs[2], tokens)["logits"], atol=1e-5)


def test_hessian_through_the_network():
    model, x = attach(small_net(torch.float64), d=5, seed=1), batch(dtype=torch.float64)

    def loss(z):
        return model.functional(z, x).square().mean()

    z = torch.randn(5, dtype=torch.float64)
    hessian = torch.func.hessian(loss)(z)
    step = 1e-5 * torch.eye(5, dtype=torch.float64)
    gradient = torch.func.grad(loss)
    slopes = torch.stack([(gradient(z + e) - gradient(z - e)) / 2e-5 for e in step])
    assert torch.allclose(hessian, slopes, atol=1e-6)
