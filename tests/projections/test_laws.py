from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import (
    BlocksProjection,
    DenseProjection,
    FastfoodProjection,
    check_projection,
    make_projection,
    projections,
)

CALLS = count()


@pytest.mark.parametrize("kind", projections)
@pytest.mark.parametrize(("d", "D"), [(1, 1), (5, 5), (7, 100), (100, 2001)])
@pytest.mark.parametrize("scale", ["unit", "rms"])
def test_our_families_pass(kind, d, D, scale):
    check_projection(make_projection(kind, seed=8, d=d, D=D, scale=scale))


class WrongAdjoint(BlocksProjection):
    def gather(self, g):
        return super().gather(g) / 2


class WrongShape(BlocksProjection):
    def spread(self, z):
        return super().spread(z)[:-1]


class WrongDtype(BlocksProjection):
    def spread(self, z):
        return super().spread(z).astype(np.float64)


class NotLinear(BlocksProjection):
    def spread(self, z):
        return super().spread(z) + 1


class WrongWeights(BlocksProjection):
    def column_weights(self):
        return 1.01 * super().column_weights()


class Overlong(FastfoodProjection):
    def column_weights(self):
        return 1.2 * super().column_weights()


class NotOrthonormal(DenseProjection):
    orthonormal = True


@dataclass(frozen=True)
class Restless(BlocksProjection):
    def description(self):
        return str(next(CALLS))


@pytest.mark.parametrize(
    ("family", "law"),
    [
        (WrongAdjoint, "adjoint law"),
        (WrongShape, "shape law"),
        (WrongDtype, "dtype law"),
        (NotLinear, "linearity law"),
        (WrongWeights, "column length law"),
        (Overlong, "column length law"),
        (NotOrthonormal, "orthonormality law"),
        (Restless, "digest"),
    ],
)
def test_each_broken_law_is_named(family, law):
    with pytest.raises(InputError, match=law):
        check_projection(family(seed=1, d=10, D=950))
