"""Numbers as the user wrote them."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from idbounds.errors import InputError

_FAR_EXPONENT = re.compile(r"[eE][+-]?0*[1-9]\d{4}")


def exact(value: Any) -> Fraction:
    """The rational number that a user wrote: '0.05' and 0.05 both mean 1/20.

    Args:
        value: int, Fraction, Decimal, decimal string, or float (read by its shortest decimal form).

    Returns:
        The exact rational.

    Raises:
        InputError: for anything that is not a finite number.
    """
    try:
        if hasattr(value, "item"):
            value = value.item()
        far = isinstance(value, (str, Decimal)) and _FAR_EXPONENT.search(str(value))
        # the power of ten of a far exponent alone would fill the memory
        return Fraction(repr(value) if isinstance(value, float) else "far" if far else value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise InputError(
            f"{reprlib.repr(value)} is not a finite number; give one such as 0.05, '1/20' or 1200"
        ) from None


def decimal_up(value: Fraction, digits: int) -> str:
    """A rational number as a decimal string with `digits` significant digits, rounded up."""
    if value <= 0:
        return "-" + _decimal(-value, digits, math.floor) if value else "0"
    return _decimal(value, digits, math.ceil)


def places_up(value: Any, places: int) -> str:
    """A number with `places` digits after the point, rounded up: how a bound is shown in short.

    Args:
        value: as for `exact`, or infinity.
        places: number of digits, 1 or more.

    Returns:
        The decimal string; "inf" for infinity.
    """
    if value in ("inf", math.inf):
        return "inf"
    scaled = math.ceil(exact(value) * 10**places)
    return f"{Decimal(f'{scaled}e-{places}'):f}"  # from text: no rounding on the way


def _decimal(value: Fraction, digits: int, to_integer: Callable[[Fraction], int]) -> str:
    places = digits - 1 - math.floor(_log10(value))
    scaled = to_integer(value * Fraction(10) ** places)
    text = str(scaled).rjust(max(places, 0) + 1, "0")
    if places <= 0:
        return text + "0" * -places
    whole, decimals = text[:-places], text[-places:].rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _log10(value: Fraction) -> float:
    return math.log10(value.numerator) - math.log10(value.denominator)
