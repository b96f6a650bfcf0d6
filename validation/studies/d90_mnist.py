"""The intrinsic dimension of the networks of Li et al. 2018 on MNIST, measured with an interval."""

from __future__ import annotations

from typing import Any

import pandas as pd

from validation.study import Claim, Outcome, Point, Row, Study, Verdict

PUBLISHED = {"mlp": 750, "lenet": 290}
"""d90 of FC and LeNet at a threshold of 0.90 (Li et al. 2018, Table 1)."""

FACTOR = 1.5
"""How far apart two laboratories may come out and still be said to agree."""

STEPS = {"mlp": 3000, "lenet": 1500}
"""Gradient steps of a run; a convolution takes longer, so it gets fewer (3.5 epochs of the training part)."""

# Li's own form: all weights move alike (relative=False), rotated-sign blocks in place of their projections.
GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"dataset": "digits", "model": "mlp", "relative": False, "steps": 100, "budget": 16},),
    "laptop": tuple(
        {"dataset": "mnist", "model": model, "relative": False, "steps": STEPS[model], "budget": 25}
        for model in PUBLISHED
    ),
}


def measure(point: Point) -> list[Row]:
    """Measure d90 under all three criteria.

    Args:
        point: data set, model, whether tensors move in proportion to their start, steps, budget of runs.

    Returns:
        One row a criterion (`what` is "crossing"), then one row a run, those that chose rates included.
    """
    import idbounds

    settings: dict[str, Any] = {k: point[k] for k in ("relative", "steps", "budget")}
    found = idbounds.measure_d90(
        str(point["model"]), str(point["dataset"]), criterion=("fraction", "absolute"), **settings
    )
    cost = found.cost
    rows: list[Row] = []
    for name, one in found.crossings.items():
        rows.append({
            "what": "crossing", "criterion": name, "threshold": one.threshold, "d90": one.d, "low": one.low,
            "high": one.high, "censored": one.censored, "slope": one.slope, "noise": one.noise,
            "baseline": found.baseline.mean, "runs": cost["runs"], "tuning_runs": cost["tuning_runs"],
            "train_seconds": cost["seconds"], "warnings": "; ".join(found.warnings) or None,
        })  # fmt: skip
    for what, scores in (("run", found.scores), ("tuning", found.tuning)):
        for score in scores:
            rows.append({
                "what": what, "d": score.run.d, "run_seed": score.run.seed,
                "learning_rate": score.run.learning_rate, "score": score.score,
                "test_score": score.extra.get("test_score"), "train_seconds": score.seconds,
            })  # fmt: skip
    return rows


def check(rows: pd.DataFrame, model: str) -> Outcome:
    """Hold the interval at 0.90 absolute against the published value.

    Args:
        rows: the study's latest rows.
        model: name in `PUBLISHED`.

    Returns:
        Supported if d90 lies within a factor `FACTOR` of it.
    """
    value = PUBLISHED[model]
    if not len(rows):
        return Outcome(Verdict.INCONCLUSIVE, "no rows")
    some = rows[(rows["status"] == "ok") & (rows["tier"] == "laptop") & (rows.get("what") == "crossing")]
    some = some[(some["model"] == model) & (some["criterion"] == "absolute") & ~some["relative"].astype(bool)]
    if len(some) != 1 or pd.isna(some["d90"].iloc[0]):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(some)} rows with a crossing")
    one = some.iloc[0]
    says = f"d90 = {one.d90:.0f} [{one.low:.0f}, {one.high:.0f}] at 0.90, published {value}"
    within = value / FACTOR <= one.d90 <= value * FACTOR
    return Outcome(Verdict.SUPPORTED if within else Verdict.NOT_SUPPORTED, says)


def _claim(model: str, title: str) -> Claim:
    def checked(rows: pd.DataFrame) -> Outcome:
        return check(rows, model)

    near = f"lies within a factor {FACTOR} of Li et al.'s {PUBLISHED[model]}"
    return Claim(
        f"{model}_near_published", f"d90 of {title} on MNIST at an accuracy of 0.90 {near}.", checked
    )


STUDY = Study(
    id="d90_mnist",
    question="What is d90 of the networks of Li et al. 2018 on MNIST, with an interval?",
    grid=GRID,
    measure=measure,
    claims=(_claim("mlp", "FC 784-200-200-10"), _claim("lenet", "LeNet")),
)
