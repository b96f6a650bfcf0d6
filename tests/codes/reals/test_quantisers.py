"""Uniform, dead-zone and dithered quantisers."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    AdaptiveVector,
    Bits,
    BitWriter,
    EliasDelta,
    MixtureVector,
    Shifted,
    Uniform,
    check_codec,
)
from idbounds.codes.reals.dithering import DitheredQuantiser
from idbounds.codes.reals.quantisers import DEAD_ZONES, DeadZoneQuantiser, UniformQuantiser
from idbounds.codes.reals.steps import step_size
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.errors import DecodeError, InputError

MAKERS = {
    "uniform": lambda inner, step, other: UniformQuantiser(inner, step),
    "uniform, means": lambda inner, step, other: UniformQuantiser(inner, step, means=True),
    "dead zone": lambda inner, step, other: DeadZoneQuantiser(inner, step, other % 8),
    "dithered": DitheredQuantiser,
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
reals = st.one_of(st.floats(-30, 30), st.floats(-1e5, 1e5), st.just(0.0), st.just(-0.0))


@pytest.mark.parametrize("make", [MAKERS[name] for name in MAKERS if name != "uniform, means"])
@settings(max_examples=100, deadline=None)
@given(st.lists(reals, max_size=12), st.integers(28, 63), st.integers(0, 99))
def test_what_is_decoded_is_what_was_quantised(make, entries, step, other):
    check(make, np.array(entries), step, other)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-9, 9), max_size=12), st.integers(36, 63))
def test_what_is_decoded_is_what_was_quantised_with_means(entries, step):
    check(MAKERS["uniform, means"], np.array(entries), step, 0)  # a scale for each vector takes its time


def check(make, x, step, other):
    codec = make(AdaptiveVector(x.size), step, other)
    message = codec.encode(x)
    y = codec.decode(message)
    assert np.array_equal(y, codec.quantise(x))
    assert not np.signbit(y[y == 0]).any()
    assert codec.encode(y) == message
    reader = make(AdaptiveVector(x.size), None, 0)
    assert np.array_equal(reader.decode(message), y)


@every
@pytest.mark.parametrize("inner", [AdaptiveVector, MixtureVector])
def test_laws(make, inner):
    rng = np.random.default_rng(0)
    for size in (0, 1, 5, 100):
        codec = make(inner(size), 39, 3)
        check_codec(codec, [codec.quantise(rng.standard_normal(size)) for _ in range(4)])


@every
def test_laws_over_all_small_vectors(make):
    codec = make(AdaptiveVector(3), 40, 2)
    grid = np.stack(np.meshgrid(*3 * [np.arange(-2, 3)]), axis=-1).reshape(-1, 3)
    check_codec(codec, [codec.placed(k) for k in grid])


@every
def test_the_bill(make):
    """Settings in their menus, then the integers."""
    x = np.random.default_rng(1).standard_normal(50)
    codec = make(AdaptiveVector(50), 41, 5)
    settings_bits = {
        "uniform-quantiser": 6,
        "uniform-quantiser-means": 6,
        "dead-zone-quantiser": 9,
        "dithered-quantiser": 11,
    }
    inner = AdaptiveVector(50).encode(codec.rounded(x))
    header = settings_bits[codec.kind]
    assert codec.length(x) == header + inner.code_bits
    assert codec.ideal_length(x) == header + inner.ideal_bits
    assert str(codec.encode(x).bits)[header:] == str(inner.bits)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.integers(30, 60))
def test_uniform_is_nearest(entries, step):
    x, s = np.array(entries), step_size(step)
    codec = UniformQuantiser(AdaptiveVector(x.size), step)
    assert (np.abs(x - codec.quantise(x)) <= s / 2 * (1 + 1e-12)).all()
    assert np.array_equal(codec.quantise(x), codec.rounded(x) * s)


@pytest.mark.parametrize("zone", range(8))
def test_dead_zone_by_hand(zone):
    w = DEAD_ZONES[zone]
    codec = DeadZoneQuantiser(AdaptiveVector(7), 40, zone)
    x = np.array([0, w / 2 - 0.01, w / 2, w / 2 + 0.99, w / 2 + 1, -w / 2 - 0.5, 0.01 - w / 2])
    assert codec.rounded(x).tolist() == [0, 0, 1, 1, 2, -1, 0]
    assert codec.quantise(x).tolist() == [0, 0, w / 2 + 0.5, w / 2 + 0.5, w / 2 + 1.5, -w / 2 - 0.5, 0]


def test_a_dead_zone_of_one_step_is_the_uniform_quantiser():
    x = np.random.default_rng(2).standard_normal(1000)
    dead, plain = DeadZoneQuantiser(AdaptiveVector(1000), 38, 0), UniformQuantiser(AdaptiveVector(1000), 38)
    assert np.array_equal(dead.quantise(x), plain.quantise(x))
    assert dead.length(x) == plain.length(x) + 3


def test_means_lower_the_error_at_no_price():
    d = 5000
    x = np.random.default_rng(3).standard_normal(d)
    for step in (36, 40, 44, 48):
        plain, means = (UniformQuantiser(MixtureVector(d), step, means=m) for m in (False, True))
        assert means.length(x) == plain.length(x)
        assert ((x - means.quantise(x)) ** 2).mean() < ((x - plain.quantise(x)) ** 2).mean()


def test_the_error_of_a_dithered_quantiser_does_not_depend_on_the_vector():
    d, step = 20_000, 44
    for x in (np.zeros(d), np.full(d, 0.77), np.random.default_rng(4).standard_normal(d)):
        error = (DitheredQuantiser(AdaptiveVector(d), step, 9).quantise(x) - x) / step_size(step)
        assert abs(error).max() <= 0.5 + 1e-9
        assert abs(error.mean()) < 4 / math.sqrt(12 * d)
        assert error.var() == pytest.approx(1 / 12, rel=0.04)
        if x.std():
            assert abs(np.corrcoef(error, x)[0, 1]) < 4 / math.sqrt(d)


def test_frozen_messages():
    """The wire never changes; the decoded numbers are those of every machine."""
    x = (np.arange(40) * 37 % 101 - 50) / 9
    found = {}
    for name, make in MAKERS.items():
        codec = make(AdaptiveVector(40), 41, 4)
        message = codec.encode(x)
        text = str(message.bits).encode() + codec.decode(message).astype("<f8").tobytes()
        found[name] = hashlib.sha256(text).hexdigest()[:16]
    assert found == FROZEN


def test_the_header_is_what_the_page_says():
    out = BitWriter()
    Uniform(64).write(41, out)
    Shifted(EliasDelta(), by=1).write(4, out)
    codec = DitheredQuantiser(AdaptiveVector(1), 41, 4)
    assert str(codec.encode(np.zeros(1)).bits).startswith(str(out.bits()))


@every
def test_a_reader_cannot_write(make):
    codec = make(AdaptiveVector(2), 40, 0)
    reader = type(codec)(AdaptiveVector(2))
    for attempt in (reader.encode, reader.quantise, reader.ideal_length):
        with pytest.raises(InputError, match="can only read"):
            attempt(np.zeros(2))


@every
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([1.0, math.nan]), "nan at entry 1"),
        (np.array([-math.inf, 1.0]), "-inf at entry 0"),
        (np.array([1.0, 2.0, 3.0]), "3 entries given; 2"),
        (np.array([[1.0, 2.0]]), "one dimension"),
        ([[1], [1, 2]], "unequal"),
        (np.array(["a", "b"]), "real numbers"),
        (np.array([1j, 2j]), "complex128"),
        (np.array([True, False]), "bool"),
        (np.array([1e9, 0.0]), "take a larger step"),
        (np.array([1e308, -1e308]), "take a larger step"),
    ],
)
def test_bad_vectors_are_named(make, value, words):
    with pytest.raises(InputError, match=words):
        make(AdaptiveVector(2), 0, 0).encode(value)


@every
@pytest.mark.parametrize("step", [-1, 64, 1.5])
def test_bad_steps(make, step):
    with pytest.raises(InputError, match="step: "):
        make(AdaptiveVector(2), step, 0)


def test_bad_zones_and_seeds():
    with pytest.raises(InputError, match="dead zone: 8"):
        DeadZoneQuantiser(AdaptiveVector(2), 40, 8)
    with pytest.raises(InputError, match="seed: "):
        DitheredQuantiser(AdaptiveVector(2), 40, 2**63)


@every
@pytest.mark.parametrize("k", [LARGEST_ENTRY, -LARGEST_ENTRY])
def test_the_largest_entry(make, k):
    codec = make(AdaptiveVector(1), 40, 7)
    x = codec.placed(np.array([k]))
    assert codec.rounded(x).tolist() == [k]
    assert np.array_equal(codec.decode(codec.encode(x)), x)
    with pytest.raises(InputError, match="steps of 1 given"):
        codec.encode(1.00001 * x)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8])
def test_other_types(dtype):
    x = np.array([0, 3, 1], dtype=dtype)
    codec = UniformQuantiser(AdaptiveVector(3), 40)
    assert codec.decode(codec.encode(x)).tolist() == [0.0, 3.0, 1.0]


@every
def test_messages_of_another_codec(make):
    codec = make(AdaptiveVector(3), 40, 1)
    for other in (
        AdaptiveVector(3).encode(np.zeros(3, dtype=np.int64)),
        make(AdaptiveVector(4), 40, 1).encode(np.zeros(4)),
    ):
        with pytest.raises(DecodeError, match="message written by"):
            codec.decode(other)
    with pytest.raises(DecodeError, match="truncated"):
        codec.decode(Bits.from_string("10"))


FROZEN = {
    "uniform": "b83e6aebed40d17a",
    "uniform, means": "1dd316d20581c399",
    "dead zone": "3783b4ef73c0e8f1",
    "dithered": "c9ece2394ad35986",
}
