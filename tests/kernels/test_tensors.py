"""Words in torch: values of the float64 kernel, and derivatives against differences and closed forms."""

import math

import numpy as np
import pytest
from flint import arb

from idbounds.errors import InputError
from idbounds.kernels import balls, floats
from tests.kernels.points import inputs

torch = pytest.importorskip("torch")
tensors = pytest.importorskip("idbounds.kernels.tensors")

INVERSES = ["kl_inverse", "kl_inverse_lower"]


def leaves(*values):
    return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]


def slopes(word, *values):
    given = leaves(*values)
    return [float(g) for g in torch.autograd.grad(getattr(tensors, word)(*given), given)]


@pytest.mark.parametrize("word", [*INVERSES, "binomial_tail_inverse"])
def test_inverses_have_the_values_of_the_float_kernel(word):
    columns = inputs(word, np.random.default_rng(0), 500)
    found = getattr(tensors, word)(*map(torch.from_numpy, columns)).numpy()
    assert np.array_equal(found, getattr(floats, word)(*columns))


def test_closed_forms_have_the_values_of_the_float_kernel():
    q, p = np.random.default_rng(1).random((2, 500))
    assert tensors.kl(torch.from_numpy(q), torch.from_numpy(p)).numpy() == pytest.approx(
        floats.kl(q, p), abs=1e-14
    )
    n = np.arange(1.0, 3000)
    assert tensors.log_star(torch.from_numpy(n)).numpy() == pytest.approx(floats.log_star(n), rel=1e-14)
    assert tensors.number("0.25") == 0.25
    assert float(tensors.log(torch.tensor(2.0))) == pytest.approx(tensors.log(2), rel=1e-6)
    assert float(tensors.sqrt(torch.tensor(2.0))) == pytest.approx(tensors.sqrt(2), rel=1e-6)


@pytest.mark.parametrize("word", ["kl", *INVERSES])
def test_gradients_in_two_arguments_pass_gradcheck(word):
    given = leaves([0.02, 0.3, 0.5, 0.71, 0.93], [0.4, 0.05, 0.2, 0.6, 0.011])
    assert torch.autograd.gradcheck(getattr(tensors, word), given, eps=1e-6, rtol=1e-5, atol=1e-8)


def test_gradient_of_log_star_passes_gradcheck():
    assert torch.autograd.gradcheck(tensors.log_star, leaves([1.5, 3.0, 17.0, 1000.0]), eps=1e-6)


BINOMIAL = [
    (0, 50, -3.0),
    (1, 50, -3.0),
    (7, 100, -0.2),
    (7, 100, -30.0),
    (90, 100, -1.0),
    (5000, 10**6, -700.0),
]


@pytest.mark.parametrize(("k", "n", "a"), BINOMIAL)
def test_gradients_of_the_binomial_inverse_are_those_of_differences(k, n, a):
    by_k, by_n, by_a = slopes("binomial_tail_inverse", float(k), float(n), a)
    invert, h = floats.binomial_tail_inverse, 1e-4
    assert by_a == pytest.approx(
        (invert(k, n, a * (1 + h)) - invert(k, n, a * (1 - h))) / (2 * h * a), rel=1e-6
    )
    # the difference over whole counts is the mean slope there
    assert by_n == pytest.approx((invert(k, n + 1, a) - invert(k, n - 1, a)) / 2, rel=2e-3)
    assert invert(k + 1, n, a) - invert(k, n, a) == pytest.approx(by_k, rel=0.5)
    if k:
        assert by_k == pytest.approx((invert(k + 0.01, n, a) - invert(k - 0.01, n, a)) / 0.02, rel=1e-3)


@pytest.mark.parametrize(("k", "n", "a"), BINOMIAL)
def test_the_gradient_in_the_level_is_exact(k, n, a):
    with balls.precision(200):
        h = arb("1e-15")
        low, high = (balls.binomial_tail_inverse(arb(k), arb(n), arb(a) + s * h) for s in (-1, 1))
        truth = float((high - low) / (2 * h))
    assert slopes("binomial_tail_inverse", float(k), float(n), a)[2] == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize("c", [1e-20, 0.01, 3.0])
def test_slopes_at_q_equal_to_0(c):
    # p = 1 - e^-c: the slope in c is known, the infinite one in q is large and finite
    by_q, by_c = slopes("kl_inverse", 0.0, c)
    assert by_c == pytest.approx(math.exp(-c), rel=1e-12)
    assert 100 * math.exp(-c) < by_q < 800 * math.exp(c)
    assert slopes("kl_inverse_lower", 0.0, c) == [0, 0]


def test_slopes_at_q_equal_to_1():
    assert slopes("kl_inverse", 1.0, 0.3) == [0, 0]
    by_q, by_c = slopes("kl_inverse_lower", 1.0, 0.3)
    assert by_c == pytest.approx(-math.exp(-0.3), rel=1e-12)
    assert 100 < by_q < 800


@pytest.mark.parametrize(("word", "sign"), [("kl_inverse", 1), ("kl_inverse_lower", -1)])
def test_slopes_at_c_equal_to_0_are_finite_and_point_the_right_way(word, sign):
    for q in (0.1, 0.5, 0.9):
        by_q, by_c = slopes(word, q, 0.0)
        assert by_q == 1
        assert 1e14 < sign * by_c < 1e16
    assert slopes(word, 0.0 if sign > 0 else 1.0, 0.0) == [1, sign]


@pytest.mark.parametrize("word", INVERSES)
def test_slopes_of_kl_inverses_are_finite_over_the_whole_domain(word):
    columns = leaves(*inputs(word, np.random.default_rng(2), 2000))
    getattr(tensors, word)(*columns).sum().backward()
    assert all(bool(torch.isfinite(x.grad).all()) for x in columns)


def test_slopes_of_the_binomial_inverse_are_finite_at_the_edges():
    columns = leaves([0.0, 3, 3, 0, 5, 0], [9.0, 9, 3, 1, 6, 1], [0.0, 0, -1, -1, -1, -1e9])
    tensors.binomial_tail_inverse(*columns).sum().backward()
    assert all(bool(torch.isfinite(x.grad).all()) for x in columns)
    assert columns[2].grad[0] == pytest.approx(-1 / 9)
    assert columns[2].grad[2] == columns[0].grad[2] == columns[1].grad[2] == 0


def test_slopes_of_kl_at_the_edges():
    assert slopes("kl", 0.0, 0.25) == pytest.approx([math.log(0.75), 4 / 3])
    assert slopes("kl", 1.0, 0.25) == pytest.approx([-math.log(0.25), -4])
    assert slopes("kl", 0.0, 0.0)[1] == 1
    assert slopes("kl", 0.5, 0.0)[1] == -math.inf
    assert slopes("kl", 0.3, 0.3) == pytest.approx([0, 0], abs=1e-15)
    assert float(tensors.kl(0.5, 1.0)) == math.inf


def test_shape_dtype_and_gradient_follow_the_arguments():
    q = torch.tensor([[0.1], [0.2]], dtype=torch.float32, requires_grad=True)
    value = tensors.kl_inverse(q, torch.tensor([0.1, 0.2, 0.3]))
    value.sum().backward()
    assert (value.shape, value.dtype, q.grad.shape, q.grad.dtype) == (
        (2, 3),
        torch.float32,
        (2, 1),
        torch.float32,
    )
    assert tensors.binomial_tail_inverse(torch.tensor(3), 20, -3.0).dtype == torch.float64
    assert tensors.binomial_tail_inverse(3, 20, torch.tensor(-3.0, requires_grad=True)).requires_grad
    assert tensors.kl_inverse(torch.tensor(0.1, dtype=torch.bfloat16), 0.1).dtype == torch.bfloat16


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_values_come_back_to_the_device_of_the_arguments():
    q = torch.tensor(0.1, device="cuda", requires_grad=True)
    value = tensors.kl_inverse(q, 0.1)
    value.backward()
    assert value.device.type == q.grad.device.type == "cuda"


@pytest.mark.parametrize(
    ("word", "given"),
    [
        ("kl", (1.2, 0.5)),
        ("kl", (0.5, math.nan)),
        ("kl_inverse", (1.2, 0.1)),
        ("kl_inverse", (0.2, -0.1)),
        ("kl_inverse_lower", (math.nan, 0.1)),
        ("binomial_tail_inverse", (11.0, 10.0, -3.0)),
        ("binomial_tail_inverse", (1.0, 10.0, 0.1)),
        ("log_star", (0.0,)),
    ],
)
def test_impossible_inputs_are_refused(word, given):
    with pytest.raises(InputError, match="give"):
        getattr(tensors, word)(*leaves(*given))
