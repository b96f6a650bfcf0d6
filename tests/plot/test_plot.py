"""The drawing: every result can be drawn, and no two labels meet."""

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from idbounds import certifying, plot
from idbounds.comparing import compare


def result(errors=9500, n=60_000, code_bits=2310, test_errors=1690, test_n=10_000, keep=None):
    known = {"errors": errors, "n": n, "code_bits": code_bits, "test_errors": test_errors, "test_n": test_n}
    return certifying.Certified(
        path=Path("x.idb"),
        bound="0.25",
        value=0.25,
        errors=errors,
        n=n,
        draws=1,
        bound_id="occam-binomial",
        code_bits=code_bits,
        ideal_bits=code_bits - 1.5,
        parts={
            "recipe": 32,
            "architecture": 3,
            "projection": 1,
            "d": 16,
            "seed": 1,
            "step": 6,
            "symbols": code_bits - 59,
        },
        test_errors=test_errors,
        test_n=test_n,
        test_interval=certifying.test_interval(test_errors, test_n),
        majority_error=0.9,
        evaluations=compare(**known, delta="0.05", majority_error=0.9)[:keep],
        seconds=1.0,
        delta="0.05",
        dataset="fashion-mnist",
        dataset_sha256="0" * 64,
        decoder="subspace-1",
        model={"architecture": "convnet", "d": 1000, "parameters": 15_210, "seed": 0},
        device="cpu",
    )


CASES = {
    "typical": {},
    "equal": {"errors": 10_140},
    "close": {"errors": 10_100},
    "train above test": {"errors": 12_000},
    "tiny": {"errors": 3, "test_errors": 1},
    "none": {"errors": 0, "test_errors": 0},
    "few examples": {"errors": 600, "n": 1297, "code_bits": 300, "test_errors": 280, "test_n": 500},
    "some vacuous": {"errors": 1000, "n": 1297, "code_bits": 1700, "test_errors": 280, "test_n": 500},
    "all vacuous": {"errors": 1297, "n": 1297, "code_bits": 5000, "test_errors": 500, "test_n": 500},
    "one": {"keep": 1},
    "two": {"keep": 2},
    "three": {"keep": 3},
    "long message": {"code_bits": 3_000_000},
}


@pytest.mark.parametrize("case", CASES)
def test_labels_stay_inside_and_apart(case):
    figure = plot.certificate(result(**CASES[case]))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    page = figure.bbox
    for axes in figure.axes:
        texts = [*axes.texts, *axes.get_yticklabels(), axes.xaxis.label, *axes.get_xticklabels()]
        if axes.get_legend():
            texts += axes.get_legend().get_texts()
        low, high = axes.get_xlim()
        ticks = dict(zip(axes.get_xticklabels(), axes.get_xticks(), strict=True))
        shown = [t for t in texts if t.get_text() and low <= ticks.get(t, low) <= high]
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in shown]
        for text, box in boxes:
            assert page.x0 <= box.x0, text
            assert box.x1 <= page.x1 + 1, text
            assert page.y0 <= box.y0, text
            assert box.y1 <= page.y1, text
        for (one, a), (two, b) in combinations(boxes, 2):
            assert not a.padded(-0.5).overlaps(b.padded(-0.5)), (one, two)


def test_it_is_one_column_wide_with_units():
    figure = plot.certificate(result())
    assert tuple(figure.get_size_inches()) == (3.5, 3.9)
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert "error rate, %" in labels[0]
    assert "bits" in labels[1]


def luminance(colour):
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_bars_differ_in_grey():
    assert luminance(plot.COLOURS["other"]) - luminance(plot.COLOURS["bound"]) > 0.25


def test_saved_twice_it_is_the_same_svg(tmp_path):
    files = plot.save(plot.certificate(result()), tmp_path / "a.idb")
    assert [f.name for f in files] == ["a.svg", "a.png"]
    again = plot.save(plot.certificate(result()), tmp_path / "b.idb")
    assert files[0].read_bytes() == again[0].read_bytes()
    assert files[1].read_bytes()[:4] == b"\x89PNG"
