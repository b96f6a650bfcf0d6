"""Random subspaces under the objective that is the bound: does the dimension explain the bound?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import certified, check_valid
from validation.figures import COLOURS, FAINT, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.figure import Figure
    from torch import nn

DATASET = "fashion-mnist"
DIMENSIONS = (125, 250, 500, 1000, 2000, 4000)
SEEDS = (0, 1, 2)
FULL = 13_266
"""Weights of `scatternet` for 28 x 28 and 10 classes; a test compares them."""

IMAGES = 20_000
"""Training images on which d90 is measured."""

NEAR = 0.01
"""How much larger a bound may be and still be said to be near to that of all weights."""


def _point(family: str, d: int, seed: int = 0) -> Point:
    return {"dataset": DATASET, "what": "certificate", "family": family, "d": d, "seed": seed}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (
        {"dataset": "digits", "what": "certificate", "family": "blocks", "d": 50, "seed": 0, "steps": 60},
    ),
    "laptop": (
        *(_point("all weights", FULL, seed) for seed in SEEDS),
        *(_point("blocks", 1000, seed) for seed in SEEDS),
        *(_point("blocks", d) for d in DIMENSIONS if d != 1000),
        *(_point(family, 1000) for family in ("tied", "said")),
        {"dataset": DATASET, "what": "d90", "family": "blocks", "d": FULL, "seed": 0},
    ),
}


_CERTIFICATES = sum(point["what"] == "certificate" for point in GRID["laptop"])


def factory(family: str, d: int, seed: int) -> Callable[[Sequence[int], int], nn.Module]:
    """`scatternet` whose learned part moves in a random subspace.

    Args:
        family: of the projection; "said" is SAID with `blocks`, one factor a tensor.
        d: its dimension.
        seed: of start and projection.

    Returns:
        Factory (shape of an example, classes) -> module, for `certify`.
    """
    import idbounds
    from idbounds.scattering import scatternet

    method: Any = {"said": "said"}.get(family, "direct")
    kind = {"said": "blocks"}.get(family, family)

    def made(shape: Sequence[int], classes: int) -> nn.Module:
        net = scatternet(shape, classes)
        body = idbounds.attach(net.get_submodule("body"), d=d, seed=seed, kind=kind, method=method)
        net.add_module("body", body)
        return net

    return made


def measure(point: Point) -> list[Row]:
    """Certify in the subspace, or measure d90 of the same learned part in subspaces of the same kind.

    Args:
        point: what, family, dimension, seed.

    Returns:
        One row.
    """
    if point["what"] == "d90":
        return [_dimension(str(point["dataset"]))]
    known = {k: v for k, v in point.items() if k not in {"what", "family", "d"}}
    family, d, seed = str(point["family"]), int(point["d"] or 0), int(point["seed"] or 0)
    if family == "all weights":
        given: dict[str, Any] = {"architecture": "scatternet"}
    else:
        given = {"model": factory(family, d, seed)}
    # Nothing can be chosen again where the scores are not linear in the weights: so nowhere here.
    row = certified(replayed=False, recipe="draws", budget=None, passes=0, **known, **given)
    return [{name: value for name, value in row.items() if name not in point}]


def _dimension(dataset: str) -> Row:
    """d90 of the learned part, on what the fixed part gives of some training images."""
    import numpy as np
    import torch

    import idbounds
    from idbounds.halves import halves, inputs_of, prepared
    from idbounds.scattering import scatternet

    sample = idbounds.load(dataset)
    x, y = sample.train_x[:IMAGES], sample.train_y[:IMAGES]
    shape = x.shape[1:]
    front, body = halves(prepared(scatternet(shape, sample.classes)), torch.zeros(2, *shape))
    seen = inputs_of(front, x, sample.levels, lambda done, remark: None).float().numpy()
    found = idbounds.measure_d90(
        body, (seen, np.asarray(y)), relative=False, steps=1000, budget=25, criterion=("fraction",)
    )
    one = found.crossings["fraction"]
    return {
        "d90": one.d, "low": one.low, "high": one.high, "censored": one.censored,
        "threshold": one.threshold, "baseline": found.baseline.mean, "runs": found.cost["runs"],
    }  # fmt: skip


_COLUMNS = (
    "what", "family", "d", "seed", "bound", "code_bits", "train_error", "test_error",
    "test_low", "d90", "low", "high",
)  # fmt: skip


def _laptop(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    rows = reading.ok(rows, _COLUMNS)
    return rows[rows["what"] == what]


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each certificate.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a certificate, by family and dimension; errors are rates, `code_bits` is bits.
    """
    found = _laptop(rows, "certificate").assign(bound=lambda t: t["bound"].astype(float))
    columns = ["family", "d", "seed", "code_bits", "train_error", "test_error", "bound"]
    return found[columns].sort_values(["family", "d", "seed"], ignore_index=True)


def check_near(rows: pd.DataFrame) -> Outcome:
    """Hold the bounds at d = 1000 against those of all weights, seed by seed.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if none is larger by more than `NEAR`.
    """
    found = numbers(rows)
    some = found[(found["family"] == "blocks") & (found["d"] == 1000)]
    both = some.merge(found[found["family"] == "all weights"], on="seed", suffixes=("", "_all"))
    if len(both) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(both)} of {len(SEEDS)} seeds")
    apart = both["bound"] - both["bound_all"]
    says = f"{len(both)} seeds; bound minus that of all weights from {apart.min():.4f} to {apart.max():.4f}"
    return Outcome(Verdict.SUPPORTED if apart.max() <= NEAR else Verdict.NOT_SUPPORTED, says)


def check_best_above_d90(rows: pd.DataFrame) -> Outcome:
    """Hold the dimension with the smallest bound against d90 and its interval.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if it is above the whole interval.
    """
    found, measured = numbers(rows), _laptop(rows, "d90")
    some = found[(found["family"] == "blocks") & (found["seed"] == 0)]
    if len(some) < len(DIMENSIONS) or len(measured) != 1 or pd.isna(measured["high"].iloc[0]):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(some)} dimensions, {len(measured)} rows with d90")
    best, one = some.loc[some["bound"].idxmin()], measured.iloc[0]
    says = (
        f"smallest bound {best['bound']:.4f} at d = {best['d']}; d90 = {one['d90']:.0f} "
        f"[{one['low']:.0f}, {one['high']:.0f}]"
    )
    if best["d"] > one["high"]:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if best["d"] < one["low"] else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Bound, training and test error against the dimension, with d90.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = numbers(rows)
    line = found[found["family"].isin(["blocks", "all weights"])]
    kinds = {"bound": "bound", "test_error": "test error", "train_error": "training error"}
    for (column, label), colour, marker in zip(kinds.items(), COLOURS.values(), MARKERS, strict=False):
        axes.plot(line["d"], 100 * line[column], marker, color=colour, label=label, alpha=0.8)
        middle = line.groupby("d")[column].mean()
        axes.plot(middle.index, 100 * middle, "-", color=colour, lw=0.8)
    for one in _laptop(rows, "d90").itertuples():
        if pd.notna(one.low) and pd.notna(one.high):
            axes.axvspan(one.low, one.high, color=FAINT, zorder=0, label="d90, 90% interval")
    axes.set(xscale="log", xlabel="trained dimensions (the last point: all weights)", ylabel="error (%)")
    axes.set_ylim(0, None)
    axes.legend(loc="lower right")
    return made


STUDY = Study(
    id="subspace_objective",
    question="Does the intrinsic dimension explain the bound, when the bound is in the loss?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Fashion-MNIST, the learned part of scatternet in random subspaces (rotated-sign blocks), trained "
        "with the divergence in the loss; weights as draws of 16-bit blocks, none chosen again. Each bound "
        "holds with probability 95% over the training sample, for a prior that has not seen it."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "Every bound is above the lower 95% end of its test error.",
            lambda rows: check_valid(_laptop(rows, "certificate"), _CERTIFICATES),
        ),
        Claim(
            "near_all_weights",
            f"In 1000 random dimensions the bound is at most {NEAR:.0%} larger than with all weights.",
            check_near,
        ),
        Claim(
            "best_above_d90",
            "The dimension with the smallest bound is above the intrinsic dimension d90.",
            check_best_above_d90,
        ),
    ),
)
