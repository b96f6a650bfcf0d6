"""Numbers as the user wrote them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from idbounds.errors import InputError


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
        return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise InputError(f"{value!r} is not a finite number; give one such as 0.05, '1/20' or 1200") from None
