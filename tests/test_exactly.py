from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.exactly import exact


@pytest.mark.parametrize(
    "value",
    ["0.05", "1/20", " 5e-2 ", 0.05, Fraction(1, 20), Decimal("0.05"), np.float64(0.05), np.array(0.05)],
)
def test_all_ways_to_write_a_twentieth(value):
    assert exact(value) == Fraction(1, 20)


def test_a_short_float_is_read_as_what_it_is():
    assert exact(np.float32(0.05)) == Fraction("0.05000000074505806")


@pytest.mark.parametrize(
    "value",
    [
        *(float("nan"), float("inf"), "nan", "abc", "", "1/0", None, [1], 1j),
        *(Decimal("NaN"), "1e999999999", Decimal("1e99999"), np.array([1, 2])),
    ],
)
def test_anything_else_is_refused_on_one_line(value):
    with pytest.raises(InputError, match="not a finite number; give one such as") as caught:
        exact(value)
    assert "\n" not in str(caught.value)
