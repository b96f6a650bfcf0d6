"""Norms, margins and sizes of networks, against definitions written out."""

import itertools
import math

import numpy as np
import pytest

from idbounds import QUANTITIES, bounds, compare
from idbounds.errors import InputError

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds import measures as m  # noqa: E402

NETWORK_BOUNDS = [
    "vc-network", "frobenius-golowich", "path-norm", "spectral-bartlett", "spectral-neyshabur",
    "distance-from-initialisation",
]  # fmt: skip


def mlp(*sizes, bias=True, seed=0):
    torch.manual_seed(seed)
    parts = [p for a, b in itertools.pairwise(sizes) for p in (nn.Linear(a, b, bias=bias), nn.ReLU())]
    return nn.Sequential(*parts[:-1])


def matrices(module):
    linear = [p for p in module if isinstance(p, nn.Linear)]
    return [p.weight.detach().double().numpy() for p in linear]


def convolution_matrix(kernel, size, stride, padding):
    """The matrix of a convolution of a (channels, size, size) image, entry by entry from its definition."""
    out, channels, height, width = kernel.shape
    places = (size + 2 * padding - height) // stride + 1
    matrix = np.zeros((out, places, places, channels, size, size))
    for o, i, j, c, a, b in itertools.product(*map(range, (out, places, places, channels, height, width))):
        row, column = i * stride + a - padding, j * stride + b - padding
        if 0 <= row < size and 0 <= column < size:
            matrix[o, i, j, c, row, column] += kernel[o, c, a, b]
    return matrix.reshape(out * places**2, channels * size**2)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 1), (3, 2)])
def test_a_convolution_is_measured_as_the_whole_map(stride, padding):
    torch.manual_seed(1)
    module = nn.Conv2d(2, 3, 3, stride=stride, padding=padding)
    (layer,) = m.layers(module, (2, 6, 6))
    matrix = convolution_matrix(module.weight.detach().double().numpy(), 6, stride, padding)
    assert m.spectral_norm(layer) == pytest.approx(np.linalg.svd(matrix)[1][0], rel=1e-6)
    np.testing.assert_allclose(m.row_norms(layer), np.linalg.norm(matrix, axis=1), rtol=1e-12)


def test_the_reshaped_kernel_would_be_another_number():
    torch.manual_seed(1)
    module = nn.Conv2d(2, 3, 3, padding=1)
    (layer,) = m.layers(module, (2, 6, 6))
    reshaped = np.linalg.svd(module.weight.detach().numpy().reshape(3, -1))[1][0]
    assert (
        reshaped < m.spectral_norm(layer) <= 3 * reshaped
    )  # at most the square root of the kernel's size more


def test_linear_layers():
    module = mlp(5, 4, 3, bias=False)
    found = m.layers(module, (5,))
    first, second = matrices(module)
    assert [m.spectral_norm(layer) for layer in found] == pytest.approx(
        [np.linalg.norm(w, 2) for w in (first, second)]
    )
    assert m.frobenius_product(found) == pytest.approx(np.linalg.norm(first) * np.linalg.norm(second))
    assert m.path_norm(found) == pytest.approx(np.sum(np.abs(second) @ np.abs(first)))
    assert [layer.relu for layer in found] == [True, False]


def test_biases_are_weights_of_a_constant():
    module = mlp(3, 4, 2)
    (first, second), (b, c) = matrices(module), (module[0].bias, module[2].bias)
    b, c = b.detach().double().numpy(), c.detach().double().numpy()
    found = m.layers(module, (3,))
    augmented = np.block([[first, b[:, None]], [np.zeros((1, 3)), np.ones((1, 1))]])
    last = np.hstack([second, c[:, None]])
    assert m.frobenius_product(found) == pytest.approx(np.linalg.norm(augmented) * np.linalg.norm(last))
    x = np.array([0.3, -2.0, 1.5])
    with torch.no_grad():
        scores = module(torch.tensor(x[None], dtype=torch.float32)).numpy()[0]
    np.testing.assert_allclose(last @ np.maximum(augmented @ np.append(x, 1), 0), scores, rtol=1e-5)


@pytest.mark.parametrize("power", [1, 2])
def test_the_path_norm_is_the_sum_over_all_paths(power):
    module = mlp(3, 4, 3, 2)
    weights = [p for p in module if isinstance(p, nn.Linear)]
    total = 0.0
    for path in itertools.product(range(3), range(4), range(3), range(2)):
        product = math.prod(w.weight[j, i].item() for w, i, j in zip(weights, path, path[1:], strict=False))
        total += abs(product) ** power
    for start, first in enumerate(weights):  # paths that begin at a bias
        for path in itertools.product(*(range(w.out_features) for w in weights[start:])):
            product = first.bias[path[0]].item() * math.prod(
                w.weight[j, i].item() for w, i, j in zip(weights[start + 1 :], path, path[1:], strict=False)
            )
            total += abs(product) ** power
    assert m.path_norm(m.layers(module, (3,)), power) == pytest.approx(total ** (1 / power), rel=1e-6)


def test_batch_norm_is_folded():
    torch.manual_seed(2)
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(16, 5), nn.BatchNorm1d(5, affine=False), nn.ReLU(), nn.Linear(5, 3),
    )  # fmt: skip
    with torch.no_grad():
        for part in module:
            if isinstance(part, m.NORMS):
                part.running_mean.normal_()
                part.running_var.uniform_(0.5, 2)
        module[1].weight.normal_()
        module[1].bias.normal_()
        x = torch.randn(7, 1, 6, 6, dtype=torch.float64)
        found = m.layers(module, (1, 6, 6))
        y = x
        for layer in found:
            y = layer(y).relu() if layer.relu else layer(y)
        before = {k: v.clone() for k, v in module.state_dict().items()}
        np.testing.assert_allclose(y, module.double().eval()(x), atol=1e-6)
    assert [type(part).__name__ for layer in found for part in layer.parts] == [
        "Conv2d", "AvgPool2d", "Flatten", "Linear", "Linear",
    ]  # fmt: skip
    assert all(torch.equal(v, before[k].to(v.dtype)) for k, v in module.state_dict().items())


@pytest.mark.parametrize("measure", ["frobenius_product", "path_norm"])
def test_norms_do_not_see_layers_scaled_against_each_other(measure):
    module = mlp(6, 5, 4, bias=False)
    before = getattr(m, measure)(m.layers(module, (6,)))
    with torch.no_grad():
        module[0].weight.mul_(8)
        module[2].weight.div_(8)
    assert getattr(m, measure)(m.layers(module, (6,))) == pytest.approx(before)


def test_margins_with_ties():
    module = nn.Linear(3, 3, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.eye(3))
    x = np.array([[3, 1, 0], [0, 1, 5], [2, 2, 1]], np.float32)
    np.testing.assert_array_equal(m.margins(module, x, [0, 1, 1]), [2, -4, 0])


@pytest.fixture(scope="module")
def trained():
    """A network that fits three clouds of points, its training set and its start."""
    rng = np.random.default_rng(3)
    y = np.arange(120) % 3
    x = (rng.normal(size=(120, 4)) + 4 * np.eye(3, 4)[y]).astype(np.float32)
    module, initial = mlp(4, 16, 3, seed=4), mlp(4, 16, 3, seed=4)
    optimiser = torch.optim.Adam(module.parameters(), 0.02)
    for _ in range(100):
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(y)).backward()
        optimiser.step()
    return module, x, y, initial


def test_measures_speak_in_nouns(trained):
    module, x, y, initial = trained
    known = m.measures(module, x, y, initial)
    assert set(known) <= set(QUANTITIES)
    assert known["network_weights"] == 4 * 16 + 16 + 16 * 3 + 3
    assert (known["network_layers"], known["network_units"], known["classes"]) == (2, 16 + 3, 3)
    assert (known["network_inputs"], known["network_width"]) == (5, 16)
    assert known["input_norm"] == pytest.approx(math.sqrt(1 + np.mean(np.sum(x.astype(float) ** 2, axis=1))))
    assert known["train_error"] <= known["margin_train_error"] < 0.5
    found = m.layers(module, (4,))
    for name in ("frobenius_product", "path_norm"):
        exponent = math.log2(known[name] / known["margin"])
        assert exponent == int(exponent)
        raw = getattr(m, name)(found)
        assert raw <= known[name] < 2.1 * raw
    assert math.log2(known["margin"]) == int(math.log2(known["margin"]))


@pytest.mark.parametrize("name", NETWORK_BOUNDS)
def test_every_bound_on_networks_takes_its_measures(trained, name):
    module, x, y, initial = trained
    value = bounds[name](**m.measures(module, x, y, initial, bound=name), n=len(x))
    assert value > (0 if name.startswith("distance") else 1)
    assert value == bounds[name](**m.measures(module, x, y, initial, bound=bounds[name]), n=len(x))


def test_compare_takes_them_all(trained):
    module, x, y, initial = trained
    found = {e.id: e for e in compare(**m.measures(module, x, y, initial), n=len(x))}
    assert set(NETWORK_BOUNDS) <= set(found)
    assert all(found[name].vacuous for name in NETWORK_BOUNDS[:-1])


def test_distances_are_from_the_initial_network(trained):
    module, x, y, initial = trained
    known, alone = m.measures(module, x, y, initial), m.measures(module, x, y)
    squares = [
        ((p - q) ** 2).sum().item() for p, q in zip(module.parameters(), initial.parameters(), strict=True)
    ]
    assert known["initial_distance"] == pytest.approx(math.sqrt(sum(squares)), rel=1e-6)
    assert "initial_distance" not in alone
    first, last = (
        np.linalg.norm(w - v, axis=1).sum() for w, v in zip(matrices(module), matrices(initial), strict=True)
    )
    one, two = (np.linalg.norm(w, 2) for w in matrices(module))
    expected = one * two * ((first / one) ** (2 / 3) + (last / two) ** (2 / 3)) ** 1.5
    assert known["spectral_complexity"] == pytest.approx(expected, rel=1e-6)
    assert known["spectral_complexity"] != pytest.approx(alone["spectral_complexity"], rel=0.01)


@pytest.mark.parametrize(
    ("module", "match"),
    [
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2)),
            "MaxPool2d.*stride",
        ),
        (nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(36, 2)), "batch norm"),
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False)),
            "running statistics",
        ),
        (nn.Sequential(nn.Flatten(), nn.Linear(36, 2), nn.Tanh()), "Tanh is not covered"),
        (nn.Sequential(nn.Flatten(), nn.Linear(36, 2), nn.ReLU()), "ends with a ReLU"),
        (nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(36, 2)), "before a ReLU"),
        (nn.Sequential(nn.Flatten()), "no layer of weights"),
        (nn.Sequential(), "no layer of weights"),
    ],
)
def test_what_the_theorems_do_not_cover_is_refused(module, match):
    with pytest.raises(InputError, match=match):
        m.layers(module, (1, 6, 6))


def test_a_network_that_is_never_right_is_refused():
    module = nn.Linear(2, 2)
    with torch.no_grad():
        module.weight.zero_()
        module.bias.copy_(torch.tensor([0.0, 1.0]))
    with pytest.raises(InputError, match="never right"):
        m.measures(module, np.ones((3, 2)), [0, 0, 0])


def test_random_signs_are_followed_by_what_memorises():
    x = np.random.default_rng(5).normal(size=(50, 8))

    def best_linear(x, signs):
        return x @ (x.T @ signs) / np.linalg.norm(x.T @ signs)

    assert m.random_sign_fit(lambda x, signs: signs, x) == 1
    assert m.random_sign_fit(lambda x, signs: 0 * signs, x) == 0
    estimate = m.random_sign_fit(best_linear, x, draws=200)
    ceiling = math.sqrt(np.sum(x**2)) / 50
    assert 0.9 * ceiling < estimate < ceiling  # norm 1 times the root of the sum of squares, over n


def test_the_frobenius_bound_is_above_the_complexity_of_a_linear_class():
    """With D = 1 the supremum over the class is at hand: the best weights for each vector of signs."""
    x = np.random.default_rng(6).normal(size=(40, 5))
    y = np.arange(40) % 2

    def best_margins(x, signs):
        # margins are (w_y - w_other) x; weights of norm 1 that agree best with the signs are +v and -v, |v| = 1 / sqrt 2
        turned = x * np.where(y == 0, 1.0, -1.0)[:, None]
        return 2 * turned @ (turned.T @ signs) / np.linalg.norm(turned.T @ signs) / math.sqrt(2)

    estimate = m.random_sign_fit(best_margins, x, draws=500)
    case = {"input_norm": math.sqrt(np.sum(x**2) / 40), "network_layers": 1, "classes": 2, "n": 40}
    case |= {"margin_train_error": 0, "margin": 2}
    bound = bounds["frobenius-golowich"]
    complexity = bound(frobenius_product=1, **case) - bound(frobenius_product=0, **case)
    assert estimate < complexity < 4 * estimate
