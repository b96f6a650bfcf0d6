from fractions import Fraction

import pytest

from idbounds import bounds
from idbounds.errors import InputError


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


@pytest.mark.parametrize("bound", bounds.values(), ids=lambda b: b.id)
def test_vacuous(bound):
    point = {
        "errors": 500,
        "n": 1000,
        "code_bits": 10**6,
        "kl_nats": 10**6,
        "gibbs_train_error": 0.5,
        "test_errors": 5,
        "test_n": 5,
    }
    told = bound.explain(**{k: v for k, v in point.items() if k in bound.accepts})
    assert told.vacuous
    assert "vacuous: it says nothing" in str(told)


def test_one_case_at_a_time():
    with pytest.raises(InputError, match="one case at a time"):
        bounds["occam-kl"].explain(errors=[1, 2], n=10, code_bits=1)
