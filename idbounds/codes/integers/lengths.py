"""The lengths of several integer codes side by side."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import (
    LARGEST,
    EliasDelta,
    EliasGamma,
    EliasOmega,
    Shifted,
    Uniform,
    integer_within,
)
from idbounds.codes.integers.golomb import ExpGolomb, Golomb, Rice, Unary
from idbounds.codes.integers.log_star import LogStar
from idbounds.errors import InputError


def codes_from_one() -> list[Codec[int]]:
    """Every family of integer codes once, each made to start at n = 1, the last for n up to 65,536 only."""
    return [
        Unary(),
        EliasGamma(),
        EliasDelta(),
        EliasOmega(),
        LogStar(),
        Shifted(Golomb(5), by=-1),
        Shifted(Rice(4), by=-1),
        Shifted(ExpGolomb(3), by=-1),
        Shifted(Uniform(2**16), by=-1),
    ]


def compare_lengths(
    values: Iterable[int], codecs: Iterable[Codec[int]] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Exact length of the codeword of each value under each code.

    Args:
        values: The integers, -2^64 .. 2^64.
        codecs: The codes; by default `codes_from_one()`.

    Returns:
        A column for each code, by its name, shape (values,), in bits; infinite where the code has no
        codeword for the value. `pandas.DataFrame` takes it as it is.
    """
    numbers = [integer_within(value, "value", -LARGEST, LARGEST) for value in values]
    chosen = codes_from_one() if codecs is None else codecs
    return {c.name: np.array([_length(c, n) for n in numbers], dtype=np.float64) for c in chosen}


def _length(codec: Codec[int], value: int) -> float:
    """Length of one codeword, infinite if there is none."""
    try:
        return float(codec.length(value))
    except InputError:
        return float("inf")
