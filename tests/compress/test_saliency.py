"""Saliencies are the curvatures that they say, held against the Hessian itself and against a library."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.compress import Bench, FineTune, Pipeline, Quantise, Sparsify, drafts, gradual
from idbounds.compress.saliency import saliencies
from idbounds.decoders import scaled
from idbounds.errors import InputError


def sample(n=40, width=5, classes=3, levels=17, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(levels, size=(n, width)).astype(np.uint8)
    return SimpleNamespace(train_x=x, train_y=rng.integers(classes, size=n), classes=classes, levels=levels)


def small(activation=nn.ReLU):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(5, 4), activation(), nn.Linear(4, 3))


def weighed(module, data, kind, examples=1000, seed=0):
    given = drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})
    bench = Bench(module, data, drafts=tuple(given))
    return saliencies([d for d in given if d.kind != "vector"], bench, kind, examples, seed)


def parts(module, data):
    x = torch.from_numpy(scaled(data.train_x, data.levels))
    weights = {name: p.detach().double() for name, p in module.named_parameters()}
    return x, torch.from_numpy(data.train_y), weights


def hessian_diagonals(module, data):
    """By differentiating the mean loss twice, weight by weight."""
    x, y, weights = parts(module, data)
    for name in ("0.weight", "2.weight"):
        if name not in weights:
            continue

        def loss(entries, name=name):
            scores = torch.func.functional_call(module, weights | {name: entries}, (x,))
            return nn.functional.cross_entropy(scores, y)

        size = weights[name].numel()
        yield torch.func.hessian(loss)(weights[name]).reshape(size, size).diag().numpy(), weights[name]


def test_obd_is_the_diagonal_of_the_hessian():
    module, data = small(), sample()
    for found, (diagonal, w) in zip(
        weighed(module, data, "obd"), hessian_diagonals(module, data), strict=True
    ):
        assert np.allclose(found, diagonal * w.numpy().ravel() ** 2 / 2, rtol=1e-9, atol=1e-14)
        assert found.max() > 1e-4


def test_a_convolution_shares_its_weights_among_places():
    module, data = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)), sample()
    data.train_x = np.random.default_rng(3).integers(17, size=(20, 1, 4, 4)).astype(np.uint8)
    data.train_y = data.train_y[:20]
    module(torch.zeros(1, 1, 4, 4))
    ((diagonal, w),) = hessian_diagonals(module, data)
    assert np.allclose(weighed(module, data, "obd")[0], diagonal * w.numpy().ravel() ** 2 / 2, rtol=1e-9)


def test_both_are_the_matrices_of_the_library():
    """Where the scores bend in a weight, OBD is the Gauss-Newton matrix and not the Hessian."""
    curvlinops = pytest.importorskip("curvlinops")
    module, data = small(nn.Tanh), sample()
    x, y, weights = parts(module, data)
    double = small(nn.Tanh).double()
    matrices = {"obd": curvlinops.GGNLinearOperator, "fisher": curvlinops.EFLinearOperator}
    for kind, operator in matrices.items():
        given = [p for name, p in double.named_parameters() if "weight" in name]
        matrix = operator(double, nn.CrossEntropyLoss(), given, [(x, y)])
        diagonal = (matrix @ torch.eye(matrix.shape[0], dtype=torch.float64)).diag().numpy()
        flat = np.concatenate([weights[name].numpy().ravel() for name in ("0.weight", "2.weight")])
        found = np.concatenate(weighed(module, data, kind))
        assert np.allclose(found, diagonal * flat**2 / 2, rtol=1e-6, atol=1e-12)
    hessian = np.concatenate([d for d, _ in hessian_diagonals(module, data)])
    assert not np.allclose(np.concatenate(weighed(module, data, "obd")), hessian * flat**2 / 2, rtol=0.01)


def fitted():
    """A linear layer at the least loss of its data; inputs of very different size, so that magnitudes mislead."""
    rng = np.random.default_rng(5)
    size = np.array([100, 60, 30, 10, 4, 0])
    x = (100 + rng.integers(-1, 2, (300, 6)) * size).astype(np.uint8)
    y = (
        ((x - 100.0) / np.maximum(size, 1)) @ [1.0, -1, 0.7, -0.5, 0.6, 0] + rng.logistic(size=300) > 0
    ).astype(int)
    data = SimpleNamespace(train_x=x, train_y=y, classes=2, levels=201)
    module = nn.Sequential(nn.Linear(6, 2)).double()
    with torch.no_grad():
        module[0].weight[:, 5] = torch.tensor([9.0, -9.0])  # of an input that is always zero
    inputs, labels, _ = parts(module, data)
    optimiser = torch.optim.LBFGS(
        module.parameters(), max_iter=400, line_search_fn="strong_wolfe", tolerance_grad=1e-9
    )

    def closure():
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(module(inputs), labels)
        loss.backward()
        return loss

    optimiser.step(closure)
    return module, data


def losses_without(module, data):
    """Rise of the loss when one weight after another is zero."""
    x, y, weights = parts(module, data)

    def loss(w):
        scores = torch.func.functional_call(module, weights | {"0.weight": w}, (x,))
        return float(nn.functional.cross_entropy(scores, y))

    w, found = weights["0.weight"], []
    for place in range(w.numel()):
        without = w.clone()
        without.view(-1)[place] = 0
        found.append(loss(without) - loss(w))
    return np.array(found)


@pytest.mark.parametrize("kind", ["fisher", "obd"])
def test_saliency_prunes_what_hurts_least_where_magnitude_does_not(kind):
    module, data = fitted()
    given = drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})
    rise, bench = losses_without(module, data), Bench(module, data)
    best = set(np.argsort(rise)[6:])
    kept = {
        name: set(Pipeline((Sparsify(0.5, saliency=name),)).run(given, bench)[0].coded.positions)
        for name in ("magnitude", kind)
    }
    assert kept[kind] == best
    assert {5, 11} <= kept["magnitude"]  # the two that no prediction depends on
    assert {5, 11} & kept[kind] == set()
    # To second order only: the size of the rise is met where it is small.
    (found,) = weighed(module, data, "obd")
    slight = rise < 0.01
    assert slight.sum() >= 4
    assert np.allclose(found[slight], rise[slight], rtol=0.35, atol=1e-5)


@pytest.mark.parametrize("kind", ["fisher", "obd"])
def test_what_is_kept_is_the_share_that_was_asked_for(first, bench, kind):
    step = Sparsify(0.9, saliency=kind, examples=60)
    made = Pipeline((step,)).run(first, bench)
    sizes = [(d.coded.positions.size, d.slot.size) for d in made if d.kind == "linear"]
    assert sum(k for k, _ in sizes) == round(0.1 * sum(n for _, n in sizes))
    by_layer = Pipeline((replace(step, layers="uniform"),)).run(first, bench)
    assert all(d.coded.positions.size == round(0.1 * d.slot.size) for d in by_layer if d.kind == "linear")


def test_the_seed_chooses_the_examples_and_nothing_else_does():
    module, data = small(), sample()
    one, again, other = (weighed(module, data, "obd", 10, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    whole = [weighed(module, data, "obd", n, seed) for n, seed in ((40, 0), (1000, 7))]
    assert all(np.array_equal(a, b) for a, b in zip(*whole, strict=True))


def test_memory_is_bounded_without_a_trace(monkeypatch):
    """Gradients a few at a time sum up to the same."""
    module, data = small(), sample()
    whole = weighed(module, data, "obd")
    monkeypatch.setattr("idbounds.compress.saliency._FLOATS", 100)
    for a, b in zip(whole, weighed(module, data, "obd"), strict=True):
        assert np.allclose(a, b, rtol=1e-12)


def test_the_weights_of_now_are_weighed(first, bench):
    """A weight that was pruned before has no saliency, and training in between counts."""
    tune = FineTune(steps=5)
    made = gradual(0.8, rounds=2, tune=tune, saliency="fisher").run(first, bench)
    once = (Sparsify(0.7, saliency="fisher") | tune).run(first, bench)
    assert all(set(a.coded.positions) <= set(b.coded.positions) for a, b in zip(made, once, strict=True))
    assert str(gradual(0.8, rounds=1, tune=tune, saliency="obd").steps[0]) == "Sparsify(0.8, saliency='obd')"


def test_the_network_is_left_as_it_was(bench, first):
    bench.module.train()
    Pipeline((Sparsify(0.5, saliency="fisher", examples=5),)).run(first, bench)
    assert bench.module.training
    assert all(p.grad is None for p in bench.module.parameters())


def test_data_are_needed_before_any_work(first, bench):
    with pytest.raises(InputError, match="data set"):
        (Sparsify(0.5, saliency="obd") | Quantise(levels=3)).run(first, Bench(bench.module))
    assert Pipeline((Sparsify(0.5),)).run(first, Bench(bench.module))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.last = nn.GRU(1, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.gru(x[..., None])[0][:, -1])


def test_a_network_that_cannot_be_differentiated_by_example_is_refused():
    with pytest.raises(InputError, match="give 'magnitude'"):
        weighed(Recurrent(), sample(), "fisher")


@pytest.mark.parametrize("bad", [{"saliency": "x"}, {"examples": 0}, {"examples": 1.5}, {"seed": -1}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="give"):
        Sparsify(0.5, **bad)


def inverse_diagonal(module, data, damping=1e-3):
    """By inverting the whole Gauss-Newton matrix of the two weights."""
    x, _, weights = parts(module, data)

    def scores(vector):
        split = vector.split([w.numel() for name, w in weights.items() if "weight" in name])
        names = [name for name in weights if "weight" in name]
        given = {n: v.reshape(weights[n].shape) for n, v in zip(names, split, strict=True)}
        return torch.func.functional_call(module, weights | given, (x,))

    start = torch.cat([w.ravel() for name, w in weights.items() if "weight" in name])
    jacobian, p = torch.func.jacrev(scores)(start), scores(start).softmax(dim=1)
    inner = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    matrix = torch.einsum("ncp,ncd,ndq->pq", jacobian, inner, jacobian).numpy() / len(x)
    matrix += damping * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    return start.numpy(), matrix


def test_obs_is_the_least_rise_when_all_others_make_up_for_it():
    pytest.importorskip("curvlinops")
    module, data = small(nn.Tanh), sample()
    w, matrix = inverse_diagonal(module, data)
    found = np.concatenate(weighed(module, data, "obs"))
    for q in (0, 7, 25):  # minimise d' H d / 2 with d_q = -w_q
        rest = np.delete(np.arange(len(w)), q)
        d = np.full(len(w), -w[q])
        d[rest] = np.linalg.solve(matrix[np.ix_(rest, rest)], w[q] * matrix[rest, q])
        assert found[q] == pytest.approx(d @ matrix @ d / 2, rel=1e-6)
    obd = np.diag(matrix) * w**2 / 2
    assert (found <= obd * (1 + 1e-9)).all()
    assert (found < obd / 2).any()


def test_kfac_is_obs_layer_by_layer_for_one_example():
    pytest.importorskip("curvlinops")
    module, data = small(nn.Tanh), sample(n=1)
    w, matrix = inverse_diagonal(module, data, damping=0.0)
    damping = 1e-3 * np.trace(matrix) / len(matrix)
    for block, found in zip((slice(0, 20), slice(20, 32)), weighed(module, data, "kfac"), strict=True):
        inverse = np.linalg.inv(matrix[block, block] + damping * np.eye(len(found)))
        assert np.allclose(found, w[block] ** 2 / (2 * np.diag(inverse)), rtol=1e-6)


def test_obs_counts_no_weight_that_is_gone():
    pytest.importorskip("curvlinops")
    module, data = small(nn.Tanh), sample()
    with torch.no_grad():
        module[0].weight[:, 1] = 0
    w, matrix = inverse_diagonal(module, data, damping=0.0)
    left = w != 0
    part = matrix[np.ix_(left, left)]
    inverse = np.linalg.inv(part + 1e-3 * np.trace(part) / len(part) * np.eye(len(part)))
    found = np.concatenate(weighed(module, data, "obs"))
    assert np.allclose(found[left], w[left] ** 2 / (2 * np.diag(inverse)), rtol=1e-6)
    assert not found[~left].any()


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Embedding(17, 4), nn.Linear(20, 3)

    def forward(self, x):
        return self.last(self.table((8 * x + 8).round().long()).flatten(1))


def test_kfac_leaves_a_layer_alone_that_it_does_not_know():
    pytest.importorskip("curvlinops")
    module, data = Mixed(), sample()
    given = drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})
    table, last, _ = Pipeline((Sparsify(0.5, saliency="kfac"),)).run(given, Bench(module, data))
    assert table.coded.form.kind == "dense"
    assert "no linear layer" in table.notes[0]
    assert last.coded.positions.size == 30


def test_obs_of_many_weights_is_refused(first, bench):
    with pytest.raises(InputError, match="give 'kfac'"):
        Pipeline((Sparsify(0.5, saliency="obs"),)).run(first, bench)
