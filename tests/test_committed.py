"""What is committed still holds: the certificate replays, and README says what it says."""

import re
from pathlib import Path

import pytest

import idbounds
from idbounds import data
from idbounds.certificate import read
from idbounds.exactly import places_up

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CERTIFICATES = sorted((ROOT / "validation/results/certificates").glob("*.idb"))
(IN_README,) = [path for path in CERTIFICATES if f"({path.relative_to(ROOT)})" in README]


def test_there_is_a_committed_certificate():
    assert CERTIFICATES


def test_readme_states_the_certificate():
    header, _ = read(IN_README)
    claim, test = header["claim"], header["test"]
    assert f"at most **{100 * float(claim['value']):.1f}%**" in README
    assert f"on the test set it is {100 * test['errors'] / test['n']:.1f}%" in README
    assert f"{claim['code_bits']:,} bits" in README
    assert f"({claim['errors']:,} of {claim['n']:,})" in README


def test_no_bound_in_readme_is_below_what_was_proven():
    header, _ = read(IN_README)
    claim, test = header["claim"], header["test"]
    given = {name: claim[name] for name in ("errors", "n", "code_bits", "delta")}
    found = idbounds.compare(**given, test_errors=test["errors"], test_n=test["n"])
    shown = dict(re.findall(r"^ ([a-z][a-z-]+)  +(0\.\d{4})\b", README, re.MULTILINE))
    assert {e.id: places_up(e.upper, 4) for e in found} == {e.id: shown[e.id] for e in found}


# One of 60,000 images takes a minute or more: always that of README, and the others in the audit.
REPLAYED = [
    pytest.param(path, id=path.stem, marks=() if path == IN_README else pytest.mark.audit)
    for path in CERTIFICATES
]


@pytest.mark.slow
@pytest.mark.parametrize("path", REPLAYED)
def test_committed_certificate_replays(path):
    name = read(path)[0]["data"]["name"]
    available, reason = data.available(name)
    if not available:
        pytest.skip(f"{name}: {reason}")
    found = idbounds.verify(path)
    assert found.ok, found.difference
    assert float(found.value) < (0.35 if data.form(name) == "examples" else 8)


def test_the_study_knows_the_default_dimension():
    from idbounds.recipes.subspace import D
    from validation.studies.subspace_dimension import DEFAULT

    assert DEFAULT == D
