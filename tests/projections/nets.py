"""Small modules and batches for the tests of subspaces."""

import numpy as np
import torch
from torch import nn


def small_net(dtype=torch.float32):
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).to(dtype)


def norm_net():
    return nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 3))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 4)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens, *, gain=1.0):
        return {"logits": gain * self.head(self.norm(self.embed(tokens)))}


def batch(seed=0, n=8, dtype=torch.float32):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, 6))).to(dtype)


def set_z(model, seed=1):
    z = np.random.default_rng(seed).normal(size=model.z.shape[0])
    with torch.no_grad():
        model.z.copy_(torch.from_numpy(z))
    return z
