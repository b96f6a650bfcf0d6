"""Ways from a sample to a message, by the name that `certify` takes."""

from __future__ import annotations

from idbounds.recipes import draws, gibbs, subspace, texts
from idbounds.recipes.recipe import Job, Learner, Progress, Recipe, Silent

RECIPES: dict[str, Recipe] = {
    r.name: r for r in (draws.RECIPE, subspace.RECIPE, gibbs.RECIPE, texts.DOCUMENTS, texts.TOKENS)
}
"""The first of those for the form of a data set is its default."""

__all__ = ["RECIPES", "Job", "Learner", "Progress", "Recipe", "Silent"]
