"""The claims about language models can come out all three ways; the committed certificates are whole."""

import pandas as pd
import pytest
from made_rows import rows_of

from idbounds.certificate import read
from idbounds.claims import kind_of
from idbounds.decoders import DECODERS
from validation.studies import language_bounds as study
from validation.study import Verdict

GOOD = {
    study.TEXT: 1.5, study.DOCUMENTS: 4.0, study.LONGER: 3.9, (study.TEXT[0], "language-tokens-azuma"): 3.0,
    ("kjv", "uniform"): 8.0, ("kjv", "own table"): 4.4, ("kjv", "context tree"): 2.0,
    ("imdb-documents", "uniform"): 8.0, ("imdb-documents", "own table"): 4.5,
}  # fmt: skip


def rows(values, keep=lambda point: True):
    def measured(point):
        if point["measured"] == "reader":
            return [{"what": "not a certificate", "bound": study.READER, "unit": "bits", "value": 1.2}]
        certified = point["measured"] == "certificate"
        common = {"unit": "bits", "loss": 3.0, "test_loss": 3.1, "code_bits": 100, "d": 16}
        ways = [(of, bound) for of, bound in values if of == point["of"]]
        return [
            {"what": "certificate" if certified else "baseline", "bound": key[1], "value": values[key]}
            | common
            for key in ways
        ]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed():
    assert set(verdicts(rows(GOOD)).values()) == {Verdict.SUPPORTED}


def test_the_other_way_round():
    bad = GOOD | {study.TEXT: 8.5, study.DOCUMENTS: 8.1, study.LONGER: 8.2}
    assert set(verdicts(rows(bad)).values()) == {Verdict.NOT_SUPPORTED}


@pytest.mark.parametrize(
    "table", [pd.DataFrame(), rows(GOOD, keep=lambda point: point["measured"] == "baselines")]
)
def test_nothing_can_be_said(table):
    assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


def test_baselines_of_random_words():
    found = {row["bound"]: row["value"] for row in study.measure({"measured": "baselines", "of": "words"})}
    assert found["uniform"] == 8
    assert 1.99 < found["own table"] <= 2
    assert 2 < found["context tree"] < 3
    assert found["letters"] > 4


@pytest.mark.parametrize("name", study.DATA)
def test_the_committed_certificate_states_what_its_bound_says(name):
    header, payload = read(study.CERTIFICATES / f"{name}.idb")
    kind = kind_of(DECODERS[header["decoder"]])
    assert kind.upper(header["claim"]) == header["claim"]["value"]
    assert -(-header["claim"]["code_bits"] // 8) == len(payload)
    assert header["data"]["name"] == study.DATA[name]


def test_numbers_and_figure():
    table = rows(GOOD)
    assert set(study.numbers(table)["of"]) == {*study.DATA, *study.DATA.values()}
    assert len(study.figure(table).axes) == 2
