"""Prediction: which layers have a grid, how many numbers they cost, and that those are the best ones."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.compress import Bench, Encode, FineTune, Predict, Quantise, Sparsify, compress, drafts
from idbounds.decoders.kriging import LARGEST
from idbounds.errors import InputError


def given(module):
    return drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})


def predicted(module, shape, step=Predict(0.25)):  # noqa: B008 - frozen
    sample = SimpleNamespace(train_x=np.zeros((1, *shape), np.uint8))
    return {d.slot.name: d for d in (step | Quantise(spacing=0.01)).run(given(module), Bench(module, sample))}


def test_the_layer_that_takes_the_images_is_predicted_and_the_others_are_left_alone(first, bench):
    made = {d.slot.name: d for d in Predict(0.1).apply([d for d in first if d.kind == "linear"], bench)}
    assert [d.coded.form.kind for d in made.values()] == ["predicted", "dense", "dense"]
    form = made["1.weight"].coded.form
    assert (form.count, form.height, form.width) == (7, 8, 8)  # of 64 pixels
    assert made["1.weight"].coded.values[0].entries.shape == (200 * 7,)
    assert made["3.weight"].notes == made["5.weight"].notes == ("Predict: its inputs lie on no grid",)


def test_colours_and_windows_are_grids_of_their_own():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Flatten(), nn.Linear(3 * 8 * 6, 5))
    made = predicted(module, (3, 8, 6))
    form = made["0.weight"].coded.form
    assert (form.count, form.height, form.width) == (3, 3, 3)
    assert made["0.weight"].coded.values[0].entries.shape == (4 * 3 * 3,)
    assert made["1.weight"].coded.form.kind == "dense"
    form = made["3.weight"].coded.form
    assert (form.count, form.height, form.width) == (12, 8, 6)
    assert made["3.weight"].coded.values[0].entries.shape == (5 * 3 * 12,)


def test_vectors_have_no_grid_and_a_large_grid_is_left_alone():
    assert predicted(nn.Linear(40, 3), (40,))["weight"].coded.form.kind == "dense"
    side = int(LARGEST**0.5) // 16
    (note,) = predicted(nn.Linear(side * side, 1), (side, side), Predict(0.9))["weight"].notes
    assert "too many to decode" in note


@pytest.mark.parametrize("reach", [0, 4])
def test_no_other_numbers_are_nearer(first, bench, reach):
    draft = first[0]
    (made,) = Predict(0.2, reach).apply([draft], bench)
    error = ((made.coded.weights - draft.coded.weights) ** 2).sum()
    rng, (values,) = np.random.default_rng(0), made.coded.values
    for _ in range(5):
        moved = values.numbers + 0.01 * rng.normal(size=values.numbers.size)
        other = made.coded.form.weights(draft.slot, made.coded.positions, [moved])
        assert ((other - draft.coded.weights.ravel()) ** 2).sum() > error


def test_the_best_reach_is_taken(first, bench):
    draft = first[0]

    def error(reach):
        (made,) = Predict(0.2, reach).apply([draft], bench)
        return ((made.coded.weights - draft.coded.weights) ** 2).sum(), made.coded.form.reach

    (chosen,) = Predict(0.2).apply([draft], bench)
    least, reach = min(map(error, range(16)))
    assert chosen.coded.form.reach == reach
    assert ((chosen.coded.weights - draft.coded.weights) ** 2).sum() == pytest.approx(least)


def test_a_smooth_layer_is_met_and_costs_the_share_alone(digits):
    """Weights that are smooth over the image are predicted from a fifth of them; the price is that fifth."""
    y, x = np.mgrid[:8, :8] / 8
    smooth = np.stack([np.sin(a * x + b * y) for a in range(-2, 3) for b in (1, 2)])
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with torch.no_grad():
        module[1].weight.copy_(torch.from_numpy(smooth.reshape(10, 64)))
    weights = {name: value.numpy() for name, value in module.state_dict().items()}

    def factory(shape, classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))

    made = compress(weights, Predict(0.2), dataset=digits, model=factory)
    found = made.network.state["1.weight"].numpy()
    assert np.abs(found - smooth.reshape(10, 64)).max() < 0.05
    assert made.rows[0].bits["values"] == 32 * 10 * 13
    assert made.rows[0].bits["form"] < 45


def test_training_brings_it_back(mlp, digits):
    steps = Predict(0.1) | Quantise(levels=16) | Encode()
    tuned = Predict(0.1) | FineTune(steps=60) | Quantise(levels=16) | Encode()
    before, after = (compress(mlp, s, dataset=digits, architecture="mlp") for s in (steps, tuned))
    assert after.after.train < before.after.train / 2


def test_settings_and_places_that_cannot_be_are_refused(first, bench):
    for bad in ({"alpha": 0.0}, {"alpha": 1.0}, {"alpha": 0.1, "reach": 16}, {"alpha": 0.1, "reach": 1.5}):
        with pytest.raises(InputError, match="give"):
            Predict(**bad)
    with pytest.raises(InputError, match="would replace"):
        Sparsify(0.5) | Predict(0.1)
    with pytest.raises(InputError, match="not pruned"):
        Predict(0.1) | Sparsify(0.5)
    with pytest.raises(InputError, match="data set"):
        (Predict(0.1) | Quantise(levels=3)).run(first, replace(bench, sample=None))
