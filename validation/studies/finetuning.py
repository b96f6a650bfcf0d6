"""How many random dimensions does fine-tuning a sentence encoder need, and what does pretraining save?"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from validation import dimensions, reading, sentences
from validation.figures import COLOURS, MARKERS, canvas
from validation.finetuned import (
    CELL,
    MODELS,
    TASKS,
    Cell,
    crossing,
    gaps,
    numbers,
    runs,
    stated,
)
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST = {"sst2-sentences": 28, "mrpc": 48}
"""Word pieces of an example; longer ones are cut."""

STEPS, GPU_STEPS, BATCH = 250, 1000, 16
"""On a laptop 4,000 examples of the training part, two thirds of SST-2's; the paper trains for epochs."""

DIMENSIONS, SEEDS = (16, 64, 256, 1024, 4096), (0, 1)
BOUND_AT, DELTA = (16, 64, 256), "0.05"
"""Dimensions at which a bound is stated, and its failure probability."""

RATES = {"top": {"full": 1e-3, "sub": 0.1}, "all": {"full": 2e-4, "sub": 0.03}}
"""Learning rates by what moves. Those of the top layer were chosen on the held-out share of SST-2's training
part (MiniLM-L3, pretrained, 200 steps, sentences cut at 20 pieces, another seed): 0.1 got 68.8, 69.5, 72.3%
right with 64, 256 and 4,096 dimensions, 0.3 got 64.3 and 69.5% with the first two, 0.03 got 71.1% with the
last; with all weights 0.001 and 0.003 both got 73.7%. The others are customary ones, not tuned."""

_L3: Cell = ("minilm-l3", "sst2-sentences", "pretrained", "direct")
_RANDOM: Cell = (*_L3[:2], "random", "direct")
_SAID: Cell = (*_L3[:3], "said")
_L6: Cell = ("minilm-l6", *_L3[1:])
_MRPC: Cell = (_L3[0], "mrpc", *_L3[2:])


def _points(cell: Cell, ds: tuple[int, ...], seed: int, steps: int = STEPS) -> tuple[Point, ...]:
    moved = "top" if steps == STEPS else "all"
    same: Point = {"seed": seed, "steps": steps, "moved": moved}
    return tuple({**dict(zip(CELL, cell, strict=True)), **same, "d": d} for d in ds)


_ALL = tuple(
    (model, task, start, method)
    for model in MODELS
    for task in TASKS
    for start, method in (("pretrained", "direct"), ("pretrained", "said"), ("random", "direct"))
)
GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({**_points(("toy", "toy", *_L3[2:]), (16,), 0)[0], "steps": 5},),
    # What a machine that is stopped early should have done comes first.
    "laptop": (
        *_points(_L3, (256, 0, 64), 0),
        *_points(_RANDOM, (256, 0, 4096), 0),
        *_points(_L3, (16, 1024, 4096), 0),
        *_points(_L3, (0, 64, 16, 256, 1024, 4096), 1),
        *_points(_SAID, (64, 256, 1024), 0),
        *_points(_L6, (0, 64, 256, 16, 1024), 0),
        *_points(_SAID, (64, 256, 1024), 1),
        *_points(_MRPC, (0, 256), 0),
        *_points(_RANDOM, (0, 256, 4096), 1),
        *_points(_L6, (0, 64, 256, 16, 1024), 1),
    ),
    "gpu": tuple(
        point
        for cell in _ALL
        for seed in SEEDS
        for point in _points(cell, (*DIMENSIONS, 0) if cell[3] == "direct" else DIMENSIONS, seed, GPU_STEPS)
    ),
}


@functools.lru_cache(maxsize=2)
def prepared(model: str, task: str, seed: int | None, moved: str) -> Any:
    """Model and data.

    Args:
        model: name of the encoder, or "toy".
        task: data set of texts, or "toy".
        seed: draws every weight, those of layers that stay still, too; None for the pretrained ones.
        moved: "all" weights, or those of the "top" layer and the head: the layers below are still, and what
            they make of the sentences is computed once.

    Returns:
        `idbounds.finetuning.Prepared`, without dropout.
    """
    from torch import nn

    from idbounds import finetuning
    from idbounds.finetuning.pooled import SentenceClassifier, upper_layers
    from idbounds.finetuning.pretrained import draw

    supplied = Path(os.environ.get("IDBOUNDS_DATA") or ".").expanduser() / model
    if model == "toy":
        made = sentences.toy_classifier()
        made = made._replace(model=SentenceClassifier(made.model.bert, 2))
    else:
        given = model if model in MODELS else supplied
        made = finetuning.prepared(given, task, longest=LONGEST[task], say=print)
    if seed is not None:
        draw(made.model, dict(made.model.named_parameters()), seed)
    for part in made.model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    return upper_layers(made, 1) if moved == "top" else made


def trial(point: Point) -> Any:
    """What is trained.

    Args:
        point: model, task, start, method, d, seed, steps, moved.

    Returns:
        `idbounds.dimension.trial.Trial`.
    """
    from idbounds.dimension.trial import Training, Trial

    model, task, start, method, moved = (str(point[key]) for key in (*CELL, "moved"))
    d, seed = int(point["d"] or 0), int(point["seed"] or 0)
    made = prepared(model, task, None if start == "pretrained" else seed, moved)
    return Trial(
        made.model, made.data, test=made.test, start="module", kind="blocks",
        training=Training(
            steps=int(point["steps"] or 0), batch=BATCH, full_learning_rate=RATES[moved]["full"],
            learning_rate=RATES[moved]["sub"],
        ),
        method=method if d else "direct",  # type: ignore[arg-type]
    )  # fmt: skip


def measure(point: Point) -> list[Row]:
    """Train one seed at one dimension, or with all weights (d = 0).

    Args:
        point: model, task, start, method, d, seed, steps, moved.

    Returns:
        One row: accuracy on the held-out share of the training part, on as many training examples, and on the
        test part. With dimensions of `BOUND_AT`, from pretrained weights, also what a task file costs and its
        bound.
    """
    from idbounds.dimension.many import Group, enough_memory
    from idbounds.dimension.protocol import Run
    from idbounds.finetuning.tuning import rounded

    made, d = trial(point), int(point["d"] or 0)
    with enough_memory(made):
        group = Group(made, [Run(d or None, int(point["seed"] or 0))])
        for step in range(made.settings.steps):
            group.step(step)
        parts = made.parts
        shown = parts.train.take(np.arange(len(parts.held_out)))
        scores = {
            name: group.scores(part)[0]
            for name, part in (("score", parts.held_out), ("train_score", shown), ("test_score", parts.test))
        }
        row = {
            "D": made.D, "chance": parts.chance, "train_n": len(shown), "test_n": len(parts.test), **scores,
            "majority_error": 1 - np.bincount(parts.test.labels).max() / len(parts.test),
        }  # fmt: skip
        if d in BOUND_AT and point["start"] == "pretrained":
            found = rounded(group, DELTA)
            row |= {
                "errors": found.errors, "n": found.n, "test_errors": found.test_errors,
                "code_bits": found.task.code_bits, "bound": float(found.bound),
            }  # fmt: skip
    if not group.alive().all():
        row |= {"status": "failed", "reason": f"diverged at {group.told(group.runs[0])}"}
    return [row]


def _at(d: int | None, rows: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    same = rows["d"].isna() if d is None else rows["d"] == d
    return rows[(rows[CELL] == list(cell)).all(axis=1) & same]


def _apart(less: tuple[float, float], more: tuple[float, float], says: str) -> Outcome:
    """Supported if the first interval lies below the second."""
    if less[1] < more[0]:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if less[0] > more[1] else Verdict.INCONCLUSIVE, says)


def check_start(rows: pd.DataFrame) -> Outcome:
    """Hold the test accuracy from pretrained weights against that from random ones, at the same dimension."""
    found = runs(rows)
    some = [_at(BOUND_AT[-1], found, cell) for cell in (_L3, _RANDOM)]
    if any(one.empty for one in some):
        return Outcome(Verdict.INCONCLUSIVE, "one of the two is not measured")
    # The mean over seeds; they share the test part, so its size counts once.
    means = [float(one["test_score"].mean()) for one in some]
    ends = [reading.interval(mean, one["test_n"].iloc[0]) for mean, one in zip(means, some, strict=True)]
    shown = " against ".join(
        f"{100 * mean:.1f} [{100 * low:.1f}, {100 * high:.1f}]%"
        for mean, (low, high) in zip(means, ends, strict=True)
    )
    return _apart(ends[1], ends[0], shown)


def _lower(rows: pd.DataFrame, less: Cell, more: Cell, criterion: str) -> Outcome:
    found = runs(rows)
    return dimensions.lower(crossing(found, less, criterion), crossing(found, more, criterion))


def check_pretraining(rows: pd.DataFrame) -> Outcome:
    """Hold d90 from pretrained against that from random weights, at the same accuracy (absolute)."""
    return _lower(rows, _L3, _RANDOM, "absolute")


def check_size(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of the encoder of six layers against that of three, each at 90% of its own accuracy."""
    return _lower(rows, _L6, _L3, "fraction")


def check_said(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of SAID against that of DID, each at 90% of full fine-tuning."""
    return _lower(rows, _SAID, _L3, "fraction")


def check_gap(rows: pd.DataFrame) -> Outcome:
    """Hold the gap of few dimensions against that of all weights."""
    found = gaps(rows)
    some = [_at(d, found, _L3) for d in (BOUND_AT[-1], None)]
    if any(one.empty for one in some):
        return Outcome(Verdict.INCONCLUSIVE, "one of the two is not measured")
    few, every = (one.iloc[0] for one in some)
    says = " against ".join(f"{one.gap:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in (few, every))
    return _apart((few.low, few.high), (every.low, every.high), says)


def check_bound(rows: pd.DataFrame) -> Outcome:
    """Hold every bound of SST-2 against the error of always naming the commonest class of the test part."""
    found = stated(rows)
    found = found[found["task"] == _L3[1]]
    if found.empty:
        return Outcome(Verdict.INCONCLUSIVE, "no bound")
    majority = float(found["majority_error"].iloc[0])
    low, high = (100 * end for end in (found["bound"].min(), found["bound"].max()))
    says = f"{len(found)} bounds, {low:.1f} to {high:.1f}%, commonest class {100 * majority:.1f}%"
    # A bound is one-sided: it needs no interval, it holds with confidence 95%.
    below = (found["bound"] < majority).all()
    return Outcome(Verdict.SUPPORTED if below else Verdict.NOT_SUPPORTED, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Accuracy and relative gap against d on SST-2; dotted lines are those of all weights.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    found, spread = runs(rows), gaps(rows)
    made, (above, below) = canvas(1.15, 2, sharex=True)
    looks = zip((_L3, _RANDOM, _SAID, _L6), COLOURS.values(), MARKERS, strict=False)
    for place, (cell, colour, marker) in enumerate(looks):
        own, wide = (table[(table[CELL] == list(cell)).all(axis=1)] for table in (found, spread))
        if own.empty:
            continue
        label = f"{MODELS[cell[0]]}, {'SAID' if cell[3] == 'said' else cell[2]}"
        mean = own.dropna(subset="d").groupby("d")["score"].mean()
        above.plot(mean.index.astype(float), 100 * mean, marker=marker, color=colour, label=label)
        above.plot(own["d"].astype(float), 100 * own["score"], marker, color=colour, ms=2.5, alpha=0.6)
        few, every = wide.dropna(subset="d"), wide[wide["d"].isna()]
        ends = [few["gap"] - few["low"], few["high"] - few["gap"]]
        beside = few["d"].astype(float) * 1.1**place  # intervals would cover each other
        below.errorbar(beside, few["gap"], ends, color=colour, marker=marker, capsize=2, ls="")
        above.axhline(100 * own[own["d"].isna()]["score"].mean(), color=colour, ls=":", lw=0.9)
        for gap in every["gap"]:
            below.axhline(gap, color=colour, ls=":", lw=0.9)
    if not found.empty:
        above.axhline(100 * found["chance"].iloc[0], color=COLOURS["grey"], lw=0.8)
    above.set(xscale="log", xlim=(DIMENSIONS[0] / 1.5, DIMENSIONS[-1] * 1.5), ylabel="held-out accuracy (%)")
    below.set(xlabel="subspace dimension d", ylabel="relative gap")
    below.set_xticks(DIMENSIONS, [f"{d:,}" for d in DIMENSIONS])
    below.minorticks_off()
    made.legend(*above.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return made


STUDY = Study(
    id="finetuning",
    question="How many random dimensions does fine-tuning need, and what does pretraining save?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "SST-2. Above: accuracy on the held-out share of the training part against the dimension of the "
        f"subspace; points are runs of {STEPS} steps, lines their means; grey: the commonest class. Below: "
        "the relative generalisation gap with 90% intervals. Dotted: all weights trained."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "pretraining_lowers_d90",
            "d90 of SST-2 is lower from the pretrained weights of MiniLM-L3 than from random ones, at the "
            "same accuracy.",
            check_pretraining,
        ),
        Claim(
            "larger_models_have_lower_d90",
            "d90 of SST-2 is lower for MiniLM-L6 than for MiniLM-L3, each at 90% of its own accuracy.",
            check_size,
        ),
        Claim(
            "pretraining_helps_at_the_same_d",
            "With 256 dimensions MiniLM-L3 gets more of SST-2's test sentences right from its pretrained "
            "weights than from random ones.",
            check_start,
        ),
        Claim(
            "said_is_below_did", "d90 of SST-2 is lower with SAID than with DID, for MiniLM-L3.", check_said
        ),
        Claim(
            "few_dimensions_have_a_smaller_gap",
            "The relative generalisation gap of MiniLM-L3 on SST-2 is smaller with 256 dimensions than with "
            "all weights.",
            check_gap,
        ),
        Claim(
            "bounds_beat_the_majority",
            "Every bound of a task file of SST-2, of 16 to 256 dimensions, is below the error of naming the "
            "commonest class.",
            check_bound,
        ),
    ),
)
