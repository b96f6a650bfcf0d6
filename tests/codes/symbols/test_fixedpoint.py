import mpmath
import pytest

from idbounds.codes.symbols import fixedpoint as fp

EXACT = {
    "gauss": lambda t: mpmath.erfc(t / mpmath.sqrt(2)),
    "laplace": lambda t: mpmath.exp(-t),
    "logistic": lambda t: 2 / (1 + mpmath.exp(t)),
    "student3": lambda t: 2 / mpmath.pi * (mpmath.atan(mpmath.sqrt(3) / t) - mpmath.sqrt(3) * t / (3 + t**2)),
}


@pytest.fixture(autouse=True)
def enough_digits():
    with mpmath.workprec(220):
        yield


def real(x):
    return mpmath.mpf(x) / fp.ONE


@pytest.mark.parametrize("family", EXACT)
def test_tails(family):
    assert list(EXACT) == list(fp.TAILS)
    for j in range(-9 * 64, 24 * 64 + 1, 5):
        t = fp.power_of_two(j, 6)
        error = abs(real(fp.TAILS[family](t)) - EXACT[family](mpmath.mpf(2) ** (mpmath.mpf(j) / 64)))
        assert error < mpmath.mpf(2) ** -60


def test_elementary_functions():
    tiny = mpmath.mpf(2) ** -110
    assert abs(real(fp.pi()) - mpmath.pi) < tiny
    for x in (0, 1, 3, fp.ONE // 7, fp.ONE, 5 * fp.ONE, 99 * fp.ONE):
        assert abs(real(fp.exp_minus(x)) - mpmath.exp(-real(x))) < tiny
        assert abs(real(fp.arctan(x)) - mpmath.atan(real(x))) < tiny
        assert abs(real(fp.root(x)) - mpmath.sqrt(real(x))) < tiny
    assert fp.exp_minus(1000 * fp.ONE) == 0
    for j in (-100, -64, -1, 0, 1, 63, 64, 200):
        assert abs(real(fp.power_of_two(j, 6)) / mpmath.mpf(2) ** (mpmath.mpf(j) / 64) - 1) < tiny


def test_logarithms_are_rounded_down():
    for n in (*range(1, 300), 2**20 - 1, 2**21 + 1):
        exact = mpmath.log(n, 2) * 2**20
        assert exact - 1.001 < fp.log2(n, 20) <= exact
    assert [fp.log2(2**k, 20) for k in range(5)] == [k << 20 for k in range(5)]
