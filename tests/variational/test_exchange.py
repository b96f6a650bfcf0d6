"""The price of a bit is the slope of the bound."""

import pytest

from idbounds.catalogue import bounds
from idbounds.variational.exchange import nats_per_bit
from idbounds.variational.settings import NATS_PER_ERROR

BOUND = bounds["occam-kl"]


@pytest.mark.parametrize("error", [0.02, 0.12, 0.4])
@pytest.mark.parametrize("bits", [300.0, 1800.0, 20_000.0])
@pytest.mark.parametrize("n", [1300, 60_000])
def test_it_is_a_quotient_of_differences(error, bits, n):
    case = {"n": n, "delta": 0.05}
    found = nats_per_bit(train_error=error, code_bits=bits, **case)
    bits = min(bits, n / 2)  # beyond, the bound says nothing and its slopes vanish
    by_bit = BOUND(train_error=error, code_bits=bits * 1.001, **case) - BOUND(
        train_error=error, code_bits=bits * 0.999, **case
    )
    by_error = BOUND(train_error=error + 1e-5, code_bits=bits, **case) - BOUND(
        train_error=error - 1e-5, code_bits=bits, **case
    )
    wanted = by_bit / (0.002 * bits) / (by_error / 2e-5) * NATS_PER_ERROR
    assert found == pytest.approx(wanted, rel=0.01)


def test_edges():
    for error in (0.0, 0.5, 1.0):
        for bits in (0.0, 1e7):
            assert nats_per_bit(train_error=error, code_bits=bits, n=1000, delta=0.05) > 0
    low, high = (nats_per_bit(train_error=0.1, code_bits=1000, n=n, delta=0.05) for n in (60_000, 6000))
    assert low < high


def test_the_price_is_in_proportion_to_what_an_error_stands_for():
    case = {"train_error": 0.2, "code_bits": 1000, "n": 25_000, "delta": 0.05}
    assert nats_per_bit(**case, nats=1.0) == pytest.approx(nats_per_bit(**case) / NATS_PER_ERROR)
