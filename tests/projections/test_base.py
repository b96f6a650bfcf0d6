import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.decoders import subspace
from idbounds.errors import InputError
from idbounds.projections import BlocksProjection, make_projection, projections

SHAPES = st.integers(1, 300).flatmap(lambda D: st.tuples(st.integers(1, D), st.just(D)))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(projections)), SHAPES, st.integers(0, 2**63 - 1), st.sampled_from(["unit", "rms"])
)
def test_adjoint_law(kind, shape, seed, scale):
    d, D = shape
    projection = make_projection(kind, seed=seed, d=d, D=D, scale=scale)
    random = np.random.default_rng(seed % 1000)
    for dtype, tolerance in ((np.float32, 1e-5), (np.float64, 1e-13)):
        z, g = random.normal(size=d).astype(dtype), random.normal(size=D).astype(dtype)
        image, back = projection.apply(z), projection.adjoint(g)
        assert image.dtype == back.dtype == dtype
        left, right = (
            np.dot(image.astype(float), g.astype(float)),
            np.dot(z.astype(float), back.astype(float)),
        )
        assert abs(left - right) <= tolerance * (1 + np.linalg.norm(image) * np.linalg.norm(g))


@pytest.mark.parametrize("kind", projections)
def test_scales_differ_by_the_column_length(kind):
    unit = make_projection(kind, seed=1, d=10, D=1000, scale="unit")
    rms = make_projection(kind, seed=1, d=10, D=1000)
    z = np.random.default_rng(0).normal(size=10)
    assert rms.column_length == 10.0
    # absolute: a dense row may cancel to much less than its terms
    np.testing.assert_allclose(rms.apply(z), 10 * unit.apply(z), rtol=0, atol=1e-14)
    # "rms": a weight moves about as far as a coordinate
    assert 0.5 < np.sqrt(np.mean(rms.apply(z) ** 2) / np.mean(z**2)) < 1.5


@pytest.mark.parametrize("kind", projections)
def test_digest_depends_on_every_field_and_on_nothing_else(kind):
    base = {"seed": 1, "d": 10, "D": 100, "scale": "rms"}
    first = make_projection(kind, **base)
    others = [{"seed": 2}, {"d": 11}, {"D": 101}, {"scale": "unit"}]
    digests = {first.digest()} | {make_projection(kind, **(base | other)).digest() for other in others}
    assert len(digests) == 5
    first.apply(np.ones(10))
    copy = pickle.loads(pickle.dumps(first))
    assert copy == first
    assert copy.digest() == first.digest()


@pytest.mark.parametrize("kind", projections)
def test_description_bits_are_what_the_decoder_charges(kind):
    for seed, d in ((0, 1), (1, 2), (5, 30), (2**40, 299)):
        model = subspace.Model("mlp", kind, d, seed, 40, np.zeros(d, np.int64))
        parts = {part.name: part.bits for part in subspace.encode(model).parts}
        charged = parts["projection"] + parts["d"] + parts["seed"]
        assert make_projection(kind, seed=seed, d=d, D=300).description_bits() == charged


def test_what_no_message_can_name_has_no_bits():
    class Unlisted(BlocksProjection):
        kind = "unlisted"

    with pytest.raises(InputError, match="not in the menu"):
        Unlisted(seed=1, d=2, D=3).description_bits()


@pytest.mark.parametrize("kind", projections)
@pytest.mark.parametrize(("d", "D"), [(100, 60_000), (300, 20_000)])
def test_the_cost_is_what_is_taken(kind, d, D):
    make_projection(kind, seed=2, d=d, D=D).adjoint(np.zeros(D, np.float32))  # compiles, fills caches
    projection = make_projection(kind, seed=1, d=d, D=D)
    z, g = np.ones(d, np.float32), np.ones(D, np.float32)
    projection.apply(z), projection.adjoint(g)  # sets up
    kept = sum(
        array.nbytes for value in vars(projection).values()
        for array in (value if isinstance(value, tuple) else (value,)) if isinstance(array, np.ndarray)
    )  # fmt: skip
    taken = []
    for call, result in ((lambda: projection.apply(z), 4 * D), (lambda: projection.adjoint(g), 4 * d)):
        tracemalloc.start()
        call()
        taken.append(kept + tracemalloc.get_traced_memory()[1] - result)
        tracemalloc.stop()
    stated = projection.cost().memory
    assert max(taken) <= 1.1 * stated + 20_000
    assert stated <= 1.5 * max(taken) + 30_000


def test_costs_before_a_big_one_need_nothing():
    big = make_projection("dense", seed=1, d=1000, D=4 * 10**6).cost()
    assert big.operations == 8 * 10**9
    assert big.memory < 33 * 10**6  # not the 16 GB of the matrix
    assert make_projection("blocks", seed=1, d=1000, D=10**9).cost().memory < 10**6


def test_results_go_into_an_array_of_the_user():
    for kind in projections:
        projection = make_projection(kind, seed=1, d=4, D=10)
        z, out = np.arange(4.0), np.full(10, np.nan)
        assert projection.apply(z, out=out) is out
        assert np.array_equal(out, projection.apply(z))
    for wrong in (np.empty(9), np.empty(10, np.float32), np.empty(20)[::2], [0.0] * 10):
        with pytest.raises(InputError, match="out must be"):
            projection.apply(z, out=wrong)


def test_numpy_integers_become_python_integers():
    projection = make_projection("blocks", seed=np.int64(1), d=np.int32(2), D=np.uint8(3))
    assert projection == make_projection("blocks", seed=1, d=2, D=3)
    assert "seed=1 d=2 D=3" in projection.description()


def test_arrays_that_are_views_are_read_right():
    projection = make_projection("blocks", seed=1, d=4, D=10)
    z, g = np.arange(8.0)[::2], np.arange(20.0)[::2]
    assert np.array_equal(projection.apply(z), projection.apply(z.copy()))
    assert np.array_equal(projection.adjoint(g), projection.adjoint(g.copy()))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"d": 11}, "d = 11 is more than D = 10"),
        ({"d": 0}, "d = 0"),
        ({"D": 0}, "D = 0"),
        ({"d": 2.0}, "d must be an integer"),
        ({"D": float("nan")}, "D must be an integer"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": None}, "seed must be an integer"),
        ({"D": 2**32 + 1}, "D ="),
        ({"scale": "big"}, "allowed are unit, rms"),
    ],
)
@pytest.mark.parametrize("kind", projections)
def test_field_errors(kind, change, match):
    with pytest.raises(InputError, match=match):
        make_projection(kind, **({"seed": 1, "d": 2, "D": 10} | change))


@pytest.mark.parametrize(
    ("z", "match"),
    [
        (np.zeros(3), r"shape \(2,\), not \(3,\)"),
        (np.zeros((2, 1)), "shape"),
        ([0.0, 0.0], "not list"),
        (np.zeros(2, int), "not int64"),
        (np.zeros(2, np.float16), "not float16"),
    ],
)
def test_array_errors(z, match):
    with pytest.raises(InputError, match=match):
        make_projection("blocks", seed=1, d=2, D=10).apply(z)
    with pytest.raises(InputError, match="g must"):
        make_projection("blocks", seed=1, d=2, D=10).adjoint(z)
