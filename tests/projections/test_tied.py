import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import Stream, TiedProjection, permutation
from tests.projections.frozen import check_integers, result_bytes

FROZEN = {
    (3, 7, 100, "rms"): "ccb089a8a0c4ed6024e5eec1cf9039e0d04fff2cec96c18f70c2c6220761e36b",
    (2**40 + 3, 100, 5003, "unit"): "4b691ad2e5dc98aa0e4c75df160c8ec8787df5aa00f06b21425aea627dc64a0f",
}


@pytest.mark.parametrize(("fields", "digest"), FROZEN.items())
def test_frozen_digests(fields, digest):
    seed, d, D, scale = fields
    projection = TiedProjection(seed=seed, d=d, D=D, scale=scale)
    assert projection.digest() == digest
    if d == 100:
        assert result_bytes(projection) == "8b0307f7bf2ea7baf83775823ea3686630f36c399725a1d20409e620d3673ec8"


@pytest.mark.parametrize(("d", "D"), [(1, 1), (1, 50), (7, 100), (99, 100), (100, 100), (70_000, 70_001)])
def test_each_coordinate_is_copied_equally_often(d, D):
    projection = TiedProjection(seed=1, d=d, D=D)
    index = permutation(1, Stream.PERMUTATION, D) % d
    counts = projection.column_counts()
    assert np.array_equal(counts, np.bincount(index, minlength=d))
    assert counts.max() - counts.min() <= 1
    if D <= 100:
        check_integers(projection, (index[:, None] == np.arange(d)).astype(np.int64))
    assert np.array_equal(projection.spread(np.arange(d, dtype=np.float64)), index)


def test_too_large():
    with pytest.raises(InputError, match="use kind 'blocks'"):
        TiedProjection(seed=1, d=2, D=2**31 + 1)
