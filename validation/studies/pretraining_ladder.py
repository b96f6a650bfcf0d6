"""Does pretraining lower d90, and do larger models have a lower one? A ladder that is pretrained here."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.figures import COLOURS, MARKERS
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTHS, MIDDLE, UPDATES = (32, 64, 128), 64, (0, 100, 300, 1000)
"""Rungs; the one whose checkpoints are measured; and after how many updates."""

SEEDS, DIMENSIONS = (0, 1, 2), (16, 64, 256, 1024)
STEPS, BATCH = 100, 32
RATES = {"sub": 0.03, "full": 1e-3}
"""Customary learning rates, the same for all rungs and checkpoints; not tuned."""

BOUND_AT, DELTA = 256, "0.05"
CRITERIA = ("fraction", "absolute", "gain")


def _points(widths: tuple[int, ...], middle: int) -> tuple[Point, ...]:
    """In the order of importance: the checkpoints of one rung, then the other sizes at the end."""
    cells = [(middle, updates) for updates in (UPDATES[-1], *UPDATES[:-1])]
    cells += [(width, UPDATES[-1]) for width in widths if width != middle]
    return tuple(
        {"width": width, "updates": updates, "method": method}
        for width, updates in cells
        for method in (("direct", "said") if (width, updates) == (middle, UPDATES[-1]) else ("direct",))
    )


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"width": 16, "updates": 100, "method": "direct"},),
    "laptop": _points(WIDTHS, MIDDLE),
}


@functools.cache
def downstream() -> tuple[Any, Any]:
    """Training and test part of the sentences of SST-2, as hashed words."""
    from idbounds.data import load_texts
    from validation.tiny_language import numbered

    texts = load_texts("sst2-sentences")
    train, test = (numbered(part.first) | {"labels": part.labels} for part in (texts.train, texts.test))
    return train, test


def measure(point: Point) -> list[Row]:
    """Fine-tune one checkpoint with all weights and at every dimension, three seeds each.

    Args:
        point: width of the rung, updates of its pretraining, method of the subspace.

    Returns:
        One row a run (`what` is "run"): accuracy on the held-out share of the training part, on as many
        training examples and on the test part; then the bound of one task file (`what` is "bound").
    """
    from idbounds.dimension.many import Group, train
    from idbounds.dimension.protocol import Run
    from idbounds.dimension.trial import Training, Trial
    from idbounds.finetuning.tuning import rounded
    from validation import tiny_language

    width, updates, method = int(point["width"] or 0), int(point["updates"] or 0), str(point["method"])
    state = tiny_language.checkpoints(width, UPDATES)[updates]
    sample, test = downstream()
    trial = Trial(
        tiny_language.classifier(width, state), sample, test=test, start="module", method=method,
        layers="block" if method == "said" else "tensor", kind="blocks", device="cpu",
        training=Training(
            steps=STEPS, batch=BATCH, learning_rate=RATES["sub"], full_learning_rate=RATES["full"]
        ),
    )  # fmt: skip
    common = {"D": trial.D, "chance": trial.parts.chance}
    rows: list[Row] = []
    for seed in SEEDS:
        for d in (None, *DIMENSIONS) if method == "direct" else DIMENSIONS:
            (score,) = train(trial, [Run(d, seed)])
            rows.append({
                "what": "run", "seed": seed, "d": d, "score": score.score, "train_score": score.train_score,
                "test_score": score.extra.get("test_score"), "run_seconds": score.seconds, **common,
                "status": score.status, "reason": score.reason or None,
            })  # fmt: skip
    group = Group(trial, [Run(BOUND_AT, SEEDS[0])])
    for step in range(STEPS):
        group.step(step)
    found = rounded(group, 1.0, DELTA)
    return [*rows, {
        "what": "bound", "seed": SEEDS[0], "d": BOUND_AT, "errors": found.errors, "n": found.n,
        "test_errors": found.test_errors, "test_n": found.test_n, "code_bits": found.task.code_bits,
        "bound": float(found.bound), **common,
    }]  # fmt: skip


_CELL = ["width", "updates", "method"]
Cell = tuple[int, int, str]
_RUN = (*_CELL, "what", "seed", "d", "score", "train_score", "test_score", "chance", "D")


def runs(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs of the laptop tier.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a run.
    """
    found = reading.ok(rows, _RUN)
    return found[found["what"] == "run"]


def _of(rows: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    return rows[(rows[_CELL] == list(cell)).all(axis=1)]


def _full(rows: pd.DataFrame, width: int, updates: int) -> pd.DataFrame:
    own = _of(rows, (width, updates, "direct"))
    return own[own["d"].isna()]


def crossing(rows: pd.DataFrame, cell: Cell, criterion: str) -> Any:
    """d90 of one cell; "absolute" is 90% of what the rung gets, with all weights, from its last checkpoint.

    Args:
        rows: what `runs` gives.
        cell: width, updates, method.
        criterion: one of `CRITERIA`.

    Returns:
        The `Crossing`; None without enough runs.
    """
    own = _of(rows, cell)
    fixed = 0.9 * _full(rows, cell[0], UPDATES[-1])["score"].mean()
    if own.empty or math.isnan(fixed) or _full(rows, *cell[:2]).empty:
        return None
    table = pd.concat([_full(rows, *cell[:2]), own[own["d"].notna()]])
    return dimensions.crossing(table, criterion, chance=float(own["chance"].iloc[0]), absolute=fixed)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """d90, gap and bound of each checkpoint.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a cell: number of weights, held-out accuracy of full training, d90 under the three criteria
        with 90% intervals, relative generalisation gap of full training (mean over seeds: test error less
        training error over the test error's complement, as the paper has it), bits and bound of a task file.
    """
    found, lines = runs(rows), []
    bounds = reading.ok(rows, (*_CELL, "what", "code_bits", "bound", "errors", "n", "test_errors", "test_n"))
    bounds = bounds[bounds["what"] == "bound"]
    for cell in sorted(dict.fromkeys(found[_CELL].itertuples(index=False, name=None))):
        full, bound = _full(found, *cell[:2]), _of(bounds, cell)
        line = dict(zip(_CELL, cell, strict=True)) | {
            "D": _of(found, cell)["D"].iloc[0], "full": full["score"].mean(),
            "gap": dimensions.relative_gap(full).mean(),
        }  # fmt: skip
        for criterion in CRITERIA:
            one = crossing(found, cell, criterion)
            line |= dict.fromkeys((criterion, f"{criterion}_low", f"{criterion}_high"))
            if one is not None:
                line |= {criterion: one.d, f"{criterion}_low": one.low, f"{criterion}_high": one.high}
        if len(bound):
            last = bound.iloc[0]
            line |= {
                "code_bits": last.code_bits, "bound": last.bound, "train_error": last.errors / last.n,
                "test_error": last.test_errors / last.test_n,
            }  # fmt: skip
        lines.append(line)
    ends = [f"{c}{end}" for c in CRITERIA for end in ("", "_low", "_high")]
    rest = ["gap", "code_bits", "train_error", "test_error", "bound"]
    return pd.DataFrame(lines, columns=[*_CELL, "D", "full", *ends, *rest])


def _lower(rows: pd.DataFrame, less: Cell, more: Cell, criterion: str) -> Outcome:
    found = runs(rows)
    return dimensions.lower(crossing(found, less, criterion), crossing(found, more, criterion))


def check_pretraining(rows: pd.DataFrame) -> Outcome:
    """Hold d90 after all updates against that from random weights, at the same accuracy."""
    return _lower(rows, (MIDDLE, UPDATES[-1], "direct"), (MIDDLE, 0, "direct"), "absolute")


def check_size(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of the widest rung against that of the narrowest, each at 90% of its own accuracy."""
    cells = [(width, UPDATES[-1], "direct") for width in (WIDTHS[-1], WIDTHS[0])]
    return _lower(rows, cells[0], cells[1], "fraction")


def check_said(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of SAID against that of DID."""
    cells = [(MIDDLE, UPDATES[-1], method) for method in ("said", "direct")]
    return _lower(rows, cells[0], cells[1], "fraction")


def check_gap(rows: pd.DataFrame) -> Outcome:
    """Hold the relative gap of full training after all updates against that from random weights."""
    from scipy import stats

    found = runs(rows)
    last, first = (dimensions.relative_gap(_full(found, MIDDLE, updates)) for updates in (UPDATES[-1], 0))
    if len(last) < len(SEEDS) or len(first) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, "one of the two is not measured")
    apart = stats.ttest_ind(last, first, equal_var=False).confidence_interval(0.9)
    fall = last.mean() - first.mean()
    says = f"{fall:+.3f} [{apart.low:+.3f}, {apart.high:+.3f}] between no and {UPDATES[-1]:,} updates"
    if apart.high < 0:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if apart.low > 0 else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Held-out accuracy against d: checkpoints of one rung above, sizes below.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    found = runs(rows)
    made = Figure(figsize=(4.0, 5.2))
    upper, lower = made.subplots(2, sharex=True)
    panels = (
        (upper, [(MIDDLE, u, "direct") for u in UPDATES], lambda c: f"{c[1]:,} updates"),
        (lower, [(w, UPDATES[-1], "direct") for w in WIDTHS], lambda c: f"width {c[0]}"),
    )
    for axes, cells, named in panels:
        for cell, colour, marker in zip(cells, COLOURS.values(), MARKERS, strict=False):
            own = _of(found, cell)
            some = own[own["d"].notna()]
            if some.empty:
                continue
            mean = some.groupby("d")["score"].mean()
            axes.plot(mean.index.astype(float), 100 * mean, marker=marker, color=colour, label=named(cell))
            axes.plot(some["d"].astype(float), 100 * some["score"], marker, color=colour, ms=2.5, alpha=0.6)
            axes.axhline(100 * own[own["d"].isna()]["score"].mean(), color=colour, ls=":", lw=0.9)
        axes.set(xscale="log", ylabel="held-out accuracy (%)")
        axes.legend(loc="upper left", ncols=2)
    lower.set_xlabel("subspace dimension d")
    lower.set_xticks(DIMENSIONS, [f"{d:,}" for d in DIMENSIONS])
    lower.minorticks_off()
    return made


STUDY = Study(
    id="pretraining_ladder",
    question="Does pretraining lower d90, and do larger models have a lower one?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Held-out accuracy on SST-2 against the dimension of the subspace: one rung after more and more "
        "updates of pretraining (above), three widths after as many (below). Dotted: all weights trained."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "pretraining_lowers_d90",
            "d90 of SST-2 is lower after 1,000 updates of pretraining than after none, at the same accuracy.",
            check_pretraining,
        ),
        Claim(
            "larger_models_have_lower_d90",
            "After as many updates the widest rung has a lower d90 than the narrowest, each at 90% of its "
            "own accuracy.",
            check_size,
        ),
        Claim("said_is_below_did", "With SAID d90 is lower than with DID.", check_said),
        Claim(
            "lower_d90_goes_with_a_smaller_gap",
            "Fine-tuning all weights after 1,000 updates of pretraining has a smaller relative "
            "generalisation gap than after none.",
            check_gap,
        ),
    ),
)
