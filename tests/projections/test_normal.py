import hashlib
from statistics import NormalDist

import numpy as np

from idbounds.projections import Stream, normal, words


def test_no_library_can_round_a_level_to_another_integer():
    scaled = normal.quantiles() * 2.0**normal.PLACES
    distance = np.abs(scaled - np.floor(scaled) - 0.5) / 2.0**normal.PLACES
    assert distance.min() > 1e-11
    bytes_ = normal.levels().astype("<i8").tobytes()
    assert (
        hashlib.sha256(bytes_).hexdigest()
        == "52d5ce4d0cf04a9408748d0fa7e71f17650a6ccda8034a8714791b9e7d0df9fd"
    )


def test_the_levels_are_quantiles_and_exact_in_float32():
    levels = normal.levels()
    assert np.array_equal(levels, -levels[::-1])
    assert np.array_equal(levels.astype(np.float32).astype(np.int64), levels)
    for j in (0, 1, 1000, 2048, 4095):
        assert abs(NormalDist().cdf(levels[j] / 2.0**20) - (2 * j + 1) / 8192) < 1e-6
    variance = np.mean((levels / 2.0**20) ** 2)
    assert 0.9996 < variance < 0.9998
    assert not levels.flags.writeable


def test_words_choose_by_their_top_bits():
    drawn = normal.normals(3, Stream.NORMAL, 5, 1000)
    assert np.array_equal(drawn, normal.levels()[words(3, Stream.NORMAL, 5, 1000) >> 20])
    many = normal.normals(3, Stream.NORMAL, 0, 200_000) / 2.0**20
    assert abs(many.mean()) < 5 / np.sqrt(200_000)
    assert abs(np.mean(many**4) - 3) < 0.1
