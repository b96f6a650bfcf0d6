"""Utilised rank as a rule: the factors are P_T W P_S of the inputs that the network meets as it stands."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.compress import Bench, Factorise, Pipeline, Quantise, Sparsify, drafts
from idbounds.decoders import scaled
from idbounds.errors import InputError


def sample(shape, n=60, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(17, size=(n, *shape)).astype(np.uint8)
    return SimpleNamespace(train_x=x, train_y=rng.integers(3, size=n), classes=3, levels=17)


def factorised(module, data, step):
    given = drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})
    return {d.slot.name: d for d in Pipeline((step,)).run(given, Bench(module, data))}


def projector(moment, energy):
    """The leading eigenvectors that hold the energy, and how many they are."""
    values, basis = np.linalg.eigh(moment)
    values, basis = values[::-1], basis[:, ::-1]
    count = int(np.searchsorted(np.cumsum(values), energy * values.sum())) + 1
    return basis[:, :count] @ basis[:, :count].T, count


@pytest.mark.parametrize("energy", [0.9, 0.99])
def test_the_factors_are_the_matrix_between_two_projections(energy):
    torch.manual_seed(0)
    module, data = nn.Sequential(nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, 24)), sample((30,))
    data.train_x[:, 10:] //= 8  # directions with little energy
    made = factorised(module, data, Factorise(utilised=energy))
    x = scaled(data.train_x, data.levels)
    first = module[0].weight.detach().double().numpy()
    hidden = np.maximum(x @ first.T + module[0].bias.detach().double().numpy(), 0)
    for name, inputs in (("0.weight", x), ("2.weight", hidden)):
        weight = made[name].original.reshape(made[name].slot.shape)
        moment = inputs.T @ inputs / len(inputs)
        source, few = projector(moment, energy)
        target, some = projector(weight @ moment @ weight.T, energy)
        assert made[name].coded.form.rank == min(few, some)
        assert np.allclose(made[name].coded.weights, target @ weight @ source, atol=1e-5)


def test_convolutions_meet_patches_and_what_was_changed_before():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(128, 3))
    data = sample((1, 8, 8))
    made = factorised(module, data, Factorise(utilised=0.9, examples=20, seed=1))
    assert made["2.weight"].coded.form.kind == "low rank"
    shifted = nn.Sequential(*module)
    with torch.no_grad():
        shifted[0].bias += 5.0
    other = factorised(shifted, data, Factorise(utilised=0.9, examples=20, seed=1))
    assert other["2.weight"].coded.form.rank < made["2.weight"].coded.form.rank  # nearly constant inputs


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.mix = nn.Linear(4, 12), nn.MultiheadAttention(12, 2, batch_first=True)
        self.table, self.last = nn.Embedding(5, 12), nn.Linear(12, 3)

    def forward(self, x):
        y = torch.relu(self.first(x.reshape(len(x), -1, 4)))
        return self.last(self.mix(y, y, y)[0].mean(dim=1))


def test_a_layer_that_was_not_measured_stays_dense_with_the_reason():
    made = factorised(Attentive(), sample((16,)), Factorise(utilised=0.5))
    assert made["mix.out_proj.weight"].coded.form.kind == "low rank"
    for name, reason in (("mix.in_proj_weight", "no layer"), ("table.weight", "embedding")):
        assert made[name].coded.form.kind == "dense"
        assert any(reason in note for note in made[name].notes)


def test_it_wants_data_and_dense_matrices():
    module = nn.Sequential(nn.Linear(30, 3))
    given = drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})
    with pytest.raises(InputError, match="data set"):
        Pipeline((Factorise(utilised=0.9),)).run(given, Bench(module))
    with pytest.raises(InputError, match="cannot come here"):
        Sparsify(0.5) | Factorise(utilised=0.9) | Quantise(levels=3)


@pytest.mark.parametrize(
    "bad",
    [{"utilised": 1.0}, {"utilised": 0.0}, {"utilised": 0.5, "rank": 2}, {"utilised": 0.5, "examples": 0}],
)
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="give"):
        Factorise(**bad)
