"""Weights that do not fit the architecture are refused with the tensor's name."""

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.compress import drafts
from idbounds.decoders.decoder import wide
from idbounds.errors import InputError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2)
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
        self.register_buffer("table", torch.arange(3))
        self.register_buffer("narrow", torch.ones(2, dtype=torch.bfloat16))


def weights(**changes):
    found = {name: wide(value).numpy() for name, value in Net().state_dict().items()}
    return {name: value for name, value in (found | changes).items() if value is not None}


def test_the_drafts_are_the_weights_in_float32():
    given = weights()
    made = drafts(Net(), given)
    assert [d.slot.name for d in made] == [
        "layer.weight", "layer.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
    ]  # fmt: skip
    for draft in made:
        assert np.array_equal(draft.coded.weights, given[draft.slot.name])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"layer.weight": None}, "missing: layer.weight"),
        ({"extra": np.ones(2)}, "unknown to the architecture: extra"),
        ({"layer.weight": np.ones((3, 2))}, r"layer.weight: shape \(3, 2\)"),
        ({"layer.bias": np.array([1, np.nan])}, "1 entries that are not finite"),
        ({"layer.bias": np.array([1e39, 0])}, "float32"),
        ({"frozen": np.zeros(2)}, "frozen: it takes no gradient"),
        ({"table": np.zeros(3, int)}, "table: it takes no gradient"),
    ],
    ids=range(7),
)
def test_weights_that_do_not_fit_are_refused(changes, word):
    with pytest.raises(InputError, match=word):
        drafts(Net(), weights(**changes))


def test_what_the_architecture_sets_may_be_left_out_or_be_the_same():
    drafts(Net(), weights(frozen=None, table=None))
    drafts(Net(), weights(**{"norm.num_batches_tracked": np.array(7)}))


def test_tied_weights_may_be_given_under_both_names():
    module = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    module[1].weight = module[0].weight
    trained = {name: np.eye(2) for name in ("0.weight", "1.weight")}
    assert [d.slot.name for d in drafts(module, trained)] == ["0.weight"]
