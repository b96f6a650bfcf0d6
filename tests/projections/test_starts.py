import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds.projections import Stream, starts, uniform_symmetric  # noqa: E402

from .nets import Tied  # noqa: E402


class GemmaRMSNorm(nn.Module):
    """Known by its name alone, as those of libraries are."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))


def trainable(module):
    return {name: p for name, p in module.named_parameters() if p.requires_grad}


def test_roles():
    net = nn.Sequential(nn.Embedding(9, 4), GemmaRMSNorm(), nn.Conv1d(4, 6, 3), nn.GRU(6, 2), nn.PReLU())
    net.scale = nn.Parameter(torch.zeros(()))
    found = starts.roles(net, trainable(net))
    assert found["0.weight"] == "embedding"
    assert found["1.weight"] == "unit"
    assert found["2.weight"] == found["3.weight_ih_l0"] == "matrix"
    assert {found[name] for name in ("2.bias", "3.bias_hh_l0", "4.weight", "scale")} == {"zero"}


def test_every_owner_of_a_tied_weight_is_asked():
    net = Tied()
    held = starts.owners(net, trainable(net))
    assert [leaf for _, leaf in held["embed.weight"]] == ["weight", "weight"]
    assert starts.roles(net, trainable(net))["embed.weight"] == "embedding"
    swapped = nn.ModuleDict({"head": net.head, "embed": net.embed})
    assert starts.roles(swapped, trainable(swapped))["head.weight"] == "embedding"


def test_an_entry_uses_the_word_of_its_place():
    net = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2), nn.Linear(2, 2))
    tensors = trainable(net)
    theta0 = starts.drawn(tensors, starts.roles(net, tensors), seed=5)
    assert np.array_equal(theta0[12:16], uniform_symmetric(5, Stream.INIT, 4, start=12) * math.sqrt(3))
    assert np.array_equal(theta0[6:12], [0, 0, 1, 1, 0, 0])
    assert theta0[16:].tolist() == [0, 0]


def test_movement_is_the_std_of_the_start():
    big = torch.empty(4, 50, 2)
    assert starts.movement(big, "matrix") ** 2 == pytest.approx(2 / 100)
    assert starts.movement(big[0], "embedding") ** 2 == pytest.approx(1 / 2)
    assert starts.movement(big[0, 0], "zero") == starts.movement(big[0, 0], "unit") == 0.1


def test_survey_says_why():
    net = Tied()
    net.norm.bias.requires_grad = False
    assert starts.survey(net) == [
        ("embed.weight", 44, "counted"),
        ("norm.weight", 4, "counted"),
        ("norm.bias", 4, "requires_grad=False"),
        ("head.weight", 44, "tied to embed.weight"),
    ]
