"""Decoder "gibbs-1" is frozen: these bits mean this posterior, this prior and this divergence for ever."""

import hashlib
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from idbounds.codes import Bits, check_codec, step_size
from idbounds.decoders import DECODERS, draws, gibbs
from idbounds.divergences import kl_gaussian_diagonal
from idbounds.errors import DecodeError, InputError
from tests.decoders.test_draws import SIZES, maker

D = sum(SIZES)
FROZEN = "0e7502012d5d0f3f368163e8b6ac0ab70c2ed8c4382dcc34f4008cd66a002cd1"


def model(**changes):
    fields = {"architecture": "custom", "scales": np.array([40, 44, 36, 62, 0, 38])}
    means = np.arange(D) * 37 - 500
    return gibbs.Model(**{**fields, "means": means, "narrowings": np.arange(D) % 7 - 2, **changes})


def exact(j, k):
    with mpmath.workdps(50):
        ratio = mpmath.power(2, -mpmath.mpf(int(k)) / 16)
        shift = (mpmath.mpf(int(j)) / 4096) ** 2
        return (ratio + shift - 1 + mpmath.mpf(int(k)) / 16 * mpmath.log(2)) / 2


def test_the_message_goes_round_and_is_frozen():
    message = gibbs.encode(model())
    assert hashlib.sha256(message.bits.data).hexdigest() == FROZEN
    again, network, parts = gibbs.decode(message.bits.data, maker)
    assert np.array_equal(again.means, model().means)
    assert np.array_equal(again.narrowings, model().narrowings)
    assert list(parts) == ["recipe", "architecture", "scales", "means", "deviations"]
    assert sum(parts.values()) == message.code_bits
    assert network.spread.paid == ("recipe", "architecture", "scales")
    _, other, _ = gibbs.decode(gibbs.encode(model(narrowings=np.zeros(D, np.int64))).bits.data, maker)
    assert other.spread.seed != network.spread.seed  # the draws follow from the posterior


def test_means_and_deviations_are_where_they_belong():
    _, network, _ = gibbs.decode(gibbs.encode(model()).bits.data, maker)
    groups = draws.layout(maker("custom"))[1]
    size = np.array([step_size(int(i)) for i in model().scales])[groups]
    weights = [name for name, p in maker("custom").named_parameters() if p.requires_grad]
    assert list(network.spread.deviations) == weights
    flat = torch.cat([network.state[name].flatten() for name in weights]).numpy()
    assert flat == pytest.approx(size * model().means / 4096, rel=1e-15)
    flat = torch.cat([network.spread.deviations[name].flatten() for name in weights]).numpy()
    assert flat == pytest.approx(size * 2.0 ** (-model().narrowings / 32), rel=1e-15)
    assert (network.state["fixed"] == 0.5).all()


def test_a_divergence_is_never_below_the_true_one():
    got = Fraction(model().kl_nats())
    true = sum(exact(j, k) for j, k in zip(model().means, model().narrowings, strict=True))
    assert 0 <= mpmath.mpf(got.numerator) / got.denominator - true < 1e-9 * true
    sizes = np.ones(D)
    by_floats = kl_gaussian_diagonal(model().means / 4096, gibbs.halvings(model().narrowings), 0.0, sizes)
    assert float(got) == pytest.approx(by_floats, rel=1e-11)
    zero = model(means=np.zeros(D, np.int64), narrowings=np.zeros(D, np.int64))
    assert Fraction(zero.kl_nats()) <= Fraction(1, 10**30)


@given(j=st.integers(-gibbs.FARTHEST, gibbs.FARTHEST), k=st.integers(-500, gibbs.FARTHEST))
def test_any_single_divergence(j, k):
    got = Fraction(gibbs.Model("custom", np.zeros(1), np.array([j]), np.array([k])).kl_nats())
    with mpmath.workdps(50):
        value = mpmath.mpf(got.numerator) / got.denominator
        assert exact(j, k) * (1 - mpmath.mpf(10) ** -40) <= value <= exact(j, k) * (1 + 1e-11) + 1e-30


def test_roots_of_two_are_exact_where_they_can_be():
    assert gibbs.halvings(np.array([0, 32, 64, -32])).tolist() == [1.0, 0.5, 0.25, 2.0]
    k = np.arange(-40, 200)
    assert gibbs.halvings(k) == pytest.approx(2.0 ** (-k / 32), rel=1e-15)


def test_the_nearest_posterior_is_near():
    rng = np.random.default_rng(0)
    scales, groups = np.array([40, 20]), np.repeat([0, 1], 50)
    size = np.array([step_size(40), step_size(20)])[groups]
    mean, deviation = rng.normal(size=100) * size, rng.uniform(0.01, 1.5, 100) * size
    near = gibbs.nearest("custom", scales, groups, mean, deviation)
    assert np.abs(near.means / 4096 * size - mean).max() <= size.max() / 8192 * 1.001
    assert np.abs(np.log2(gibbs.halvings(near.narrowings) * size / deviation)).max() <= 1 / 64 + 1e-12


def test_laws_of_the_code():
    check_codec(
        gibbs.SignedIntegers(3), [np.array(v) for v in ([0, 0, 0], [1, -1, 5], [-9000, 3, 2**20 - 1])]
    )


@pytest.mark.parametrize("wrong", [np.array([2**20]), np.array([1.0]), np.array([1, 2])])
def test_what_the_code_does_not_say(wrong):
    with pytest.raises(InputError, match="signed-integers"):
        gibbs.SignedIntegers(1).ideal_length(wrong)
    with pytest.raises(InputError, match="menu"):
        gibbs.encode(model(architecture="resnet"))


def test_only_whole_messages_are_read():
    payload = gibbs.encode(model()).bits.data
    for bad in (payload[:-1], payload + b"\0", b"", b"\xff" * len(payload), payload[:10] + payload[11:]):
        with pytest.raises(DecodeError):
            gibbs.decode(bad, maker)
    with pytest.raises(DecodeError):
        draws.decode(payload, maker)


def test_random_bits_give_named_errors_only():
    rng = np.random.default_rng(1)
    payload = gibbs.encode(model()).bits.data
    for _ in range(300):
        bad = bytearray(payload)
        for place in rng.integers(5, len(bad), 3):
            bad[place] = rng.integers(256)
        try:
            found, _, parts = gibbs.decode(bytes(bad), maker)
        except DecodeError:
            continue
        assert gibbs.encode(found).bits == Bits(bytes(bad), sum(parts.values()))  # one message a posterior


def test_it_is_known():
    assert DECODERS["gibbs-1"].gibbs
    assert not DECODERS["draws-1"].gibbs
