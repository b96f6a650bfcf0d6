"""Every figure and table of a paper is made from committed rows, with numbers, caption and sources."""

import dataclasses
import inspect
import re

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from idbounds import InputError, plot
from paper_figures import build, discovery, figure
from paper_figures.figures import (
    accuracy_over_d,
    bound_over_n,
    race,
    table_certificates,
    table_d90,
    where_the_bits_go,
)
from validation.studies import d90_mnist
from validation.studies import discover as studies

ITEMS = discovery.discover()
OWN = {name: item for name, item in ITEMS.items() if name not in studies()}


def test_every_study_that_draws_is_among_them():
    shown = {item.instead_of for item in ITEMS.values()} | set(ITEMS)
    drawing = {study.id for study in studies().values() if study.figure and figure.file_of(study.id).exists()}
    assert drawing
    assert drawing <= shown


@pytest.mark.parametrize("study", [s for s in studies().values() if s.figure], ids=lambda s: s.id)
def test_a_figure_of_a_study_is_as_wide_as_its_place(study):
    # Cause: half of them were 4 inches wide in a column of 3.25.
    source = inspect.getsource(inspect.getmodule(study.figure))
    assert " canvas(" in source, "begin with validation.figures.canvas"
    assert " Figure(" not in source


@pytest.mark.parametrize("name", OWN)
def test_it_is_built_from_its_sources(name, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "FORMATS", (".svg",))
    files = build.build(ITEMS[name], tmp_path)
    item, suffixes = ITEMS[name], [path.suffix for path in files]
    assert suffixes == [".svg" if item.draw else ".tex", ".csv", ".tex"]
    assert all(path.stat().st_size for path in files)
    written = pd.read_csv(tmp_path / f"{name}.csv")
    assert len(written) >= 2
    caption = (tmp_path / f"{name}.caption.tex").read_text("utf-8")
    assert caption.count("$") % 2 == 0
    assert caption.count("{") == caption.count("}")
    assert not re.search(r"(?<!\\)[%&#]", caption)
    for source in item.sources:
        assert source.exists()
        assert source.relative_to(figure.ROOT).as_posix() in caption
        if source.suffix == ".jsonl":
            assert re.search(re.escape(source.name) + r"} \(measured at [0-9a-f]{10}", caption)
    if not item.sources:
        assert "without measured rows" in caption
    assert all(rf"\citet{{{key}}}" in caption for key in item.cites)


@pytest.mark.parametrize("name", [name for name, item in OWN.items() if isinstance(item.draw, str)])
def test_the_numbers_alone_draw_it_again(name, tmp_path):
    item = ITEMS[name]
    path = tmp_path / "numbers.csv"
    item.table().to_csv(path, index=False)
    again = plot.drawn(item.draw, pd.read_csv(path), 3.25, **item.options)
    FigureCanvasAgg(again).draw()
    assert again.axes[0].has_data()


def test_a_new_row_moves_the_figure(monkeypatch):
    rows = figure.rows_of("d90_mnist")
    monkeypatch.setattr(accuracy_over_d, "rows_of", lambda _: rows.assign(d90=rows["d90"] + 1000))
    moved = accuracy_over_d.table()["d90"].dropna()
    monkeypatch.undo()
    assert (moved - accuracy_over_d.table()["d90"].dropna()).tolist() == pytest.approx([1000, 1000])


def test_published_values_stand_beside_ours():
    table = table_d90.table()
    beside = dict(zip(table["network"] + table["criterion"], table["published"], strict=True))
    assert beside["FCabsolute"] == str(d90_mnist.PUBLISHED["mlp"])
    assert beside["FCfraction"] == ""
    own = table_certificates.table().set_index("data set")
    assert own.loc["mnist", "published %"] == "11.6"
    assert own.loc["cifar-10-jpeg", "published %"] == ""


def test_the_test_set_bound_is_above_the_test_error_and_below_one():
    table = bound_over_n.table()
    assert (table["test_bound"] > table["test_error"]).all()
    assert (table["test_bound"] < table["bound"]).all()


def test_no_bit_is_lost():
    from paper_figures.certificates import deterministic

    whole = where_the_bits_go.table().groupby("name")["bits"].sum()
    assert whole.to_dict() == deterministic().set_index("name")["code_bits"].to_dict()


def test_the_race_has_own_and_published_runs():
    table = race.table()
    assert {"mnist-draws", "fashion-mnist-draws"} <= set(table["name"])
    assert (table["name"] == "").sum() > 50


def test_a_figure_of_a_study_and_the_page_of_all(tmp_path):
    item = next(item for name, item in ITEMS.items() if name in studies())
    narrow = dataclasses.replace(item, caption="A & B, 5\\% < 6\\%")
    files = build.build(narrow, tmp_path, "ieee")
    assert [path.suffix for path in files] == [".pdf", ".svg", ".png", ".csv", ".tex"]
    page = build.gallery([narrow], tmp_path).read_text("utf-8")
    assert f'src="{item.id}.svg"' in page
    assert "A &amp; B" in page
    assert page.endswith("</body></html>\n")


def test_an_unknown_venue_is_refused(tmp_path):
    with pytest.raises(InputError, match="no widths are known for 'phone'; known: icml"):
        build.build(ITEMS["table_d90"], tmp_path, "phone")


def test_captions_of_studies_are_latex():
    assert figure._plain("90% of d_1 & more") == r"90\% of d\_1 \& more"
