import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    BitWriter,
    EachInteger,
    EliasGamma,
    Rice,
    RiceVector,
    Shifted,
    Uniform,
    Zigzag,
    check_codec,
)
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.codes.symbols.each import gamma_vector
from idbounds.errors import DecodeError, InputError


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-300, 300), max_size=40))
def test_it_is_one_codeword_after_another(values):
    vector = np.array(values, dtype=np.int64)
    one = Zigzag(Shifted(EliasGamma(), by=1))
    out = BitWriter()
    for value in values:
        one.write(value, out)
    for codec in (EachInteger(one, vector.size), gamma_vector(vector.size)):
        assert codec.encode(vector).bits == out.bits()
        assert codec.length(vector) == codec.ideal_length(vector)
        assert np.array_equal(codec.decode(out.bits()), vector)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-5000, 5000), max_size=40))
def test_rice_takes_the_best_parameter(values):
    vector = np.array(values, dtype=np.int64)
    codec = RiceVector(vector.size)
    best = min(sum(Zigzag(Rice(k)).length(x) for x in values) for k in range(16))
    assert codec.length(vector) == 5 + best
    assert codec.header_bits(vector) == 5
    assert np.array_equal(codec.decode(codec.encode(vector)), vector)


@pytest.mark.parametrize("size", range(4))
def test_laws_over_a_cube(size):
    cube = [np.array(x, dtype=np.int64) for x in itertools.product(range(-2, 3), repeat=size)]
    check_codec(RiceVector(size), cube)
    check_codec(gamma_vector(size), cube)


@pytest.mark.parametrize("entry", [LARGEST_ENTRY, -LARGEST_ENTRY])
def test_the_largest_entries(entry):
    vector = np.array([0, entry, 3])
    for codec in (RiceVector(3), gamma_vector(3)):
        assert np.array_equal(codec.decode(codec.encode(vector)), vector)
        with pytest.raises(InputError, match="magnitude"):
            codec.encode(vector + np.sign(vector))


def test_another_parameter_than_the_best_is_refused():
    out = BitWriter()
    Uniform(32).write(9, out)
    EachInteger(Zigzag(Rice(9)), 3).write(np.zeros(3, np.int64), out)
    with pytest.raises(DecodeError, match="not the best"):
        RiceVector(3).decode(out.bits())


def test_an_entry_beyond_the_largest_is_refused():
    codec = EachInteger(Zigzag(Shifted(EliasGamma(), by=1)), 1)
    with pytest.raises(DecodeError, match="beyond"):
        codec.decode(Zigzag(Shifted(EliasGamma(), by=1)).encode(2**30).bits)


def test_a_million_entries_are_quick():
    import time

    vector = np.rint(np.random.default_rng(0).standard_normal(10**6) * 2).astype(np.int64)
    start = time.process_time()
    RiceVector(vector.size).length(vector)
    assert time.process_time() - start < 5  # 0.3 s alone


@pytest.mark.parametrize("size", [-1, 2**25, 0.5])
def test_bad_sizes(size):
    for make in (RiceVector, gamma_vector):
        with pytest.raises(InputError, match="size of the vector"):
            make(size)
