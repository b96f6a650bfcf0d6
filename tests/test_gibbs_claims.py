"""A claim about a Gibbs predictor: made, replayed, forged, and never mistaken for one about a network."""

import copy
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch

import idbounds
from idbounds.catalogue import bounds
from idbounds.certificate import read
from idbounds.claims import GIBBS, LN2_UP, NETWORK
from idbounds.errors import CertificateError, InputError
from idbounds.replay import verify
from tests.variational.helpers import small

QUICK = {"recipe": "gibbs", "steps": 200, "settle": 20, "batch": 32, "learning_rate": 0.1}


def tiny(shape, classes):
    return small()


@pytest.fixture(scope="module")
def posterior(tmp_path_factory):
    path = tmp_path_factory.mktemp("gibbs") / "digits.idb"
    return idbounds.certify("digits", model=tiny, output=path, **QUICK)


@pytest.fixture
def header(posterior):
    return copy.deepcopy(read(posterior.path)[0])


@pytest.fixture
def payload(posterior):
    return read(posterior.path)[1]


def test_a_posterior_goes_round(posterior):
    found = verify(posterior.path, model=tiny)
    assert found.ok, found.difference
    assert found.errors == posterior.errors
    assert posterior.draws == 8
    assert 0 < posterior.train_error < posterior.value < 1
    assert posterior.bound_id == found.bound == "maurer-kl-xi-monte-carlo"
    assert posterior.code_bits == sum(posterior.parts.values())
    assert any("drawn from the posterior anew" in line for line in found.declared)
    assert any("8 draws for each training example" in line for line in found.checked)


def test_the_value_is_that_of_the_sentence_with_delta_shared(posterior, header):
    claim = header["claim"]
    trials = 8 * claim["n"]
    value = bounds["maurer-kl-xi-monte-carlo"](
        mc_error=claim["errors"] / trials, mc_draws=trials, mc_delta=0.01, n=claim["n"], delta=0.04,
        kl_nats=float(claim["kl_nats"]) + claim["code_bits"] * math.log(2),
    )  # fmt: skip
    assert posterior.value == pytest.approx(value, rel=1e-9)
    shared = GIBBS.inputs(claim)
    assert shared["mc_delta"] + shared["delta"] == Fraction(1, 20)
    with mpmath.workdps(50):
        assert 0 < mpmath.mpf(LN2_UP.numerator) / LN2_UP.denominator - mpmath.log(2) < mpmath.mpf(10) ** -33


def test_the_same_again_is_the_same_file(posterior, tmp_path):
    again = idbounds.certify("digits", model=tiny, output=tmp_path / "x.idb", **QUICK)
    assert again.path.read_bytes() == posterior.path.read_bytes()


def test_a_stopped_run_is_gone_on_with(posterior, tmp_path, monkeypatch):
    from idbounds.resuming import Interrupted
    from idbounds.variational.course import Course

    settle = Course._settle

    def stopped(self):
        if self.done == 7:
            raise KeyboardInterrupt
        return settle(self)

    monkeypatch.setattr(Course, "_settle", stopped)
    with pytest.raises(Interrupted):
        idbounds.certify("digits", model=tiny, output=tmp_path / "x.idb", **QUICK)
    monkeypatch.undo()
    again = idbounds.certify("digits", model=tiny, output=tmp_path / "x.idb", resume=True, **QUICK)
    assert again.path.read_bytes() == posterior.path.read_bytes()


def restated(claim):
    claim["value"] = GIBBS.upper(claim)


@pytest.mark.parametrize(
    ("key", "change", "word"),
    [
        ("errors", -1, "training errors"), ("draws", -1, "training errors"), ("draws", 1, "errors"), ("n", 1, "n:"), ("code_bits", -1, "code_bits"),
        ("kl_nats", "0.5", "kl_nats"), ("kl_nats", "1e99999999", "plain decimal"), ("kl_nats", "-1", "plain decimal"),
        ("draws", 10**9, "draws"), ("draws", -8, "impossible"), ("errors", 10**7, "impossible"),
    ],
)  # fmt: skip
def test_a_forged_claim(header, payload, forge, key, change, word):
    claim = header["claim"]
    claim[key] = change if isinstance(change, str) or abs(change) > 1 else claim[key] + change
    if key == "draws" and 0 < claim["draws"] < 100:
        claim["errors"] = claim["errors"] * claim["draws"] // 8 - 100
    if word not in {"plain decimal", "draws", "impossible"}:
        restated(claim)
    found = verify(forge(header, payload), model=tiny)
    assert not found.ok
    assert word in found.difference


def test_one_kind_is_never_taken_for_the_other(header, payload, forge):
    header["bound"] = "occam-binomial"
    assert "bound" in verify(forge(header, payload), model=tiny).difference
    header["decoder"] = "draws-1"
    header["claim"] = {k: v for k, v in header["claim"].items() if k in NETWORK.types}
    header["claim"] |= {"code_bits": 8 * len(payload), "errors": 500}
    header["claim"]["value"] = NETWORK.upper(header["claim"])
    header["model"] |= {"seed": 0, "bits": 1, "blocks": []}
    assert "another recipe" in verify(forge(header, payload), model=tiny).difference


def test_a_changed_posterior_has_other_draws(header, payload, forge):
    from idbounds.decoders import gibbs

    model, _, _ = gibbs.decode(payload, lambda name: small())
    means = model.means.copy()
    means[np.argmin(np.abs(means))] += 1
    changed = gibbs.encode(gibbs.Model(model.architecture, model.scales, means, model.narrowings))
    assert not verify(forge(header, changed.bits.data), model=tiny).ok


def test_claims_of_the_wrong_size():
    with pytest.raises(CertificateError, match="impossible"):
        NETWORK.check({"errors": 5, "n": 4, "code_bits": 1, "delta": "0.05", "value": "1"})
    with pytest.raises(InputError, match="spelled"):
        NETWORK.upper({"errors": 1, "n": 4, "code_bits": 1, "delta": "5e-2"})


def test_what_cannot_be_drawn_is_refused_before_training(tmp_path, monkeypatch):
    from torch import nn

    from idbounds.variational.course import Course

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale, self.inner = nn.Parameter(torch.ones(10)), nn.Linear(64, 10)

        def forward(self, x):
            return self.scale * self.inner(x.flatten(1))

    monkeypatch.setattr(Course, "run", lambda *_: pytest.fail("training began"))
    with pytest.raises(InputError, match="layer by layer"):
        idbounds.certify("digits", model=lambda *_: Scaled(), output=tmp_path / "x.idb", **QUICK)
    assert not list(tmp_path.iterdir())
