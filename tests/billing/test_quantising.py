import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from idbounds.billing import round_tensor
from idbounds.billing.quantising import SPACING
from idbounds.checkpoints import BLOCK, read_tensors
from idbounds.codes import step_size
from idbounds.codes.reals.steps import STEPS
from idbounds.errors import InputError

NORMAL = np.random.default_rng(0).standard_normal(10_000)
MENU = [step_size(i) for i in range(STEPS)]


def rounded(array, **options):
    return round_tensor(read_tensors(np.asarray(array))[0], **options)


@settings(deadline=None)
@given(
    arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6)), st.sampled_from([0.01, 0.5, 3.0])
)
def test_every_entry_goes_to_the_nearest_point(values, step):
    found = rounded(values, step=step)
    error = np.abs(found.layer.values - values)
    assert found.layer.step == step
    assert found.largest_error == error.max() <= step / 2 * (1 + 1e-9)
    assert found.rms_error == pytest.approx(math.sqrt((error**2).mean()), rel=1e-9)
    assert found.rms == pytest.approx(math.sqrt((values**2).mean()), rel=1e-9)


@pytest.mark.parametrize("spread", [2.0**-8, 0.013, 1.0, 40.0])
def test_the_own_step_is_a_share_of_the_standard_deviation(spread):
    for spacing in (SPACING, 1.0):
        found = rounded(spread * NORMAL, spacing=spacing)
        assert found.layer.step in MENU
        assert abs(math.log2(found.layer.step / (spacing * spread * NORMAL.std()))) <= 1 / 8 + 1e-9
        assert found.rms_error == pytest.approx(found.layer.step / math.sqrt(12), rel=0.05)


@pytest.mark.parametrize("spread", [1e-300, 1e-10, 1e6, 1e150, 1e300])
def test_steps_beyond_the_menu(spread):
    found = rounded(spread * NORMAL)
    assert found.layer.step not in MENU
    assert abs(math.log2(found.layer.step / (SPACING * spread))) < 0.3
    assert found.rms_error < 0.2 * found.rms


def test_the_mean_does_not_make_the_grid_coarse():
    found = rounded(1 + 0.05 * NORMAL)
    assert found.rms_error < 0.01


def test_a_constant_keeps_nearly_its_value():
    assert rounded(np.ones(7)).largest_error == 0
    found = rounded(np.full(7, 0.37))
    assert 0 < found.largest_error < 0.37 / 100
    assert rounded(np.zeros(7)).layer.step == 1
    assert rounded(np.array(-3.3)).largest_error < 0.03


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.int64])
def test_whole_numbers_stay_as_they_are(dtype):
    values = np.array([[0, 1], [1, 1]], dtype)
    found = rounded(values, step=0.3)
    assert (found.layer.step, found.rms_error, found.largest_error) == (1.0, 0.0, 0.0)
    assert np.array_equal(found.layer.values, values)
    assert np.array_equal(rounded(np.array([2**62, -(2**62)])).layer.symbols, [2**62, -(2**62)])


def test_long_tensors_block_by_block():
    values = np.random.default_rng(1).standard_normal(BLOCK + 100).astype(np.float32)
    found = rounded(values, step=0.5)
    assert found.layer.symbols.dtype == np.int8
    assert np.array_equal(found.layer.symbols, np.rint(values / 0.5))


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_bad_steps(value):
    for name in ("step", "spacing"):
        with pytest.raises(InputError, match=f"{name} = "):
            rounded(NORMAL, **{name: value})


def test_too_many_steps():
    with pytest.raises(InputError, match="take larger steps"):
        rounded(np.array([1e10, 1.0]), step=1e-9)


def test_not_a_number():
    with pytest.raises(InputError, match="NaN"):
        rounded(np.array([1, np.nan]))
