"""The torch words: values are those of floats.py, gradients those of a finite difference."""

import numpy as np
import pytest

from idbounds.kernels import floats

torch = pytest.importorskip("torch")
tensors = pytest.importorskip("idbounds.kernels.tensors")


def wide(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("word", ["kl_inverse", "kl_inverse_lower"])
def test_gradients_of_the_kl_inverses(word):
    q, c = wide(0.1, 0.3, 0.02, 0.6), wide(0.05, 1.0, 0.01, 0.2)
    function = getattr(tensors, word)
    assert torch.autograd.gradcheck(function, (q, c), atol=1e-6)
    expected = getattr(floats, word)(q.detach().numpy(), c.detach().numpy())
    np.testing.assert_array_equal(function(q, c).detach().numpy(), expected)


def test_gradient_of_kl():
    assert torch.autograd.gradcheck(tensors.kl, (wide(0.1, 0.3, 0.9), wide(0.2, 0.1, 0.95)), atol=1e-6)


@pytest.mark.parametrize(("q", "c"), [(0.0, 0.1), (1.0, 0.1), (0.3, 0.0), (0.0, 0.0), (0.2, 1e5)])
def test_gradients_at_the_edges_are_no_nan(q, c):
    x, y = wide(q), wide(c)
    tensors.kl_inverse(x, y).sum().backward()
    assert not torch.isnan(x.grad).any()
    assert not torch.isnan(y.grad).any()


def test_gradients_of_the_binomial_inverse():
    k, level = wide(9500.0, 300.0), wide(-1400.0, -3.0)
    n = torch.tensor([60_000.0, 10_000.0], dtype=torch.float64)
    p = tensors.binomial_tail_inverse(k, n, level)
    p.sum().backward()
    for x, name in ((k, "errors"), (level, "level")):
        h = 1e-3 * x.detach().abs()
        high, low = (
            floats.binomial_tail_inverse(
                *(
                    (k.detach() + s * h, n, level.detach())
                    if name == "errors"
                    else (k.detach(), n, level.detach() + s * h)
                )
            )
            for s in (0.5, -0.5)
        )
        np.testing.assert_allclose(x.grad.numpy(), (high - low) / h.numpy(), rtol=1e-3)


def test_log_star_and_dtypes():
    assert float(tensors.log_star(torch.tensor(1000.0))) == pytest.approx(floats.log_star(1000), rel=1e-6)
    single = tensors.kl_inverse(torch.tensor(0.1), torch.tensor(0.05))
    assert single.dtype == torch.float32
