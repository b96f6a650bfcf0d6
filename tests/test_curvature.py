"""Curvature: the operators are the derivatives that they are called, K-FAC is exact where theory says so."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.curvature import Block, dense, kronecker_blocks, no_kronecker, operator
from idbounds.errors import InputError, MissingExtra

pytest.importorskip("curvlinops")
LOSS = nn.CrossEntropyLoss()


def network(*layers, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(*(make() for make in layers)).double().eval()


def batch(shape, classes=3, n=12, seed=1):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(n, *shape))), torch.from_numpy(rng.integers(classes, size=n))


SMALL = lambda: nn.Linear(4, 5), nn.Tanh, lambda: nn.Linear(5, 3)


def flat(module):
    """The network as a function of one vector of parameters."""
    parts = {name: (p.shape, p.numel()) for name, p in module.named_parameters()}
    start = torch.cat([p.detach().ravel() for p in module.parameters()])

    def scores(vector, x):
        split = vector.split([size for _, size in parts.values()])
        given = {name: v.reshape(shape) for (name, (shape, _)), v in zip(parts.items(), split, strict=True)}
        return torch.func.functional_call(module, given, (x,))

    return scores, start


def test_hessian_ggn_and_jacobian_are_the_derivatives():
    module, (x, y) = network(*SMALL), batch((4,))
    scores, start = flat(module)
    hessian = torch.func.hessian(lambda v: LOSS(scores(v, x), y))(start).numpy()
    jacobian = torch.func.jacrev(lambda v: scores(v, x))(start)
    p = scores(start, x).softmax(dim=1)
    inner = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    ggn = torch.einsum("ncp,ncd,ndq->pq", jacobian, inner, jacobian).numpy() / len(x)
    for kind, wanted in (("hessian", hessian), ("ggn", ggn), ("jacobian", jacobian.flatten(0, 1).numpy())):
        assert np.allclose(dense(operator(kind, module, LOSS, [(x, y)])), wanted, atol=1e-10)
    turned = dense(operator("transposed jacobian", module, None, [(x, y)]))
    assert np.allclose(turned, jacobian.flatten(0, 1).numpy().T, atol=1e-10)


def test_fisher_matrices_are_second_moments_of_gradients():
    module, (x, y) = network(*SMALL), batch((4,))
    scores, start = flat(module)
    each = torch.func.jacrev(lambda v: nn.functional.cross_entropy(scores(v, x), y, reduction="none"))(start)
    empirical = (each.T @ each / len(x)).numpy()
    assert np.allclose(dense(operator("empirical", module, LOSS, [(x, y)])), empirical, atol=1e-10)
    drawn = dense(operator("fisher", module, LOSS, [(x, y)], mc_samples=3000))
    ggn = dense(operator("ggn", module, LOSS, [(x, y)]))
    assert np.linalg.norm(drawn - ggn) < 0.1 * np.linalg.norm(ggn) < np.linalg.norm(empirical - ggn)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_kronecker_block_of_one_example_is_the_gauss_newton_matrix(reduction):
    """With one example the expectation of the product is the product of the expectations."""
    module, (x, y) = network(*SMALL), batch((4,), n=1)
    loss = nn.CrossEntropyLoss(reduction=reduction)
    blocks = kronecker_blocks(module, loss, [(x, y)], ["0", "2"])
    for name, block in blocks.items():
        weight = module.get_submodule(name).weight
        wanted = dense(operator("ggn", module, loss, [(x, y)], parameters=[weight]))
        assert np.allclose(np.kron(block.outputs, block.inputs), wanted, atol=1e-12)


def test_blocks_do_not_depend_on_how_the_examples_come():
    module, (x, y) = network(*SMALL), batch((4,))
    whole = kronecker_blocks(module, LOSS, [(x, y)], ["0", "2"])
    parts = kronecker_blocks(module, LOSS, [(x[:5], y[:5]), (x[5:], y[5:])], ["0", "2"])
    for name in whole:
        assert np.allclose(whole[name].inputs, parts[name].inputs)
        assert np.allclose(whole[name].outputs, parts[name].outputs)
        # Of one factor each the mean is exact.
        inputs = x if name == "0" else torch.tanh(module[0](x)).detach()
        assert np.allclose(whole[name].inputs, (inputs.T @ inputs / len(x)).numpy())


def test_a_block_knows_its_inverse_and_its_eigenvalues():
    rng = np.random.default_rng(0)
    a, g = (m @ m.T for m in (rng.normal(size=(4, 6)), rng.normal(size=(3, 5))))
    block = Block(a, g)
    matrix = np.kron(g, a)
    wanted = np.diag(np.linalg.inv(matrix + 0.3 * np.eye(12))).reshape(3, 4)
    assert np.allclose(block.inverse_diagonal(0.3), wanted)
    weight, bias = block.eigenvalues()
    assert np.allclose(np.sort(weight), np.linalg.eigvalsh(matrix))
    assert np.allclose(bias, np.linalg.eigvalsh(g))


def test_a_convolution_has_a_block_of_its_patches():
    layers = (lambda: nn.Conv2d(2, 3, 2), nn.ReLU, nn.Flatten, lambda: nn.Linear(12, 3))
    module, (x, y) = network(*layers), batch((2, 3, 3))
    (block,) = kronecker_blocks(module, LOSS, [(x, y)], ["0"]).values()
    patches = nn.functional.unfold(x, 2).transpose(1, 2).reshape(-1, 8)
    assert np.allclose(block.inputs, (patches.T @ patches / len(patches)).numpy())
    assert block.outputs.shape == (3, 3)


def test_layers_without_a_block_are_named():
    assert no_kronecker(nn.Linear(2, 2)) == no_kronecker(nn.Conv2d(2, 2, 3)) == ""
    assert "2 groups" in no_kronecker(nn.Conv2d(2, 2, 3, groups=2))
    assert "circular" in no_kronecker(nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"))
    assert "LayerNorm" in no_kronecker(nn.LayerNorm(3))
    module, data = network(lambda: nn.Linear(3, 3), lambda: nn.LayerNorm(3)), batch((3,))
    with pytest.raises(InputError, match="'1' has no K-FAC block"):
        kronecker_blocks(module, LOSS, [data], ["0", "1"])


def test_what_cannot_be_is_refused(monkeypatch):
    module, data = network(*SMALL), batch((4,))
    with pytest.raises(InputError, match="'x' given"):
        operator("x", module, LOSS, [data])
    with pytest.raises(InputError, match="0 batches"):
        operator("ggn", module, LOSS, [])
    with pytest.raises(InputError, match="0 trained"):
        operator("ggn", module, LOSS, [data], parameters=[])
    monkeypatch.setitem(sys.modules, "curvlinops", None)
    with pytest.raises(MissingExtra, match=r"idbounds\[curvature\]"):
        operator("ggn", module, LOSS, [data])


def test_the_top_of_the_spectrum_is_the_sharpness():
    from idbounds.neighbours.hessian import curvature_spectrum

    module = network(lambda: nn.Linear(2, 1, bias=False))
    x = torch.tensor([[3.0, 0], [0, 1]]).double()
    found = curvature_spectrum(module, nn.MSELoss(), [(x, torch.zeros(2, 1).double())], kind="hessian")
    assert found.sharpness == pytest.approx(9)  # of (9 a^2 + b^2) / 2
    start = torch.tensor([1.0, 1.0]).double()
    for share, grows in ((0.99, False), (1.01, True)):  # of the largest stable step
        w = start.clone()
        for _ in range(100):
            w -= share * 2 / found.sharpness * torch.tensor([9.0, 1]).double() * w
        assert bool(w.norm() > start.norm()) is grows
