import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds.errors import InputError  # noqa: E402
from idbounds.projections import attach, projections  # noqa: E402
from idbounds.projections.laws import explicit_matrix  # noqa: E402
from idbounds.projections.said import Lambdas, layer_of  # noqa: E402
from idbounds.projections.spaces import Entry  # noqa: E402

from .nets import Tied, batch, set_z, small_net  # noqa: E402

SIZES = [30, 5, 15, 3]


def said(d=12, net=None, **options):
    return attach(net or small_net(torch.float64), d=d, seed=3, method="said", **options)


@pytest.mark.parametrize("scale", ["unit", "rms"])
def test_did_is_one_fastfood_a_tensor_of_the_same_z(scale):
    model = attach(small_net(torch.float64), d=7, seed=3, method="did", scale=scale)
    assert model.projection.kind == "per-tensor"
    assert model.projection.member == "fastfood"
    assert model.projection.sizes == tuple(SIZES)
    P = explicit_matrix(model.projection)
    z = set_z(model)
    moved = np.concatenate([w.reshape(-1).numpy() for w in model.weights(z).values()])
    start = np.concatenate([w.reshape(-1).numpy() for w in model.weights(0 * z).values()])
    assert np.allclose(moved - start, P @ z, rtol=0, atol=1e-12)
    for piece in np.split(P, np.cumsum(SIZES)[:-1]):
        # each tensor sees as much of z as it can: a released code cuts z at its padded size
        assert np.linalg.matrix_rank(piece) == min(piece.shape)
        assert np.all(np.linalg.norm(piece, axis=0) > 0)


@pytest.mark.parametrize("layers", ["tensor", "module", "block"])
@pytest.mark.parametrize("kind", [None, "dense", "blocks", "sparse", "kronecker"])
@pytest.mark.parametrize("relative", [False, True])
def test_said_is_lambda_times_the_rows_of_an_explicit_matrix(layers, kind, relative):
    model = said(layers=layers, kind=kind, relative=relative)
    m = 4 if layers == "tensor" else 2
    assert model.projection.d == 12 - m
    assert model.d == 12
    z = set_z(model)
    theta, lambdas = z[:-m], 1 + z[-m:]
    P = explicit_matrix(model.projection)
    owner = [0, 1, 2, 3] if layers == "tensor" else [0, 0, 1, 1]
    sigma = model.space.sigma() if relative else np.ones(53)
    expected = np.repeat(lambdas[owner], SIZES) * sigma * (P @ theta)
    moved = np.concatenate([w.reshape(-1).numpy() for w in model.weights(z).values()])
    start = np.concatenate([w.reshape(-1).numpy() for w in model.weights(0 * z).values()])
    assert np.allclose(moved - start, expected, rtol=0, atol=1e-12)
    for name, weight in model.state(torch.from_numpy(z)).items():
        assert torch.allclose(weight, model.weights(z)[name], rtol=0, atol=1e-12)

    # the gradient: against the explicit matrix, then against finite differences
    x = batch(dtype=torch.float64)
    model.functional(model.z, x).square().sum().backward()
    weights = {name: w.requires_grad_() for name, w in model.weights(z).items()}
    torch.func.functional_call(model.module, weights, (x,)).square().sum().backward()
    g = np.concatenate([w.grad.reshape(-1).numpy() for w in weights.values()])
    by_layer = [sum(p.sum() for p, o in zip(np.split(g * sigma * (P @ theta), np.cumsum(SIZES)[:-1]), owner,
                                            strict=True) if o == i) for i in range(m)]  # fmt: skip
    expected = np.concatenate([P.T @ (np.repeat(lambdas[owner], SIZES) * sigma * g), by_layer])
    assert np.allclose(model.z.grad.numpy(), expected, rtol=1e-9, atol=1e-9)
    assert torch.autograd.gradcheck(lambda z: model.functional(z, x), model.z.detach().requires_grad_())


def test_lambda_starts_at_one_so_that_said_starts_as_did():
    one = said(d=11)
    other = attach(small_net(torch.float64), d=7, seed=3, method="did")
    theta = np.random.default_rng(0).normal(size=7)
    a, b = one.weights(np.concatenate([theta, np.zeros(4)])), other.weights(theta)
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_every_trained_scalar_is_listed():
    model = said(net=Tied().double(), d=9)
    rows = model.dimension_report()
    trained = {name: size for name, size, why in rows if why == "trained"}
    names = ("embed.weight", "norm.weight", "norm.bias")
    assert trained == {"theta": 6} | {f"lambda of {name}": 1 for name in names}
    assert sum(trained.values()) == model.d == sum(p.numel() for p in model.parameters())
    assert sum(size for _, size, why in rows if why == "counted") == model.parameter_count
    assert ("head.weight", 44, "tied to embed.weight") in rows
    assert all(why != "trained" for *_, why in attach(Tied(), d=3, seed=1).dimension_report())


def test_what_a_layer_is():
    names = [
        "bert.embeddings.words.weight",
        "bert.encoder.layer.3.attention.query.weight",
        "bert.encoder.layer.3.output.bias",
        "bert.encoder.layer.11.output.bias",
        "transformer.h.0.mlp.weight",
        "0.weight",
        "scale",
    ]
    entries = [Entry(name, name, (2,), 1.0) for name in names]
    assert [layer_of(e, "tensor") for e in entries] == names
    assert [layer_of(e, "module") for e in entries] == [
        "bert.embeddings.words", "bert.encoder.layer.3.attention.query", "bert.encoder.layer.3.output",
        "bert.encoder.layer.11.output", "transformer.h.0.mlp", "0", "",
    ]  # fmt: skip
    assert [layer_of(e, "block") for e in entries] == [
        "bert.embeddings.words", "bert.encoder.layer.3", "bert.encoder.layer.3", "bert.encoder.layer.11",
        "transformer.h.0", "0", "",
    ]  # fmt: skip
    factor = Entry("0.weight.B", "0.weight", (2, 1), 1.0)
    assert [layer_of(factor, layers) for layers in ("tensor", "module", "block")] == ["0.weight.B", "0", "0"]


def test_layers_need_not_stand_side_by_side():
    entries = [Entry(n, n, (s,), 1.0) for n, s in (("a.x", 2), ("b.x", 1), ("a.y", 1))]
    lambdas = Lambdas(entries, "module")
    assert lambdas.names == ["a", "b"]
    movement, offsets = np.array([1.0, 2, 3, 4]), np.array([9.0, 1])
    expected = [10, 20, 6, 40]
    assert lambdas.exact(movement, offsets).tolist() == expected
    assert lambdas.scaled(torch.from_numpy(movement), torch.from_numpy(offsets)).tolist() == expected


def test_said_in_a_space_trains_and_resumes(tmp_path):
    options = {"space": "low-rank", "rank": 2, "layers": "module", "d": 12}
    model, x = said(net=small_net(), **options), batch()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(30):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(x), (x[:, 0] > 0).long())
        loss.backward()
        optimiser.step()
    assert torch.any(model.z[-2:] != 0)  # lambdas learn, too
    torch.save(model.state_dict(), tmp_path / "state.pt")
    again = said(net=small_net(), **options)
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert torch.equal(again(x), model(x))
    with pytest.raises(InputError, match="saved state is of"):
        said(net=small_net(), **(options | {"layers": "tensor"})).load_state_dict(model.state_dict())


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"d": 4}, "leaves no coordinate beside one lambda for each of 4 layers: give at least 5"),
        ({"d": 54}, "more than D = 53"),
        ({"d": None}, "d = None trains the space itself"),
        ({"method": "did", "layers": "block"}, "belongs to method 'said'"),
        ({"method": "did", "kind": "blocks"}, "'blocks'"),
        ({"layers": "network"}, "allowed are tensor, module, block"),
        ({"method": "dad"}, "allowed are direct, did, said"),
        ({"kind": "magic"}, "unknown projection"),
    ],
)
def test_errors(options, match):
    with pytest.raises(InputError, match=match):
        attach(small_net(), **({"d": 9, "seed": 1, "method": "said"} | options))


def test_all_families_serve_said():
    for kind in projections:
        assert said(kind=kind).weights(np.zeros(12))
