"""The page: whole, self-contained, true to the rows; files for other programs."""

import dataclasses
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from made_rows import judged
from toy_study import quiet, toy, two_rows

from idbounds.errors import InputError
from validation import claims, exporting, figures, report, results, runner, storage
from validation.__main__ import COMMITTED
from validation.studies import discover
from validation.study import Verdict

VOID = {"meta", "br", "link", "img"}


class Reader(HTMLParser):
    """Checks that tags are closed in order, and collects ids, links and addresses."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.references, self.outside = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "xlink:href", "src"):
                (self.references if value.startswith("#") else self.outside).append(value.removeprefix("#"))
            self.references += re.findall(r"url\(#([^)]*)\)", value or "")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(page):
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def page():
    return report.page(discover().values(), COMMITTED)


def test_the_page_of_the_committed_rows_stands_alone(page):
    reader = read(page)
    assert not reader.outside, "nothing is fetched"
    assert "@import" not in page
    assert "<script" not in page
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.references) <= set(reader.ids)


def test_every_study_has_its_question_claims_figure_numbers_and_provenance(page):
    for study in discover().values():
        section = page[page.index(f'<section id="{study.id}">') :].split("</section>")[0]
        assert study.question.replace("'", "&#x27;") in section
        for entry in judged()[study.id]:
            assert f'">{entry.outcome.verdict.value}</strong>' in section
            assert report.escape(entry.outcome.says) in section
        rows = results.latest(results.of_study(COMMITTED, study.id))
        if rows.empty:
            continue
        assert section.count("<svg ") == 1, study.id
        assert "<table>" in section
        for run in rows["run"].unique():
            assert f"<dd>{run}</dd>" in section
        assert re.search(r"<dt>commit</dt><dd>[0-9a-f]{40}", section)
        assert "<dt>machine</dt>" in section


def test_the_page_is_the_same_each_time(page, monkeypatch):
    found = judged()  # apart from the first page
    monkeypatch.setattr(
        claims, "judge", lambda some, _: [entry for study in some for entry in found[study.id]]
    )
    assert report.page(discover().values(), COMMITTED) == page


def test_figures_take_the_colours_of_the_page(page):
    # One left in hexadecimal would not change in the dark.
    bodies = "".join(re.findall(r"<svg .*?</svg>", page, flags=re.DOTALL))
    left = set(re.findall(r"(?<!, )#[0-9a-f]{6}\b", bodies))
    assert not left
    style = report.files("validation").joinpath("report.css").read_text()
    assert set(re.findall(r"var\(--(\w+), #", bodies)) <= set(re.findall(r"--(\w+):", style))
    assert set(figures.COLOURS) <= set(re.findall(r"--(\w+):", style))


def test_hostile_words_are_escaped_and_failures_are_told(tmp_path):
    def measure(point):
        if point["d"] == 1:
            raise ValueError("<script>alert(1)</script>")
        return [{"word": "<b>&", "cost": 1 / 3}]

    study = toy(measure, points=3)
    runner.run(study, "smoke", tmp_path, quiet())
    page = report.page([study], tmp_path)
    read(page)
    assert "<script>" not in page
    assert "&lt;b&gt;&amp;" in page
    assert "1 points failed: ValueError: &lt;script&gt;" in page
    assert "0.3333" in page


def test_a_figure_or_table_that_cannot_be_made_costs_only_itself(tmp_path):
    def broken(rows):
        raise KeyError("no <such> column")

    study = dataclasses.replace(toy(points=2), figure=broken, numbers=broken)
    runner.run(study, "smoke", tmp_path, quiet())
    page = report.page([study], tmp_path)
    read(page)
    assert page.count("could not be made: KeyError: &#x27;no &lt;such&gt; column") == 2
    assert "<dt>run</dt>" in page


@pytest.mark.parametrize("name", discover())
def test_studies_bear_rows_that_are_all_failures(tmp_path, name):
    (tmp_path / name).mkdir()
    study = discover()[name]
    tier = next(iter(study.grid))
    failed = [{"status": "failed", "reason": "told to"}]
    for point in study.points(tier)[:1]:
        rows = results.row_set(study, tier, point, failed, run="r", started="t", seconds=0.0)
        storage.append(tmp_path / name / "rows.jsonl", rows)
    page = report.page([study], tmp_path)
    read(page)
    assert "1 points failed: told to" in page
    verdicts = {entry.outcome.verdict for entry in claims.judge([study], tmp_path)}
    assert verdicts == {Verdict.INCONCLUSIVE}


def test_a_study_without_rows_says_so(tmp_path):
    assert "No rows yet." in report.page([toy()], tmp_path)


def test_long_tables_are_cut_and_say_so():
    text = report.html_table(pd.DataFrame({"a": range(report.MOST + 5)}))
    assert "5 more rows" in text
    assert text.count("<tr>") == report.MOST + 1


@pytest.mark.parametrize("kind", exporting.FORMATS)
def test_export_keeps_every_value(tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    runner.run(
        toy(lambda p: [*two_rows(p), {"part": "c", "cost": 5e-11 / 3}], points=3), "smoke", tmp_path, quiet()
    )
    rows = exporting.table(tmp_path, "toy")
    assert {"commit", "dirty", "cpu"} <= set(rows)
    path = tmp_path / "out" / f"toy.{kind}"
    exporting.write(rows, path)
    read_ = {
        "csv": pd.read_csv,
        "json": lambda p: pd.read_json(p, lines=True, precise_float=True),
        "parquet": pd.read_parquet,
    }
    back = read_[kind](path)
    assert list(back.columns) == list(rows.columns)
    assert back["cost"].tolist() == pytest.approx(rows["cost"].tolist(), rel=1e-14, abs=0)
    assert back["count"].dropna().astype(int).tolist() == rows["count"].dropna().astype(int).tolist()


def test_unknown_formats_are_refused(tmp_path):
    with pytest.raises(InputError, match="allowed are csv, json, parquet"):
        exporting.write(pd.DataFrame(), tmp_path / "x.doc")
