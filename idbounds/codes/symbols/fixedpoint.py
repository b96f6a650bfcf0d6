"""Tails of distributions in integer arithmetic, so that every machine builds the same tables.

A real number x is the integer floor(x 2^128), up to a few units from the truncations; only the 32 leading
bits of a result are used. No function here touches a float.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isqrt
from typing import Final

PLACES: Final = 128
"""Binary places of every number of this module."""

ONE: Final = 1 << PLACES


def multiplied(a: int, b: int) -> int:
    """The product of two numbers."""
    return a * b >> PLACES


def divided(a: int, b: int) -> int:
    """The quotient of two numbers."""
    return (a << PLACES) // b


def root(a: int) -> int:
    """The square root of a number that is not negative."""
    return isqrt(a << PLACES)


def exp_minus(x: int) -> int:
    """e^-x for x >= 0: a Taylor series at x / 2^s < 2^-8, squared s times."""
    if x > 100 * ONE:
        return 0
    squarings = max(x.bit_length() - PLACES + 8, 0)
    x >>= squarings
    term = total = ONE
    k = 0
    while term:
        k += 1
        term = multiplied(term, x) // k
        total += -term if k % 2 else term
    for _ in range(squarings):
        total = multiplied(total, total)
    return total


def arctan(y: int) -> int:
    """The arc tangent of a number y >= 0: 1/y is the complementary angle, and four halvings make y small."""
    if y > ONE:
        return pi() // 2 - arctan(divided(ONE, y))
    for _ in range(4):
        y = divided(y, ONE + root(ONE + multiplied(y, y)))
    square, power, total, k = multiplied(y, y), y, 0, 0
    while power:
        total += (power if k % 2 == 0 else -power) // (2 * k + 1)
        power = multiplied(power, square)
        k += 1
    return 16 * total


@cache
def pi() -> int:
    """The number pi."""
    return 4 * arctan(ONE)


def power_of_two(numerator: int, root_log2: int) -> int:
    """2^(numerator / 2^root_log2), from repeated square roots of two.

    Args:
        numerator: Of the exponent; may be negative.
        root_log2: The denominator of the exponent is 2^root_log2.

    Returns:
        The power.
    """
    whole, part = divmod(numerator, 1 << root_log2)
    result, base = ONE, 2 * ONE
    for k in range(root_log2):
        base = root(base)
        if part >> (root_log2 - 1 - k) & 1:
            result = multiplied(result, base)
    return result << whole if whole >= 0 else result >> -whole


def log2(n: int, places: int) -> int:
    """floor(2^places log2 n) for an integer n >= 1, up to one unit: the bits of the logarithm by squaring."""
    whole = n.bit_length() - 1
    x = (n << PLACES) >> whole
    for _ in range(places):
        x = multiplied(x, x)
        whole *= 2
        if x >= 2 * ONE:
            x >>= 1
            whole += 1
    return whole


def gauss(t: int) -> int:
    """P[|X| >= t] = 1 - sqrt(2/pi) e^(-t^2/2) (t + t^3/3 + t^5/15 + ..) of a normal variable, to t = 9."""
    if t >= 9 * ONE:
        return 0
    square = multiplied(t, t)
    term = total = t
    k = 1
    while term:
        k += 2
        term = multiplied(term, square) // k
        total += term
    return ONE - multiplied(multiplied(root(2 * divided(ONE, pi())), exp_minus(square // 2)), total)


def laplace(t: int) -> int:
    """P[|X| >= t] = e^-t of a Laplace variable."""
    return exp_minus(t)


def logistic(t: int) -> int:
    """P[|X| >= t] = 2 / (1 + e^t) of a logistic variable."""
    small = exp_minus(t)
    return 2 * divided(small, ONE + small)


def student3(t: int) -> int:
    """P[|X| >= t] = (2/pi) (arctan(1/y) - y/(1 + y^2)), y = t/sqrt(3), of Student's t with 3 degrees."""
    y = divided(t, root(3 * ONE))
    return 2 * divided(arctan(divided(ONE, y)) - divided(y, ONE + multiplied(y, y)), pi())


TAILS: Final[dict[str, Callable[[int], int]]] = {
    "gauss": gauss,
    "laplace": laplace,
    "logistic": logistic,
    "student3": student3,
}
"""The families by name, in the order of the tables: never reordered, new ones go to the end."""
