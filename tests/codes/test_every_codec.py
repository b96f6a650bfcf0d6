"""Every public codec against the same list of bad inputs: named errors, nothing read past the message's end."""

import inspect
import math

import numpy as np
import pytest

import idbounds.billing
import idbounds.mdl
from idbounds import codes
from idbounds.billing import Layer, Layers
from idbounds.billing.layout import Layout
from idbounds.codes import BitReader, Bits, Codec, EliasGamma, HuffmanRun, Levels, MixtureVector, Plan, Rice
from idbounds.codes.reals.candidates import PlanCode
from idbounds.codes.reals.codebooks import LevelsCode
from idbounds.codes.symbols.indices import EvenIndices, LowIndices
from idbounds.errors import DecodeError, InputError
from idbounds.mdl import Prequential, TwoPartRegression, TwoPartRun
from tests.mdl.test_prequential import Counts

POSITIONS = np.flatnonzero(np.tile([0, 1, 0, 1], 6))
SYMBOLS = np.array([0, 1, 2, 1, 0, 2, 2, 1, 0, 0])
INTEGERS = np.array([0, 3, -1, 2, 5, -7, 0, 0, 1, 4])
REALS = np.linspace(-2, 2, 10)
N = 10

BIG = [2**31, 2**70, -1, 1.5, math.nan, math.inf, "3"]
"""Sizes that no codec takes."""

NUMBERS = [1.5, math.nan, math.inf, "1", None, [1], np.array([1, 2]), b"1", 1j, 2**8192, -(2**8192)]
NO_INTEGERS = [
    *(np.full(N, x) for x in (math.nan, math.inf, 0.5, 1j)),
    np.zeros((2, 5), dtype=int),
    np.array([2**63] * N, dtype=np.uint64),
    np.full(N, "2020-01-01", dtype="M8[D]"),
    [2**70] * N, ["a"] * N, [None] * N, [True] * N, [[1], [2, 3]], "text", b"0123456789", 3, None,
]  # fmt: skip
BAD = {
    "positive": [0, -1, *NUMBERS],
    "natural": [-1, *NUMBERS],
    "integer": NUMBERS,
    "positions": [*NO_INTEGERS, [-1], [24], [3, 2], [2, 2], [2**40]],
    "symbols": [*NO_INTEGERS, [], np.zeros(N - 1, int), np.zeros(N + 1, int), np.full(N, -1), np.full(N, 2**40)],
    "integers": [*NO_INTEGERS, [], np.zeros(N - 1, int), np.zeros(N + 1, int), np.full(N, 2**63 - 1)],
    "reals": [
        *(np.r_[np.zeros(N - 1), x] for x in (math.nan, math.inf, -math.inf)),
        *([], np.zeros(N - 1), np.zeros((2, 5)), np.full(N, 1j), np.full(N, "2020-01-01", dtype="M8[D]")),
        *(["a"] * N, [None] * N, [[1.0], [2.0, 3.0]], "text", 3, None),
    ],
    "bytes": ["text", None, 3, [1], np.zeros(3, np.uint8), bytearray(b"x")],
    "shapes": [(), ((() , math.nan),), (((2,), math.inf),), (((2,), 0.0),), (((0,), 1.0),), (((-1,), 1.0),), (((2**31,), 1.0),), (((1.5,), 1.0),)],
    "layers": [()],
    "levels": [],
    "plan": [],
}  # fmt: skip
BAD["wide integers"] = BAD["integers"][:-1]  # compressors take all of int64

# What a codec writes, how it is made from its size (None where nothing can be too large), and one value of it.
quantised = {
    "uniform": lambda n: codes.UniformQuantiser(MixtureVector(n), 40),
    "uniform, means": lambda n: codes.UniformQuantiser(MixtureVector(n), 40, means=True),
    "dead zone": lambda n: codes.DeadZoneQuantiser(MixtureVector(n), 40, 3),
    "dithered": lambda n: codes.DitheredQuantiser(MixtureVector(n), 40, 3),
    "codebook": lambda n: codes.Codebook(n, Levels(38, 4, (-7, -2, 0, 5))),
    "signs": codes.SignScale,
    "random code": lambda n: codes.RandomCode(n, Plan(40, 5, 4)),
    "relative entropy": lambda n: codes.RelativeEntropyCode(n, Plan(40, 5, 4)),
}
CASES = {
    "gamma": ("positive", lambda n: EliasGamma(largest=n) if n == N else EliasGamma(largest=str(n)), 5),
    "delta": ("positive", lambda n: codes.EliasDelta(), 5),
    "omega": ("positive", lambda n: codes.EliasOmega(), 5),
    "log-star": ("positive", lambda n: codes.LogStar(), 5),
    "unary": ("positive", lambda n: codes.Unary(largest=n), 5),
    "uniform menu": ("natural", lambda n: codes.Uniform(n), 5),
    "golomb": ("natural", lambda n: codes.Golomb(3), 5),
    "rice": ("natural", Rice, 5),
    "exp-golomb": ("natural", codes.ExpGolomb, 5),
    "shifted": ("natural", lambda n: codes.Shifted(EliasGamma(), by=1), 5),
    "zigzag": ("integer", lambda n: codes.Zigzag(Rice(2)), -5),
    "subset": ("positions", lambda n: codes.Subset((4, 6) if n == N else n), POSITIONS),
    "bitmap": ("positions", lambda n: codes.Bitmap((4, 6) if n == N else n), POSITIONS),
    "coo": ("positions", lambda n: codes.Coo((4, 6) if n == N else n), POSITIONS),
    "csr": ("positions", lambda n: codes.Csr((4, 6) if n == N else (n, 1)), POSITIONS),
    "csc": ("positions", lambda n: codes.Csc((4, 6) if n == N else (1, n)), POSITIONS),
    "delta gaps": ("positions", lambda n: codes.Delta((4, 6) if n == N else n, 2), POSITIONS),
    "gaps": ("positions", lambda n: codes.Gaps((4, 6) if n == N else n), POSITIONS),
    "blocks": ("positions", lambda n: codes.Blocks((4, 6) if n == N else (n, 2), (2, 2)), POSITIONS),
    "2:4": ("positions", lambda n: codes.NOfM((4, 6) if n == N else n, 2, 4), POSITIONS),
    "static": ("symbols", lambda n: codes.StaticRun([3, 2, 1], n=n), SYMBOLS),
    "static table": ("symbols", lambda n: codes.StaticRun([n, 2, 1], n=N), SYMBOLS),
    "adaptive run": ("symbols", lambda n: codes.AdaptiveRun(3, n=n), SYMBOLS),
    "fast": ("symbols", lambda n: codes.FastRun([3, 2, 1], n=n), SYMBOLS),
    "huffman": ("symbols", lambda n: HuffmanRun(3, n=n), SYMBOLS),
    "huffman alphabet": ("symbols", lambda n: HuffmanRun(n, n=N), SYMBOLS),
    "histogram": ("symbols", lambda n: codes.HistogramRun(3, n=n), SYMBOLS),
    "enumerative": ("symbols", lambda n: codes.EnumerativeRun(3, n=n), SYMBOLS),
    "even indices": ("symbols", lambda n: EvenIndices([2] * n if n in (0, N) else [n]), SYMBOLS),
    "low indices": ("symbols", lambda n: LowIndices([2] * n if n in (0, N) else [n]), SYMBOLS),
    "context tree of bits": ("symbols", lambda n: codes.ContextTreeRun(4, n=n), SYMBOLS % 2),
    "two-part": ("symbols", lambda n: TwoPartRun(3, n=n), SYMBOLS),
    "prequential": ("symbols", lambda n: Prequential(Counts(3), np.zeros(N), classes=3 if n == N else n), SYMBOLS),
    "adaptive": ("integers", codes.AdaptiveVector, INTEGERS),
    "mixture": ("integers", MixtureVector, INTEGERS),
    "groups": ("integers", lambda n: codes.MixtureGroups([4, 6] if n == N else [n]), INTEGERS),
    "parametric": ("integers", codes.ParametricVector, INTEGERS),
    "ranged": ("integers", lambda n: codes.RangedVector(HuffmanRun, n), INTEGERS),
    "each": ("integers", lambda n: codes.EachInteger(codes.Zigzag(Rice(2)), n), INTEGERS),
    "rice vector": ("integers", codes.RiceVector, INTEGERS),
    "zlib vector": ("wide integers", lambda n: codes.CompressedVector("zlib", n), INTEGERS),
    "regression": ("integers", lambda n: TwoPartRegression(np.ones((N, 2), dtype=int)), INTEGERS),
    **{name: ("reals", make, make(N).quantise(REALS)) for name, make in quantised.items()},
    "context tree": ("bytes", lambda n: codes.ContextTree(largest=1000 if n == N else n), b"any text, any text"),
    "zlib": ("bytes", lambda n: codes.compressor("zlib", largest=1000 if n == N else n), b"any text, any text"),
    "shortest": ("bytes", lambda n: codes.ShortestCompressor(largest=1000 if n == N else n), b"any text, any text"),
    "plan": ("plan", lambda n: PlanCode() if n == N else Plan(40, n, 4), Plan(40, 5, 4)),
    "levels": ("levels", lambda n: LevelsCode() if n == N else Levels(n, 4, (1, 2)), Levels(38, 4, (-7, -2, 0, 5))),
    "layout": ("shapes", lambda n: Layout(), (((2, 3), 0.5), ((), 1.0))),
    "layers": ("layers", lambda n: Layers("mixture"), (Layer((2, 5), 0.5, INTEGERS),)),
}  # fmt: skip
ANY_SIZE = {
    "delta",
    "omega",
    "log-star",
    "uniform menu",
    "golomb",
    "shifted",
    "zigzag",
    "regression",
    "layout",
    "layers",
}
EMPTY = {name for name, (kind, _, _) in CASES.items() if kind in ("symbols", "integers", "wide integers", "reals")} - {
    "static table", "huffman alphabet", "prequential", "groups", "regression",
}  # fmt: skip
CODECS = {name: make(N) for name, (_, make, _) in CASES.items()}

every = pytest.mark.parametrize("name", CASES)


def same(back, value):
    return np.array_equal(back, value) if isinstance(value, np.ndarray) else back == value


def test_no_codec_is_left_out():
    exported = [
        getattr(room, name) for room in (codes, idbounds.mdl, idbounds.billing) for name in room.__all__
    ]
    public = {kind for kind in exported if inspect.isclass(kind) and issubclass(kind, Codec)}
    assert {kind for kind in public if not inspect.isabstract(kind)} <= {
        type(codec) for codec in CODECS.values()
    }


@every
def test_no_such_size(name):
    for size in BIG if name not in ANY_SIZE else []:
        with pytest.raises(InputError):
            CASES[name][1](size)


@every
def test_no_such_value(name):
    kind, _, value = CASES[name]
    codec = CODECS[name]
    assert same(codec.decode(codec.encode(value)), value)
    for bad in BAD[kind]:
        for call in (codec.encode, codec.length, codec.ideal_length):
            with pytest.raises(InputError):
                call(bad)


@every
def test_altered_messages(name):
    codec, value = CODECS[name], CASES[name][2]
    text = str(codec.encode(value).bits)
    rng = np.random.default_rng(0)
    altered = [text[:i] + "10"[int(digit)] + text[i + 1 :] for i, digit in enumerate(text)]
    noise = ["".join(rng.choice(["0", "1"], 300)) for _ in range(20)]
    for other in [*altered, *noise, "", "0" * 3000, "1" * 3000, "01" * 1500]:
        source = BitReader(Bits.from_string(other))
        try:
            codec.read(source)
        except DecodeError:
            continue
        assert source.position <= len(other)
    for wrong in [*(text[:i] for i in range(len(text))), text + "0", text + "1"]:
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(wrong))


@every
def test_a_message_of_another_codec(name):
    codec = CODECS[name]
    for other, (_, _, value) in CASES.items():
        message = CODECS[other].encode(value)
        if CODECS[other].name != codec.name:
            with pytest.raises(DecodeError, match="message written by"):
                codec.decode(message)
        source = BitReader(message.bits)  # its bits, without a name
        try:
            codec.read(source)
        except DecodeError:
            continue
        assert source.position <= message.bits.length


@pytest.mark.parametrize(
    "codec",
    [
        codes.StaticRun([7], n=N),
        codes.AdaptiveRun(1, n=N),
        codes.FastRun([7], n=N),
        HuffmanRun(1, n=N),
        codes.HistogramRun(1, n=N),
        codes.EnumerativeRun(1, n=N),
        TwoPartRun(1, n=N),
        Prequential(Counts(1), np.zeros(N), classes=1),
        codes.Uniform(1),
    ],
    ids=lambda codec: codec.name,
)
def test_one_symbol_only(codec):
    value = 0 if isinstance(codec, codes.Uniform) else np.zeros(N, dtype=np.int64)
    assert same(codec.decode(codec.encode(value)), value)
    assert codec.length(value) <= 4


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_nothing_to_say(name):
    empty = CASES[name][1](0)
    value = np.zeros(0, dtype=REALS.dtype if CASES[name][0] == "reals" else np.int64)
    assert same(empty.decode(empty.encode(value)), value)
