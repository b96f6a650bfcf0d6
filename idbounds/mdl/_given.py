"""What a user gives: arrays of finite numbers and declared ranges, or an error that names them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError
from idbounds.inputs import is_tensor

Range = tuple[float, float]


def array(value: Any, what: str, dimensions: int) -> NDArray[np.float64]:
    """Finite numbers as a float64 array.

    Args:
        value: Numbers, an array or a tensor.
        what: Name for the error message.
        dimensions: How many the array must have.

    Returns:
        The array.

    Raises:
        InputError: If they are no numbers, not finite, none at all, or of other dimensions.
    """
    try:
        numbers = np.asarray(value.detach().cpu().double() if is_tensor(value) else value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: {type(value).__name__} given; an array of numbers is allowed") from None
    if numbers.ndim != dimensions or not numbers.size:
        raise InputError(
            f"{what}: shape {numbers.shape} given; {dimensions} dimensions and a number or more are allowed"
        )
    if not np.isfinite(numbers).all():
        wrong = float(numbers[~np.isfinite(numbers)][0])
        raise InputError(f"{what}: {wrong} given; finite numbers are allowed")
    return numbers


def positive(value: float, what: str) -> float:
    """A positive finite number, or InputError.

    Args:
        value: The number.
        what: Name for the error message.

    Returns:
        The number.

    Raises:
        InputError: If it is anything else.
    """
    if not (isinstance(value, (int, float, np.integer, np.floating)) and 0 < value < math.inf):
        raise InputError(f"{what}: {value!r} given; a positive number is allowed")
    return float(value)


def between(bounds: Range, what: str, *, least: float = -math.inf) -> Range:
    """A declared range (low, high) with least < low < high.

    Args:
        bounds: The range.
        what: Name for the error message.
        least: Below the range; not part of it.

    Returns:
        The two ends.

    Raises:
        InputError: If it is anything else.
    """
    try:
        low, high = (float(end) for end in bounds)
    except (TypeError, ValueError):
        raise InputError(f"{what}: {bounds!r} given; a pair (low, high) is allowed") from None
    if not least < low < high < math.inf:
        where = f" above {least}" if least > -math.inf else ""
        raise InputError(f"{what}: ({low}, {high}) given; finite low < high{where} are allowed")
    return low, high


def inside(value: float, bounds: Range, what: str) -> float:
    """A maximum-likelihood estimate that lies in its declared range; outside the data have probability 0.

    Args:
        value: The estimate.
        bounds: The range.
        what: Name for the error message.

    Returns:
        The estimate.

    Raises:
        InputError: If it lies outside.
    """
    if not bounds[0] <= value <= bounds[1]:
        raise InputError(
            f"{what}: the estimate is {value:g}; {bounds[0]:g} to {bounds[1]:g} was declared, "
            "declare a wider range before looking at the data"
        )
    return value
