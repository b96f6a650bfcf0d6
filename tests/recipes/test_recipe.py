"""What a user gave becomes settings."""

from idbounds.recipes.draws import RECIPE


def test_no_limit_of_time_is_not_the_default_one():
    # Cause: a budget of None was taken as not given, so runs that should have had no limit ended after five minutes,
    # on a slow machine before a draw was chosen again.
    assert RECIPE.chosen({}).budget == 5.0
    assert RECIPE.chosen({"budget": None}).budget is None
    assert RECIPE.chosen({"steps": None, "nats": None}) == RECIPE.chosen({})
