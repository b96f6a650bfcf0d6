"""How many random dimensions does fine-tuning a sentence encoder need, and what does pretraining save?"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.dimensions import Ends
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = {"minilm-l3": "MiniLM-L3", "minilm-l6": "MiniLM-L6"}
TASKS = {"sst2-sentences": "SST-2", "mrpc": "MRPC"}
LONGEST = {"sst2-sentences": 20, "mrpc": 48}
"""Word pieces of an example; longer ones are cut."""

STEPS, BATCH = 40, 16
"""640 examples of the training part, a tenth of SST-2's and a sixth of MRPC's; the paper takes epochs."""

DIMENSIONS, SEEDS = (32, 256, 2048), (0, 1)
CRITERIA = ("fraction", "absolute", "gain")
BOUND_AT, DELTA = 256, "0.05"
"""Dimension at which the bound is stated, and its failure probability."""

RATES = {"pretrained": {"full": 2e-4, "sub": 0.03}, "random": {"full": 1e-3, "sub": 0.03}}
"""Learning rates. That in subspaces was the better of 0.01 and 0.03 on the held-out share of SST-2's training
part (MiniLM-L3, another seed); the others are customary ones, not tuned."""

PUBLISHED = {"direct": (322, 2493), "said": (207, 1608)}
"""Least and largest d90 of MRPC in Table 1 of Aghajanyan et al. (2020), BERT and RoBERTa, base and large."""


def _points(model: str, task: str, start: str, method: str) -> tuple[Point, ...]:
    return tuple(
        {"model": model, "task": task, "start": start, "method": method, "seed": seed} for seed in SEEDS
    )


# In the order of importance: a machine that is stopped early has answered the first questions.
_CELLS = (
    ("minilm-l3", "sst2-sentences", "pretrained", "direct"),
    ("minilm-l3", "sst2-sentences", "random", "direct"),
    ("minilm-l3", "sst2-sentences", "pretrained", "said"),
    ("minilm-l6", "sst2-sentences", "pretrained", "direct"),
    ("minilm-l3", "mrpc", "pretrained", "direct"),
)
_MORE = tuple(
    (model, task, start, method)
    for model in MODELS
    for task in TASKS
    for start, method in (("pretrained", "direct"), ("pretrained", "said"), ("random", "direct"))
)
GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"model": "toy", "task": "toy", "start": "pretrained", "method": "direct", "seed": 0},),
    "laptop": tuple(point for cell in _CELLS for point in _points(*cell)),
    "gpu": tuple(point for cell in _MORE for point in _points(*cell)),
}


@functools.cache
def prepared(model: str, task: str) -> Any:
    """Model and data.

    Args:
        model: name of the encoder, or "toy".
        task: data set of texts, or "toy".

    Returns:
        `idbounds.finetuning.Prepared`.
    """
    from idbounds import finetuning

    if model == "toy":
        return _toy()
    return finetuning.prepared(model, task, longest=LONGEST[task], say=print)


def _toy() -> Any:
    """A small classifier, and sentences whose first half of the words tells the class."""
    import torch
    from transformers import BertForSequenceClassification

    from idbounds.finetuning import Prepared
    from validation.sentences import toy

    encoder, *parts = toy()
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        made = BertForSequenceClassification(encoder.config)
    arrays = []
    for pieces, labels in parts:
        cut = torch.tensor([list(one[:3]) for one in pieces])
        arrays.append({"input_ids": cut, "labels": torch.from_numpy(labels)})
    return Prepared(made, *arrays)


def measure(point: Point) -> list[Row]:
    """Train one seed with all weights and at every dimension.

    Args:
        point: model, task, start, method and seed.

    Returns:
        One row a run (`what` is "run"): accuracy on the held-out share of the training part, on as many
        training examples, and on the test part; with all weights in the points of method "direct" only. From
        pretrained weights also what a task file of `BOUND_AT` dimensions costs, and its bound.
    """
    from idbounds.dimension.many import Group, train
    from idbounds.dimension.protocol import Run
    from idbounds.dimension.trial import Training, Trial
    from idbounds.finetuning.tuning import rounded

    model, task, start, method = (str(point[key]) for key in ("model", "task", "start", "method"))
    made, seed = prepared(model, task), int(point["seed"] or 0)
    rates = RATES[start]
    trial = Trial(
        made.model, made.data, test=made.test, start="module" if start == "pretrained" else "seed",
        training=Training(
            steps=STEPS, batch=BATCH, learning_rate=rates["sub"], full_learning_rate=rates["full"]
        ),
        method=method, layers="block" if method == "said" else "tensor", kind="blocks", device="cpu",
    )  # fmt: skip
    common = {"D": trial.D, "chance": trial.parts.chance, "least": trial.least}
    rows: list[Row] = []
    for d in (None, *DIMENSIONS) if method == "direct" else DIMENSIONS:
        (score,) = train(trial, [Run(d, seed)])
        rows.append({
            "what": "run", "d": d, "score": score.score, "train_score": score.train_score,
            "test_score": score.extra.get("test_score"), "run_seconds": score.seconds, **common,
            "status": score.status, "reason": score.reason or None,
        })  # fmt: skip
    if start == "pretrained" and method == "direct" and seed == SEEDS[0]:
        group = Group(trial, [Run(BOUND_AT, seed)])
        for step in range(STEPS):
            group.step(step)
        found = rounded(group, 1.0, DELTA)
        rows.append({
            "what": "bound", "d": BOUND_AT, "errors": found.errors, "n": found.n,
            "test_errors": found.test_errors, "test_n": found.test_n, "code_bits": found.task.code_bits,
            "bound": float(found.bound), **common,
        })  # fmt: skip
    return rows


_CELL = ["model", "task", "start", "method"]
_RUN = (*_CELL, "what", "seed", "d", "score", "train_score", "test_score", "chance")


def runs(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs of the laptop tier.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a run.
    """
    found = reading.ok(rows, _RUN)
    return found[found["what"] == "run"]


def baseline(rows: pd.DataFrame, model: str, task: str, start: str) -> pd.DataFrame:
    """The runs with all weights.

    Args:
        rows: what `runs` gives.
        model: name of the encoder.
        task: data set.
        start: "pretrained" or "random".

    Returns:
        Those lines.
    """
    some = rows[(rows["model"] == model) & (rows["task"] == task) & (rows["start"] == start)]
    return some[(some["method"] == "direct") & some["d"].isna()]


def crossing(rows: pd.DataFrame, cell: tuple[str, str, str, str], criterion: str) -> Any:
    """d90 of one cell under one criterion; "absolute" is 90% of what fine-tuning all pretrained weights gets.

    Args:
        rows: what `runs` gives.
        cell: model, task, start, method.
        criterion: one of `CRITERIA`.

    Returns:
        The `Crossing`; None without enough runs.
    """
    model, task, start, _ = cell
    own = rows[(rows[_CELL] == list(cell)).all(axis=1) & rows["d"].notna()]
    table = pd.concat([baseline(rows, model, task, start), own])
    fixed = 0.9 * baseline(rows, model, task, "pretrained")["score"].mean()
    if own.empty or math.isnan(fixed) or baseline(rows, model, task, start).empty:
        return None
    chance = float(own["chance"].iloc[0])
    return dimensions.crossing(table, criterion, chance=chance, absolute=fixed)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """d90 of each cell under the three criteria.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a cell and criterion: threshold and accuracy of full training (held-out), d90 with its 90%
        interval, or how it is censored.
    """
    found, lines = runs(rows), []
    for cell in dict.fromkeys(found[_CELL].itertuples(index=False, name=None)):
        full = baseline(found, *cell[:3])["score"].mean()
        for criterion in CRITERIA:
            one = crossing(found, cell, criterion)
            if one is None:
                continue
            lines.append({
                **dict(zip(_CELL, cell, strict=True)), "criterion": criterion, "full": full,
                "threshold": one.threshold, "d90": one.d, "low": one.low, "high": one.high,
                "censored": one.censored or None,
            })  # fmt: skip
    columns = [*_CELL, "criterion", "full", "threshold", "d90", "low", "high", "censored"]
    return pd.DataFrame(lines, columns=columns)


def gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """The relative generalisation gap at each dimension, means over seeds.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a cell and dimension (all weights last): accuracies in training and test, and their
        difference relative to the test error, as Aghajanyan et al. (2020) have it.
    """
    found = runs(rows)
    means = found.groupby([*_CELL, "d"], dropna=False, sort=False)[["train_score", "test_score"]].mean()
    table = means.reset_index()
    table["gap"] = (table["train_score"] - table["test_score"]) / (1 - table["test_score"])
    return table


def stated(rows: pd.DataFrame) -> pd.DataFrame:
    """The bounds.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a model and task: d, bits, rates of errors on all training examples and in the test, bound.
    """
    columns = ("d", "code_bits", "errors", "n", "test_errors", "test_n", "bound")
    found = reading.ok(rows, (*_CELL, "what", *columns))
    found = found[found["what"] == "bound"][["model", "task", *columns]].reset_index(drop=True)
    return found.assign(
        train_error=found["errors"] / found["n"], test_error=found["test_errors"] / found["test_n"]
    )


def _ends(rows: pd.DataFrame, cell: tuple[str, str, str, str], criterion: str) -> Ends | None:
    """Ends of a crossing, also where only one side is known: a censored one lies beyond its known end."""
    one = crossing(runs(rows), cell, criterion)
    if one is None or (one.low is None and one.high is None):
        return None
    low, high = one.low or 0.0, math.inf if one.high is None else one.high
    return Ends(one.d if one.d is not None else low or high, low, high)


def _compared(
    rows: pd.DataFrame, less: tuple[str, str, str, str], more: tuple[str, str, str, str], criterion: str
) -> Outcome:
    """Whether d90 of one cell is below that of another: by whole intervals."""
    one, other = _ends(rows, less, criterion), _ends(rows, more, criterion)
    if one is None or other is None:
        return Outcome(Verdict.INCONCLUSIVE, "one of the two is not measured, or nothing bounds it")
    says = f"[{one.low:.0f}, {one.high:.0f}] against [{other.low:.0f}, {other.high:.0f}] ({criterion})"
    if one.high < other.low:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if one.low > other.high else Verdict.INCONCLUSIVE, says)


def check_pretraining(rows: pd.DataFrame) -> Outcome:
    """Hold d90 from pretrained against that from random weights, at the same accuracy (absolute)."""
    cell = ("minilm-l3", "sst2-sentences")
    return _compared(rows, (*cell, "pretrained", "direct"), (*cell, "random", "direct"), "absolute")


def check_size(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of the encoder of six layers against that of three, each at 90% of its own accuracy."""
    task = ("sst2-sentences", "pretrained", "direct")
    return _compared(rows, ("minilm-l6", *task), ("minilm-l3", *task), "fraction")


def check_said(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of SAID against that of DID, each at 90% of full fine-tuning."""
    cell = ("minilm-l3", "sst2-sentences", "pretrained")
    return _compared(rows, (*cell, "said"), (*cell, "direct"), "fraction")


def check_bound(rows: pd.DataFrame) -> Outcome:
    """Hold every bound against the error of always naming the commonest class of the test part."""
    found = stated(rows)
    if found.empty:
        return Outcome(Verdict.INCONCLUSIVE, "no bound")
    majority = {"sst2-sentences": 909 / 1821, "mrpc": 578 / 1725}
    says = "; ".join(
        f"{MODELS[r.model]} {TASKS[r.task]}: {100 * r.bound:.1f}% (majority {100 * majority[r.task]:.1f}%)"
        for r in found.itertuples()
    )
    below = [r.bound < majority[r.task] for r in found.itertuples()]
    # A bound is one-sided: it needs no interval, it holds with confidence 95%.
    verdict = Verdict.SUPPORTED if all(below) else Verdict.NOT_SUPPORTED
    return Outcome(verdict, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Held-out accuracy against d, a panel a task; lines at full fine-tuning of the pretrained weights.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    found = runs(rows)
    tasks = [task for task in TASKS if (found["task"] == task).any()] or ["sst2-sentences"]
    made, panels = canvas(0.6 * len(tasks), len(tasks), squeeze=False)
    looks = dict(
        zip(
            dict.fromkeys(map(tuple, _CELLS_LOOK)), zip(COLOURS.values(), MARKERS, strict=False), strict=False
        )
    )
    for axes, task in zip(panels[:, 0], tasks, strict=True):
        own = found[found["task"] == task]
        for key, (colour, marker) in looks.items():
            some = own[(own[["model", "start", "method"]] == list(key)).all(axis=1) & own["d"].notna()]
            if some.empty:
                continue
            mean = some.groupby("d")["score"].mean()
            label = f"{MODELS[key[0]]}, {'SAID' if key[2] == 'said' else key[1]}"
            axes.plot(mean.index.astype(float), 100 * mean, marker=marker, color=colour, label=label)
            axes.plot(some["d"].astype(float), 100 * some["score"], marker, color=colour, ms=2.5, alpha=0.6)
            full = baseline(own, key[0], task, key[1])["score"].mean()
            if key[2] == "direct":
                axes.axhline(100 * full, color=colour, ls=":", lw=0.9)
        if not own.empty:
            axes.axhline(100 * own["chance"].iloc[0], color=COLOURS["grey"], lw=0.8)
        axes.set(xscale="log", ylabel="held-out accuracy (%)", title=TASKS[task])
        axes.set_xticks(DIMENSIONS, [f"{d:,}" for d in DIMENSIONS])
        axes.minorticks_off()
    axes.set_xlabel("subspace dimension d")
    handles: dict[str, Any] = {}
    for axes in made.axes:
        handles |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    made.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2)
    return made


_CELLS_LOOK = (
    ("minilm-l3", "pretrained", "direct"), ("minilm-l3", "random", "direct"),
    ("minilm-l3", "pretrained", "said"), ("minilm-l6", "pretrained", "direct"),
)  # fmt: skip


STUDY = Study(
    id="finetuning",
    question="How many random dimensions does fine-tuning need, and what does pretraining save?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Accuracy on the held-out share of the training part against the dimension of the subspace: points "
        "are runs of 40 steps, lines their means. Dotted: all weights trained; grey: the commonest class."
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
            "said_is_below_did", "d90 of SST-2 is lower with SAID than with DID, for MiniLM-L3.", check_said
        ),
        Claim(
            "bounds_beat_the_majority",
            "The bound of a task file of 256 dimensions is below the error of naming the commonest class.",
            check_bound,
        ),
    ),
)
