import csv
import hashlib
import itertools
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    AdaptiveVector,
    Bits,
    EnumerativeRun,
    MixtureGroups,
    MixtureVector,
    RangedVector,
    check_codec,
)
from idbounds.codes.symbols import mixture_reference, tables
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.codes.symbols.mixture import mixture
from idbounds.codes.symbols.tree import LARGEST_SIZE
from idbounds.errors import DecodeError, InputError
from tests.codes.symbols import excess

VECTORS = st.integers(0, 12).flatmap(
    lambda k: st.lists(st.integers(-(2**k), 2**k).map(lambda v: v if abs(v) < 2**k else 0), max_size=60)
)


def table():
    with excess.TABLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_round_trip(vector):
    message = MixtureVector(vector.size).encode(vector)
    assert message.ideal_bits <= message.code_bits + 1e-6
    assert message.code_bits < message.ideal_bits + 2 + 1e-6
    back = MixtureVector(vector.size).decode(message)
    assert back.dtype == np.int64
    assert np.array_equal(back, vector)


@settings(max_examples=200, deadline=None)
@given(VECTORS)
def test_round_trip_within_two_bits(values):
    assert_round_trip(np.array(values, dtype=np.int64))


@pytest.mark.parametrize(
    ("size", "scale"),
    [*itertools.product((1, 10, 1000), (0.1, 1.0, 10.0, 1000.0)), (20_000, 0.1), (20_000, 3.0)],
)
def test_gaussian_vectors(size, scale):
    rng = np.random.default_rng(size)
    assert_round_trip(np.rint(scale * rng.standard_normal(size)).astype(np.int64))


@pytest.mark.parametrize("entry", [0, 1, -1, 2, 62, 63, 4094, 4095, LARGEST_ENTRY, -LARGEST_ENTRY])
@pytest.mark.parametrize("size", [0, 1, 2, 300])
def test_constant_vectors(entry, size):
    vector = np.full(size, entry, dtype=np.int64)
    assert_round_trip(vector)
    if size == 300 and abs(entry) < 127:
        assert MixtureVector(size).length(vector) < 130  # learnt, whatever it is


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
def test_laws_over_a_cube(size):
    cube = itertools.product(range(-2, 3), repeat=size)
    check_codec(MixtureVector(size), [np.array(x, dtype=np.int64) for x in cube])


def test_kraft_over_all_small_pairs():
    # Nearly all probability lies on pairs up to 60; the rest is on larger ones.
    lengths = [MixtureVector(2).ideal_length(np.array(x)) for x in itertools.product(range(-8, 9), repeat=2)]
    assert 0.4 < sum(2.0**-length for length in lengths) < 1


@pytest.mark.parametrize("source", ["normal, step 0.5", "normal, step 1"])
@pytest.mark.parametrize("d", excess.SIZES)
def test_bits_above_the_oracle(source, d):
    bits = excess.measure(source, d, draws=10, codes=("mixture", "adaptive"))
    assert bits["mixture"] + excess.STEP_BITS - bits["oracle"] <= excess.LIMITS[d]
    assert bits["mixture"] < bits["adaptive"]


def test_the_committed_table_keeps_the_limits():
    rows = table()
    assert [(row["source"], int(row["d"])) for row in rows] == list(
        itertools.product(excess.SOURCES, excess.SIZES)
    )
    for row in rows:
        assert int(row["draws"]) >= 50
        assert float(row["mixture"]) < float(row["adaptive"])
        if row["source"].startswith("normal"):
            assert float(row["excess_with_step"]) <= excess.LIMITS[int(row["d"])]


@pytest.mark.audit
@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row['source']} {row['d']}")
def test_the_committed_table_is_what_the_code_does(row):
    bits = excess.measure(row["source"], int(row["d"]))
    assert bits == pytest.approx({name: float(row[name]) for name in bits}, abs=0.01)


def test_same_bits_as_the_slow_reference():
    rng = np.random.default_rng(3)
    for size, scale in ((60, 1.7), (60, 0.2), (25, 300), (8, 1e5)):
        vector = np.rint(scale * rng.standard_normal(size)).astype(np.int64)
        components = mixture(tables.fineness(size))
        text = mixture_reference.encode(vector.tolist(), components)
        assert str(MixtureVector(size).encode(vector).bits) == text


FROZEN = {  # SHA-256 of the messages of these vectors; a change here is a new code with a new name
    (7, 1): "4c4093772a845283d61a4b9129d7a43ac2f7d01d471846f9bddb2de369744b77",
    (100, 0.4): "f5a47deb8b11ee2d68f74d40cfb3a64b2f0cdb00fe92ec1d28f171727efbc525",
    (1000, 2): "a8d188d2db6c80d0a8bc93d1f78dc2d77e9d77ed4d710d572a5620e5902a2c4b",
    (3000, 700): "dc93227e3f3a40f3408d20d0cc5b24801b7e026ef2f075c5d75ead6e367ce4d5",
    (20_000, 1): "455f44d534f096aacfa90bc0c495c032bc347a1e5eccd16611060c318b23d869",
}


def frozen_vector(size, scale):
    # A congruential generator, so that nobody's random numbers matter.
    x, values = 1, []
    for _ in range(size):
        total = 0
        for _ in range(4):
            x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
            total += (x >> 33) - 2**30
        values.append(round(scale * 10) * total // (10 * 2**30))
    return np.array(values)


def frozen(size, scale):
    bits = MixtureVector(size).encode(frozen_vector(size, scale)).bits
    return hashlib.sha256(str(bits).encode()).hexdigest()


@pytest.mark.parametrize(("size", "scale"), FROZEN)
def test_messages_never_change(size, scale):
    assert frozen(size, scale) == FROZEN[size, scale]


def test_signs_are_learnt_when_they_lean():
    x = np.random.default_rng(4).integers(0, 16, 1000)
    assert MixtureVector(1000).length(x) < RangedVector(EnumerativeRun, 1000).length(x) + 40
    both = np.where(np.arange(1000) % 2, x, -x)
    assert MixtureVector(1000).length(both) > MixtureVector(1000).length(x) + 800


def test_a_scale_that_changes_half_way():
    rng = np.random.default_rng(5)
    halves = [np.rint(s * rng.standard_normal(500)).astype(np.int64) for s in (1, 30)]
    apart = MixtureGroups([500, 500]).length(np.concatenate(halves))
    together = MixtureVector(1000).length(np.concatenate(halves))
    assert apart < together < AdaptiveVector(1000).length(np.concatenate(halves))


def test_groups():
    rng = np.random.default_rng(6)
    sizes, scales = [300, 0, 10, 100], [1, 1, 50, 0.1]
    parts = [np.rint(s * rng.standard_normal(n)).astype(np.int64) for n, s in zip(sizes, scales, strict=True)]
    codec, value = MixtureGroups(sizes), np.concatenate(parts)
    message = codec.encode(value)
    assert np.array_equal(codec.decode(message), value)
    assert message.ideal_bits == pytest.approx(
        sum(MixtureVector(part.size).ideal_length(part) for part in parts), abs=1e-9
    )
    assert message.code_bits < message.ideal_bits + 2
    assert message.decoder == "mixture-groups(300+0+10+100)"
    assert MixtureGroups([300]).encode(parts[0]).bits == MixtureVector(300).encode(parts[0]).bits


@pytest.mark.parametrize("sizes", [(3,), (1, 2), (1, 0, 1)])
def test_laws_of_groups(sizes):
    cube = itertools.product(range(-2, 3), repeat=sum(sizes))
    check_codec(MixtureGroups(sizes), [np.array(x, dtype=np.int64) for x in cube])


@pytest.mark.parametrize("seed", range(5))
def test_every_flipped_bit_shows(seed):
    rng = np.random.default_rng(seed)
    vector = np.rint(rng.uniform(0.3, 5) * rng.standard_normal(20)).astype(np.int64)
    codec = MixtureVector(20)
    text = str(codec.encode(vector).bits)
    for i, digit in enumerate(text):
        flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
        try:
            other = codec.decode(Bits.from_string(flipped))
        except DecodeError:
            continue
        assert not np.array_equal(other, vector)
        assert str(codec.encode(other).bits) == flipped
    for cut in range(len(text)):
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:cut]))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=30), st.integers(0, 50))
def test_hostile_bytes(data, size):
    codec, bits = MixtureVector(size), Bits(data, 8 * len(data))
    try:
        vector = codec.decode(bits)
    except DecodeError:
        return
    assert codec.encode(vector).bits == bits


def test_a_short_stream_cannot_ask_for_much():
    codec = MixtureVector(LARGEST_SIZE)
    codec_small = MixtureVector(20_000)
    with pytest.raises(DecodeError):
        codec_small.decode(Bits(b"\xa5" * 8, 64))
    tracemalloc.start()
    with pytest.raises(DecodeError):
        codec.decode(Bits(b"\xa5" * 8, 64))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 9 * LARGEST_SIZE  # the vector itself, whose pages stay untouched


def test_another_codec_s_message_is_refused():
    message = MixtureVector(3).encode(np.array([1, 2, 3]))
    for codec in (MixtureVector(4), AdaptiveVector(3), MixtureGroups([3])):
        with pytest.raises(DecodeError, match="written by 'mixture-vector"):
            codec.decode(message)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([1.0, 2.0]), "float64"),
        (np.array([1.0, np.nan]), "float64"),
        (np.array([1.0, np.inf]), "float64"),
        (np.array([[1, 2]]), r"\(1, 2\)"),
        ([[1], [1, 2]], "unequal"),
        (np.array([1, 2, 3]), "3 entries given; 2"),
        (np.array([], dtype=np.int64), "0 entries given; 2"),
        (np.array([0, LARGEST_ENTRY + 1]), str(LARGEST_ENTRY + 1)),
        (np.array([0, np.iinfo(np.int64).min]), str(2**63)),
        (np.array([0, 2**63], dtype=np.uint64), str(2**63)),
        (np.array(["1", "2"]), "only integers"),
        (np.array([True, False]), "bool"),
    ],
)
@pytest.mark.parametrize("codec", [MixtureVector(2), MixtureGroups([1, 1])])
def test_bad_vectors_are_named(codec, value, words):
    with pytest.raises(InputError, match=words):
        codec.encode(value)
    with pytest.raises(InputError, match=words):
        codec.ideal_length(value)


def test_bad_sizes():
    for size in (-1, LARGEST_SIZE + 1, 2**31, 2.5):
        with pytest.raises(InputError, match="size of the vector"):
            MixtureVector(size)
        with pytest.raises(InputError, match="size of a group"):
            MixtureGroups([1, size])
    with pytest.raises(InputError, match="none given"):
        MixtureGroups([])
    with pytest.raises(InputError, match="all groups"):
        MixtureGroups([LARGEST_SIZE, 1])


def test_a_thousand_weights_take_milliseconds():
    vector = frozen_vector(1000, 2)
    codec = MixtureVector(1000)
    bits = codec.encode(vector).bits  # compiled, tables built
    times = []
    for _ in range(5):
        start = time.perf_counter()
        codec.decode(bits)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05
