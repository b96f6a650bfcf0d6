"""Does d90 depend on the family of the projection? Every full-space family against dense signs, two tasks."""

from __future__ import annotations

from typing import Any

import pandas as pd

from validation.study import Claim, Outcome, Point, Row, Study, Verdict

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
    from idbounds.dimension.many import train
    from idbounds.dimension.protocol import Run
    from idbounds.dimension.trial import Training, Trial

    task, kind, seed = str(point["task"]), str(point["kind"]), int(point["seed"] or 0)
    training = Training(steps=STEPS, batch=BATCH, learning_rate=RATE, full_learning_rate=FULL_RATE)
    full = kind == "full"
    model = small_mlp if task == "mlp" else small_cnn
    trial = Trial(model, "digits", training=training, held_out=0.2, kind=None if full else kind)
    ds: tuple[int | None, ...] = (None,) if full else TASKS[task][1]
    scores = [score for d in ds for score in train(trial, [Run(d, seed, None)])]
    return [
        {"d": s.run.d, "score": s.score, "D": trial.D, "status": s.status, "reason": s.reason or None}
        for s in scores
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


def check(rows: pd.DataFrame) -> Outcome:
    """Hold d90 of each family against that of dense signs.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if every ratio lies in [0.85, 1.15].
    """
    need = len(GRID["laptop"])
    rows = rows[(rows["tier"] == "laptop") & (rows["status"] == "ok")] if len(rows) else rows
    have = rows["point"].nunique() if len(rows) else 0
    if have < need:
        return Outcome(Verdict.INCONCLUSIVE, f"{have} of {need} points")
    ratios = {}
    for task in TASKS:
        dense = d90(rows, task, "dense").d
        ratios |= {f"{task} {kind}": d90(rows, task, kind).d / dense for kind in FAMILIES if kind != "dense"}
    low, high = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
    says = f"ratios from {ratios[low]:.3f} ({low}) to {ratios[high]:.3f} ({high})"
    within = ratios[low] >= LOW and ratios[high] <= HIGH
    return Outcome(Verdict.SUPPORTED if within else Verdict.NOT_SUPPORTED, says)


STUDY = Study(
    id="d90_families",
    question="Does d90 depend on the family of the projection?",
    grid=GRID,
    measure=measure,
    claims=(
        Claim(
            "families_agree",
            "On both tasks d90 of every full-space family is within 0.85 to 1.15 of that of dense signs.",
            check,
        ),
    ),
)
