"""The words: named functions that sentences are made of.

A word has no value here. Calling one on symbols makes a sympy expression; its four meanings live in
`idbounds.kernels`: `floats`, `balls`, `tensors` (one function of the same name in each) and `kernels.js`.
sympy is imported on the first call, never before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Word:
    """A function of the language of bounds.

    Attributes:
        name: the same in every kernel.
        latex: template with {0}, {1}, ... for the arguments.
        arity: number of arguments.
        says: meaning in words.
        native: True when sympy has the function itself (log, sqrt).
    """

    name: str
    latex: str
    arity: int
    says: str
    native: bool = False

    @cached_property
    def symbolic(self) -> Any:
        """The sympy function behind the word."""
        import sympy

        if self.native:
            return getattr(sympy, self.name)
        template = self.latex

        def _latex(self: Any, printer: Any, **_: Any) -> str:
            return template.format(*(printer.doprint(argument) for argument in self.args))

        return type(self.name, (sympy.Function,), {"nargs": self.arity, "_latex": _latex})

    def __call__(self, *arguments: Any) -> Any:
        """Apply the word to symbols; gives a sympy expression."""
        return self.symbolic(*arguments)


@dataclass(frozen=True)
class Binder(Word):
    """A word whose first argument is a sentence with a free variable: the least value over a range.

    Attributes:
        variable: letter of the variable; two nested binders need two letters.
    """

    variable: str = "j"

    def __call__(self, body: Any, low: Any, high: Any, variable: str = "") -> Any:
        """Apply the word to a function of one symbol and to the ends of the range."""
        import sympy

        symbol = sympy.Symbol(variable or self.variable, real=True)
        return self.symbolic(body(symbol), symbol, low, high)


log = Word("log", r"\ln {0}", 1, "natural logarithm", native=True)
sqrt = Word("sqrt", r"\sqrt{{{0}}}", 1, "square root", native=True)
kl = Word(
    "kl",
    r"\mathrm{{kl}}\!\left({0}\,\middle\|\,{1}\right)",
    2,
    "kl(q || p) = q ln(q/p) + (1-q) ln((1-q)/(1-p)), nats between two coins",
)
kl_inverse = Word(
    "kl_inverse",
    r"\mathrm{{kl}}^{{-1,+}}\!\left({0},\,{1}\right)",
    2,
    "the largest p in [q, 1] with kl(q || p) <= c",
)
kl_inverse_lower = Word(
    "kl_inverse_lower",
    r"\mathrm{{kl}}^{{-1,-}}\!\left({0},\,{1}\right)",
    2,
    "the smallest p in [0, q] with kl(q || p) <= c",
)
binomial_tail_inverse = Word(
    "binomial_tail_inverse",
    r"\overline{{\mathrm{{Bin}}}}\!\left({0},\,{1},\,e^{{{2}}}\right)",
    3,
    "the largest p with P[Binomial(n, p) <= k] >= exp(log_delta)",
)
log_star = Word(
    "log_star",
    r"\log^{{*}}\!\left({0}\right)",
    1,
    "Rissanen's universal code length of a positive integer, in bits, normalised to Kraft sum 1",
)
log1p = Word("log1p", r"\ln(1 + {0})", 1, "ln(1 + x), exact for small x > -1")
ceiling = Word("ceiling", r"\left\lceil {0} \right\rceil", 1, "the least integer >= x", native=True)
minimum = Word("minimum", r"\min\!\left({0},\,{1}\right)", 2, "the smaller of two numbers")
maximum = Word("maximum", r"\max\!\left({0},\,{1}\right)", 2, "the larger of two numbers")
power_of_two = Word("power_of_two", r"2^{{{0}}}", 1, "2^x, for grids of powers of two")
psi = Word("psi", r"\psi\!\left({0}\right)", 1, "psi(u) = u - ln(1 + u) for u > -1")
phi_inverse = Word(
    "phi_inverse",
    r"\Phi^{{-1}}_{{{0}}}\!\left({1}\right)",
    2,
    "Catoni's (1 - exp(-gamma x)) / (1 - exp(-gamma)) for gamma > 0, x >= 0",
)
log_xi = Word(
    "log_xi",
    r"\ln\xi\!\left({0}\right)",
    1,
    "ln of Maurer's xi(n) = sum over k of C(n,k) (k/n)^k (1-k/n)^(n-k), at most ln(2 sqrt n)",
)
log_choose = Word(
    "log_choose", r"\ln\binom{{{0}}}{{{1}}}", 2, "ln of the number of k-subsets of n, log_choose(n, k)"
)
log_peak = Word(
    "log_peak",
    r"\ln\mathrm{{Bin}}\!\left({0};\,{1},\,\tfrac{{{0}}}{{{1}}}\right)",
    2,
    "ln of the probability that Binomial(n, k/n) is k, log_peak(k, n); k need not be an integer",
)
scenario_inverse = Word(
    "scenario_inverse",
    r"\varepsilon\!\left({0},\,{1},\,e^{{{2}}}\right)",
    3,
    "Campi and Garatti's risk level scenario_inverse(k, n, log_delta) of a preferent compression to k of n",
)
minimum_over = Binder(
    "minimum_over",
    r"\min_{{{1} \in \{{{2}, \ldots, {3}\}}}} {0}",
    4,
    "the least value over the integers low, ..., high; infinite if there is none",
)
infimum_over = Binder(
    "infimum_over",
    r"\inf_{{{1} \in [{2}, {3}]}} {0}",
    4,
    "the least value found over the reals from low to high, of a sentence that falls and then rises",
    variable="x",
)

WORDS: dict[str, Word] = {w.name: w for w in list(globals().values()) if isinstance(w, Word)}
