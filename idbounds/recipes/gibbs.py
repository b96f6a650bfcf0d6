"""Recipe "gibbs": fit a posterior against the bound, as "draws" does, and leave it one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idbounds.decoders import gibbs
from idbounds.recipes import draws
from idbounds.recipes.recipe import Recipe
from idbounds.variational.settings import Settle

if TYPE_CHECKING:
    from idbounds.variational.fitter import Fitter


class Learner(draws.Learner):
    """One fit that ends in a posterior."""

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
