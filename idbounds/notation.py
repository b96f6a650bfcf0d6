"""How a sentence is written: LaTeX, MathML and JavaScript of one sympy expression."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from idbounds.functions import WORDS

_MARKS = {"kl_inverse": ("kl", "-1,+"), "kl_inverse_lower": ("kl", "-1,-"), "log_star": ("log", "*")}


def latex(expression: Any, names: Mapping[str, str]) -> str:
    """LaTeX of an expression.

    Args:
        expression: sympy expression.
        names: LaTeX of each symbol.

    Returns:
        The right-hand side.
    """
    symbols = {symbol: names[symbol.name] for symbol in expression.free_symbols}
    return str(_latex_printer()({"symbol_names": symbols, "order": "none"}).doprint(expression))


def mathml(expression: Any, letters: Mapping[str, str]) -> str:
    """Presentation MathML of an expression.

    Args:
        expression: sympy expression.
        letters: plain letter of each symbol.

    Returns:
        Elements without the enclosing <math>.
    """
    import sympy

    renamed = {s: sympy.Symbol(letters[s.name], real=True) for s in expression.free_symbols}
    with sympy.evaluate(False):
        named = expression.xreplace(renamed)
    return str(_mathml_printer()({"order": "none"}).doprint(named))


def javascript(expression: Any) -> str:
    """JavaScript of an expression.

    Args:
        expression: sympy expression.

    Returns:
        An expression over Math and the functions of kernels.js.
    """
    import sympy

    return str(
        sympy.jscode(expression, user_functions={w.name: w.name for w in WORDS.values() if not w.native})
    )


def level(log_level: Any) -> Any:
    """The probability behind its logarithm: ln(delta) - L ln 2 is read as delta 2^-L.

    Args:
        log_level: sympy expression, a sum of multiples of logarithms.

    Returns:
        Sympy expression of exp(log_level).
    """
    import sympy

    with sympy.evaluate(False):
        terms = log_level.args if log_level.is_Add else (log_level,)
        powers = [_power_behind(term) for term in terms]
        return sympy.Mul(*powers) if len(powers) > 1 else powers[0]


def _power_behind(term: Any) -> Any:
    import sympy

    factors = term.args if term.is_Mul else (term,)
    logs = [f for f in factors if isinstance(f, sympy.log)]
    if len(logs) != 1:
        return sympy.exp(term)
    rest = [f for f in factors if f is not logs[0]]
    if not rest:
        return logs[0].args[0]
    return sympy.Pow(logs[0].args[0], sympy.Mul(*rest) if len(rest) > 1 else rest[0])


def _arguments(node: Any) -> tuple[Any, ...]:
    """A word's arguments as a reader wants them: a level and not its logarithm."""
    if type(node).__name__ == "binomial_tail_inverse":
        return (*node.args[:2], level(node.args[2]))
    return tuple(node.args)


@cache
def _latex_printer() -> Any:
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        printmethod = ""  # words are printed below, not by their own hooks

        def _print_Function(self, node: Any, exp: Any = None) -> str:  # noqa: N802
            template = WORDS[type(node).__name__].latex.replace("e^{{{2}}}", "{2}")
            text = template.format(*(self._print(a) for a in _arguments(node)))
            return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

        def _print_log(self, node: Any, exp: Any = None) -> str:
            argument = self._print(node.args[0])
            simple = node.args[0].is_Atom or argument.startswith(r"\frac")
            text = rf"\ln {argument}" if simple else rf"\ln\left({argument}\right)"
            return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    return Printer


@cache
def _mathml_printer() -> Any:
    from sympy.printing.mathml import MathMLPresentationPrinter

    class Printer(MathMLPresentationPrinter):  # type: ignore[misc]
        def _print_Function(self, node: Any) -> Any:  # noqa: N802
            return self._call(self._name(type(node).__name__), _arguments(node))

        def _print_log(self, node: Any) -> Any:
            if node.args[0].is_Atom:
                return self._row(
                    self._element("mi", "ln"), self._element("mo", " "), self._print(node.args[0])
                )
            return self._call(self._element("mi", "ln"), node.args)

        def _name(self, word: str) -> Any:
            if word == "binomial_tail_inverse":
                return self._element("mover", self._element("mi", "Bin"), self._element("mo", "¯"))
            letters, mark = _MARKS.get(word, (word, ""))
            mi = self._element("mi", letters)
            return self._element("msup", mi, self._element("mo", mark)) if mark else mi

        def _call(self, name: Any, arguments: Any) -> Any:
            inside = [self._print(arguments[0])]
            for argument in arguments[1:]:
                inside += [self._element("mo", ","), self._print(argument)]
            return self._row(name, self._element("mo", "("), *inside, self._element("mo", ")"))

        def _row(self, *parts: Any) -> Any:
            return self._element("mrow", *parts)

        def _element(self, tag: str, *parts: Any) -> Any:
            element = self.dom.createElement(tag)
            for part in parts:
                element.appendChild(self.dom.createTextNode(part) if isinstance(part, str) else part)
            return element

    return Printer
