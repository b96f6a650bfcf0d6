"""One sentence, many voices: a sympy expression read with the words of a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any

from idbounds.functions import WORDS, Binder


def interpret(expression: Any, values: Mapping[str, Any], kernel: Any) -> Any:
    """The value of an expression; a node that is no word of the language raises TypeError.

    Args:
        expression: sympy expression over symbols named as in `values`.
        values: what each symbol stands for, in the kernel's own numbers.
        kernel: `idbounds.kernels.floats`, `.balls` or `.tensors`.

    Returns:
        A number of the kernel: float64 array, ball or tensor.
    """

    def read(node: Any) -> Any:
        if node.is_Symbol:
            return values[node.name]
        if node.is_Number:
            return kernel.number(node)
        if node.is_Add:
            return reduce(add, map(read, node.args))
        if node.is_Mul:
            return _product(node.args, read)
        if node.is_Pow:
            return _power(node.args[0], node.args[1], read, kernel)
        name = type(node).__name__
        if name not in WORDS:
            raise TypeError(f"{name} is not a word of the language; words: {', '.join(WORDS)}")
        word = getattr(kernel, name)
        if isinstance(WORDS[name], Binder):
            body, variable, *ends = node.args
            return word(
                lambda x: interpret(body, {**values, variable.name: x}, kernel), *(read(end) for end in ends)
            )
        return word(*map(read, node.args))

    return read(expression)


def flat(expression: Any) -> Any:
    """The expression with sums of sums written as one sum: same value, fewer brackets, all terms in sight.

    Args:
        expression: a sympy expression.

    Returns:
        An expression of the same value.
    """
    import sympy

    def one_sum(node: Any) -> Any:
        return sympy.Add(*(term for part in node.args for term in terms(part)))

    with sympy.evaluate(False):
        return expression.replace(lambda node: node.is_Add and any(a.is_Add for a in node.args), one_sum)


def terms(expression: Any) -> tuple[Any, ...]:
    """The terms that a sentence adds up, inner sums included; the sentence itself where it is no sum."""
    return tuple(t for part in expression.args for t in terms(part)) if expression.is_Add else (expression,)


def _product(factors: Any, read: Callable[[Any], Any]) -> Any:
    """Numerator over denominator, so that a / b is one rounding and not two."""
    below = [f.args[0] for f in factors if f.is_Pow and f.args[1] == -1]
    above = [read(f) for f in factors if not (f.is_Pow and f.args[1] == -1)]
    top = reduce(mul, above) if above else 1
    return top / reduce(mul, map(read, below)) if below else top


def _power(base: Any, exponent: Any, read: Callable[[Any], Any], kernel: Any) -> Any:
    if exponent == -1:
        return 1 / read(base)
    if 2 * exponent == 1:
        return kernel.sqrt(read(base))
    if exponent.is_Integer and exponent > 0:
        return read(base) ** int(exponent)
    raise TypeError(f"exponent {exponent}: the language knows whole powers, 1/2 and -1")


def logs_apart(expression: Any) -> Any:
    """The expression with ln(a / b) written ln a - ln b.

    The quotient 1 / delta costs digits when delta is close to 1 (its logarithm is then all rounding) and
    overflows when delta is below 1e-308; the logarithms do neither.

    Args:
        expression: a sympy expression.

    Returns:
        An expression of the same value.
    """
    import sympy

    def apart(argument: Any) -> Any:
        factors = argument.args if argument.is_Mul else (argument,)
        divisors = [f.args[0] for f in factors if f.is_Pow and f.args[1] == -1]
        below = [g for f in divisors for g in (f.args if f.is_Mul else (f,))]
        above = [f for f in factors if not (f.is_Pow and f.args[1] == -1) and f != 1]
        minus = [sympy.Mul(-1, sympy.log(b)) for b in below]
        plus = [sympy.log(above[0] if len(above) == 1 else sympy.Mul(*above))] if above or not below else []
        return sympy.Add(*plus, *minus) if len(plus + minus) > 1 else (plus + minus)[0]

    with sympy.evaluate(False):
        return expression.replace(sympy.log, apart)
