"""The intrinsic dimension of the networks of Li et al. 2018 on MNIST, measured with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from validation.figures import COLOURS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
        Supported if the whole interval lies within a factor `FACTOR` of it, not supported if none of it does.
    """
    value = PUBLISHED[model]
    if "criterion" not in rows:
        return Outcome(Verdict.INCONCLUSIVE, "no rows")
    some = rows[(rows["status"] == "ok") & (rows["tier"] == "laptop") & (rows.get("what") == "crossing")]
    some = some[(some["model"] == model) & (some["criterion"] == "absolute") & ~some["relative"].astype(bool)]
    if len(some) != 1 or pd.isna(some["d90"].iloc[0]):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(some)} rows with a crossing")
    one = some.iloc[0]
    says = f"d90 = {one.d90:.0f} [{one.low:.0f}, {one.high:.0f}] at 0.90, published {value}"
    if value / FACTOR <= one.low and one.high <= value * FACTOR:
        return Outcome(Verdict.SUPPORTED, says)
    apart = one.high < value / FACTOR or one.low > value * FACTOR
    return Outcome(Verdict.NOT_SUPPORTED if apart else Verdict.INCONCLUSIVE, says)


def _claim(model: str, title: str) -> Claim:
    def checked(rows: pd.DataFrame) -> Outcome:
        return check(rows, model)

    near = f"lies within a factor {FACTOR} of Li et al.'s {PUBLISHED[model]}"
    return Claim(
        f"{model}_near_published", f"d90 of {title} on MNIST at an accuracy of 0.90 {near}.", checked
    )


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """The crossings, beside what was published.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a model and criterion: threshold (accuracy), d90, ends of its 90% interval, runs.
    """
    some = rows[rows["what"] == "crossing"]
    published = [
        PUBLISHED.get(m) if c == "absolute" and t == "laptop" else None
        for m, c, t in zip(some["model"], some["criterion"], some["tier"], strict=True)
    ]
    some = some.assign(published=pd.array(published, dtype="Int64"))
    columns = ["tier", "dataset", "model", "criterion", "threshold", "baseline", "d90", "low", "high"]
    return some[[*columns, "published", "runs", "tuning_runs"]].reset_index(drop=True)


TITLES = {"mlp": "FC", "lenet": "LeNet"}


def figure(rows: pd.DataFrame) -> Figure:
    """Held-out accuracy against d, the threshold 0.90, and d90 with its interval.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    rows = rows[(rows["tier"] == "laptop") & (rows["status"] == "ok")]
    for (model, title), colour, marker in zip(TITLES.items(), COLOURS.values(), "os", strict=False):
        own = rows[rows["model"] == model]
        runs = own[(own["what"] == "run") & own["d"].notna()]
        axes.plot(runs["d"].astype(float), runs["score"], marker, color=colour, alpha=0.7, label=title)
        for one in own[(own["what"] == "crossing") & (own["criterion"] == "absolute")].itertuples():
            axes.axvspan(one.low, one.high, color=colour, alpha=0.25, linewidth=0)
            axes.axvline(one.d90, color=colour)
            axes.axvline(PUBLISHED[model], color=colour, linestyle=":")
    axes.axhline(0.9, color=COLOURS["grey"], linewidth=0.8)
    axes.set(xscale="log", xlabel="subspace dimension d", ylabel="held-out accuracy")
    ticks = [16, 64, 256, 1024, 4096]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    return made


STUDY = Study(
    id="d90_mnist",
    question="What is d90 of the networks of Li et al. 2018 on MNIST, with an interval?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Accuracy on held-out MNIST digits against the dimension d of the random subspace, a point a run. "
        "Grey: the threshold 0.90. Full lines and bands: d90 and its 90% interval; dotted: Li et al. 2018."
    ),
    numbers=numbers,
    claims=(_claim("mlp", "FC 784-200-200-10"), _claim("lenet", "LeNet")),
)
