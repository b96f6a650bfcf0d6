import hashlib
import itertools
import math
import resource
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    AdaptiveRun,
    BitReader,
    Bits,
    BitWriter,
    ContextTree,
    ContextTreeRun,
    EliasDelta,
    check_codec,
)
from idbounds.codes.symbols import ctw_reference
from idbounds.errors import DecodeError, InputError

LICENSE = (Path(__file__).parents[3] / "LICENSE").read_bytes()
DIGESTS = {
    "text": "2d83ca013f45fb54ac4739a16d46555e05430d358e9f7598dab3ac9012261bb5",
    "run": "8f6409ff3ae3680b46dedea8e33e1d484c6d68c04cb2c8f893028336e0f17bf8",
}


def tree_source(rng, n, leaves, depth):
    """Bits of a tree source: `leaves` maps a context, last bit first, to the probability of a one."""
    bits, ideal = [], 0.0
    for _ in range(n):
        past = "".join(map(str, bits[: -depth - 1 : -1])).ljust(depth, "0")
        one = next(p for context, p in leaves.items() if past.startswith(context))
        bit = int(rng.random() < one)
        ideal -= math.log2(one if bit else 1 - one)
        bits.append(bit)
    return np.array(bits, dtype=np.int64), ideal


def exact_bits(bits, depth):
    """-log2 of the weighted probability from its definition in floats: P_w = (P_e + P_w0 P_w1) / 2."""
    estimates, weighted, counts = {}, {}, {}
    for t, bit in enumerate(bits):
        context = tuple(bits[t - 1 - i] if i < t else 0 for i in range(depth))
        for level in reversed(range(depth + 1)):
            s = context[:level]
            a, b = counts.setdefault(s, [0, 0])
            estimates[s] = estimates.get(s, 0.0) + math.log2(([a, b][bit] + 0.5) / (a + b + 1))
            counts[s][bit] += 1
            below = sum(weighted.get((*s, c), 0.0) for c in (0, 1))
            weighted[s] = estimates[s] if level == depth else np.logaddexp2(estimates[s], below) - 1
    return -weighted[()] if len(bits) else 0.0


@pytest.mark.parametrize("n", range(7))
@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_laws_over_all_sequences(n, depth):
    sequences = [np.array(s, dtype=np.int64) for s in itertools.product((0, 1), repeat=n)]
    check_codec(ContextTreeRun(depth, n=n), sequences)


def test_laws_of_texts():
    texts = [
        b"",
        b"\0",
        b"a",
        b"ab",
        bytes(300),
        b"to be or not to be " * 20,
        LICENSE[:700],
        bytes(range(256)),
    ]
    for depth in (0, 8, 16, 24):
        check_codec(ContextTree(depth), texts)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 32))
def test_texts_round_trip(text, depth):
    codec = ContextTree(depth)
    message = codec.encode(text)
    assert codec.decode(message) == text
    assert message.ideal_bits <= message.code_bits < message.ideal_bits + 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1), max_size=120), st.integers(0, 20))
def test_same_bits_as_the_reference(bits, depth):
    value = np.array(bits, dtype=np.int64)
    codec = ContextTreeRun(depth, n=len(bits))
    assert str(codec.encode(value).bits) == ctw_reference.encode(bits, depth)
    assert np.array_equal(codec.decode(codec.encode(value)), value)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=20), st.integers(0, 32))
def test_same_bits_as_the_reference_for_texts(text, depth):
    bits = np.unpackbits(np.frombuffer(text, dtype=np.uint8)).tolist()
    out = BitWriter()
    EliasDelta().write(len(text) + 1, out)
    run = ctw_reference.encode(bits, depth, in_bytes=True)
    assert str(ContextTree(depth).encode(text).bits) == str(out.bits()) + run


def test_same_bits_as_the_reference_when_weights_are_extreme():
    rng = np.random.default_rng(5)
    bits = [0] * 400 + rng.integers(0, 2, 300).tolist() + [0, 1] * 200
    codec = ContextTreeRun(6, n=len(bits))
    assert str(codec.encode(np.array(bits)).bits) == ctw_reference.encode(bits, 6)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("depth", [0, 1, 3, 8])
def test_the_definition(seed, depth):
    bits = (np.random.default_rng(seed).random(300) < 0.2).astype(np.int64)
    ideal = ContextTreeRun(depth, n=300).ideal_length(bits)
    assert ideal == pytest.approx(exact_bits(bits.tolist(), depth), abs=1e-4)


def test_the_definition_where_a_model_is_written_off_and_comes_back():
    # Fair bits speak for the root by hundreds of bits; then a dependence shows that wins 0.03 bits a symbol.
    rng = np.random.default_rng(3)
    start = rng.integers(0, 2, 6000)
    later, _ = tree_source(rng, 14_000, {"0": 0.4, "1": 0.6}, 1)
    bits = np.concatenate([start, later])
    ideal = ContextTreeRun(8, n=bits.size).ideal_length(bits)
    assert ideal == pytest.approx(exact_bits(bits.tolist(), 8), abs=0.02)


def test_depth_zero_is_krichevsky_trofimov():
    bits = (np.random.default_rng(0).random(2000) < 0.1).astype(np.int64)
    kt = AdaptiveRun(2, n=2000).ideal_length(bits)
    assert ContextTreeRun(0, n=2000).ideal_length(bits) == pytest.approx(kt, abs=1e-3)


SOURCES = [
    ({"": 0.1}, 4),
    ({"0": 0.2, "1": 0.9}, 6),
    ({"1": 0.1, "00": 0.3, "01": 0.5}, 8),
    ({"0": 0.02, "10": 0.6, "110": 0.99, "111": 0.3}, 3),
]


@pytest.mark.parametrize("n", [10, 200, 20_000])
@pytest.mark.parametrize(("leaves", "depth"), SOURCES)
def test_the_redundancy_bound_on_a_known_source(leaves, depth, n):
    for seed in range(5):
        bits, ideal = tree_source(np.random.default_rng([n, seed]), n, leaves, depth)
        size = len(leaves)
        prior = 2 * size - 1 - sum(len(context) == depth for context in leaves)
        bound = size * (math.log2(n / size) / 2 + 1) + prior
        codec = ContextTreeRun(depth, n=n)
        assert codec.ideal_length(bits) < ideal + bound + 1e-6 * n
        assert codec.length(bits) < ideal + bound + 2


def test_a_text_against_zlib():
    raw = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    deflate = 8 * len(raw.compress(LICENSE) + raw.flush())
    lengths = [ContextTree(depth).length(LICENSE) for depth in (8, 16, 24)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[2] < deflate < lengths[1] < 1.05 * deflate


def test_the_bits_are_frozen():
    rng = np.random.default_rng(1)
    value = (rng.random(5000) < 0.3).astype(np.int64)
    text = ContextTree(24).encode(b"to be, or not to be: " * 40 + bytes(range(256)) * 3).bits.data
    run = ContextTreeRun(12, n=5000).encode(value).bits.data
    found = {"text": text, "run": run}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in found.items()} == DIGESTS


def test_a_full_tree_still_codes(monkeypatch):
    from idbounds.codes.symbols import _ctw_kernels

    free = ContextTree(24).length(LICENSE)
    monkeypatch.setattr(_ctw_kernels, "LARGEST_TREE", 2000)
    codec = ContextTree(24)
    message = codec.encode(LICENSE)
    assert codec.decode(message) == LICENSE
    assert free < message.code_bits < 6 * len(LICENSE)
    check_codec(codec, [LICENSE, LICENSE[:2000], bytes(9)])


def test_every_flipped_bit_shows():
    codec = ContextTree(16)
    text = str(codec.encode(b"abracadabra abracadabra").bits)
    for i, digit in enumerate(text):
        flipped = text[:i] + "10"[int(digit)] + text[i + 1 :]
        try:
            other = codec.decode(Bits.from_string(flipped))
        except DecodeError:
            continue
        assert str(codec.encode(other).bits) == flipped
    for cut in range(len(text)):
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:cut]))


@given(st.text("01", max_size=80))
@settings(deadline=None, max_examples=50)
def test_what_follows_is_left_alone(tail):
    value = np.array([0, 1, 1, 0, 1, 0, 0])
    codec, run = ContextTree(8), ContextTreeRun(3, n=7)
    out = BitWriter()
    codec.write(b"xyz", out)
    run.write(value, out)
    out.extend(Bits.from_string(tail))
    source = BitReader(out.bits())
    assert codec.read(source) == b"xyz"
    assert np.array_equal(run.read(source), value)
    assert source.remaining == len(tail)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ContextTree(33), "33 given; 0 to 32"),
        (lambda: ContextTree(-1), "-1 given"),
        (lambda: ContextTree(8.5), "an integer"),
        (lambda: ContextTreeRun(3, n=2**28 + 1), "number of bits"),
        (lambda: ContextTree(8, largest=-1), "number of bytes"),
        (lambda: ContextTree(8, largest=3).encode(b"abcd"), "4 bytes given; up to 3"),
        (lambda: ContextTree(8).encode("abc"), "str given; bytes"),
        (lambda: ContextTreeRun(3, n=2).encode(np.array([0, 2])), "0 to 2 given"),
        (lambda: ContextTreeRun(3, n=2).encode(np.array([0, -1])), "-1 to 0 given"),
        (lambda: ContextTreeRun(3, n=2).encode(np.array([0])), "1 given; 2"),
        (lambda: ContextTreeRun(3, n=1).encode(np.array([0.5])), "only integers"),
        (lambda: ContextTreeRun(3, n=1).encode(np.array([np.nan])), "only integers"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_messages_of_other_codecs_are_refused():
    message = ContextTree(8).encode(b"abc")
    with pytest.raises(DecodeError, match="depth=8"):
        ContextTree(9).decode(message)


def test_more_bytes_than_allowed_are_refused():
    out = BitWriter()
    EliasDelta().write(1002, out)
    with pytest.raises(DecodeError, match="largest"):
        ContextTree(8, largest=1000).decode(out.bits())


def test_a_short_stream_cannot_ask_for_many_bytes():
    out = BitWriter()
    EliasDelta().write(2**24, out)
    out.write_uint(0xDEADBEEF, 32)
    with pytest.raises(DecodeError, match="truncated"):
        ContextTree(24).decode(out.bits())


def fuzz(count):
    """Random and mutated messages: a text whose codeword they are, or DecodeError."""
    rng = np.random.default_rng(7)
    codec = ContextTree(16, largest=200)
    pool = [str(codec.encode(LICENSE[s : s + s % 40]).bits) for s in range(100)]
    read = 0
    for i in range(count):
        if i % 2:
            size = int(rng.integers(1, 25))
            bits = Bits(rng.bytes(size), 8 * size)
        else:
            text = pool[i // 2 % len(pool)]
            place = int(rng.integers(len(text)))
            changed = [text[:place], text[:place] + "10"[int(text[place])] + text[place + 1 :], text + "0"]
            bits = Bits.from_string(changed[i % 3])
        try:
            value = codec.decode(bits)
        except DecodeError:
            continue
        read += 1
        assert codec.encode(value).bits == bits
    return read


def test_any_bits():
    fuzz(2000)


@pytest.mark.audit
def test_a_million_strings_of_any_bits():
    fuzz(1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fuzz(1_000_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
