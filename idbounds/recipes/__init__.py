"""Ways from a sample to a message, by the name that `certify` takes."""

from __future__ import annotations

from idbounds.recipes import draws, gibbs, subspace
from idbounds.recipes.recipe import Job, Learner, Progress, Recipe, Silent

RECIPES: dict[str, Recipe] = {r.name: r for r in (draws.RECIPE, subspace.RECIPE, gibbs.RECIPE)}
"""The first is the default."""

__all__ = ["RECIPES", "Job", "Learner", "Progress", "Recipe", "Silent"]
