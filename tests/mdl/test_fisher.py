import math

import pytest

from idbounds.errors import InputError
from idbounds.mdl import (
    fisher_bernoulli,
    fisher_gaussian,
    fisher_location,
    fisher_multinomial,
    fisher_poisson,
    fisher_scale,
    multinomial_regret_bits,
)

sympy = pytest.importorskip("sympy")


def expected_information(log_likelihood, parameters, expectation):
    """-E of the second derivatives."""
    hessian = sympy.hessian(log_likelihood, parameters)
    return hessian.applyfunc(lambda entry: sympy.simplify(-expectation(entry)))


def same(a, b):
    return (a - b).applyfunc(sympy.simplify) == sympy.zeros(*a.shape)


def test_bernoulli_from_its_likelihood():
    (p,) = fisher_bernoulli().information.free_symbols
    x = sympy.Symbol("x")
    log = x * sympy.log(p) + (1 - x) * sympy.log(1 - p)
    found = expected_information(log, [p], lambda e: p * e.subs(x, 1) + (1 - p) * e.subs(x, 0))
    assert same(found, fisher_bernoulli().information)
    assert sympy.integrate(1 / sympy.sqrt(p * (1 - p)), (p, 0, 1)) == fisher_bernoulli().integral == sympy.pi


def test_multinomial_from_its_likelihood():
    family = fisher_multinomial(3)
    p1, p2 = sorted(family.information.free_symbols, key=str)
    x1, x2 = sympy.symbols("x1 x2")
    log = x1 * sympy.log(p1) + x2 * sympy.log(p2) + (1 - x1 - x2) * sympy.log(1 - p1 - p2)

    def expectation(e):
        return (
            p1 * e.subs({x1: 1, x2: 0}) + p2 * e.subs({x1: 0, x2: 1}) + (1 - p1 - p2) * e.subs({x1: 0, x2: 0})
        )

    assert same(expected_information(log, [p1, p2], expectation), family.information)
    # sqrt(det I) = (p1 p2 p3)^(-1/2), and the inner integral over p2 is pi whatever p1
    assert sympy.simplify(family.information.det() * p1 * p2 * (1 - p1 - p2)) == 1
    assert sympy.simplify(sympy.integrate(sympy.pi / sympy.sqrt(p1), (p1, 0, 1)) - family.integral) == 0


def test_multinomial_of_two_is_bernoulli():
    assert fisher_multinomial(2).integral == sympy.pi
    assert fisher_multinomial(2).penalty_nats == fisher_bernoulli().penalty_nats


def test_poisson_from_its_likelihood():
    family = fisher_poisson((0.25, 4))
    (m,) = family.information.free_symbols
    x = sympy.Symbol("x")
    found = expected_information(x * sympy.log(m) - m, [m], lambda e: e.subs(x, m))  # linear in x
    assert same(found, family.information)
    assert sympy.integrate(1 / sympy.sqrt(m), (m, sympy.Rational(1, 4), 4)) == family.integral == 3


def test_gaussian_from_its_likelihood():
    family = fisher_gaussian((-1, 2), (0.5, 3))
    (s,) = family.information.free_symbols
    mu, x = sympy.symbols("mu x", real=True)
    log = -sympy.log(s) - (x - mu) ** 2 / (2 * s**2)
    density = sympy.exp(-((x - mu) ** 2) / (2 * s**2)) / (s * sympy.sqrt(2 * sympy.pi))

    def expectation(e):
        return sympy.integrate(e * density, (x, -sympy.oo, sympy.oo))

    assert same(expected_information(log, [mu, s], expectation), family.information)
    half = sympy.Rational(1, 2)
    area = sympy.integrate(sympy.sqrt(family.information.det()), (s, half, 3)) * 3
    assert sympy.simplify(area - family.integral) == 0
    assert fisher_scale((0.5, 3)).information[0, 0] == family.information[1, 1]
    root = sympy.sqrt(fisher_scale((0.5, 3)).information[0, 0])
    assert sympy.simplify(sympy.integrate(root, (s, half, 3)) - fisher_scale((0.5, 3)).integral) == 0
    assert fisher_location(2, (-1, 2)).integral == sympy.Rational(3, 2)


@pytest.mark.parametrize("size", [2, 3, 15, 300])
def test_it_tends_to_nml(size):
    gaps = [
        multinomial_regret_bits(size, n) - fisher_multinomial(size).penalty_approximate_bits(n)
        for n in (10**3, 10**5, 10**7)
    ]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.001 * size**1.5


def test_what_it_is_made_of():
    family = fisher_multinomial(15)
    assert family.k == 14
    assert {str(symbol) for symbol in family.penalty_nats.free_symbols} == {"n"}
    assert any("identifiable" in condition for condition in family.conditions)
    assert fisher_multinomial(1000).information.shape == (999, 999)
    assert fisher_bernoulli().penalty_approximate_bits(1) == pytest.approx(math.log2(math.sqrt(math.pi / 2)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: fisher_multinomial(1),
        lambda: fisher_poisson((0, 3)),
        lambda: fisher_poisson((3, 1)),
        lambda: fisher_location(-1, (0, 1)),
        lambda: fisher_scale((0, 1)),
        lambda: fisher_gaussian((0, math.inf), (1, 2)),
        lambda: fisher_bernoulli().penalty_approximate_bits(0),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError, match="given"):
        call()
