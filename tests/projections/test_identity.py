import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import check_projection
from idbounds.projections.identity import IdentityProjection
from idbounds.projections.laws import explicit_matrix


@pytest.mark.parametrize("scale", ["unit", "rms"])
def test_laws(scale):
    projection = IdentityProjection(seed=3, d=7, D=7, scale=scale)
    check_projection(projection)
    assert np.array_equal(explicit_matrix(projection), np.eye(7))
    assert projection.cost().operations == 7


def test_the_image_is_a_copy():
    projection, z = IdentityProjection(seed=0, d=3, D=3), np.ones(3)
    projection.apply(z)[0] = 5
    assert projection.spread(z) is not z
    assert z[0] == 1


def test_it_is_square():
    with pytest.raises(InputError, match="d = 3 and D = 4 must be equal"):
        IdentityProjection(seed=0, d=3, D=4)
