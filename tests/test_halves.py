"""A front without weights is computed once; anything else is its own body."""

import numpy as np
import pytest
import torch
from torch import nn

from idbounds.errors import InputError
from idbounds.halves import halves, inputs_of, prepared
from idbounds.scattering import scatternet

X = torch.rand(2, 8, 8) * 2 - 1
IMAGES = np.random.default_rng(0).integers(0, 17, (700, 8, 8)).astype(np.uint8)


class Skipping(nn.Module):
    def __init__(self, front, body, skip=0.0):
        super().__init__()
        self.front, self.body, self.skip = front, body, skip

    def forward(self, x):
        return self.body(self.front(x)) + self.skip


def test_the_menu_has_one_front():
    front, body = halves(prepared(scatternet((8, 8), 10)), X)
    assert front is not None
    made = inputs_of(front, IMAGES, 17, lambda done, remark: None)
    assert made.dtype == torch.float16
    assert made.shape == (700, 17, 4, 4)
    pixels = torch.from_numpy((IMAGES[600:] / 8.0 - 1).astype(np.float32))
    assert torch.allclose(made[600:].float(), front(pixels), atol=5e-3)
    assert body(made[:3].float()).shape == (3, 10)


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3)),
        Skipping(nn.Flatten(), nn.Linear(64, 3), skip=1.0),
        Skipping(nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), nn.Linear(5, 3)),
    ],
    ids=["no parts", "more than its parts", "weights in front"],
)
def test_other_modules_are_their_own_bodies(module):
    front, body = halves(prepared(module), X)
    assert front is None
    assert body is module
    made = inputs_of(front, IMAGES, 17, lambda done, remark: None)
    assert made.dtype == torch.float32
    assert made.min() == -1


def test_a_users_own_front():
    module = Skipping(nn.Flatten(), nn.Linear(64, 3))
    assert halves(prepared(module), X) == (module.front, module.body)


def test_what_float16_does_not_hold():
    class Large(nn.Module):
        def forward(self, x):
            return 1e6 * x

    with pytest.raises(InputError, match="float16"):
        inputs_of(Large(), IMAGES, 17, lambda done, remark: None)


def test_running_statistics_start_anew():
    module = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 2)).double()
    module[1].running_mean.fill_(3.0)
    ready = prepared(module)
    assert not ready[1].running_mean.any()
    assert ready[2].weight.dtype == torch.float32
    assert not ready.training
