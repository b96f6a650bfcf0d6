"""Any bits at all: a decoder gives a value whose codeword they are, or a DecodeError, and nothing else."""

import resource

import numpy as np
import pytest

from idbounds.codes import (
    BitReader,
    Bits,
    EliasDelta,
    EliasGamma,
    EliasOmega,
    ExpGolomb,
    Golomb,
    LogStar,
    NOfM,
    Rice,
    Shifted,
    Unary,
    Uniform,
    Zigzag,
)
from idbounds.errors import DecodeError
from tests.codes.patterns.test_pattern import MAKERS, drawn


def integers(codec, least=0):
    scales = [2**j for j in range(0, 20, 2)]
    return codec, lambda rng: least + int(rng.integers(scales[rng.integers(len(scales))]))


SUBJECTS = {
    "unary": integers(Unary(), 1),
    "gamma": integers(EliasGamma(), 1),
    "delta": integers(EliasDelta(), 1),
    "omega": integers(EliasOmega(), 1),
    "log-star": integers(LogStar(), 1),
    "golomb": integers(Golomb(11)),
    "rice": integers(Rice(3)),
    "exp-golomb": integers(ExpGolomb(2)),
    "uniform": integers(Uniform(3 * 2**18)),
    "zigzag": integers(Zigzag(Shifted(EliasGamma(), by=1)), -300),
    "2:4": (NOfM(24, 2, 4), lambda rng: np.concatenate([4 * j + drawn(4, 2, rng.integers(9)) for j in range(6)])),
    **{
        f"{name}, {k}": (make((5, 8), k), lambda rng, k=k: drawn(40, rng.integers(41) if k is None else k, rng.integers(9)))
        for name, make in MAKERS.items()
        for k in (None, 7)
    },
}  # fmt: skip


def strings(draw, rng, codec, count):
    """So many bit strings: half of them random bytes, half valid messages with something altered."""
    pool = [codec.encode(draw(rng)).bits for _ in range(min(count, 300))]
    valid = [(int.from_bytes(bits.data, "big") >> (-bits.length % 8), bits.length) for bits in pool]
    for i, bits in zip(range(count // 2), iter(lambda: rng.bytes(int(rng.integers(16))), None), strict=False):
        yield Bits(bits, 8 * len(bits))
        number, length = valid[i % len(valid)]
        what, where, noise = rng.integers([4, length + 1, 2**16]).tolist()
        if what < 2 and length:  # a bit flipped, or a few
            number ^= (1 << (where % length)) if what else noise & ((1 << length) - 1)
        elif what == 2:  # cut short
            number, length = number >> where, length - where
        else:  # something behind it
            number, length = number << 16 | noise, length + 16
        yield Bits((number << (-length % 8)).to_bytes(-(-length // 8), "big"), length)


def fuzz(name, count):
    """Read so many strings; how many were read to the end."""
    codec, draw = SUBJECTS[name]
    rng = np.random.default_rng(len(name))
    read = 0
    for bits in strings(draw, rng, codec, count):
        source = BitReader(bits)
        try:
            value = codec.read(source)
        except DecodeError:
            continue
        read += 1
        if read % 16 == 1:
            again = str(codec.encode(value).bits)
            assert len(again) == source.position
            assert str(bits).startswith(again)
    return read


@pytest.mark.parametrize("name", SUBJECTS)
def test_any_bits(name):
    assert fuzz(name, 600) > 0


@pytest.mark.audit
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_million_strings_of_any_bits(name):
    fuzz(name, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(name, 1_000_000) > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
