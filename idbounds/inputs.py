"""What a user gives a bound: numbers checked against their nouns, and counts turned into rates and back."""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

import numpy as np

from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.quantities import QUANTITIES, STAND_INS, Quantity


def read(name: str, value: Any) -> Any:
    """A quantity as the kernels take it.

    Args:
        name: of the quantity.
        value: tensor, array, sequence or single number.

    Returns:
        A tensor as it is, anything with dimensions as a float64 array, a single number exactly as written.

    Raises:
        InputError: for an unknown quantity or a value outside its domain.
    """
    if name not in QUANTITIES:
        near = (
            ", ".join(get_close_matches(name, QUANTITIES, 3, 0.4))
            or "train_error, n, code_bits, kl_nats, ..."
        )
        raise InputError(
            f"{name!r} is no quantity; near: {near} (`idbounds list` shows what each bound takes)"
        )
    quantity = QUANTITIES[name]
    try:
        number = exact(value) if isinstance(value, str) else value
        array = _array(number)
    except (TypeError, ValueError, OverflowError):
        what = f"{name} = {_short(value)}: not a number that fits a float"
        raise InputError(f"{what}; give {quantity.allowed} ({quantity.says})") from None
    quantity.check(array if array.ndim else number if type(number) is int else float(array))
    if is_tensor(value):
        return value
    return array if array.ndim else number.item() if hasattr(number, "item") else number


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor; never imports torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def count_up(rate: Any, n: Any) -> Any:
    """The number of errors that a rate on n examples stands for, rounded up.

    A float is read as k / n where that is the same float, else by its decimal form: 7 / 30 of 30 is 7.
    Tensors are not rounded, for the sake of their gradients.

    Args:
        rate: in [0, 1].
        n: number of examples.

    Returns:
        An int, an array or a tensor.
    """
    if is_tensor(rate) or is_tensor(n):
        device = (rate if is_tensor(rate) else n).device
        from idbounds.kernels import tensors

        return tensors.as_tensor(rate, device) * tensors.as_tensor(n, device)
    if np.ndim(rate) or np.ndim(n):
        rate, n = _array(rate), _array(n)
        count = np.rint(rate * n)
        return count + (count / n < rate)
    total = int(exact(n))
    count = math.ceil(exact(rate) * total)
    return count - 1 if isinstance(rate, float) and (count - 1) / total == rate else count


def rate_of(count: Any, n: Any) -> Any:
    """The rate count / n, exact for single numbers."""
    if is_tensor(count) or is_tensor(n):
        device = (count if is_tensor(count) else n).device
        from idbounds.kernels import tensors

        return tensors.as_tensor(count, device) / tensors.as_tensor(n, device)
    if np.ndim(count) or np.ndim(n):
        return np.divide(_array(count), _array(n))
    return exact(count) / exact(n)


def find(quantity: Quantity, given: Mapping[str, Any], notes: list[str]) -> Any:
    """A quantity as given, by conversion between a count and its rate, or by its default; None if unknown.

    Args:
        quantity: what is wanted.
        given: checked values by name.
        notes: gets one sentence for each count that was rounded up.

    Returns:
        The value or None.
    """
    name = quantity.name
    if name in given:
        return given[name]
    other = STAND_INS.get(name, "")
    if other in given:
        rate = name if quantity.rate_of else other
        total = (QUANTITIES[rate].rate_of or ("", ""))[1]
        if total in given and name == rate:
            return rate_of(given[other], given[total])
        if total in given:
            count = count_up(given[other], given[total])
            value = "" if np.ndim(count) else f" = {count}, rounded up"
            notes.append(f"{name} = {total} * {other}{value}")
            return count
    return None if quantity.default is None else Fraction(quantity.default)


def check_together(given: Mapping[str, Any]) -> None:
    """Refuse values that do not fit together: shapes that do not broadcast, parts larger than their wholes.

    Args:
        given: checked values by name.

    Raises:
        InputError: with what was given.
    """
    try:
        np.broadcast_shapes(*(np.shape(v) for v in given.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {tuple(np.shape(v))}" for name, v in given.items() if np.ndim(v))
        raise InputError(f"shapes do not fit together: {shapes}; give arrays that broadcast") from None
    for part in given:
        _check_part(part, given)


def _check_part(part: str, given: Mapping[str, Any]) -> None:
    """Refuse more errors than examples, and whatever else exceeds that of which it is a part."""
    whole = QUANTITIES[part].part_of
    if whole not in given:
        return
    counts, totals = np.broadcast_arrays(_array(given[part]), _array(given[whole]))
    bad = counts > totals
    if np.any(bad):
        first = f"{part} = {counts[bad].flat[0]:.15g} exceeds {whole} = {totals[bad].flat[0]:.15g}"
        raise InputError(f"{first}; give at most {whole}")


def _array(value: Any) -> Any:
    """Any accepted value as a float64 array."""
    return np.asarray(value.detach().cpu().double() if is_tensor(value) else value, dtype=np.float64)


def _short(value: Any) -> str:
    """A value on one short line."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # an int of more digits than Python prints
        return "(an integer of thousands of digits)"
