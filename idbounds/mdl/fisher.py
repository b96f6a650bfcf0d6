"""The Fisher-information approximation of stochastic complexity, as sympy expressions.

-log2 P(x | best parameters) + (k/2) log2(n / 2 pi) + log2 of the integral of sqrt(det I) is what NML tends
to, if the model is regular. It is an approximation: nothing says that lengths add up to at most one (Kraft),
so it is no code length and no bound can be charged with it. For a network it means nothing: I is singular
there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

from idbounds.codes.integers.elias import integer_within
from idbounds.mdl._given import Range, between, positive

if TYPE_CHECKING:
    import sympy

REGULAR = (
    "the data are independent with one distribution of the family",
    "the parameters number k and are identifiable: two values never give one distribution",
    "the log-likelihood has three continuous derivatives, and limits pass through its integrals",
    "I is continuous and positive definite on the whole domain",
    "the integral of sqrt(det I) is finite: the domain is bounded where it has to be",
    "the maximum-likelihood estimate stays inside the domain, away from its edge as n grows",
)
"""Conditions under which the error of the approximation tends to 0, after Rissanen (1996).

Near the edge of the simplex the last one fails, and there the error does not vanish uniformly.
"""


@final
@dataclass(frozen=True)
class FisherApproximation:
    """The penalty of a family, as expressions in n and its parameters.

    Args:
        family: What it is.
        information: Fisher information of one observation, a k x k matrix.
        integral: Integral of sqrt(det I) over the declared domain.
        domain: The domain in words.
        conditions: What must hold for the approximation.

    Source: Rissanen (1996), IEEE Transactions on Information Theory 42(1).
    """

    family: str
    information: sympy.Matrix
    integral: sympy.Expr
    domain: str
    conditions: tuple[str, ...] = REGULAR

    @property
    def k(self) -> int:
        """Number of free parameters."""
        return int(self.information.rows)

    @cached_property
    def penalty_nats(self) -> sympy.Expr:
        """(k/2) ln(n / 2 pi) + ln of the integral, an expression in the symbol n."""
        import sympy

        n = sympy.Symbol("n", positive=True)
        half = sympy.Rational(self.k, 2)
        return half * sympy.log(n / (2 * sympy.pi)) + sympy.log(self.integral)

    def penalty_approximate_bits(self, n: int) -> float:
        """What is added to -log2 P(x | best parameters), in bits; negative for small n, then of no use."""
        import sympy

        value = self.penalty_nats.subs(sympy.Symbol("n", positive=True), integer_within(n, "n", 1, 2**53))
        return float(sympy.N(value, 30)) / math.log(2)


def fisher_bernoulli() -> FisherApproximation:
    """A coin: the integral is pi."""
    import sympy

    p = sympy.Symbol("p", positive=True)
    return FisherApproximation("Bernoulli", sympy.Matrix([[1 / (p * (1 - p))]]), sympy.pi, "0 < p < 1")


def fisher_multinomial(size: int) -> FisherApproximation:
    """K symbols: the integral is pi^(K/2) / Gamma(K/2), Dirichlet's.

    Args:
        size: K >= 2, up to 2^20; the information is written out for K <= 12 and is diagonal plus constant.

    Returns:
        The approximation.
    """
    import sympy

    size = integer_within(size, "size of the alphabet", 2, 2**20)
    integral = sympy.pi ** sympy.Rational(size, 2) / sympy.gamma(sympy.Rational(size, 2), evaluate=size < 100)
    if size <= 12:
        p = sympy.symbols(f"p1:{size}", positive=True)
        information: Any = sympy.diag(*(1 / q for q in p)) + sympy.ones(size - 1) / (1 - sum(p))
    else:
        p = sympy.IndexedBase("p", positive=True)
        i, j = sympy.symbols("i j", integer=True)
        last = 1 - sympy.Sum(p[i], (i, 1, size - 1))
        entry = sympy.Lambda((i, j), sympy.KroneckerDelta(i, j) / p[i + 1] + 1 / last)
        information = sympy.FunctionMatrix(size - 1, size - 1, entry)
    return FisherApproximation(f"multinomial over {size}", information, integral, "the simplex")


def fisher_poisson(mean: Range) -> FisherApproximation:
    """Counts: I = 1 / mean, whose integral over all means is infinite; so a range is declared.

    Args:
        mean: Declared range, above 0.

    Returns:
        The approximation; the integral is 2 (sqrt(high) - sqrt(low)).
    """
    import sympy

    low, high = (sympy.nsimplify(end, rational=True) for end in between(mean, "mean", least=0))
    m = sympy.Symbol("mean", positive=True)
    integral = 2 * (sympy.sqrt(high) - sympy.sqrt(low))
    return FisherApproximation("Poisson", sympy.Matrix([[1 / m]]), integral, f"{low} <= mean <= {high}")


def fisher_location(sigma: float, location: Range) -> FisherApproximation:
    """A normal mean with known sigma: exact here, the NML integral is the same.

    Args:
        sigma: Standard deviation.
        location: Declared range of the mean.

    Returns:
        The approximation; the integral is (high - low) / sigma.
    """
    import sympy

    s = sympy.nsimplify(positive(sigma, "sigma"), rational=True)
    low, high = (sympy.nsimplify(end, rational=True) for end in between(location, "location"))
    information = sympy.Matrix([[1 / s**2]])
    return FisherApproximation("normal mean", information, (high - low) / s, f"{low} <= mean <= {high}")


def fisher_scale(scale: Range) -> FisherApproximation:
    """A normal scale s with known mean: I = 2 / s^2.

    Args:
        scale: Declared range of s, above 0.

    Returns:
        The approximation; the integral is sqrt(2) ln(high / low).
    """
    import sympy

    low, high = (sympy.nsimplify(end, rational=True) for end in between(scale, "scale", least=0))
    s = sympy.Symbol("s", positive=True)
    integral = sympy.sqrt(2) * sympy.log(high / low)
    return FisherApproximation("normal scale", sympy.Matrix([[2 / s**2]]), integral, f"{low} <= s <= {high}")


def fisher_gaussian(location: Range, scale: Range) -> FisherApproximation:
    """A normal mean and scale: sqrt(det I) = sqrt(2) / s^2.

    Args:
        location: Declared range of the mean.
        scale: Declared range of s, above 0.

    Returns:
        The approximation; the integral is sqrt(2) (mean range) (1 / lowest s - 1 / highest s).
    """
    import sympy

    low, high = (sympy.nsimplify(end, rational=True) for end in between(location, "location"))
    least, largest = (sympy.nsimplify(end, rational=True) for end in between(scale, "scale", least=0))
    s = sympy.Symbol("s", positive=True)
    integral = sympy.sqrt(2) * (high - low) * (1 / least - 1 / largest)
    domain = f"{low} <= mean <= {high}, {least} <= s <= {largest}"
    return FisherApproximation("normal", sympy.diag(1 / s**2, 2 / s**2), integral, domain)
