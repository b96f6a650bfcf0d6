import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, check_codec
from idbounds.errors import DecodeError, InputError
from idbounds.mdl import TwoPartRun, nml_multinomial_ideal_bits


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("n", range(6))
def test_laws_over_all_sequences(size, n):
    check_codec(
        TwoPartRun(size, n=n), [np.array(s, dtype=np.int64) for s in itertools.product(range(size), repeat=n)]
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.lists(st.integers(0, 19), max_size=200))
def test_round_trip(size, symbols):
    value = np.array(symbols, dtype=np.int64) % size
    codec = TwoPartRun(size, n=value.size)
    message = codec.encode(value)
    assert np.array_equal(codec.decode(message), value)
    assert message.ideal_bits <= message.code_bits + 1e-6
    assert message.code_bits < message.ideal_bits + codec.overhead


def test_precision_grows_with_the_root_of_n():
    rng = np.random.default_rng(0)
    found = []
    for n in (256, 4096, 65_536):
        codec = TwoPartRun(15, n=n)
        found.append(codec._best(rng.choice(15, size=n, p=rng.dirichlet(np.ones(15))))[0])
    assert np.diff(found).tolist() == [2, 2]


@pytest.mark.parametrize("size", [2, 15, 100])
@pytest.mark.parametrize("n", [1000, 100_000])
@pytest.mark.parametrize("spread", [0.1, 1, 10])
def test_the_excess_over_nml_is_a_quarter_of_a_bit_a_parameter_and_the_precision(size, n, spread):
    rng = np.random.default_rng([size, n])
    value = rng.choice(size, size=n, p=rng.dirichlet(np.full(size, spread)))
    excess = TwoPartRun(size, n=n).ideal_length(value) - nml_multinomial_ideal_bits(
        np.bincount(value, minlength=size)
    )
    assert excess < (size - 1) * math.log2(2 * math.pi * math.e / 12) / 2 * 2.2 + 8


@pytest.mark.parametrize("size", [1, 2, 7, 2**14])
def test_extremes(size):
    for value in (np.zeros(50, int), np.full(50, size - 1), np.arange(50) % size):
        codec = TwoPartRun(size, n=50)
        assert np.array_equal(codec.decode(codec.encode(value)), value)


def test_altered_messages():
    codec = TwoPartRun(3, n=30)
    text = str(codec.encode(np.random.default_rng(0).integers(0, 3, 30)).bits)
    for i, digit in enumerate(text):
        flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
        try:
            other = codec.decode(Bits.from_string(flipped))
        except DecodeError:
            continue
        assert other.shape == (30,)
        assert codec.length(other) <= len(flipped) + 3  # the search is over ideal lengths
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:i]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=30), st.integers(1, 5), st.integers(0, 40))
def test_hostile_bytes(data, size, n):
    try:
        value = TwoPartRun(size, n=n).decode(Bits(data, 8 * len(data)))
    except DecodeError:
        return
    assert value.shape == (n,)


@pytest.mark.parametrize(
    "call",
    [
        lambda: TwoPartRun(0, n=3),
        lambda: TwoPartRun(2, n=-1),
        lambda: TwoPartRun(2**31, n=3),
        lambda: TwoPartRun(2, n=3).encode(np.array([0, 1])),
        lambda: TwoPartRun(2, n=1).encode(np.array([2])),
        lambda: TwoPartRun(2, n=1).encode(np.array([math.nan])),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError, match="given"):
        call()
