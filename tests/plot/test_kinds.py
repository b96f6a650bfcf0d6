"""Figures from tables: each kind draws what it promises, labels stay readable, and a wrong table is told what to do."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from idbounds import InputError, plot
from idbounds.codes import storage
from idbounds.plot import curves, style

RUNS = pd.DataFrame(
    {
        "name": ["one", "two", "three", ""],
        "d": [100, 400, 1600, 6400],
        "code_bits": [500, 900, 1700, 6000],
        "n": [60_000] * 4,
        "train_error": [0.3, 0.2, 0.12, 0.1],
        "test_error": [0.31, 0.21, 0.13, 0.12],
        "test_bound": [0.32, 0.22, 0.14, 0.13],
        "bound": ["0.35", "0.26", "0.2", "0.25"],  # as the certificates state them
    }
)
TABLES = {
    "accuracy": pd.DataFrame(
        {
            "name": ["net"] * 6,
            "d": [None, 16, 64, 256, 1024, None],
            "score": [0.98, 0.3, 0.6, 0.9, 0.95, None],
            "d90": [None] * 5 + [250.0],
            "low": [None] * 5 + [200.0],
            "high": [None] * 5 + [300.0],
            "published": [None] * 5 + [290.0],
        }
    ),
    "bound": RUNS,
    "race": RUNS,
    "bits": pd.DataFrame(
        {
            "name": ["a", "a", "a", "b", "b"],
            "part": ["weights", "recipe", "tag", "weights", "recipe"],
            "bits": [900, 98, 2, 1960, 40],
        }
    ),
    "storage": pd.DataFrame(storage((300, 300), np.geomspace(1e-3, 1, 20), value_bits=8)),
    "lengths": pd.DataFrame(
        {
            "n": [10, 100, 10, 100],
            "name": ["KT", "KT", "NML", "NML"],
            "bits": [5.0, 9.0, 4.5, 8.8],
        }
    ),
}


def drawn(kind, **options):
    figure = plot.drawn(kind, TABLES[kind], **options)
    FigureCanvasAgg(figure).draw()
    return figure


def test_every_kind_is_tried():
    assert set(TABLES) == set(plot.KINDS)


@pytest.mark.parametrize("width", [2.7, 3.5])
@pytest.mark.parametrize("kind", TABLES)
def test_texts_stay_on_the_page_and_apart(kind, width):
    figure = drawn(kind, width=width)
    page, renderer = figure.bbox, figure.canvas.get_renderer()
    (axes,) = figure.axes
    texts = [*axes.texts, axes.xaxis.label, axes.yaxis.label]
    texts += [t for legend in (axes.get_legend(), *figure.legends) if legend for t in legend.get_texts()]
    # Text.get_window_extent: that of an annotation has its arrow in it, which may meet another.
    boxes = [(t.get_text(), Text.get_window_extent(t, renderer)) for t in texts if t.get_text()]
    assert len(boxes) >= 2
    for text, box in boxes:
        assert page.x0 - 1 <= box.x0 < box.x1 <= page.x1 + 1, text
        assert page.y0 - 1 <= box.y0 < box.y1 <= page.y1 + 1, text
    for (one, a), (two, b) in combinations(boxes, 2):
        assert not a.padded(-1).overlaps(b.padded(-1)), (one, two)


def test_the_line_of_accuracy_stands_at_90_percent_of_full_training():
    (axes,) = drawn("accuracy").axes
    heights = [line.get_ydata()[0] for line in axes.get_lines() if len(set(line.get_ydata())) == 1]
    assert any(height == pytest.approx(90 * 0.98) for height in heights)
    assert any(line.get_xdata()[0] == 250 for line in axes.get_lines())


@pytest.mark.parametrize("size", curves.SIZES)
def test_a_bound_is_drawn_in_percent_over_the_size_that_is_asked_for(size):
    (axes,) = drawn("bound", size=size).axes
    points = next(line for line in axes.get_lines() if line.get_label() == "bound")
    assert points.get_xdata().tolist() == RUNS[size].tolist()
    assert points.get_ydata() == pytest.approx([35, 26, 20, 25])
    assert axes.get_xlabel() == curves.SIZES[size]


def test_the_bound_is_over_what_varies():
    table = RUNS.drop(columns=["d"])
    (axes,) = plot.drawn("bound", table).axes
    assert axes.get_xlabel() == curves.SIZES["code_bits"]


def test_the_race_puts_runs_at_error_and_nats_and_the_lines_through_their_bounds():
    from idbounds import bounds

    (axes,) = drawn("race").axes
    (first,) = [line for line in axes.get_lines() if line.get_label() == "one"]
    (x,), (y,) = first.get_xdata(), first.get_ydata()
    assert x == pytest.approx(30)
    assert y == pytest.approx((500 * np.log(2) + np.log(20)) / 60_000)
    # The label of a level stands at the error whose bound it is.
    level = next(text for text in axes.texts if text.get_text() == "40")
    error, nats = level.xy[0] / 100, level.xy[1]
    bits = (60_000 * nats - np.log(20)) / np.log(2)
    assert bounds["occam-kl"](train_error=error, code_bits=bits, n=60_000) == pytest.approx(0.4, abs=2e-4)


def test_shares_of_a_message_fill_its_bar_and_small_parts_are_one():
    figure = drawn("bits")
    (axes,) = figure.axes
    ends = {}
    for bar in axes.patches:
        ends[round(bar.get_y(), 3)] = max(ends.get(round(bar.get_y(), 3), 0), bar.get_x() + bar.get_width())
    assert list(ends.values()) == pytest.approx([100, 100])
    assert [text.get_text() for text in axes.texts] == ["1,000 bits", "2,000 bits"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["weights", "recipe", "tag"]


@pytest.mark.parametrize(
    ("kind", "table", "options", "says"),
    [
        ("pie", RUNS, {}, "no kind of figure is called 'pie'; there are: accuracy"),
        ("bits", RUNS, {}, "bits needs the column part, bits; the table has: name, d"),
        ("bound", RUNS[["bound"]], {}, "needs one of the columns d, code_bits, n"),
        ("bound", RUNS, {"size": "epochs"}, "over 'epochs' given; allowed here: d, code_bits, n"),
        ("bits", TABLES["bits"], {"size": "d"}, "allowed here: none"),
        ("race", RUNS.iloc[:0], {}, "has no rows"),
        ("race", RUNS.assign(train_error="many"), {}, "train_error = 'many' is no number"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_told_what_to_do(kind, table, options, says):
    with pytest.raises(InputError, match=says):
        plot.drawn(kind, table, **options)


def test_series_differ_without_colours():
    (axes,) = drawn("lengths").axes
    looks = [(line.get_marker(), str(line._dash_pattern)) for line in axes.get_lines()]
    assert len(set(looks)) == len(looks)
    assert len(set(style.MARKERS)) >= 6
    assert len(set(map(str, style.DASHES))) == len(style.DASHES) >= 5


def test_saved_twice_every_format_has_the_same_bytes(tmp_path):
    for place in ("a", "b"):
        plot.save(
            plot.drawn("lengths", TABLES["lengths"]), tmp_path / f"{place}.svg", (".svg", ".pdf", ".png")
        )
    for suffix in (".svg", ".pdf", ".png"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
