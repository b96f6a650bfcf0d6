from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.exactly import exact, places_up


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


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        ("0.128105519421369", 4, "0.1282"),  # to the nearest it would be 0.1281, which nobody proved
        ("0.1281", 4, "0.1281"),
        (0.5, 4, "0.5000"),
        ("0.99999", 2, "1.00"),
        ("-0.00011", 4, "-0.0001"),
        ("123456789012345678901234567890.01", 1, "123456789012345678901234567890.1"),
        ("inf", 4, "inf"),
        (float("inf"), 4, "inf"),
    ],
)
def test_a_number_is_shortened_upwards(value, places, shown):
    assert places_up(value, places) == shown
