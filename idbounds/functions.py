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

WORDS: dict[str, Word] = {w.name: w for w in list(globals().values()) if isinstance(w, Word)}
