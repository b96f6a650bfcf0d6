import pickle

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import PerTensor, check_projection, make_projection
from idbounds.projections.laws import explicit_matrix
from idbounds.projections.per_tensor import MEMBERS
from tests.projections.frozen import result_bytes

CASES = [((5, 100, 10), 7), ((5, 100, 10), 60), ((300, 1, 1, 8), 32), ((1, 2, 3), 2), ((50,), 50)]


def test_frozen():
    projection = PerTensor.of("fastfood", seed=3, d=7, sizes=(60, 3, 37))
    assert projection.digest() == "3c6347830ed6fb47f91ad739952620f214f6579252eea7c55f125f95d27de705"
    assert result_bytes(projection) == "c80ebc7484a698077d5476373ea0e7604fafb3dc03f13c0e9ab155a28a8345f9"


@pytest.mark.parametrize("scale", ["unit", "rms"])
@pytest.mark.parametrize(("sizes", "d"), CASES)
@pytest.mark.parametrize("member", MEMBERS)
def test_laws_and_no_coordinate_is_lost(member, sizes, d, scale):
    projection = PerTensor.of(member, seed=3, d=d, sizes=sizes, scale=scale)
    check_projection(projection)
    P = explicit_matrix(projection)
    for piece, size in zip(np.split(P, np.cumsum(sizes)[:-1]), sizes, strict=True):
        assert np.linalg.matrix_rank(piece) == min(size, d)
        assert np.all(np.any(piece != 0, axis=0)) or member == "fastfood"
        wanted = 1 if scale == "unit" else np.sqrt(size / d)
        if member != "fastfood":
            np.testing.assert_allclose(np.linalg.norm(piece, axis=0), wanted, rtol=1e-12)
    wanted = np.sqrt(len(sizes)) if scale == "unit" else np.sqrt(sum(sizes) / d)
    assert projection.column_length == pytest.approx(wanted)


def test_members_are_drawn_apart_and_are_the_families_themselves():
    projection = PerTensor.of("fastfood", seed=3, d=5, sizes=(40, 40), scale="rms")
    first, second = projection.members
    assert first.seed != second.seed
    z = np.random.default_rng(0).normal(size=5)
    alone = make_projection("fastfood", seed=second.seed, d=5, D=40)
    np.testing.assert_allclose(projection.apply(z)[40:], alone.apply(z), rtol=1e-13)


def test_the_gradient_has_no_factor_per_tensor():
    """Published code scales it by 1 / N_i in each tensor: finite differences tell."""
    projection = PerTensor.of("fastfood", seed=1, d=6, sizes=(3, 200, 17))
    target = np.random.default_rng(0).normal(size=220)

    def loss(z):
        return 0.5 * np.sum((projection.apply(z) - target) ** 2)

    z, step = np.random.default_rng(1).normal(size=6), 1e-5
    numeric = [(loss(z + step * e) - loss(z - step * e)) / (2 * step) for e in np.eye(6)]
    np.testing.assert_allclose(
        projection.adjoint(projection.apply(z) - target), numeric, rtol=1e-7, atol=1e-7
    )


def test_fields():
    projection = PerTensor.of("srht", seed=3, d=5, sizes=[np.int64(4), 40])
    assert projection == pickle.loads(pickle.dumps(projection))
    assert projection.description().endswith("member=srht sizes=4,40")
    assert projection.digest() != PerTensor.of("srht", seed=3, d=5, sizes=(5, 39)).digest()
    alone = make_projection("srht", seed=3, d=5, D=44)
    assert projection.description_bits() == alone.description_bits()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"member": "blocks"}, "allowed are fastfood, dense, srht"),
        ({"sizes": (3, 0)}, "sizes = 0"),
        ({"sizes": (3, 1.5)}, "sizes must be an integer"),
        ({"sizes": ()}, "D = 0"),
        ({"d": 50}, "more than D"),
    ],
)
def test_errors(change, match):
    given = {"member": "dense", "sizes": (4, 40), "d": 5} | change
    with pytest.raises((InputError, TypeError), match=match):
        PerTensor.of(given["member"], seed=1, d=given["d"], sizes=given["sizes"])
    with pytest.raises(InputError, match="sizes add up to 44"):
        PerTensor(seed=1, d=5, D=45, member="dense", sizes=(4, 40))
