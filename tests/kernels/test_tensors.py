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


OF_FLOATS = ["binomial_tail_inverse", "psi", "log_xi", "log_choose", "log_peak", "scenario_inverse"]


@pytest.mark.parametrize("word", [*INVERSES, *OF_FLOATS])
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


@pytest.mark.parametrize("word", ["log1p", "ceiling", "minimum", "maximum", "phi_inverse"])
def test_the_other_words_have_the_values_of_the_float_kernel(word):
    columns = inputs(word, np.random.default_rng(3), 500)
    found = getattr(tensors, word)(*map(torch.from_numpy, columns)).numpy()
    assert found == pytest.approx(getattr(floats, word)(*columns), rel=5e-15)


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


@pytest.mark.parametrize(
    ("word", "given"),
    [
        ("log1p", ([-0.9, 1e-9, 3.0],)),
        ("power_of_two", ([-3.0, 0.5, 2.0],)),
        ("psi", ([-0.9, -1e-3, 1e-2, 3.0],)),
        ("minimum", ([1.0, 2.0], [0.5, 3.0])),
        ("maximum", ([1.0, 2.0], [0.5, 3.0])),
        ("phi_inverse", ([0.01, 1.0, 4.0], [0.3, 0.2, 2.0])),
    ],
)
def test_gradients_of_the_closed_forms_pass_gradcheck(word, given):
    assert torch.autograd.gradcheck(getattr(tensors, word), leaves(*given), eps=1e-7, rtol=1e-5, atol=1e-7)


def derivative(word, place, *given, h="1e-20"):
    """Central difference of a word in balls."""
    with balls.precision(300):
        low, high = ([arb(x) + s * arb(h) * (i == place) for i, x in enumerate(given)] for s in (-1, 1))
        return float((getattr(balls, word)(*high) - getattr(balls, word)(*low)) / (2 * arb(h)))


@pytest.mark.parametrize("u", [-0.999, -1e-9, 1e-200, 5.0, 1e9])
def test_the_gradient_of_psi_is_exact(u):
    assert slopes("psi", u)[0] == pytest.approx(derivative("psi", 0, u, h=abs(u) * 1e-20), rel=1e-14)


COUNTS = [(3.0, 7.0), (10.0, 100.0), (1e6, 1e9), (40.0, 41.0), (1.0, 1e12)]


@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_gradients_of_log_choose_and_log_peak_are_those_of_the_gamma_function(k, n):
    by_n, by_k = slopes("log_choose", n, k)
    assert by_n == pytest.approx(derivative("log_choose", 0, n, k), rel=1e-12, abs=1e-14)
    assert by_k == pytest.approx(derivative("log_choose", 1, n, k), rel=1e-13)
    by_k, by_n = slopes("log_peak", k, n)
    assert by_k == pytest.approx(derivative("log_peak", 0, k, n), rel=1e-9)
    assert by_n == pytest.approx(derivative("log_peak", 1, k, n), rel=1e-9, abs=1e-20)


@pytest.mark.parametrize(("n", "error"), [(1.0, 0.2), (2.0, 0.1), (10.0, 0.01), (1e4, 1e-7), (1e12, 1e-7)])
def test_the_gradient_of_log_xi_is_near_that_of_the_extension_to_reals(n, error):
    truth = derivative("log_xi", 0, n) if n > 1 else derivative("log_xi", 0, 1.5)
    assert slopes("log_xi", n)[0] == pytest.approx(truth, rel=error)


SCENARIOS = [
    (0, 50, -3.0),
    (10, 100, -1e-3),
    (10, 100, -27.0),
    (99, 100, -3.0),
    (200, 60_000, -3.0),
    (10**5, 10**6, -700.0),
]


@pytest.mark.parametrize(("k", "n", "a"), SCENARIOS)
def test_gradients_of_the_scenario_inverse_are_those_of_differences(k, n, a):
    by_k, by_n, by_a = slopes("scenario_inverse", float(k), float(n), a)
    assert by_a == pytest.approx(derivative("scenario_inverse", 2, k, n, a), rel=1e-9)
    invert = floats.scenario_inverse
    low, high = max(k - 1, 0), min(k + 1, n - 1)
    assert by_k == pytest.approx((invert(high, n, a) - invert(low, n, a)) / (high - low), rel=1e-9)
    low, high = max(n - 1, k + 1), n + 1
    assert by_n == pytest.approx((invert(k, high, a) - invert(k, low, a)) / (high - low), rel=1e-3)


def test_slopes_of_the_other_words_are_finite_at_the_edges():
    assert slopes("scenario_inverse", 4.0, 4.0, -3.0) == [0, 0, 0]
    assert slopes("scenario_inverse", 0.0, 1.0, -1e9) == [0, 0, 0]
    assert slopes("scenario_inverse", 3.0, 9.0, -math.inf) == [0, 0, 0]
    assert 600 < -slopes("log_peak", 0.0, 9.0)[0] < 800 > slopes("log_peak", 9.0, 9.0)[0] > 600
    assert slopes("log_choose", 9.0, 0.0) == pytest.approx([0, sum(1 / j for j in range(1, 10))])
    for word in ("scenario_inverse", "log_peak", "log_choose", "psi", "log_xi"):
        columns = leaves(*inputs(word, np.random.default_rng(4), 300))
        getattr(tensors, word)(*columns).sum().backward()
        assert all(bool(torch.isfinite(x.grad).all()) for x in columns), word


def test_ceiling_is_flat():
    assert slopes("ceiling", 2.5) == [0]
    assert tensors.ceiling(2.5) == 3
    assert tensors.log1p(1e-20) == 1e-20


def test_minimum_over_has_the_slope_of_the_least_value():
    (c,) = leaves([3.25, 6.5, -1.0])
    value = tensors.minimum_over(lambda j: (j - c) ** 2, 0, torch.tensor(6.0))
    value.sum().backward()
    assert value.tolist() == [1 / 16, 0.25, 1]
    assert c.grad.tolist() == [0.5, 1, -2]
    assert float(tensors.minimum_over(lambda j: j, 2, 1)) == math.inf
    assert float(tensors.minimum_over(lambda j: 1 / j, 0, 5)) == pytest.approx(0.2)
    single = torch.ones(3, dtype=torch.float32)
    assert tensors.minimum_over(lambda j: single * j, 1, 3).dtype == torch.float32


def test_infimum_over_has_the_slope_of_the_envelope():
    # the least c x + d / x is 2 sqrt(c d), at sqrt(d / c)
    c, d = leaves([1.0, 2.0, 50.0], [[1.0], [3.0]])
    value = tensors.infimum_over(lambda x: c * x + d / x, 0, 10.0)
    truth = 2 * (c * d).sqrt()
    assert value.detach().numpy() == pytest.approx(truth.detach().numpy(), rel=1e-14)
    assert value.shape == (2, 3)
    for x in (c, d):
        (found,) = torch.autograd.grad(value.sum(), x, retain_graph=True)
        (wanted,) = torch.autograd.grad(truth.sum(), x, retain_graph=True)
        assert found.numpy() == pytest.approx(wanted.numpy(), rel=1e-7)


def test_infimum_over_moves_with_an_end_of_the_range():
    c, low, high = leaves(2.0, [1.0, 0.1, 0.1], [9.0, 0.5, 9.0])
    value = tensors.infimum_over(lambda x: c * x + 1 / x, low, high)
    value.sum().backward()
    assert value.tolist() == pytest.approx([3, 3, math.sqrt(8)])
    assert low.grad.tolist() == [1, 0, 0]
    assert high.grad.tolist() == [0, -2, 0]
    assert float(c.grad) == pytest.approx(1 + 0.5 + math.sqrt(0.5))


def test_infimum_over_leaves_the_dtype_alone():
    c = torch.ones(3, dtype=torch.float32, requires_grad=True)
    assert (
        tensors.infimum_over(lambda x: c * x + 1 / x, 0.1, tensors.as_tensor(4, None)).dtype == torch.float32
    )


@pytest.mark.parametrize(
    ("word", "first"),
    [("minimum", 2.0), ("maximum", 2.0), ("phi_inverse", 0.5), ("log_choose", 9), ("kl", 0.2)],
)
def test_numbers_and_arrays_mix_with_tensors(word, first):
    f = getattr(tensors, word)
    mixed = [f(first, torch.tensor(1.0)), f(np.float64(first), 1), f(torch.tensor(first), np.ones(1))]
    assert all(float(m) == pytest.approx(float(f(first, 1.0)), rel=1e-6) for m in mixed)


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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_binders_follow_the_device_of_the_sentence():
    c = torch.tensor([1.0, 2.0], device="cuda", requires_grad=True)
    least = tensors.minimum_over(lambda j: tensors.maximum(j, c), 0, 3)
    lowest = tensors.infimum_over(lambda x: c * x + 1 / x, 0.1, 9)
    (least + lowest).sum().backward()
    assert least.device.type == lowest.device.type == c.grad.device.type == "cuda"


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
        ("psi", (-1.0,)),
        ("phi_inverse", (0.0, 1.0)),
        ("phi_inverse", (1.0, -1.0)),
        ("log_xi", (0.5,)),
        ("log_choose", (4.0, 5.0)),
        ("log_peak", (5.0, 4.0)),
        ("scenario_inverse", (5.0, 4.0, -3.0)),
        ("scenario_inverse", (1.0, 4.0, 3.0)),
    ],
)
def test_impossible_inputs_are_refused(word, given):
    with pytest.raises(InputError, match="give"):
        getattr(tensors, word)(*leaves(*given))


@pytest.mark.parametrize("ends", [(0.5, 2), (0, math.inf), (0, 10**6), (np.zeros(2), 3)])
def test_impossible_ranges_of_integers_are_refused(ends):
    with pytest.raises(InputError, match="give"):
        tensors.minimum_over(lambda j: j, *ends)


@pytest.mark.parametrize("ends", [(2, 1), (0, math.inf), (math.nan, 1)])
def test_impossible_ranges_of_reals_are_refused(ends):
    with pytest.raises(InputError, match="give"):
        tensors.infimum_over(lambda x: x, *ends)
