import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import AdaptiveRun, Bits, BitWriter, check_codec, reference
from idbounds.codes.symbols.indices import EvenIndices, LowIndices
from idbounds.errors import DecodeError, InputError

CODES = [EvenIndices, LowIndices]
every = pytest.mark.parametrize("code", CODES)


@every
@pytest.mark.parametrize("widths", [[], [0], [3], [2, 2, 1], [0, 2, 0, 1], [1, 1, 1, 1]])
def test_laws_over_all_indices(code, widths):
    menus = itertools.product(*[range(1 << width) for width in widths])
    check_codec(code(np.array(widths, dtype=np.int64)), [np.array(i, dtype=np.int64) for i in menus])


@every
@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 16), max_size=30), st.integers(0, 999))
def test_round_trip(code, widths, seed):
    widths = np.array(widths, dtype=np.int64)
    indices = np.random.default_rng(seed).integers(0, 1 << widths)
    codec = code(widths)
    message = codec.encode(indices)
    assert np.array_equal(codec.decode(message), indices)
    if code is EvenIndices:
        assert str(message.bits) == "".join(
            format(i, f"0{w}b") for i, w in zip(indices, widths, strict=True) if w
        )
    elif widths.any():
        lengths = [int(i + 1).bit_length() - 1 for i in indices]
        low = "".join(format(i + 1, "b")[1:] for i in indices.tolist())
        assert str(message.bits) == reference.encode_adaptive(lengths, int(widths.max()) + 1) + low


def test_low_indices_cost_less():
    widths = np.full(300, 16)
    low = np.random.default_rng(0).integers(0, 64, 300)
    assert LowIndices(widths).length(low) < 300 * 6.5
    even = np.random.default_rng(0).integers(0, 2**16, 300)
    assert 300 * 16 < LowIndices(widths).length(even) < 300 * 16 + 80


@every
@pytest.mark.parametrize(
    ("value", "words"),
    [([0, 1, 0], "3 given; 2"), ([4, 0], "outside"), ([-1, 0], "outside"), ([0.5, 0.0], "only integers")],
)
def test_bad_indices(code, value, words):
    codec = code([2, 2])
    for attempt in (codec.encode, codec.ideal_length):
        with pytest.raises(InputError, match=words):
            attempt(np.array(value))


@every
@pytest.mark.parametrize("widths", [[-1], [17], [[1]], [1.5]])
def test_bad_widths(code, widths):
    with pytest.raises(InputError, match="widths"):
        code(np.array(widths))


def test_an_entry_that_the_menu_does_not_have():
    out = BitWriter()
    AdaptiveRun(4, n=2).write(np.array([2, 0]), out)
    out.write_uint(0, 2)
    with pytest.raises(DecodeError, match="does not have"):
        LowIndices([1, 3]).decode(out.bits())
    with pytest.raises(DecodeError):
        EvenIndices([3, 3]).decode(Bits.from_string("00000"))
