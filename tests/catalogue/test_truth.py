"""Worlds with a known truth: how often does a bound fail? Never more often than delta, and mutants do."""

from dataclasses import replace

import numpy as np
import pytest

from idbounds import bounds
from tests.catalogue.families import BROKEN, CERTIFICATES, MODULES, MUTANTS, WORLDS
from tests.catalogue.worlds import DELTA, DRAWS, fails_too_often


@pytest.mark.parametrize("known", [WORLDS, MUTANTS, BROKEN], ids=["world", "mutant", "broken"])
def test_every_certificate_has(known):
    assert set(CERTIFICATES) <= set(known)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_fails_at_most_as_often_as_promised(name):
    failures = WORLDS[name](bounds[name])
    assert len(failures) >= DRAWS
    assert not fails_too_often(failures)


@pytest.mark.audit
@pytest.mark.parametrize("name", CERTIFICATES)
def test_fails_at_most_as_often_as_promised_in_ten_times_as_many_samples(name, monkeypatch):
    for module in MODULES:
        monkeypatch.setattr(module, "DRAWS", 10 * DRAWS, raising=False)
    failures = WORLDS[name](bounds[name])
    assert len(failures) >= 10 * DRAWS
    assert not fails_too_often(failures)


@pytest.mark.parametrize("name", ["test-binomial", "occam-binomial"])
def test_the_exact_bounds_fail_nearly_as_often_as_promised(name):
    """So the worlds are hard enough to tell."""
    assert np.mean(WORLDS[name](bounds[name])) > 0.7 * DELTA


@pytest.mark.parametrize(("name", "i"), [(name, i) for name in MUTANTS for i in range(len(MUTANTS[name]))])
def test_a_mutant_is_caught(name, i):
    assert fails_too_often(WORLDS[name](replace(bounds[name], says=MUTANTS[name][i])))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_assumption_breaks_the_promise(name):
    assumption, world = BROKEN[name]
    assert assumption in {a.name for a in bounds[name].assumes}
    assert fails_too_often(world(bounds[name]))
