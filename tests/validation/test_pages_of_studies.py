"""What the pages say about studies stands in the committed rows."""

import math
from pathlib import Path

import pandas as pd
import pytest

from idbounds.certificate import read
from validation import results
from validation.studies import carry_over, d90_families, d90_mnist, subspace_objective, tight_bounds

ROOT = Path(__file__).parents[2]
NAMES = {"mlp": "FC 784-200-200-10", "lenet": "LeNet"}


def span(value, low, high, digits):
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def mnist(row):
    published = "" if pd.isna(row.published) else f"{row.published:.0f}"
    found = span(row.d90, row.low, row.high, 0)
    return f"| {NAMES[row.model]} | {row.criterion} | {row.threshold:.3f} | {found} | {published} |"


def family(row):
    ratio = "" if row.kind == "dense" else span(row.ratio, row.ratio_low, row.ratio_high, 2)
    return f"| {row.task} | `{row.kind}` | {span(row.d90, row.low, row.high, 0)} | {ratio} |"


def tight(row):
    rates = " | ".join(f"{100 * x:.2f}" for x in (row.train_error, row.test_error, row.bound))
    point = f"{row.dataset} | {row.architecture} | {row.steps:,} | {row.passes} | {row.bits} | {row.seed}"
    return f"| {point} | {row.code_bits:,} | {rates} |"


def carried(row):
    pairs = ((row.gap, row.gap_limit), (row.bound, row.bound_limit), (row.train_error, row.train_limit))
    met = " | ".join(f"{100 * value:.2f} ({100 * limit:.2f})" for value, limit in pairs)
    start = f"{row.dataset} | {row.seed} | {row.architecture} | {row.n:,} | {row.code_bits:,}"
    return f"| {start} | {100 * row.test_error:.2f} | {met} |"


def subspace(row):
    rates = " | ".join(f"{100 * x:.2f}" for x in (row.train_error, row.test_error, row.bound))
    return f"| {row.family} | {row.d:,} | {row.seed} | {row.code_bits:,} | {rates} |"


@pytest.mark.parametrize(
    ("study", "page", "line"),
    [
        (d90_mnist, "d90", mnist),
        (d90_families, "projections", family),
        (tight_bounds, "tight-certificates", tight),
        (subspace_objective, "tight-certificates", subspace),
        (carry_over, "tight-certificates", carried),
    ],
    ids=["d90_mnist", "d90_families", "tight_bounds", "subspace_objective", "carry_over"],
)
def test_the_page_says_what_the_rows_say(study, page, line):
    rows = results.of_study(ROOT / "validation/results", study.STUDY.id)
    text = (ROOT / f"docs/explain/{page}.md").read_text("utf-8")
    lines = [line(row) for row in study.numbers(rows).itertuples()]
    assert len(lines) >= 5
    assert [one for one in lines if one not in text] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "validation/results/certificates").glob("*.idb")), ids=lambda p: p.stem
)
def test_the_page_says_what_the_certificates_say(path):
    header, _ = read(path)
    claim, test = header["claim"], header["test"]
    trials = claim["n"] * claim.get("draws", 1)
    shares = (claim["errors"] / trials, test["errors"] / test["n"], float(claim["value"]))
    rates = " | ".join(f"{100 * share:.2f}" for share in shares)
    bits = claim["code_bits"] + math.ceil(float(claim.get("kl_nats", "0")) / math.log(2))
    model = f"{header['decoder']} | {header['model']['architecture']} | {bits:,}"
    text = (ROOT / "docs/explain/tight-certificates.md").read_text("utf-8")
    assert f"| `{path.name}` | {model} | {rates} |" in text


def test_the_page_says_the_measured_dimension():
    rows = results.latest(results.of_study(ROOT / "validation/results", subspace_objective.STUDY.id))
    (one,) = rows[rows["what"] == "d90"].itertuples()
    text = (ROOT / "docs/explain/tight-certificates.md").read_text("utf-8")
    assert f"is {one.d90:.0f} [{one.low:.0f}, {one.high:.0f}]:" in text
