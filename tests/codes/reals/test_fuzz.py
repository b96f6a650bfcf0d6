"""Any bits at all, read as a real vector: a value that can be said again, or a DecodeError, and nothing else."""

import resource

import numpy as np
import pytest

from idbounds.codes import AdaptiveVector, BitReader, MixtureVector
from idbounds.codes.reals.candidates import Plan, PlanCode
from idbounds.codes.reals.codebooks import Codebook, Levels, LevelsCode
from idbounds.codes.reals.dithering import DitheredQuantiser
from idbounds.codes.reals.quantisers import DeadZoneQuantiser, UniformQuantiser
from idbounds.codes.reals.random_coding import RandomCode, RelativeEntropyCode
from idbounds.codes.reals.signs import SignScale
from idbounds.errors import DecodeError
from tests.codes.patterns.test_fuzz import strings

D = 12


def quantiser(kind, inner=AdaptiveVector, **options):
    def writer(source):
        return kind(inner(D), *[codec.read(source) for _, codec, _ in kind.header], **options)

    return kind(inner(D), *[40, 3][: len(kind.header)], **options), writer


def candidates(code):
    def writer(source):
        plan = PlanCode().read(source)
        return code(D, plan) if plan.bits <= 6 else None  # the search would take too long

    return code(D, Plan(40, 5, 4)), writer


SUBJECTS = {
    "uniform": quantiser(UniformQuantiser),
    "uniform, mixture": quantiser(UniformQuantiser, MixtureVector),
    "uniform, means": quantiser(UniformQuantiser, means=True),
    "dead zone": quantiser(DeadZoneQuantiser),
    "dithered": quantiser(DitheredQuantiser),
    "codebook": (
        Codebook(D, Levels(38, 4, (-7, -2, 0, 5))),
        lambda source: Codebook(D, LevelsCode().read(source)),
    ),
    "signs": (SignScale(D), lambda source: SignScale(D)),
    "random code": candidates(RandomCode),
    "relative entropy code": candidates(RelativeEntropyCode),
}


def fuzz(name, count, seed=0):
    """Read so many strings; how many were read to the end."""
    codec, writer = SUBJECTS[name]
    rng = np.random.default_rng(seed)
    read = 0
    for bits in strings(lambda rng: codec.quantise(rng.standard_normal(D)), rng, codec, count):
        source = BitReader(bits)
        try:
            value = codec.read(source)
        except DecodeError:
            continue
        read += 1
        assert value.dtype == np.float64
        assert value.shape == (D,)
        if read % 16 == 1 and (again := writer(BitReader(bits))):
            assert np.array_equal(again.quantise(value), value)
            assert again.length(value) <= source.position or isinstance(codec, RelativeEntropyCode)
    return read


@pytest.mark.parametrize("name", SUBJECTS)
def test_any_bits(name):
    assert fuzz(name, 600) > 0


@pytest.mark.audit
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_million_strings_of_any_bits(name):
    fuzz(name, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(10):
        assert fuzz(name, 100_000, seed) > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
