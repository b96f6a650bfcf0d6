"""Certificates of language models: made, replayed, forged, refused; and true as often as they say."""

import copy
import math
from fractions import Fraction

import numpy as np
import pytest

import idbounds
from idbounds import data
from idbounds.catalogue import bounds
from idbounds.certificate import read
from idbounds.errors import InputError
from idbounds.recipes import texts as recipes
from idbounds.resuming import Interrupted
from idbounds.text_claims import DOCUMENTS, TOKENS
from idbounds.text_units import SHARES, SMOOTHINGS
from tests.texts import small

QUICK = {"steps": 12, "batch": 8}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "t.idb"
    return idbounds.certify_text(small(), output=path, d=60, **QUICK)


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    path = tmp_path_factory.mktemp("documents") / "d.idb"
    return idbounds.certify_text(small("documents"), output=path, d=20, **QUICK)


def test_a_text_goes_round(text):
    found = idbounds.verify(text.path, dataset=small())
    assert found.ok, found.difference
    assert text.bound_id == found.bound == "language-tokens-freedman"
    assert text.n == 300 * 32
    assert text.loss < text.value < 8
    assert 0 < text.error < 1
    assert found.errors == text.claim["errors"] == round(text.error * text.n)
    assert any("average conditional risk along this text" in line for line in found.checked)
    assert any("the centre Y" in line for line in found.declared)
    listed = {e.id for e in text.evaluations}
    assert {"language-tokens-azuma", "language-tokens-catoni", "language-top-k"} <= listed


def test_documents_go_round(documents):
    found = idbounds.verify(documents.path, dataset=small("documents"))
    assert found.ok, found.difference
    assert documents.bound_id == found.bound == "language-documents-kl"
    assert (documents.n, documents.drawn, documents.test_n) == (300, 300, 50)
    assert found.errors is documents.error is None
    assert documents.loss < documents.value < 8
    assert any("drawn uniformly from the training set" in line for line in found.declared)
    assert any("reading so few of them costs" in line for line in found.checked)


def test_the_value_is_that_of_the_sentence_with_every_choice_paid(text, documents):
    claim, n = text.claim, text.n
    again = bounds["language-tokens-freedman"].upper(
        nll_bits=Fraction(claim["loss"], n * 2**20), mean_psi=Fraction(claim["psi"], n * 2**30),
        freedman_s=Fraction(claim["share"], 16), smoothing=Fraction(1, 2 ** claim["smoothing"]),
        vocabulary=256, code_bits=text.code_bits, tokens=n, smoothing_choices=8 * 15, delta="0.05",
    )  # fmt: skip
    assert again == text.bound
    claim = documents.claim
    again = bounds["language-documents-kl"].upper(
        nll_bits=Fraction(claim["loss"], 300 * 32 * 2**20), smoothing=Fraction(1, 2 ** claim["smoothing"]),
        vocabulary=256, code_bits=documents.code_bits, documents=300, subsample=300, smoothing_choices=8,
        delta="0.05",
    )  # fmt: skip
    assert again == documents.bound


def denied(path, dataset):
    found = idbounds.verify(path, dataset=dataset)
    assert not found.ok
    return found.difference


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("loss", -9600 - 1), ("psi", -9600 - 1), ("errors", -1), ("smoothing", 1), ("share", -1), ("n", 1),
        ("code_bits", 8), ("smoothing", 100), ("share", 100), ("loss", 2**60), ("psi", -(2**60)),
    ],
)  # fmt: skip
def test_a_forged_text_is_denied(text, forge, key, change):
    header, payload = read(text.path)
    header = copy.deepcopy(header)
    header["claim"][key] += change
    if (
        1 <= header["claim"]["smoothing"] <= SMOOTHINGS
        and 1 <= header["claim"]["share"] <= SHARES
        and ((abs(change) > 1 and abs(change) < 2**40) or key == "errors")
    ):  # a bold forger states the value that fits
        header["claim"]["value"] = TOKENS.upper(header["claim"])
    assert denied(forge(header, payload), small())


@pytest.mark.parametrize(
    ("key", "value"),
    [("drawn", 0), ("drawn", 301), ("drawn", 10), ("length", 31), ("length", 0), ("loss", 1)],
)
def test_forged_documents_are_denied(documents, forge, key, value):
    header, payload = read(documents.path)
    header = copy.deepcopy(header)
    header["claim"][key] = value
    if header["claim"]["drawn"] and header["claim"]["length"]:
        header["claim"]["value"] = DOCUMENTS.upper(header["claim"])
    assert denied(forge(header, payload), small("documents"))


def test_another_text_or_form_is_denied(text, documents):
    assert "sha256" in denied(text.path, small(seed=9))
    assert "tokens-1 is for text" in denied(text.path, small("documents"))
    assert "documents-1 is for documents" in denied(documents.path, small())


def test_a_message_of_the_other_kind_is_denied(text, documents, forge):
    header, _ = read(documents.path)
    payload = read(text.path)[1]
    header["claim"]["code_bits"] = text.code_bits
    header["claim"]["value"] = DOCUMENTS.upper(header["claim"])
    assert "another recipe" in denied(forge(header, payload), small("documents"))


def test_the_subsample_is_drawn_by_the_message(monkeypatch, tmp_path):
    monkeypatch.setattr("idbounds.certifying_text.DRAWN", 40)
    sample = small("documents")
    made = [
        idbounds.certify_text(sample, output=tmp_path / f"{seed}.idb", d=10, seed=seed, **QUICK)
        for seed in (0, 1)
    ]
    from idbounds import replay
    from idbounds.decoders import texts

    drawn = []
    for one in made:
        found = idbounds.verify(one.path, dataset=sample)
        assert found.ok, found.difference
        _, network, _ = texts.DOCUMENTS.decode(read(one.path)[1], replay.module_maker(sample, None))
        rows, tests = replay.read_rows(network, sample, one.claim)
        assert rows.shape == tests.shape == (40, 32)
        drawn.append({row.tobytes() for row in rows})
    assert drawn[0] != drawn[1]


def test_a_run_that_was_stopped_ends_as_one_that_was_not(monkeypatch, tmp_path, text):
    steps = recipes.Trainer.loss

    def stop(self, rows):
        if self.done == 5:
            raise KeyboardInterrupt
        return steps(self, rows)

    monkeypatch.setattr(recipes.Trainer, "loss", stop)
    with pytest.raises(Interrupted):
        idbounds.certify_text(small(), output=tmp_path / "t.idb", d=60, **QUICK)
    monkeypatch.undo()
    again = idbounds.certify_text(small(), output=tmp_path / "t.idb", d=60, resume=True, **QUICK)
    assert read(again.path)[1] == read(text.path)[1]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: idbounds.certify("kjv"), "certify_text"),
        (lambda: idbounds.certify_text("digits"), "use certify,"),
        (lambda: idbounds.certify_text("kjv", recipe="draws"), "is not for text"),
        (lambda: idbounds.certify("digits", recipe="tokens"), "is not for examples"),
        (lambda: idbounds.certify_text("kjv", recipe="word2vec"), "no recipe"),
        (lambda: idbounds.certify_text("kjv", architecture="mlp"), "no architecture"),
        (lambda: idbounds.certify_text("kjv", bits=3), "no setting"),
        (lambda: idbounds.certify_text(small(), d=10**6), "d = 1000000"),
        (lambda: idbounds.certify_text(small(), batch=301), "batch = 301"),
        (lambda: idbounds.certify_text(small(n=4, length=5000)), "rows of 2 to 4096 bytes"),
    ],
)
def test_what_cannot_be_certified_is_refused_before_training(tmp_path, monkeypatch, call, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        call()
    assert not list(tmp_path.iterdir())


def test_rows_of_other_levels_are_refused():
    import dataclasses

    sample = small()
    arrays = data.Arrays(sample.train_x % 2, sample.train_y, sample.test_x % 2, sample.test_y)
    sample = dataclasses.replace(sample, train_x=arrays.train_x, test_x=arrays.test_x, levels=2)
    both, train, test = data.digests(arrays)
    sample = dataclasses.replace(sample, sha256=both, train_sha256=train, test_sha256=test)
    with pytest.raises(InputError, match="rows of bytes"):
        idbounds.certify_text(sample)


def test_the_claim_on_a_text_is_true_as_often_as_it_says():
    """Texts from a chain whose conditional chances are known; the average conditional risk is computed."""
    rng, delta, fails, texts = np.random.default_rng(0), 0.3, 0, 300
    m, alpha, s = 400, 1 / 4, 4 / 16
    model = np.full(256, 0.02 / 254)
    model[:2] = 0.49
    chances = (1 - alpha) * model + alpha / 256
    losses, entropy = -np.log2(chances), -(chances * np.log2(chances)).sum()
    width = math.log2(1 + (1 - alpha) * 256 / alpha)
    for _ in range(texts):
        drift = rng.choice([0.0, 0.3], size=m)  # rare bytes come and go, as the text's own past decides
        rare = rng.random(m) < drift
        found = np.where(rare, losses[2], losses[0])
        risk = (drift * losses[2] + (1 - drift) * losses[0]).mean()
        a = s * (entropy - found) / width
        value = bounds["language-tokens-freedman"](
            nll_bits=found.mean(), mean_psi=(a - np.log1p(a)).mean(), freedman_s=s, smoothing=alpha,
            vocabulary=256, code_bits=0, tokens=m, smoothing_choices=1, delta=delta,
        )  # fmt: skip
        fails += risk > value
    assert fails / texts <= delta
    assert fails > 0, "a bound that never fails here would be loose, or the world too kind"
