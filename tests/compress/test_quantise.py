"""Levels: as many as asked for, near the least squared error, and each family at its known error."""

import numpy as np
import pytest

from idbounds.compress import Encode, Factorise, Quantise, Sparsify
from idbounds.compress.quantise import by_book, on_grid, spaced
from idbounds.decoders.values import entries_codec
from idbounds.errors import InputError

NORMAL = np.random.default_rng(0).normal(0, 0.05, 20_000)


def error(values, numbers=NORMAL):
    return ((values.numbers - numbers) ** 2).mean() / (numbers**2).mean()


@pytest.mark.parametrize(
    ("levels", "expected"), [(2, 0.3634), (3, 0.1902), (4, 0.1188), (8, 0.03744), (16, 0.01154)]
)
def test_a_uniform_grid_has_the_error_of_max_1960(levels, expected):
    """The least squared error of a uniform quantiser of N(0, 1): Max (1960), table II."""
    found = on_grid(NORMAL, levels)
    assert np.unique(found.numbers).size <= levels
    assert error(found) == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize(("levels", "expected"), [(2, 0.3634), (4, 0.1175), (8, 0.03454)])
def test_a_codebook_has_the_error_of_max_1960(levels, expected):
    """The least squared error of any quantiser of N(0, 1): Max (1960), table I."""
    assert error(by_book(NORMAL, levels, 10)) == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("levels", [2, 3, 5, 16, 255])
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 900.0])
def test_no_other_scale_of_the_menu_is_much_better(levels, scale):
    from idbounds.codes.reals.signs import SCALES
    from idbounds.compress.quantise import _symbols

    numbers = NORMAL[:300] * scale
    half = levels % 2 == 0
    best = min(
        ((_symbols(numbers, s, half, levels) + 0.5 * half) * s - numbers)
        @ ((_symbols(numbers, s, half, levels) + 0.5 * half) * s - numbers)
        for s in SCALES
    )
    found = on_grid(numbers, levels).numbers - numbers
    assert found @ found <= 1.05 * best + 1e-30


def test_two_levels_are_opposite_and_three_have_zero():
    assert len(set(np.abs(on_grid(NORMAL, 2).numbers))) == 1
    assert 0 in on_grid(NORMAL, 3).numbers


def test_spacing_has_no_end():
    found = spaced(NORMAL, 0.5)
    assert np.abs(found.numbers - NORMAL).max() <= 0.5 * 0.05 * 1.05 / 2
    assert error(found) == pytest.approx(0.25 / 12, rel=0.15)
    with pytest.raises(InputError, match="steps from zero"):
        spaced(np.r_[100.0, np.zeros(4 * 10**6)], 2**-10)


@pytest.mark.parametrize("kind", ["uniform", "kmeans"])
def test_every_tensor_has_its_levels(first, bench, kind):
    made = Quantise(levels=5, kind=kind, vectors=9).apply(first, bench)
    for draft in made:
        assert np.unique(draft.coded.weights).size <= (9 if draft.kind == "vector" else 5)
    assert {len(set(d.coded.weights.ravel())) for d in made if d.kind == "linear"} == {5}


def test_vectors_may_stay_floats(first, bench):
    made = Quantise(levels=5, vectors=None).apply(first, bench)
    for draft in made:
        assert (draft.notes != ()) == (draft.kind == "vector")


def test_pruned_weights_stay_zero_and_zero_levels_leave_the_pattern(first, bench):
    pipeline = Sparsify(0.7) | Quantise(levels=3)
    pruned = Sparsify(0.7).apply([d for d in first if d.kind == "linear"], bench)
    for before, after in zip(
        pruned, [d for d in pipeline.run(first, bench) if d.kind == "linear"], strict=True
    ):
        assert not after.coded.weights[before.coded.weights == 0].any()
        assert np.count_nonzero(after.coded.weights) == after.coded.positions.size


def test_factors_are_quantised_each_on_its_own(first, bench):
    made = (Factorise(rank=4) | Quantise(levels=7)).run(first, bench)[0]
    assert [np.unique(v.numbers).size for v in made.coded.values] == [7, 7]


def test_a_tensor_of_zeros_becomes_nothing(first, bench):
    zero = [
        d.remade(
            d.coded.form, *(Quantise(spacing=1000.0)._levelled(v.numbers, "linear") for v in d.coded.values)
        )
        for d in first[:1]
    ]
    assert not zero[0].coded.weights.any()
    made = Quantise(spacing=1000.0).apply(first[:1], bench)
    assert made[0].coded.form.kind == "zero"


def test_encode_takes_the_shortest_code_and_keeps_the_numbers(first, bench):
    quantised = Quantise(levels=4).apply(first, bench)
    encoded = Encode().apply(quantised, bench)
    for before, after in zip(quantised, encoded, strict=True):
        assert np.array_equal(before.coded.weights, after.coded.weights)
        (old,), (new,) = before.coded.values, after.coded.values
        lengths = [
            entries_codec(old.coded(c).scheme, old.entries.size).length(old.entries) for c in Encode().coders
        ]
        assert entries_codec(new.scheme, new.entries.size).length(new.entries) <= min(lengths) + 4
    assert {v.scheme.coder for d in encoded for v in d.coded.values} != {"fixed"}
    only = Encode(coders=("histogram",)).apply(quantised, bench)
    assert {v.scheme.coder for d in only for v in d.coded.values} == {"histogram"}


@pytest.mark.parametrize(
    "bad",
    [{}, {"levels": 4, "spacing": 1.0}, {"levels": 1}, {"levels": 2.5}, {"levels": True}, {"levels": 2**17}, {"spacing": 0.0},
     {"spacing": float("nan")}, {"levels": 4, "kind": "x"}, {"levels": 4, "precision": 0}, {"levels": 4, "vectors": 0},
     {"spacing": 1.0, "kind": "kmeans"}],
    ids=range(12),
)  # fmt: skip
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="give"):
        Quantise(**bad)


def test_an_unknown_code_is_refused():
    for bad in ((), ("zip",)):
        with pytest.raises(InputError, match="give some of"):
            Encode(coders=bad)
