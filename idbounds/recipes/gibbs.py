"""Recipe "gibbs": fit a posterior against the bound, as "draws" does, and leave it one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from idbounds.decoders import gibbs
from idbounds.decoders.draws import FIRST_SCALE, layout
from idbounds.recipes import draws
from idbounds.recipes.recipe import Recipe
from idbounds.variational.settings import Settle

if TYPE_CHECKING:
    from torch import nn

    from idbounds.variational.fitter import Fitter


class Learner(draws.Learner):
    """One fit that ends in a posterior."""

    def _tried(self, name: str) -> nn.Module:
        from idbounds.gibbs import count_errors

        module, sample = super()._tried(name), self._job.sample
        groups = layout(module)[1]
        ones = np.ones(len(groups))
        blank = gibbs.nearest(name, np.full(int(groups.max()) + 1, FIRST_SCALE), groups, 0 * ones, ones)
        _, network, _ = gibbs.decode(gibbs.encode(blank).bits.data, lambda _: module)
        x = sample.train_x[:2]
        count_errors(network, x, np.zeros(len(x), np.int64), levels=sample.levels, first=0, draws=1)
        return module

    def _phases(self) -> tuple[str, ...]:
        from idbounds.variational.course import SETTLED

        return SETTLED

    def _said(self, way: draws.Way, fitter: Fitter) -> gibbs.Model:
        posterior = fitter.posterior
        mean, deviation = posterior.mean.detach().double(), posterior.log_std.detach().double().exp()
        groups = posterior.group.numpy()
        return gibbs.nearest(way.name, fitter.scales, groups, mean.numpy(), deviation.numpy())


RECIPE = Recipe(
    name="gibbs", decoder=gibbs.GIBBS, settings=Settle, architectures=draws.architectures, devices=("cpu",),
    prepare=Learner,
)  # fmt: skip
