"""Six roads, one currency: the same network through six families of compression, in bits and in bounds."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import check_valid
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from idbounds.compress import Errors

ARCHITECTURE = "lenet"
START = {"fashion-mnist": 2500, "digits": 200}
"""Steps of training before anything is compressed."""


def _then(levels: int) -> str:
    """How most roads end: few levels, training on them, and the shortest code."""
    return f"Quantise(levels={levels}, vectors=15) | FineTune(steps=600, learning_rate=1e-3) | Encode()"


_TUNE = "FineTune(steps=1200, learning_rate=3e-3)"
_STUDENT = "FineTune(steps=1200, learning_rate=3e-3, teacher=0.9)"
_ROUNDS = "rounds=4, tune=FineTune(steps=300, learning_rate=3e-3), layers='erk'"

ROADS: dict[str, dict[str, str]] = {
    "down-sizing": {f"width {w}": f"Downsize({w}) | {_STUDENT} | {_then(8)}" for w in (0.3, 0.1, 0.2)},
    "factorisation": {f"rank {r}": f"Factorise(rank={r}) | {_TUNE} | {_then(8)}" for r in (2, 4, 8)},
    "quantisation": {
        f"{levels} levels": f"Quantise(levels={levels}) | FineTune(steps=800, learning_rate=2e-3)"
        for levels in (2, 3, 4)
    },
    "entropy coding": {
        f"spacing {s}": f"Quantise(spacing={s}) | {_TUNE} | Encode()" for s in (2.0, 5.0, 10.0)
    },
    "sharing": {f"{s:.0%} hashed": f"Share({s}) | {_TUNE} | {_then(8)}" for s in (0.01, 0.02, 0.05)},
    "sparsification": {
        f"{1 - s:.0%} kept": f"gradual({s}, {_ROUNDS}) | {_then(4)}" for s in (0.95, 0.98, 0.99)
    },
    "tensor train": {f"rank {r}": f"TensorTrain(rank={r}) | {_TUNE} | {_then(8)}" for r in (2, 4, 8)},
    "prediction": {f"{a:.0%} written": f"Predict({a}) | {_TUNE} | {_then(8)}" for a in (0.05, 0.1, 0.2)},
}
"""For each family its pipelines by budget, as `idbounds compress --with` takes them. Some were tried
on the training part beforehand, as a bound for all messages at once allows; no test error was looked at."""


def _point(road: str, budget: str, dataset: str = "fashion-mnist") -> Point:
    return {"dataset": dataset, "road": road, "budget": budget, "seed": 0}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (_point("quantisation", "2 levels", dataset="digits"),),
    "laptop": tuple(_point(road, budget) for road, budgets in ROADS.items() for budget in budgets),
}


@functools.cache
def trained(
    dataset: str, seed: int, architecture: str = ARCHITECTURE, steps: int | None = None
) -> tuple[dict[str, Any], Errors]:
    """The network that all roads begin with; the same arguments give the same weights.

    Args:
        dataset: name.
        seed: of the start weights.
        architecture: of the menu.
        steps: of training; None takes those of `START`.

    Returns:
        Its tensors by name, float32, and its errors.
    """
    import torch

    from idbounds import data
    from idbounds.compress import FineTune, compress
    from idbounds.models import build

    sample = data.load(dataset)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        start = build(architecture, sample.train_x.shape[1:], sample.classes)
    training = FineTune(steps=steps or START[dataset], learning_rate=2e-3, seed=seed)
    made = compress(start, training, dataset=sample, architecture=architecture)
    return {name: tensor.float() for name, tensor in made.network.state.items()}, made.after


def measure(point: Point) -> list[Row]:
    """Go one road to its end.

    Args:
        point: data set, family, budget, and seed of the start.

    Returns:
        One row: bits of the whole message, errors (rates) before and after, the bound (exact decimal string).
    """
    from idbounds.certifying import test_interval
    from idbounds.compress import compress, read_pipeline

    steps = ROADS[str(point["road"])][str(point["budget"])]
    weights, before = trained(str(point["dataset"]), int(point["seed"] or 0))
    made = compress(
        weights, read_pipeline(steps), dataset=str(point["dataset"]), architecture=ARCHITECTURE, before=before
    )
    n, test_n = len(made.sample.train_y), len(made.sample.test_y)
    return [{
        "pipeline": steps, "code_bits": made.code_bits, "dense_bits": made.dense_bits, "n": n,
        "train_error_before": before.train / n, "train_error": made.after.train / n,
        "test_error_before": before.test / test_n, "test_error": made.after.test / test_n,
        "test_low": test_interval(made.after.test, test_n)[0],
        "bound": next(e.upper for e in made.evaluations if e.id == "occam-binomial"),
        "compress_seconds": made.seconds, "dataset_sha256": made.sample.sha256,
    }]  # fmt: skip


_COLUMNS = (
    "road", "budget", "seed", "code_bits", "train_error", "test_error", "test_low", "bound", "pipeline",
)  # fmt: skip


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, _COLUMNS)
    places = {road: place for place, road in enumerate(ROADS)}
    found = found[list(_COLUMNS)].assign(bound=found["bound"].astype(float), place=found["road"].map(places))
    return found.sort_values(["place", "code_bits", "seed"], ignore_index=True).drop(columns="place")


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each message.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a message, by road and bits; errors and bounds are rates.
    """
    return _laptop(rows).drop(columns=["test_low", "pipeline"])


def smallest(rows: pd.DataFrame) -> pd.DataFrame:
    """The end of each road: the budget with the smallest bound.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a road, smallest bound first.
    """
    found = _laptop(rows)
    return found.loc[found.groupby("road")["bound"].idxmin()].sort_values("bound", ignore_index=True)


def check_roads(rows: pd.DataFrame, first: str, second: str) -> Outcome:
    """Hold the smallest bounds of two roads against each other.

    Args:
        rows: the study's latest rows.
        first: the road that is claimed to end lower.
        second: the other.

    Returns:
        Supported if so. A bound is a number without an interval; it is that of one start.
    """
    ends = smallest(rows).set_index("road")["bound"]
    if first not in ends or second not in ends:
        return Outcome(Verdict.INCONCLUSIVE, f"rows for {' and '.join(ends.index) or 'no road'}")
    says = f"smallest bound {ends[first]:.4f} by {first}, {ends[second]:.4f} by {second}"
    return Outcome(Verdict.SUPPORTED if ends[first] < ends[second] else Verdict.NOT_SUPPORTED, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Bound against bits, one line a road, with the test errors faintly below.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas(1.15)
    found = _laptop(rows)
    ends = smallest(rows).set_index("road")["bound"]
    looks = dict(zip(ROADS, zip(COLOURS.values(), MARKERS, strict=True), strict=False))
    for road in ends.index:
        colour, marker = looks[road]
        line = found[found["road"] == road]
        label = f"{road}: {100 * ends[road]:.1f}%"
        axes.plot(line["code_bits"], 100 * line["bound"], f"{marker}-", color=colour, label=label)
        axes.plot(line["code_bits"], 100 * line["test_error"], marker, color=colour, alpha=0.35, ms=3)
    axes.set(xscale="log", xlabel="bits of the message", ylabel="error (%)", ylim=(0, None))
    if len(ends):
        made.legend(loc="outside lower center", ncols=2, title="bound on the error; smallest of each road")
    return made


def _claim(name: str, says: str, first: str, second: str) -> Claim:
    return Claim(name, says, lambda rows: check_roads(rows, first, second))


STUDY = Study(
    id="six_roads",
    question="Six roads, one currency: which family of compression ends in the smallest bound?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "LeNet on Fashion-MNIST, trained once, through each family at three budgets. Lines: Occam bound "
        "(binomial tail, probability 95%) on the error of the network that the message decodes to, with "
        "everything in the message paid for. Faint: its error on the test part, which chose nothing."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "Every bound is above the lower 95% end of its test error.",
            lambda rows: check_valid(_laptop(rows), len(GRID["laptop"])),
        ),
        _claim(
            "entropy_coding_pays",
            "Entropy coding of the symbols gives a smaller bound than quantisation at a fixed length.",
            "entropy coding", "quantisation",
        ),
        _claim(
            "fewer_numbers_pay",
            "Sparsification gives a smaller bound than entropy coding of all weights.",
            "sparsification", "entropy coding",
        ),
        _claim(
            "sparse_beats_small",
            "A sparse network gives a smaller bound than a small dense one.",
            "sparsification", "down-sizing",
        ),
    ),
)  # fmt: skip
