"""The menu: shapes in, scores out, and sizes that certificates rely on."""

import pytest
import torch

from idbounds.decoders.subspace import MENU
from idbounds.errors import InputError
from idbounds.models import ARCHITECTURES, build
from idbounds.scattering import fits
from idbounds.upright import stands


def test_the_menu_is_the_recipes():
    assert ("custom", *ARCHITECTURES) == MENU


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (9, 13), (3, 32, 32), (1, 28, 28), (3, 17, 8)])
@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("classes", [2, 10])
def test_scores_for_each_class(name, shape, classes):
    refused = {
        "scatternet": fits, "mirrornet": fits, "uprightnet": stands, "sketchnet": fits, "mirrorsketch": fits,
        "widesketch": fits, "uprightsketch": stands,
    }  # fmt: skip
    if name in refused and not refused[name](shape):
        with pytest.raises(InputError, match="use mlp"):
            build(name, shape, classes)
        return
    module = build(name, shape, classes)
    assert module(torch.zeros(3, *shape)).shape == (3, classes)


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    [
        ("convnet", (28, 28), 15_210),
        ("mlp", (28, 28), 199_210),
        ("convnet", (8, 8), 10_410),
        ("mlp", (8, 8), 55_210),
        ("lenet", (28, 28), 44_426),  # both as in Li et al. 2018
        ("lenet", (3, 32, 32), 62_006),
        ("scatternet", (28, 28), 13_266),
        ("scatternet", (8, 8), 4_856),
        ("uprightnet", (28, 28), 13_266),
        ("mirrornet", (3, 32, 32), 28_974),
        ("sketchnet", (28, 28), 2_236),
        ("sketchnet", (8, 8), 2_226),
        ("uprightsketch", (28, 28), 2_236),
        ("mirrorsketch", (3, 32, 32), 2_634),
        ("widesketch", (3, 32, 32), 3_050),
    ],
)
def test_sizes_never_change(name, shape, parameters):
    assert sum(p.numel() for p in build(name, shape, 10).parameters()) == parameters


def test_mlp_takes_any_shape():
    assert build("mlp", (5,), 2)(torch.zeros(4, 5)).shape == (4, 2)


@pytest.mark.parametrize("shape", [(7, 28), (64,), (1, 1, 28, 28)])
@pytest.mark.parametrize(
    "name", ["convnet", "lenet", "scatternet", "uprightnet", "mirrornet", "sketchnet", "uprightsketch"]
)
def test_convolutions_say_what_they_take(name, shape):
    with pytest.raises(InputError, match="use mlp"):
        build(name, shape, 10)


def test_unknown_architecture():
    with pytest.raises(InputError, match="known: convnet, mlp, lenet"):
        build("resnet", (28, 28), 10)
