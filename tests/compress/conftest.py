"""A small network trained on the digits, shared by the tests of compression."""

import numpy as np
import pytest
import torch

from idbounds import data
from idbounds.decoders import scaled
from idbounds.models import build


def train(module, sample, steps=300):
    """Plain Adam; the module is left in eval mode."""
    x = torch.from_numpy(scaled(sample.train_x, sample.levels).astype("float32"))
    y = torch.from_numpy(sample.train_y)
    optimiser, draw = torch.optim.Adam(module.parameters(), 2e-3), np.random.default_rng(0)
    for _ in range(steps):
        rows = torch.from_numpy(draw.choice(len(y), 128))
        loss = torch.nn.functional.cross_entropy(module(x[rows]), y[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return module.eval()


@pytest.fixture(scope="session")
def digits():
    return data.load("digits")


@pytest.fixture(scope="session")
def mlp(digits):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return train(build("mlp", (8, 8), 10), digits)


@pytest.fixture(scope="session")
def first(mlp):
    """Drafts of the trained network before any step."""
    from idbounds.compress import drafts

    return drafts(build("mlp", (8, 8), 10), {k: v.numpy() for k, v in mlp.state_dict().items()})


@pytest.fixture
def bench(digits):
    from idbounds.compress import Bench

    return Bench(build("mlp", (8, 8), 10), digits)
