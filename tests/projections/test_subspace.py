import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds.errors import InputError  # noqa: E402
from idbounds.projections import Stream, attach, uniform_symmetric  # noqa: E402
from idbounds.projections.laws import explicit_matrix  # noqa: E402
from idbounds.projections.operator import Operator  # noqa: E402

from .nets import Tied, batch, norm_net, set_z, small_net  # noqa: E402


@pytest.mark.parametrize("kind", ["blocks", "dense"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("relative", [False, True])
def test_gradient_equals_that_of_an_explicit_matrix(kind, dtype, relative):
    net, x = small_net(dtype), batch(dtype=dtype)
    model = attach(net, d=7, seed=3, kind=kind, scale="unit", relative=relative)
    assert model.z.dtype == dtype
    set_z(model)
    loss = model(x).square().mean()
    loss.backward()

    P = torch.from_numpy(explicit_matrix(model.projection)).to(dtype)
    sizes = [p.numel() for p in net.parameters()]
    sigma = torch.ones(sum(sizes), dtype=dtype)
    if relative:
        stds = [math.sqrt(2 / 6), 0.1, math.sqrt(2 / 5), 0.1]
        sigma = torch.cat([torch.full((n,), s, dtype=dtype) for n, s in zip(sizes, stds, strict=True)])
    theta = (model.theta0 + sigma * (P @ model.z.detach())).requires_grad_()
    pieces = dict(zip([n for n, _ in net.named_parameters()], theta.split(sizes), strict=True))
    state = {n: v.view(p.shape) for (n, p), v in zip(net.named_parameters(), pieces.values(), strict=True)}
    expected = torch.func.functional_call(net, state, (x,)).square().mean()
    expected.backward()
    assert abs(float(loss.detach() - expected.detach())) < 1e-6
    assert torch.max(torch.abs(model.z.grad - P.T @ (sigma * theta.grad))) < 1e-6
    assert model.z.grad.norm() > 1e-3


def test_stored_rows_train_the_same():
    x = batch()
    grads = []
    for stored in (False, True):
        model = attach(small_net(), d=5, seed=1)
        model.operator = Operator(model.projection, stored=stored)
        model(x).square().sum().backward()
        grads.append(model.z.grad)
    assert torch.allclose(*grads, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_gpu_equals_cpu():
    model, x = attach(norm_net(), d=5, seed=1).eval(), batch()
    set_z(model)
    expected = model(x)
    assert torch.allclose(model.cuda()(x.cuda()).cpu(), expected, atol=1e-5)


def test_start_from_the_seed_alone():
    digests = []
    for torch_seed in (0, 1):
        torch.manual_seed(torch_seed)
        digests.append(attach(norm_net(), d=4, seed=9).start_digest)
    assert digests[0] == digests[1]
    assert digests[0] == "94eb92e9260016475882c86b5884b7ed77464186b6663ec221d603d080dabeef"
    assert attach(norm_net(), d=4, seed=10).start_digest != digests[0]
    assert attach(norm_net(), d=5, seed=9).start_digest == digests[0]


def test_start_values():
    model = attach(norm_net(), d=4, seed=9)
    found = {name: w.numpy() for name, w in model.weights(np.zeros(4)).items()}
    u = uniform_symmetric(9, Stream.INIT, 30)
    assert np.array_equal(found["0.weight"], (u * math.sqrt(6 / 6)).reshape(5, 6))
    assert np.array_equal(found["1.weight"], np.ones(5))
    for name in ("0.bias", "1.bias", "3.bias"):
        assert not np.any(found[name])
    big = attach(nn.Sequential(nn.Embedding(500, 64), nn.Conv2d(8, 100, 3)), d=4, seed=0).weights(np.zeros(4))
    assert abs(float(big["0.weight"].std()) * 8 - 1) < 0.02
    assert abs(float(big["1.weight"].std()) / math.sqrt(2 / 72) - 1) < 0.04


def test_start_from_the_module():
    net = small_net()
    before = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
    model, x = attach(net, d=4, seed=9, start="module"), batch()
    assert torch.equal(model.theta0, before)
    assert torch.equal(model(x), net(x))
    digest = model.start_digest
    with torch.no_grad():
        model.theta0[0] += 1
    assert model.start_digest != digest


def test_tied_weights_stay_tied():
    net = Tied()
    model = attach(net, d=6, seed=2)
    assert model.parameter_count == 44 + 8
    assert ("head.weight", 44, "tied to embed.weight") in model.dimension_report()
    assert "head.weight" not in model.weights(np.zeros(6))
    z = set_z(model)
    w = model.weights(z)
    tokens = torch.arange(11)
    out = model(tokens)["logits"].detach().double()
    E = w["embed.weight"]
    normed = nn.functional.layer_norm(E, (4,), w["norm.weight"], w["norm.bias"])
    assert torch.allclose(out, normed @ E.T, atol=1e-4)
    assert net.head.weight is net.embed.weight


def test_batches_of_keywords_pass_through():
    model = attach(Tied(), d=6, seed=2)
    tokens = torch.arange(5)
    out = model(**{"tokens": tokens, "gain": 2.0})
    assert torch.allclose(out["logits"], 2 * model(tokens)["logits"])


def test_train_and_eval_reach_the_module():
    model, x = attach(norm_net(), d=4, seed=1), batch()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert not model.module[2].training
    assert torch.equal(model(x), model(x))
    assert model.train().module[2].training
    assert not attach(norm_net().eval(), d=4, seed=1).training


def test_frozen_buffers():
    net = norm_net()
    net(batch(5) + 3)  # leaves statistics behind, which a start from the seed must not inherit
    left = net[1].running_mean.clone()
    net[2].p = 0.0
    model, x = attach(net, d=4, seed=1), batch()
    assert model.certifiable
    model.train()
    net.train()  # even if somebody reaches past the wrapper
    trained = model(x)
    alone = torch.cat([model(row[None]) for row in x])
    assert torch.allclose(trained, alone, atol=1e-6)  # no statistics of the batch
    assert torch.equal(trained, model.eval()(x))
    assert torch.equal(net[1].running_mean, left)
    w = {name: v.float() for name, v in model.weights(np.zeros(4)).items()}
    hidden = nn.functional.linear(x, w["0.weight"], w["0.bias"]) / math.sqrt(1 + 1e-5)
    assert torch.allclose(trained, nn.functional.linear(hidden, w["3.weight"], w["3.bias"]), atol=1e-5)


def test_frozen_buffers_of_a_pretrained_module_are_its_own():
    net = norm_net()
    net(batch(5) + 3)
    net.eval()
    x = batch()
    assert torch.allclose(attach(net, d=4, seed=1, start="module").train(False)(x), net(x))


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 2))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen += 1
        return x @ self.weight + self.seen


def test_buffers_that_the_module_writes_to_are_restored():
    model, x = attach(Counter(), d=2, seed=1), torch.ones(1, 2)
    assert torch.equal(model(x), model(x))
    assert model.module.seen == 0
    tracked = attach(Counter(), d=2, seed=1, buffers="tracked")
    assert not torch.equal(tracked(x), tracked(x))


def test_tracked_buffers_learn_and_are_saved():
    model = attach(norm_net(), d=4, seed=1, buffers="tracked").train()
    assert not model.certifiable
    model(batch() + 3)
    assert model.module[1].num_batches_tracked == 1
    again = attach(norm_net(), d=4, seed=1, buffers="tracked")
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.module[1].running_mean, model.module[1].running_mean)
    assert torch.equal(again.eval()(batch()), model.eval()(batch()))


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.free = nn.Parameter(torch.ones(2, 3))
        self.fixed = nn.Parameter(torch.full((2,), 5.0), requires_grad=False)
        self.count = nn.Parameter(torch.tensor([1, 2]), requires_grad=False)

    def forward(self, x):
        return x @ self.free.T + self.fixed * self.count


def test_parameters_left_alone():
    net = Mixed()
    model = attach(net, d=3, seed=1)
    assert model.parameter_count == 6
    assert model.left_alone == {"fixed": "requires_grad=False", "count": "not floating point"}
    assert [name for name, *_ in model.dimension_report()] == ["free", "fixed", "count"]
    w = model.weights(np.ones(3))
    assert set(w) == {"free", "fixed"}
    assert torch.equal(w["fixed"], torch.full((2,), 5.0, dtype=torch.float64))
    assert torch.allclose(model(torch.zeros(1, 3)), torch.tensor([[5.0, 10.0]]))
    digest, saved = model.start_digest, model.state_dict()
    net.fixed.data[0] = 6.0
    assert model.start_digest != digest
    with pytest.raises(InputError, match="left alone"):
        model.load_state_dict(saved)


def test_only_z_is_a_parameter():
    model = attach(norm_net(), d=4, seed=1)
    assert [name for name, _ in model.named_parameters()] == ["z"]
    assert not torch.any(model.z)
    before = [p.detach().clone() for p in model.module.parameters()]
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    model(batch()).square().sum().backward()
    optimiser.step()
    assert torch.any(model.z)
    assert all(torch.equal(a, b) for a, b in zip(before, model.module.parameters(), strict=True))


@pytest.mark.parametrize("start", ["seed", "module"])
def test_saved_state_resumes(start, tmp_path):
    model, x = attach(norm_net(), d=4, seed=1, start=start).eval(), batch()
    set_z(model)
    torch.save(model.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert set(state) == {"z", "_extra_state"} | ({"theta0"} if start == "module" else set())
    again = attach(norm_net(), d=4, seed=1, start=start).eval()
    again.load_state_dict(state)
    assert torch.equal(again(x), model(x))
    assert again.start_digest == model.start_digest
    with pytest.raises(InputError, match="saved state is of"):
        attach(norm_net(), d=4, seed=2, start=start).load_state_dict(state)


def test_deepcopy_and_dtype_moves():
    model, x = attach(norm_net(), d=4, seed=1).eval(), batch()
    set_z(model)
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.z += 1
    assert not torch.equal(twin(x), model(x))
    wide = copy.deepcopy(model).double()
    assert wide(x.double()).dtype == torch.float64
    assert torch.allclose(wide(x.double()).float(), model(x), atol=1e-5)
    assert wide.start_digest == model.start_digest
    half = copy.deepcopy(model).bfloat16()
    assert half(x.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("relative", [False, True])
def test_weights_are_the_exact_float64_path(relative):
    model = attach(norm_net(), d=4, seed=1, relative=relative).eval()
    z = set_z(model).astype(np.float32).astype(np.float64)
    w = model.weights(z)
    flat = np.concatenate([v.reshape(-1).numpy() for v in w.values()])
    expected = model.projection.apply(z)
    if relative:
        stds = [(30, math.sqrt(2 / 6)), (5, 0.1), (5, 0.1), (5, 0.1), (15, math.sqrt(2 / 5)), (3, 0.1)]
        expected = expected * np.concatenate([np.full(n, s) for n, s in stds])
    zero = np.concatenate([v.reshape(-1).numpy() for v in model.weights(np.zeros(4)).values()])
    assert flat.tobytes() == (zero + expected).tobytes()
    net = copy.deepcopy(model.module).double().eval()
    out = torch.func.functional_call(net, w, (batch(dtype=torch.float64),))
    assert torch.allclose(model(batch()).double(), out, atol=1e-5)


def test_training_in_the_subspace_learns():
    x = batch(n=64)
    y = (x[:, 0] > 0).long()
    model = attach(small_net(), d=20, seed=0)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    assert (model(x).argmax(1) == y).float().mean() > 0.95


def complex_net():
    net = nn.Module()
    net.w = nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    return net


@pytest.mark.parametrize(
    ("net", "options", "match"),
    [
        (small_net, {"d": 10**6}, "more than D = 53"),
        (small_net, {"start": "zero"}, "allowed are seed, module"),
        (small_net, {"buffers": "thawed"}, "allowed are frozen, tracked"),
        (small_net, {"kind": "magic"}, "unknown projection"),
        (small_net, {"seed": -1}, "seed = -1"),
        (complex_net, {}, "parameter w is complex"),
        (nn.Tanh, {}, "no floating-point parameter"),
        (lambda: nn.LazyLinear(3), {}, "run the module once first"),
        (lambda: nn.BatchNorm1d(5, track_running_stats=False), {}, "batch statistics"),
    ],
)
def test_errors(net, options, match):
    with pytest.raises(InputError, match=match):
        attach(net(), **({"d": 2, "seed": 1} | options))


def test_errors_of_weights():
    model = attach(small_net(), d=2, seed=1)
    for z in (np.zeros(2, np.float32), [0.0, 0.0], torch.zeros(2), np.zeros(3)):
        with pytest.raises(InputError):
            model.weights(z)


def test_coordinates_in_float64_give_a_float32_module_in_float64():
    module = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
    inside = attach(module, d=5, seed=3)
    z, x = torch.linspace(-1, 1, 5, dtype=torch.float64), torch.ones(3, 4, dtype=torch.float64)
    inside.eval()
    wide = inside.functional(z, x)
    assert wide.dtype == torch.float64
    again = torch.func.functional_call(inside, {"z": z}, (x,))
    assert torch.equal(wide, again)
    assert torch.allclose(wide.float(), inside.functional(z.float(), x.float()), atol=1e-5)
    assert all(w.dtype == torch.float32 for w in inside.state(z.float()).values())
