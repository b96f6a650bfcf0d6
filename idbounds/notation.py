"""How a sentence is written: LaTeX, MathML and JavaScript of one sympy expression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from idbounds.functions import WORDS, Binder

_MARKS = {
    "kl_inverse": ("kl", "-1,+"),
    "kl_inverse_lower": ("kl", "-1,-"),
    "log_star": ("log", "*"),
    "phi_inverse": ("Φ", "-1"),
}
_LETTERS = {"log_xi": "ln ξ", "log_choose": "ln C", "binomial": "C", "log_peak": "ln Bin",
            "log1p": "ln1p", "psi": "ψ",
            "minimum": "min", "maximum": "max", "scenario_inverse": "ε"}  # fmt: skip
_LONG = 8  # nodes of a part that gets a letter if it occurs twice
_LETTERS_AT_MOST = 6
_BINDERS: dict[str, tuple[str, ...]] = {
    "minimum_over": ("min", "=", "…"),
    "infimum_over": ("inf", "∈", ",", "[", "]"),
}
_LEVELS = ("binomial_tail_inverse", "scenario_inverse")  # words whose last argument is ln of a probability
_GREEK = {"α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "λ": r"\lambda"}


def latex(expression: Any, names: Mapping[str, str]) -> str:
    """LaTeX of an expression.

    Args:
        expression: sympy expression.
        names: LaTeX of each symbol.

    Returns:
        The right-hand side; what occurs in it more than once and is long gets a letter and stands behind it.
    """
    whole, parts = _with_letters(expression)
    texts = [_one_line(whole, names), *(f"{name} = {_one_line(part, names)}" for name, part in parts.items())]
    return r",\quad ".join(texts)


def _one_line(expression: Any, names: Mapping[str, str]) -> str:
    symbols = {symbol: names.get(symbol.name, _bound_letter(symbol)) for symbol in expression.free_symbols}
    return str(_latex_printer()({"symbol_names": symbols, "order": "none"}).doprint(expression))


def _with_letters(expression: Any) -> tuple[Any, dict[str, Any]]:
    """The expression with letters for its long repeated parts, and what the letters stand for."""
    import sympy

    parts: dict[str, Any] = {}
    with sympy.evaluate(False):
        while len(parts) < _LETTERS_AT_MOST:
            whole = [expression, *parts.values()]
            seen = Counter(node for tree in whole for node in sympy.preorder_traversal(tree))
            own = {variable for tree in whole for variable in _own_variables(tree)}
            long = [
                n for n, times in seen.items() if times > 1 and _size(n) >= _LONG and not n.free_symbols & own
            ]
            if not long:
                break
            part = max(long, key=lambda n: (_size(n), str(n)))
            name = f"c_{{{len(parts) + 1}}}"
            letter = {part: sympy.Symbol(name, real=True)}
            expression = expression.xreplace(letter)
            parts = {k: v.xreplace(letter) for k, v in parts.items()} | {name: part}
    return expression, parts


def _own_variables(expression: Any) -> set[Any]:
    """The variables that binders bring in."""
    import sympy

    nodes = sympy.preorder_traversal(expression)
    return {n.args[1] for n in nodes if isinstance(WORDS.get(type(n).__name__), Binder)}


def _size(node: Any) -> int:
    import sympy

    return sum(1 for _ in sympy.preorder_traversal(node))


def mathml(expression: Any, letters: Mapping[str, str]) -> str:
    """Presentation MathML of an expression.

    Args:
        expression: sympy expression.
        letters: plain letter of each symbol.

    Returns:
        Elements without the enclosing <math>.
    """
    import sympy

    renamed = {s: sympy.Symbol(letters.get(s.name, s.name), real=True) for s in expression.free_symbols}
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

    def with_function(name: str) -> Any:
        def text(body: str, x: str, low: str, high: str) -> str:
            return f"{name}(function ({x}) {{ return {body}; }}, {low}, {high})"

        return [(lambda *_: True, text)]  # sympy wants pairs of a condition and a printer

    words: dict[str, Any] = {w.name: w.name for w in WORDS.values() if not w.native}
    words |= {w.name: with_function(w.name) for w in WORDS.values() if isinstance(w, Binder)}
    return str(sympy.jscode(expression, user_functions=words))


def _bound_letter(symbol: Any) -> str:
    """The letter of a variable that a binder brings in: Greek ones by their LaTeX names."""
    name = str(symbol.name)
    return _GREEK.get(name, name)


def level(log_level: Any) -> Any:
    """The probability behind its logarithm: ln(delta) - L ln 2 is read as delta 2^-L.

    Args:
        log_level: sympy expression, a sum of multiples of logarithms.

    Returns:
        Sympy expression of exp(log_level).
    """
    import sympy

    with sympy.evaluate(False):
        powers = [_power_behind(term) for term in _summands(log_level)]
        return sympy.Mul(*powers) if len(powers) > 1 else powers[0]


def _summands(node: Any) -> list[Any]:
    """The terms of a sum, with factors like -1 drawn into its brackets."""
    import sympy

    if node.is_Add:
        return [term for part in node.args for term in _summands(part)]
    sums = [f for f in node.args if f.is_Add] if node.is_Mul else []
    if len(sums) != 1:
        return [node]
    rest = [f for f in node.args if f is not sums[0]]
    inner = (term.args if term.is_Mul else (term,) for term in _summands(sums[0]))
    return [sympy.Mul(*rest, *factors) for factors in inner]


def _power_behind(term: Any) -> Any:
    import sympy

    factors = term.args if term.is_Mul else (term,)
    subsets = [f for f in factors if type(f).__name__ == "log_choose"]
    if len(subsets) == 1:
        rest = [f for f in factors if f is not subsets[0]]
        number = sympy.binomial(*subsets[0].args, evaluate=False)
        return sympy.Pow(number, sympy.Mul(*rest)) if rest else number
    logs = [f for f in factors if isinstance(f, sympy.log)]
    if len(logs) != 1:
        return sympy.exp(term)
    rest = [f for f in factors if f is not logs[0]]
    if not rest:
        return logs[0].args[0]
    return sympy.Pow(logs[0].args[0], sympy.Mul(*rest) if len(rest) > 1 else rest[0])


def _arguments(node: Any) -> tuple[Any, ...]:
    """A word's arguments as a reader wants them: a level and not its logarithm."""
    if type(node).__name__ in _LEVELS:
        return (*node.args[:2], level(node.args[2]))
    return tuple(node.args)


@cache
def _latex_printer() -> Any:
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        printmethod = ""  # words are printed below, not by their own hooks

        def _print_Function(self, node: Any, exp: Any = None) -> str:  # noqa: N802
            template = WORDS[type(node).__name__].latex.replace("e^{{{2}}}", "{2}")
            arguments = [self._print(a) for a in _arguments(node)]
            if isinstance(WORDS[type(node).__name__], Binder) and node.args[0].is_Add:
                arguments[0] = rf"\left({arguments[0]}\right)"
            text = template.format(*arguments)
            return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

        def _print_log(self, node: Any, exp: Any = None) -> str:
            argument = self._print(node.args[0])
            simple = node.args[0].is_Atom or (argument.startswith(r"\frac") and not node.args[0].is_Add)
            text = rf"\ln {argument}" if simple else rf"\ln\left({argument}\right)"
            return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    return Printer


@cache
def _mathml_printer() -> Any:
    from sympy.printing.mathml import MathMLPresentationPrinter

    class Printer(MathMLPresentationPrinter):  # type: ignore[misc]
        def _print_Function(self, node: Any) -> Any:  # noqa: N802
            name = type(node).__name__
            if name in _BINDERS:
                return self._binder(_BINDERS[name], node.args)
            return self._call(self._name(name), _arguments(node))

        def _print_power_of_two(self, node: Any) -> Any:
            return self._element("msup", self._element("mn", "2"), self._print(node.args[0]))

        def _binder(self, signs: tuple[str, ...], arguments: Any) -> Any:
            body, variable, low, high = (self._print(a) for a in arguments)
            name, relation, between, *brackets = signs
            ends = self._row(low, self._element("mo", between), high)
            if brackets:
                left, right = (self._element("mo", bracket) for bracket in brackets)
                ends = self._row(left, ends, right)
            under = self._row(variable, self._element("mo", relation), ends)
            return self._row(self._element("munder", self._element("mo", name), under), body)

        def _print_ceiling(self, node: Any) -> Any:
            inside = self._print(node.args[0])
            return self._row(self._element("mo", "⌈"), inside, self._element("mo", "⌉"))

        def _print_log(self, node: Any) -> Any:
            name = self._row(self._thin_space(), self._element("mi", "ln"))
            if node.args[0].is_Atom:
                return self._row(name, self._thin_space(), self._print(node.args[0]))
            return self._call(name, node.args)

        def _thin_space(self) -> Any:
            space = self._element("mspace")
            space.setAttribute("width", "0.17em")
            return space

        def _name(self, word: str) -> Any:
            if word == "binomial_tail_inverse":
                return self._element("mover", self._element("mi", "Bin"), self._element("mo", "¯"))
            letters, mark = _MARKS.get(word, (_LETTERS.get(word, word), ""))
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
