from fractions import Fraction

import numpy as np
import pytest

from idbounds import bounds
from idbounds.errors import InputError
from idbounds.statement import UNVERIFIED
from idbounds.testing import typical


def test_a_certificate_in_words():
    told = bounds["occam-binomial"].explain(train_error=0.02, n=60_000, code_bits="1200")
    text = str(told)
    assert text.startswith(f"occam-binomial: the risk is at most {told.upper} (non-vacuous)")
    assert "note: errors = n * train_error = 1200, rounded up" in text
    assert "assumes (declared): the examples are independent draws" in text
    assert "source: Langford (2005)" in text
    assert [p.name for p in told.prices] == ["errors", "code_bits", "n", "delta"]
    assert Fraction(told.upper) >= Fraction(told.value)


def test_prices():
    told = bounds["occam-hoeffding"].explain(train_error=0.1, n=1000, code_bits=0, delta=Fraction(1, 2))
    cost = {p.name: p.cost for p in told.prices}
    assert cost["train_error"] == pytest.approx(0.1)
    assert cost["code_bits"] == 0
    assert cost["delta"] == 0
    assert cost["n"] is None
    told = bounds["maurer-kl"].explain(gibbs_train_error=0.1, n=1000, kl_nats=20)
    assert all(p.cost > 0 for p in told.prices if p.cost is not None)


@pytest.mark.parametrize("name", [name for name, b in bounds.items() if b.standing != UNVERIFIED])
def test_the_verdict_is_that_of_the_value(name):
    bound, rng = bounds[name], np.random.default_rng(2)
    for _ in range(10):
        point = typical(bound, rng)
        told = bound.explain(**point)
        limit = float(np.log2(point["vocabulary"])) if bound.unit == "bits" else 1
        assert told.vacuous == (float(told.upper) >= limit)
        assert ("vacuous: it says nothing" in str(told)) == told.vacuous
        assert (bound.because in str(told)) or bound.certifies


def test_what_says_nothing():
    told = bounds["occam-kl"].explain(train_error=0.5, n=1000, code_bits=10**6)
    assert told.vacuous
    assert "vacuous: it says nothing" in str(told)


def test_what_is_not_verified_gives_no_number():
    with pytest.raises(InputError, match="statement not verified"):
        bounds["ph-dimension"].explain(train_error=0.5, n=1000)


def test_one_case_at_a_time():
    with pytest.raises(InputError, match="one case at a time"):
        bounds["occam-kl"].explain(errors=[1, 2], n=10, code_bits=1)
