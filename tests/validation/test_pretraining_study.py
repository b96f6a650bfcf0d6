"""The claims about pretraining can come out all three ways; a small ladder is pretrained, stopped and resumed."""

import numpy as np
import pandas as pd
import pytest
from made_rows import rows_of

from validation import ladder, tiny_language
from validation.studies import pretraining as study
from validation.study import Verdict

START, LAST = (study.MIDDLE, 0), (study.MIDDLE, study.UPDATES[-1])
NARROW, WIDE = ((width, study.UPDATES[-1]) for width in (study.WIDTHS[0], study.WIDTHS[-1]))
PLAIN = {(study.MIDDLE, updates): 3000 / 2**i for i, updates in enumerate(study.UPDATES)}
PLAIN |= {NARROW: 1500, WIDE: 200}


def rows(scales=PLAIN, full=lambda cell: 0.8, noise=0.002, keep=lambda point: True):
    """Curves that saturate; a cell needs as many dimensions as its scale says."""
    rng = np.random.default_rng(0)

    def measured(point):
        cell, d = (point["width"], point["updates"]), point["d"]
        top = full(cell)
        reached = top - (top - 0.25) * np.exp(-d / scales[cell]) if d else top
        return [{
            "what": "run", "score": reached + noise * rng.normal(), "train_score": 0.9, "test_score": reached,
            "test_n": 500, "chance": 0.25, "D": 1000 * cell[0], "surprise": 7.0,
        }]  # fmt: skip

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed_and_without_rows():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    some = rows(keep=lambda point: (point["width"], point["updates"]) not in (LAST, WIDE))
    assert set(verdicts(some).values()) == {Verdict.INCONCLUSIVE}
    assert set(verdicts(rows(dict.fromkeys(PLAIN, 600.0), noise=0.01)).values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("changed", "claims"),
    [
        ({START: 40.0}, {"pretraining_lowers_d90", "pretraining_lowers_own_d90", "d90_falls_all_along"}),
        ({NARROW: 40.0, WIDE: 1000.0}, {"larger_models_have_lower_d90", "larger_models_have_lower_own_d90"}),
        ({(study.MIDDLE, study.UPDATES[2]): 4000.0}, {"d90_falls_all_along"}),
    ],
)
def test_what_the_rows_contradict_is_not_supported(changed, claims):
    found = verdicts(rows(PLAIN | changed))
    assert {claim for claim, verdict in found.items() if verdict is Verdict.NOT_SUPPORTED} == claims


def test_the_one_accuracy_is_one_that_all_reach():
    """A start that all weights take less far: its own 90% asks less of it, the one accuracy does not."""
    table = rows(dict.fromkeys(PLAIN, 600.0), full=lambda cell: 0.6 if cell == START else 0.8)
    found = study.runs(table)
    assert study.common(found) == pytest.approx(0.9 * 0.6, abs=0.01)
    one, other = (study.crossing(found, cell, "absolute") for cell in (START, LAST))
    assert one.d == study.crossing(found, START, "fraction").d
    assert other.high < one.low
    lines = study.numbers(table).set_index(["width", "updates", "criterion"])
    assert lines["threshold"].xs("absolute", level="criterion").nunique() == 1
    assert lines.loc[(*LAST, "fraction"), "threshold"] == pytest.approx(0.9 * 0.8, abs=0.01)


def test_figure():
    table = rows(PLAIN | {START: 90_000.0, WIDE: 5.0})
    top, bottom = study.figure(table).axes
    arrows = [len(axes.texts) for axes in (top, bottom)]
    # Neither criterion is reached from the start; the widest rung reaches both at once.
    assert arrows == [2, 2]
    assert [tick.get_text() for tick in bottom.get_xticklabels()] == ["16", "32", "64"]


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IDBOUNDS_CACHE", str(tmp_path))
    monkeypatch.setattr(ladder, "SAVED", 4)
    return tmp_path


def test_pretraining_resumes_where_it_stopped(own_cache):
    ladder.checkpoint.cache_clear()
    whole = ladder.checkpoint("toy", 8, 9)
    kept = sorted(path.name.split("-")[2] for path in own_cache.iterdir())
    assert kept == ["4", "8", "9"]
    for name in ("4", "9"):
        (path,) = own_cache.glob(f"pretraining-8-{name}-*")
        path.unlink()
    ladder.checkpoint.cache_clear()
    again = ladder.checkpoint("toy", 8, 9)
    assert sorted(path.name.split("-")[2] for path in own_cache.iterdir()) == ["8", "9"]
    assert all(np.array_equal(whole[name], again[name]) for name in whole)
    assert ladder.surprise("toy", 8, 9) < ladder.surprise("toy", 8, 0)


def test_words():
    assert tiny_language.words("What's 007 ?<br />Go") == ["what", "'", "s", "007", "?", "go"]
    found = tiny_language.numbered([["a", "b"] * 10, ["c"]], {"a": 3, "b": 4})
    assert found[0].tolist() == [3, 4] * (tiny_language.LENGTH // 2)
    assert found[1].tolist() == [tiny_language.UNKNOWN] + [tiny_language.PADDING] * (tiny_language.LENGTH - 1)


def test_padding_changes_nothing():
    import torch

    model = ladder.classifier("toy", 8, 0).eval()
    x = torch.tensor([[5, 6, 7] + [tiny_language.PADDING] * (tiny_language.LENGTH - 3)])
    before = model(x)
    with torch.no_grad():
        model.words.weight[tiny_language.PADDING] += 3
    assert torch.allclose(before, model(x), atol=1e-6)


def test_the_smallest_point_runs(own_cache, monkeypatch):
    monkeypatch.setattr(study, "RATES", {"sub": (0.1,), "full": (0.01, 0.03)})
    (point,) = study.GRID["smoke"]
    found = pd.DataFrame(study.measure(point))
    assert found["what"].value_counts().to_dict() == {"run": 1, "rate": 3}
    assert found["test_score"].between(0, 1).all()
    assert found["weights_sha256"].nunique() == 1
    tuned = found[found["what"] == "rate"]
    best = tuned[tuned["at"].isna()].nlargest(1, "score")["rate"].item()
    assert set(found[found["what"] == "run"]["rate"]) == {best}
