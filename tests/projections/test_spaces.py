import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds.errors import InputError  # noqa: E402
from idbounds.projections import Stream, attach, uniform_symmetric  # noqa: E402

from .nets import Tied, batch, norm_net, set_z, small_net  # noqa: E402

SPACES = [
    {"space": "all"},
    {"space": "norms"},
    {"space": "low-rank", "rank": 1},
    {"space": "low-rank", "rank": 3},
]


def conv_net():
    return nn.Sequential(nn.Conv2d(2, 5, 3), nn.GroupNorm(1, 5), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3))


def counted(model):
    return {name: size for name, size, why in model.dimension_report() if why == "counted"}


@pytest.mark.parametrize("options", SPACES, ids=str)
@pytest.mark.parametrize("d", [None, 9])
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("start", ["seed", "module"])
def test_forward_and_decoder_agree_and_the_report_adds_up(options, d, relative, start):
    net = conv_net().double()
    model = attach(net, d=d, seed=4, relative=relative, start=start, **options)
    assert sum(counted(model).values()) == model.parameter_count
    assert model.d == len(model.z) == (d or model.parameter_count)
    z = torch.from_numpy(set_z(model))
    exact = model.weights(z.numpy())
    assert list(exact) == [name for name, _ in net.named_parameters()]
    for name, weight in model.state(z).items():
        assert torch.allclose(weight, exact[name], rtol=0, atol=1e-12)
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    assert torch.allclose(model(x), torch.func.functional_call(net, exact, (x,)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", SPACES, ids=str)
def test_gradient_equals_finite_differences(options):
    model = attach(small_net(torch.float64), d=5, seed=2, relative=True, **options)
    z, x = torch.randn(5, dtype=torch.float64, requires_grad=True), batch(dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda z: model.functional(z, x), z)


@pytest.mark.parametrize("options", SPACES, ids=str)
def test_the_middle_is_the_start(options):
    net, x = norm_net().eval(), batch()
    model = attach(net, d=None, seed=4, start="module", **options)
    assert torch.allclose(model(x), net(x), atol=1e-6)
    assert model.options.words().startswith("start=module buffers=frozen relative=False")


def test_norms_and_biases_only():
    model = attach(conv_net(), d=None, seed=1, space="norms")
    assert counted(model) == {"0.bias": 5, "1.weight": 5, "1.bias": 5, "4.bias": 3}
    assert ("0.weight", 90, "held at its start (space 'norms')") in model.dimension_report()
    set_z(model)
    moved, start = model.weights(np.ones(18)), model.weights(np.zeros(18))
    for name, weight in moved.items():
        assert torch.equal(weight - start[name], torch.full_like(weight, float(name in counted(model))))
    assert model.left_alone == {}


def test_biases_of_other_names_count_and_free_vectors_do_not():
    net = nn.ModuleDict({"attend": nn.MultiheadAttention(4, 2), "cell": nn.GRUCell(2, 3)})
    net.free = nn.Parameter(torch.zeros(7))
    names = counted(attach(net, d=None, seed=1, space="norms"))
    expected = {"attend.in_proj_bias": 12, "attend.out_proj.bias": 4, "cell.bias_ih": 9, "cell.bias_hh": 9}
    assert names == expected


def test_full_training_is_d_none():
    model, x = attach(small_net(), d=None, seed=1), batch()
    assert model.projection.kind == "identity"
    assert model.parameter_count == model.d == 53
    model(x).square().sum().backward()
    weights = {name: w.detach().clone().requires_grad_() for name, w in model.state(model.z).items()}
    loss = torch.func.functional_call(model.module, weights, (x,)).square().sum()
    expected = torch.autograd.grad(loss, list(weights.values()))
    assert torch.allclose(model.z.grad, torch.cat([g.reshape(-1) for g in expected]), atol=1e-6)


@pytest.mark.parametrize("rank", [1, 3, 100])
def test_low_rank_moves_matrices_by_products(rank):
    model = attach(conv_net(), d=None, seed=7, space="low-rank", rank=rank)
    r, s = min(rank, 5), min(rank, 3)  # a factor is no longer than a side of the matrix
    assert counted(model) == {
        "0.weight.B": 5 * r, "0.weight.A": r * 18, "4.weight.B": 3 * s, "4.weight.A": s * 20,
    }  # fmt: skip
    report = model.dimension_report()
    assert ("0.weight", 90, "moved by its factors") in report
    assert ("1.weight", 5, "held at its start (space 'low-rank')") in report
    z = set_z(model)
    a0 = uniform_symmetric(7, Stream.INIT, r * 18, start=90 + 15 + 63 + 5 * r) * math.sqrt(3 / 18)
    B, A = z[: 5 * r].reshape(5, r), (a0 + z[5 * r : 23 * r]).reshape(r, 18)
    moved, start = model.weights(z), model.weights(np.zeros(model.d))
    difference = (moved["0.weight"] - start["0.weight"]).reshape(5, 18).numpy()
    assert np.allclose(difference, B @ A, rtol=0, atol=1e-12)
    assert np.linalg.matrix_rank(difference, tol=1e-9) == r
    assert torch.equal(moved["1.weight"], torch.ones(5, dtype=torch.float64))
    assert torch.equal(moved["4.bias"], torch.zeros(3, dtype=torch.float64))


def test_relative_low_rank_moves_weights_about_as_far_as_their_start():
    model = attach(nn.Linear(400, 300), d=None, seed=1, space="low-rank", rank=4, relative=True)
    z = np.random.default_rng(0).normal(size=model.d)
    z[1200:] = 0  # A stays where it is drawn
    step = model.weights(z)["weight"] - model.weights(np.zeros(model.d))["weight"]
    assert float(step.std()) == pytest.approx(math.sqrt(2 / 400), rel=0.1)


def test_low_rank_factors_belong_to_the_digest_and_come_from_the_seed():
    a, b = (attach(small_net(), d=4, seed=s, start="module", space="low-rank", rank=2) for s in (1, 2))
    with torch.no_grad():
        b.theta0.copy_(a.theta0)
    assert a.start_digest != b.start_digest
    plain = attach(small_net(), d=4, seed=1, start="module")
    plain.theta0.copy_(a.theta0)
    assert plain.start_digest != a.start_digest


def test_tied_weights_have_one_pair_of_factors():
    model = attach(Tied(), d=6, seed=2, space="low-rank", rank=2)
    assert counted(model) == {"embed.weight.B": 22, "embed.weight.A": 8}
    set_z(model)
    assert model(torch.arange(11))["logits"].shape == (11, 11)


def test_subspace_of_low_rank_learns():
    x = batch(n=64)
    y = (x[:, 0] > 0).long()
    model = attach(small_net(), d=20, seed=0, space="low-rank", rank=2, relative=True)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(80):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    assert (model(x).argmax(1) == y).float().mean() > 0.95


@pytest.mark.parametrize("options", SPACES[1:], ids=str)
def test_saved_states_know_their_space(options):
    model = attach(norm_net(), d=4, seed=1, **options)
    set_z(model)
    again = attach(norm_net(), d=4, seed=1, **options)
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.eval()(batch()), model.eval()(batch()))
    with pytest.raises(InputError, match="saved state is of"):
        attach(norm_net(), d=4, seed=1).load_state_dict(model.state_dict())


@pytest.mark.parametrize(
    ("net", "options", "match"),
    [
        (small_net, {"space": "low-rank"}, "rank = None with space = 'low-rank'"),
        (small_net, {"rank": 2}, "rank = 2 with space = 'all'"),
        (small_net, {"space": "low-rank", "rank": 0}, "rank = 0 is outside"),
        (small_net, {"space": "half"}, "allowed are all, norms, low-rank"),
        (lambda: nn.Linear(2, 2, bias=False), {"space": "norms"}, "is empty"),
        (lambda: nn.LayerNorm(3), {"space": "low-rank", "rank": 1}, "is empty"),
        (small_net, {"space": "norms", "d": 9}, "more than D = 8"),
    ],
)
def test_errors(net, options, match):
    with pytest.raises(InputError, match=match):
        attach(net(), **({"d": 2, "seed": 1} | options))
