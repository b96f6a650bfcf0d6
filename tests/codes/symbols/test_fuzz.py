"""Any bits at all: a decoder of symbols gives a value whose codeword they are, or a DecodeError, and nothing else."""

import resource

import numpy as np
import pytest

from idbounds.codes import (
    AdaptiveRun,
    AdaptiveVector,
    BitReader,
    EnumerativeRun,
    FastRun,
    HistogramRun,
    HuffmanRun,
    MixtureGroups,
    MixtureVector,
    ParametricVector,
    RangedVector,
    StaticRun,
)
from idbounds.errors import DecodeError
from tests.codes.patterns.test_fuzz import strings


def normal(codec, size):
    return codec, lambda rng: np.rint(2.0 ** rng.uniform(-3, 7) * rng.standard_normal(size)).astype(np.int64)


def few(codec, size, n):
    return codec, lambda rng: rng.choice(size, size=n, p=rng.dirichlet(np.full(size, 0.5)))


SUBJECTS = {
    "mixture": normal(MixtureVector(12), 12),
    "groups": normal(MixtureGroups([3, 0, 7]), 10),
    "parametric": normal(ParametricVector(12), 12),
    "adaptive": normal(AdaptiveVector(12), 12),
    "ranged histogram": normal(RangedVector(HistogramRun, 12), 12),
    "ranged huffman": normal(RangedVector(HuffmanRun, 12), 12),
    "histogram": few(HistogramRun(5, n=20), 5, 20),
    "huffman": few(HuffmanRun(5, n=20), 5, 20),
    "enumerative": few(EnumerativeRun(5, n=20), 5, 20),
    "krichevsky-trofimov": few(AdaptiveRun(5, n=20), 5, 20),
    "static": few(StaticRun([1, 70, 5, 3000, 2], n=20), 5, 20),
    "fast": few(FastRun([1, 70, 5, 3000, 2], n=20), 5, 20),
}


def fuzz(name, count, seed=0):
    """Read so many strings, half of them messages that were altered; how many were read to the end."""
    codec, draw = SUBJECTS[name]
    rng = np.random.default_rng([len(name), seed])
    read = 0
    for bits in strings(draw, rng, codec, count):
        source = BitReader(bits)
        try:
            value = codec.read(source)
        except DecodeError:
            continue
        read += 1
        if read % 16 == 1 and name != "parametric":  # there a stream may name a worse scale than needed
            again = str(codec.encode(value).bits)
            assert len(again) == source.position
            assert str(bits).startswith(again)
    return read


@pytest.mark.parametrize("name", SUBJECTS)
def test_any_bits(name):
    assert fuzz(name, 600) > 0


@pytest.mark.audit
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_million_strings_of_any_bits(name, part):
    fuzz(name, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(name, 100_000, 1 + part) > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
