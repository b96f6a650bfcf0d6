"""Any bits at all: bytes, vectors and layers are read, or there is a DecodeError, and memory stays bounded."""

import resource

import numpy as np
import pytest

from idbounds.codes import BitReader, CompressedVector, RiceVector, ShortestCompressor, compressor
from idbounds.codes.files.compressors import available
from idbounds.codes.symbols.each import gamma_vector
from idbounds.errors import DecodeError, MissingExtra
from tests.codes.patterns.test_fuzz import strings


def text(rng):
    size, letters = rng.integers([60, 256]) + 1
    return bytes(rng.integers(0, letters, size, dtype=np.uint8))


def vector(rng):
    return np.rint(2.0 ** rng.uniform(-3, 7) * rng.standard_normal(12)).astype(np.int64)


SUBJECTS = {
    **{name: (compressor(name, largest=1000), text) for name in available()},
    "shortest": (ShortestCompressor(largest=1000), text),
    **{f"{name} of a vector": (CompressedVector(name, 12), vector) for name in ("stored", "zlib", "ctw")},
    "rice": (RiceVector(12), vector),
    "gamma": (gamma_vector(12), vector),
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
        except (DecodeError, MissingExtra):
            continue
        read += 1
        assert len(value) <= 1000
        if name in {"stored", "ctw", "rice", "gamma"} and read % 16 == 1:  # these have one spelling only
            again = str(codec.encode(value).bits)
            assert len(again) == source.position
            assert str(bits).startswith(again)
    return read


@pytest.mark.parametrize("name", SUBJECTS)
def test_any_bits(name):
    assert fuzz(name, 400) > 0


@pytest.mark.audit
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_million_strings_of_any_bits(name, part):
    fuzz(name, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(name, 100_000, 1 + part) > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
