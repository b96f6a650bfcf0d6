from typing import ClassVar

import numpy as np
import pytest

from idbounds.codes import AdaptiveVector, Codec, EliasGamma, check_codec
from idbounds.errors import InputError


class Broken(Codec[int]):
    """Elias gamma with one law broken at a time."""

    overhead: ClassVar[float] = 2.0
    name = "broken"

    def __init__(self, ideal=0.0, wrong=0, unread=0, trailer=0):
        self._gamma = EliasGamma()
        self._ideal, self._wrong, self._unread, self._trailer = ideal, wrong, unread, trailer

    def write(self, value, out):
        self._gamma.write(value, out)
        out.write_uint(0, self._trailer + self._unread)

    def read(self, source):
        value = self._gamma.read(source) + self._wrong
        source.skip(min(self._trailer, source.remaining))
        return value

    def ideal_length(self, value):
        return self._gamma.ideal_length(value) + self._ideal


class Fixed(Codec[int]):
    """Plain binary without leading zeros: not prefix-free."""

    name = "fixed"

    def write(self, value, out):
        out.write_uint(value, value.bit_length())

    def read(self, source):
        return source.read_uint(source.remaining)

    def ideal_length(self, value):
        return float(value.bit_length())


def test_a_sound_codec_passes():
    check_codec(Broken(), range(1, 50))
    check_codec(EliasGamma(), [])
    check_codec(AdaptiveVector(2), [np.array([0, 1]), np.array([0, 1])])


@pytest.mark.parametrize(
    ("codec", "law"),
    [
        (Broken(wrong=1), r"decode\(encode"),
        (Broken(ideal=0.5), "ideal_length\\(x\\) <= length"),
        (Broken(ideal=-2.5), "overhead"),
        (Broken(trailer=1), "short of one bit"),
        (Fixed(), "one bit"),
        (Broken(unread=1), "cannot decode"),
    ],
)
def test_a_broken_law_is_named(codec, law):
    with pytest.raises(InputError, match=law):
        check_codec(codec, range(1, 50))
