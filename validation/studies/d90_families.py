"""Does d90 depend on the family of the projection? Every full-space family against dense signs, two tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from validation.dimensions import columns, ends, ratio, trained
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FAMILIES = ("dense", "orthonormal", "sparse", "blocks", "srht", "fastfood", "tied", "kronecker")
TASKS: dict[str, tuple[str, tuple[int, ...]]] = {
    "mlp": ("64-64-64-10", (72, 96, 128, 176, 240, 320)),
    "cnn": ("conv 16, conv 16, linear", (72, 104, 152, 224, 320, 448)),
}
"""Models on the bundled digits, and the dimensions at which each is trained."""

SEEDS = tuple(range(8))
STEPS, BATCH, RATE, FULL_RATE = 400, 128, 0.03, 0.003
LOW, HIGH = 0.85, 1.15

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"task": "mlp", "kind": "blocks", "seed": 0},),
    "laptop": tuple(
        {"task": task, "kind": kind, "seed": seed}
        for task in TASKS
        for kind in ("full", *FAMILIES)
        for seed in SEEDS
    ),
}


def small_mlp() -> Any:
    """64-64-64-10 with ReLU on 8 x 8 images: 8,970 weights."""
    from torch import nn

    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def small_cnn() -> Any:
    """Two 3 x 3 convolutions of 16 channels, each pooled by 2, and a linear layer: 3,130 weights."""
    from torch import nn

    return nn.Sequential(
        nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def measure(point: Point) -> list[Row]:
    """Train one seed of one family at every dimension of the task (or with all parameters: kind "full").

    Args:
        point: task, kind, seed.

    Returns:
        One row a dimension: held-out accuracy.
    """
    from idbounds.dimension.trial import Training, Trial

    task, kind, seed = str(point["task"]), str(point["kind"]), int(point["seed"] or 0)
    training = Training(steps=STEPS, batch=BATCH, learning_rate=RATE, full_learning_rate=FULL_RATE)
    full = kind == "full"
    model = small_mlp if task == "mlp" else small_cnn
    trial = Trial(model, "digits", training=training, held_out=0.2, kind=None if full else kind)
    ds: tuple[int | None, ...] = (None,) if full else TASKS[task][1]
    # One after another, as the committed rows were made: in groups the sums have another order.
    return [
        {k: row[k] for k in ("d", "score", "D", "status", "reason")}
        for row in trained(trial, ds, seed, together=False)
    ]


def d90(rows: pd.DataFrame, task: str, kind: str) -> Any:
    """The estimate for one family.

    Args:
        rows: the study's latest rows.
        task: name in `TASKS`.
        kind: name in `FAMILIES`.

    Returns:
        Its main `Crossing`.
    """
    from idbounds.dimension import estimate_d90

    some = rows[(rows["status"] == "ok") & (rows["task"] == task) & rows["kind"].isin(["full", kind])]
    return estimate_d90(some[["d", "score", "seed"]], chance=0.1).main


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """d90 of each family and its ratio to that of dense signs.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a task and family: d90 with its 90% interval, ratio with its own. The ratio's is that of two
        independent estimates; they share the threshold and the start weights, so it is rather too wide.
    """
    rows = rows[rows["tier"] == "laptop"]
    lines = []
    for task in (task for task in TASKS if (rows["task"] == task).any()):
        found = {kind: d90(rows, task, kind) for kind in FAMILIES}
        dense = found["dense"]
        for kind, one in found.items():
            line = {"task": task, "kind": kind, "d90": one.d, "low": one.low, "high": one.high}
            if kind != "dense":
                line |= columns("ratio", ratio(ends(one), ends(dense)))
            lines.append(line)
    wanted = ["task", "kind", "d90", "low", "high", "ratio", "ratio_low", "ratio_high"]
    return pd.DataFrame(lines, columns=wanted)


def check(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of each family against that of dense signs.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if every ratio's interval lies in [0.85, 1.15], not supported if one lies outside.
    """
    need = len(GRID["laptop"])
    rows = rows[(rows["tier"] == "laptop") & (rows["status"] == "ok")] if len(rows) else rows
    have = rows["point"].nunique() if len(rows) else 0
    if have < need:
        return Outcome(Verdict.INCONCLUSIVE, f"{have} of {need} points")
    found = numbers(rows)
    found = found[found["kind"] != "dense"]
    if found["ratio"].isna().any():
        return Outcome(Verdict.INCONCLUSIVE, f"{found['ratio'].isna().sum()} ratios are not known")
    low, high = found.loc[found["ratio"].idxmin()], found.loc[found["ratio"].idxmax()]
    beyond = int(((found["ratio_low"] < LOW) | (found["ratio_high"] > HIGH)).sum())
    says = f"ratios from {_ratio(low)} to {_ratio(high)}; {beyond} of {len(found)} intervals reach beyond"
    if ((found["ratio_high"] < LOW) | (found["ratio_low"] > HIGH)).any():
        return Outcome(Verdict.NOT_SUPPORTED, says)
    return Outcome(Verdict.INCONCLUSIVE if beyond else Verdict.SUPPORTED, says)


def _ratio(line: pd.Series) -> str:
    return f"{line.ratio:.3f} [{line.ratio_low:.3f}, {line.ratio_high:.3f}] ({line.task} {line.kind})"


def figure(rows: pd.DataFrame) -> Figure:
    """The ratios with their intervals, a line a family.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = numbers(rows)
    others = [kind for kind in reversed(FAMILIES) if kind != "dense"]
    axes.axvspan(LOW, HIGH, color=COLOURS["grey"], alpha=0.15, linewidth=0)
    axes.axvline(1, color=COLOURS["grey"])
    for shift, task, colour, marker in zip((0.15, -0.15), TASKS, COLOURS.values(), MARKERS, strict=False):
        own = found[(found["task"] == task) & found["kind"].isin(others)]
        places = [others.index(kind) + shift for kind in own["kind"]]
        ends = [own["ratio"] - own["ratio_low"], own["ratio_high"] - own["ratio"]]
        axes.errorbar(own["ratio"], places, xerr=ends, fmt=marker, color=colour, label=task)
    axes.set_yticks(range(len(others)), others)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="d90 relative to dense signs")
    made.legend(loc="outside upper right", ncols=2)
    return made


STUDY = Study(
    id="d90_families",
    question="Does d90 depend on the family of the projection?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "d90 of each family of projections divided by that of dense signs, with 90% intervals, for two small "
        "networks on the bundled digits. Grey: the claim's range, 0.85 to 1.15."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "families_agree",
            "On both tasks d90 of every full-space family is within 0.85 to 1.15 of that of dense signs.",
            check,
        ),
    ),
)
