"""Any bits at all: a decoder gives a value of its domain or a DecodeError, in bounded memory."""

import resource

import numpy as np
import pytest

from idbounds.codes import Bits
from idbounds.errors import DecodeError
from idbounds.mdl import Prequential, TwoPartRegression, TwoPartRun, doubling
from tests.mdl.test_prequential import Counts
from tests.mdl.test_regression import polynomials

SUBJECTS = {
    "two-part": (TwoPartRun(3, n=12), lambda rng: rng.integers(0, 3, 12)),
    "regression": (TwoPartRegression(polynomials(5, 2)), lambda rng: rng.integers(-50, 50, 5)),
    "prequential": (
        Prequential(Counts(3), np.zeros(10), classes=3, ends=doubling(10, first=4)),
        lambda rng: rng.integers(0, 3, 10),
    ),
}


def fuzz(name, count):
    """Read so many strings, half of them random bytes, half valid messages with something altered."""
    codec, draw = SUBJECTS[name]
    rng = np.random.default_rng(11)
    pool = [str(codec.encode(draw(rng)).bits) for _ in range(50)]
    read = 0
    for i in range(count):
        if i % 2:
            data = rng.bytes(int(rng.integers(0, 12)))
            bits = Bits(data, 8 * len(data))
        else:
            text = pool[i // 2 % len(pool)]
            place = int(rng.integers(len(text)))
            flipped = text[:place] + "10"[int(text[place])] + text[place + 1 :]
            bits = Bits.from_string([flipped, text[:place], text + "1", flipped][i // 2 % 4])
        try:
            value = codec.decode(bits)
        except DecodeError:
            continue
        read += 1
        if read % 64 == 1:
            assert np.array_equal(codec.decode(codec.encode(value)), value)
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
