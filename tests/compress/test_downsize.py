"""Down-sizing: units without effect go first, and then nothing changes; a chain keeps its function."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from idbounds.compress import Bench, Downsize, FineTune, Sparsify, drafts
from idbounds.decoders.forms import Corner
from idbounds.decoders.layers import Model, state
from idbounds.errors import InputError
from idbounds.evaluator import count_errors
from idbounds.models import build


def arrays(module):
    return {name: value.numpy() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("name", ["mlp", "lenet", "convnet"])
def test_units_without_effect_go_first(name):
    """Half of the units of each hidden layer are cut off by hand: half of the width then changes nothing."""
    shape = (8, 8)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = build(name, shape, 10).eval()
        x = torch.rand(5, *shape)
    layers = [m for m in module.modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]
    draw = np.random.default_rng(0)
    with torch.no_grad():
        for layer in layers[:-1]:
            dead = torch.from_numpy(draw.permutation(len(layer.weight))[: len(layer.weight) // 2])
            layer.weight[dead] = 0
            layer.bias[dead] = 0
        wanted = module(x)
        made = Downsize(0.5).apply(drafts(build(name, shape, 10), arrays(module)), Bench(module))
        found = torch.func.functional_call(
            module, {d.slot.name: torch.from_numpy(d.coded.weights).float() for d in made}, (x,)
        )
    assert torch.allclose(found, wanted, atol=1e-5)
    assert made[0].coded.form == Corner(len(layers[0].weight) // 2, made[0].slot.matrix[1])
    assert made[-2].coded.form.rows == 10
    total = sum(v.entries.size for d in made for v in d.coded.values)
    assert total < 0.6 * sum(d.slot.size for d in made)


def test_a_single_layer_has_no_hidden_units():
    module = torch.nn.Linear(4, 3)
    made = Downsize(0.5).apply(drafts(module, arrays(module)), Bench(module))
    assert [d.coded.form.kind for d in made] == ["dense", "dense"]


def test_layers_that_do_not_fit_each_other_keep_their_units():
    module = torch.nn.ModuleList([torch.nn.Linear(4, 3), torch.nn.Linear(7, 2)])
    made = Downsize(0.5).apply(drafts(module, arrays(module)), Bench(module))
    assert {d.coded.form.kind for d in made} == {"dense"}


def test_a_teacher_teaches(first, bench, digits):
    """With the teacher alone the labels do not matter: wrong ones lead to the same numbers."""
    wrong = Bench(bench.module, replace(digits, train_y=(digits.train_y + 1) % 10))
    steps = Downsize(0.1) | FineTune(steps=60, learning_rate=5e-3, teacher=1.0)
    one, two = steps.run(first, bench), steps.run(first, wrong)
    assert all(np.array_equal(a.coded.weights, b.coded.weights) for a, b in zip(one, two, strict=True))
    plain = (Downsize(0.1) | FineTune(steps=30)).run(first, wrong)
    assert not np.array_equal(plain[0].coded.weights, two[0].coded.weights)

    def errors(made):
        weights = state(Model("mlp", tuple(d.coded for d in made)), bench.module)
        return count_errors(bench.module, weights, digits.train_x, digits.train_y, levels=17)

    assert errors(two) < 0.5 * errors(Downsize(0.1).apply(first, bench))


def test_impossible_settings_are_refused():
    for width in (0.0, 1.0, float("nan")):
        with pytest.raises(InputError, match="give a share"):
            Downsize(width)
    with pytest.raises(InputError, match="give a share of the loss"):
        FineTune(teacher=1.5)
    with pytest.raises(InputError, match="taken apart"):
        Sparsify(0.5) | Downsize(0.5)
