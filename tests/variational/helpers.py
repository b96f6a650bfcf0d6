"""A small problem and short settings."""

import torch
from torch import nn

from idbounds import data
from idbounds.decoders import scaled
from idbounds.halves import halves, inputs_of, prepared
from idbounds.variational.fitter import Fitter
from idbounds.variational.settings import Settings

SHORT = {
    "steps": 60, "pilot": 20, "batch": 32, "learning_rate": 0.1, "bits": 12, "balance": 20, "between": 3, "passes": 2,
    "budget": None,
}  # fmt: skip


def small(bias=True):
    """A module with 276 weights; few enough to be fitted in a second."""
    pool = nn.Sequential(nn.Unflatten(1, (1, 8)), nn.AvgPool2d(2), nn.Flatten())
    return nn.Sequential(pool, nn.Linear(16, 10), nn.ReLU(), nn.Linear(10, 10, bias=bias))


def short(**changes):
    return Settings(**{**SHORT, **changes})


def digits():
    return data.load("digits")


def fitter(module=None, seed=0, labels=None, **changes):
    sample = digits()
    module = prepared(module if module is not None else small())
    pixels = torch.from_numpy(scaled(sample.train_x[:2], sample.levels)).float()
    front, body = halves(module, pixels)
    inputs = inputs_of(front, sample.train_x, sample.levels, lambda done, remark: None)
    labels = torch.from_numpy(sample.train_y if labels is None else labels)
    return Fitter(body, inputs, labels, short(**changes), seed=seed, delta=0.05)


def fitted(**options):
    """A fit up to its last draw."""
    made = fitter(**options)
    for _ in range(made.settings.steps):
        made.fit_step()
    made.cut()
    for _ in range(made.settings.balance):
        made.balance_step()
    for block in range(made.drawing.total):
        made.draw(block)
    return made
