"""Does pretraining lower d90, and do larger models have a lower one? A ladder of models pretrained here."""

from __future__ import annotations

import functools
import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from idbounds.dimension import Crossing

WIDTHS, MIDDLE, UPDATES = (16, 32, 64), 32, (0, 100, 300, 1000, 3000)
"""Rungs; the one whose checkpoints are measured; and after how many updates."""

LARGER = (128, 256)
"""Rungs of the tier `gpu`."""

DIMENSIONS, SEEDS = (256, 512, 1024, 2048, 4096, 8192), (1, 2, 3)
STEPS, BATCH, HELD_OUT = 200, 32, 0.2
"""Downstream: gradient steps, questions a step, share of the training questions that scores."""

TUNED_AT, TUNING_SEED = 1024, 0
RATES = {"sub": (0.1, 0.2), "full": (0.01, 0.03)}
"""Learning rates to choose from, for each checkpoint, with `TUNING_SEED` on the held-out share of the
training questions: that in subspaces at `TUNED_AT` dimensions. No other number is taken from those runs. The
rows of width 32 hold more rates on both sides, tried from the start and after all updates: all were worse."""

CRITERIA = ("fraction", "absolute")
"""90% of what all weights of the same checkpoint reach, as the paper has it; 90% of the least that all
weights of any checkpoint reach, one accuracy for all, which each can reach: the fair comparison."""

Cell = tuple[int, int]
"""Width and updates."""


_LAST = UPDATES[-1]
_CELLS: list[Cell] = [
    (MIDDLE, _LAST), (WIDTHS[-1], _LAST), *((MIDDLE, updates) for updates in (300, 1000, 100, 0)),
    (WIDTHS[0], _LAST),
]  # fmt: skip
_FIRST = (0, *DIMENSIONS[1:5])
"""Dimensions that should tell most; 0 stands for all weights."""


def _points(cells: list[Cell]) -> tuple[Point, ...]:
    """The most telling first, for a machine that is stopped early."""
    rest = [d for d in DIMENSIONS if d not in _FIRST]
    parts = ((SEEDS[:2], _FIRST), (SEEDS[:2], rest), (SEEDS[2:], (0, *DIMENSIONS)))
    return tuple(
        {"text": "reviews", "width": width, "updates": updates, "seed": seed, "d": d, "steps": STEPS}
        for seeds, ds in parts
        for width, updates in cells
        for seed in seeds
        for d in ds
    )


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"text": "toy", "width": 8, "updates": 20, "seed": SEEDS[0], "d": 0, "steps": 5},),
    "laptop": _points(_CELLS),
    "gpu": _points([*_CELLS, *((width, _LAST) for width in LARGER)]),
}


@functools.cache
def _trial(text: str, width: int, updates: int, steps: int) -> Any:
    from idbounds.dimension.trial import Training, Trial
    from validation import ladder, tiny_language

    found = tiny_language.reading(text)
    training = Training(steps=steps, batch=BATCH)
    return Trial(
        ladder.classifier(text, width, updates), found.train, test=found.test, held_out=HELD_OUT,
        start="module", kind="blocks", device="cpu", training=training,
    )  # fmt: skip


def _scored(what: str, trial: Any, d: int | None, seed: int, rate: float) -> Row:
    from idbounds.dimension.many import train
    from idbounds.dimension.protocol import Run

    (found,) = train(trial, [Run(d, seed, rate)])
    return {
        "what": what, "at": d, "drawn": seed, "rate": rate, "score": found.score,
        "train_score": found.train_score, "test_score": found.extra.get("test_score"),
        "status": found.status, "reason": found.reason or None,
    }  # fmt: skip


@functools.cache
def _rates(text: str, width: int, updates: int, steps: int) -> tuple[dict[str, float], list[Row]]:
    """The learning rates of a checkpoint, and the runs that chose them."""
    trial = _trial(text, width, updates, steps)
    chosen, rows = {}, []
    for kind, rates in RATES.items():
        d = None if kind == "full" else TUNED_AT
        found = [_scored("rate", trial, d, TUNING_SEED, rate) for rate in rates]
        good = [row for row in found if row["status"] == "ok"] or found[:1]
        chosen[kind] = float(max(good, key=lambda row: float(str(row["score"])))["rate"])  # type: ignore[arg-type]
        # One that diverged is no failure of the study.
        rows += [{**row, "status": "ok"} for row in found]
    return chosen, rows


def measure(point: Point) -> list[Row]:
    """Train one checkpoint on the questions, at one dimension or with all weights (d = 0).

    Args:
        point: text, width, updates, seed, d, steps.

    Returns:
        One row (`what` is "run"): accuracy on the held-out share of the training questions, on as many that
        were trained on, and on the test part. With the first seed and d = 0 also the runs that chose the
        learning rates (`what` is "rate").
    """
    from validation import ladder

    text, d, seed = str(point["text"]), int(point["d"] or 0), int(point["seed"] or 0)
    width, updates, steps = (int(point[key] or 0) for key in ("width", "updates", "steps"))
    weights = hashlib.sha256()
    for array in ladder.checkpoint(text, width, updates).values():
        weights.update(array.tobytes())
    trial = _trial(text, width, updates, steps)
    rates, tuning = _rates(text, width, updates, steps)
    run = _scored("run", trial, d or None, seed, rates["sub" if d else "full"])
    common = {
        "D": trial.D, "chance": trial.parts.chance, "n": len(trial.parts.train),
        "test_n": len(trial.parts.test), "surprise": ladder.surprise(text, width, updates),
        "weights_sha256": weights.hexdigest(),
    }  # fmt: skip
    first = seed == SEEDS[0] and not d
    return [{**row, **common} for row in (run, *(tuning if first else ()))]


_RUN = (
    "what", "width", "updates", "d", "seed", "score", "train_score", "test_score", "test_n", "chance", "D",
    "surprise",
)  # fmt: skip


def runs(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs of the laptop tier.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a run; one with all weights has no d.
    """
    found = reading.ok(rows, _RUN)
    found = found[found["what"] == "run"].reset_index(drop=True)
    return found.assign(d=found["d"].astype(float).where(found["d"] != 0))


def _of(found: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    return found[(found["width"] == cell[0]) & (found["updates"] == cell[1])]


def common(found: pd.DataFrame) -> float:
    """The accuracy asked of all: 90% of the least that all weights of a checkpoint reach.

    Args:
        found: what `runs` gives.

    Returns:
        Accuracy on the held-out share; NaN without runs.
    """
    full = found[found["d"].isna()].groupby(["width", "updates"])["score"].mean()
    return 0.9 * float(full.min())


def crossing(found: pd.DataFrame, cell: Cell, criterion: str) -> Crossing | None:
    """d90 of a checkpoint.

    Args:
        found: what `runs` gives.
        cell: width and updates.
        criterion: one of `CRITERIA`.

    Returns:
        The crossing; None where there are not enough runs.
    """
    own = _of(found, cell)
    if own["d"].isna().sum() < 2 or own["d"].notna().sum() < 2:
        return None
    return dimensions.crossing(own, criterion, chance=float(own["chance"].iloc[0]), absolute=common(found))


def _lower(rows: pd.DataFrame, less: Cell, more: Cell, criterion: str) -> Outcome:
    found = runs(rows)
    return dimensions.lower(crossing(found, less, criterion), crossing(found, more, criterion))


def check_falls(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of each checkpoint against all earlier ones, at one accuracy.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if each lies clearly below the one before, not supported if one lies clearly above an
        earlier one.
    """
    pairs = [(early, late) for i, early in enumerate(UPDATES) for late in UPDATES[i + 1 :]]
    found = {pair: _lower(rows, (MIDDLE, pair[1]), (MIDDLE, pair[0]), "absolute") for pair in pairs}
    steps = list(pairwise(UPDATES))
    says = "; ".join(f"{late:,} after {early:,}: {found[early, late].says}" for early, late in steps)
    if any(one.verdict is Verdict.NOT_SUPPORTED for one in found.values()):
        return Outcome(Verdict.NOT_SUPPORTED, says)
    clear = all(found[step].verdict is Verdict.SUPPORTED for step in steps)
    return Outcome(Verdict.SUPPORTED if clear else Verdict.INCONCLUSIVE, says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """d90 of each checkpoint.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a checkpoint and criterion: weights D, bits a hidden word of the language, accuracy with all
        weights on the held-out share and on the test part (means of the seeds), threshold, d90 with its 90%
        interval, or how it is censored.
    """
    found, lines = runs(rows), []
    for cell in dict.fromkeys(sorted(found[["width", "updates"]].itertuples(index=False, name=None))):
        own = _of(found, cell)
        full = own[own["d"].isna()]
        for criterion in CRITERIA:
            one = crossing(found, cell, criterion)
            if one is not None:
                lines.append({
                    "width": cell[0], "updates": cell[1], "D": own["D"].iloc[0],
                    "surprise": own["surprise"].iloc[0], "full": full["score"].mean(),
                    "test": full["test_score"].mean(), "criterion": criterion, "threshold": one.threshold,
                    "d90": one.d, "d90_low": one.low, "d90_high": one.high, "censored": one.censored or None,
                })  # fmt: skip
    return pd.DataFrame(lines, columns=_NUMBERS)


_NUMBERS = [
    "width", "updates", "D", "surprise", "full", "test", "criterion", "threshold", "d90", "d90_low",
    "d90_high", "censored",
]  # fmt: skip


EDGES = (DIMENSIONS[0] / 1.8, DIMENSIONS[-1] * 1.8)
"""Of the panels; there end the arrows of what nothing bounds."""

LOOKS = {"absolute": "one accuracy for all", "fraction": "90% of its own accuracy"}


def figure(rows: pd.DataFrame) -> Figure:
    """d90 along the pretraining of one rung, and below it d90 against the width.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, (top, bottom) = canvas(1.25, rows=2)
    table = numbers(rows)
    panels = (
        (top, "updates", UPDATES, table[table["width"] == MIDDLE], "updates of pretraining"),
        (bottom, "width", WIDTHS, table[table["updates"] == _LAST], "width"),
    )
    for axes, name, ticks, own, label in panels:
        looks = zip(LOOKS, (-0.06, 0.06), COLOURS.values(), MARKERS, strict=False)
        for criterion, shift, colour, marker in looks:
            for row in own[own["criterion"] == criterion].itertuples():
                _draw(axes, ticks.index(getattr(row, name)) + shift, row, colour, marker)
        axes.set(yscale="log", xlabel=label, ylabel="d90")
        axes.set(xlim=(-0.5, len(ticks) - 0.5), ylim=EDGES)
        axes.set_xticks(range(len(ticks)), [f"{tick:,}" for tick in ticks])
        axes.set_yticks(DIMENSIONS, [f"{d:,}" for d in DIMENSIONS])
        axes.minorticks_off()
    for (_, label), colour, marker in zip(LOOKS.items(), COLOURS.values(), MARKERS, strict=False):
        top.plot([], [], marker, color=colour, label=label)
    made.legend(loc="outside upper right", ncols=2)
    return made


def _draw(axes: Any, at: float, row: Any, colour: str, marker: str) -> None:
    """One d90 with its interval; an arrow goes where nothing bounds it."""
    ends = [row.d90_low, row.d90_high]
    for end, edge, known in zip(ends, EDGES, reversed(ends), strict=True):
        start = row.d90 if pd.notna(row.d90) else known
        if pd.isna(end) and pd.notna(start):
            look = {"arrowstyle": "->", "color": colour, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (at, edge), (at, start), arrowprops=look)
    low, high = (row.d90 if pd.isna(end) else end for end in ends)
    axes.vlines(at, low, high, color=colour)
    axes.plot(at, row.d90, marker, color=colour)


def _lower_claim(name: str, words: str, less: Cell, more: Cell, criterion: str) -> Claim:
    return Claim(name, words, lambda rows: _lower(rows, less, more, criterion))


_EARLY, _LATE, _NARROW, _WIDE = (MIDDLE, 0), (MIDDLE, _LAST), (WIDTHS[0], _LAST), (WIDTHS[-1], _LAST)

STUDY = Study(
    id="pretraining",
    question="Does pretraining lower d90, and do larger models have a lower one?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "d90 of TREC's questions with its 90% interval: above, of a rung of width 32 after more and more "
        "updates of pretraining; below, of three widths after 3,000. An arrow: nothing bounds it there."
    ),
    numbers=numbers,
    claims=(
        _lower_claim(
            "pretraining_lowers_d90",
            "d90 of TREC's questions is lower after 3,000 updates of pretraining than after none, at one "
            "accuracy.",
            _LATE,
            _EARLY,
            "absolute",
        ),
        _lower_claim(
            "pretraining_lowers_own_d90",
            "d90 of TREC's questions is lower after 3,000 updates of pretraining than after none, each at "
            "90% of its own accuracy.",
            _LATE,
            _EARLY,
            "fraction",
        ),
        Claim(
            "d90_falls_all_along", "d90 falls from each checkpoint to the next, at one accuracy.", check_falls
        ),
        _lower_claim(
            "larger_models_have_lower_d90",
            "After as many updates the widest rung has a lower d90 than the narrowest, at one accuracy.",
            _WIDE,
            _NARROW,
            "absolute",
        ),
        _lower_claim(
            "larger_models_have_lower_own_d90",
            "After as many updates the widest rung has a lower d90 than the narrowest, each at 90% of its "
            "own accuracy.",
            _WIDE,
            _NARROW,
            "fraction",
        ),
    ),
)
