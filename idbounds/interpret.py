"""One sentence, many voices: a sympy expression read with the words of a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any

from idbounds.functions import WORDS


def interpret(expression: Any, values: Mapping[str, Any], kernel: Any) -> Any:
    """The value of an expression.

    Args:
        expression: sympy expression over symbols named as in `values`.
        values: what each symbol stands for, in the kernel's own numbers.
        kernel: `idbounds.kernels.floats`, `.balls` or `.tensors`.

    Returns:
        A number of the kernel: float64 array, ball or tensor.

    Raises:
        TypeError: for a node that is no word of the language.
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
            return _power(*node.args, read, kernel)
        name = type(node).__name__
        if name not in WORDS:
            raise TypeError(f"{name} is not a word of the language; words: {', '.join(WORDS)}")
        return getattr(kernel, name)(*map(read, node.args))

    return read(expression)


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
