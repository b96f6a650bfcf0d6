"""d90 beside code length and bound: the networks of Li et al. 2018 on three data sets of images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.certified import check_valid
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from idbounds.dimension import Crossing

MODELS = {"mlp": "FC 200-200", "lenet": "LeNet"}
DATASETS = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "cifar-10-jpeg": "CIFAR-10 (JPEG)"}
"""What a reader calls them. The copy of CIFAR-10 is re-encoded as JPEG, and sorted by class."""

PUBLISHED = {
    ("mlp", "mnist"): 750, ("lenet", "mnist"): 290,
    ("mlp", "cifar-10-jpeg"): 9000, ("lenet", "cifar-10-jpeg"): 2900,
}  # fmt: skip
"""d90 by Li et al. 2018, Table 1: of full data, CIFAR-10 itself, and runs that are far longer."""

DIMENSIONS = (128, 256, 512, 1024, 2048, 4096, 8192)
BATCH, RATE, FULL_RATE = 64, 0.01, 0.003
"""One rate for all runs in subspaces: 0.03 did no better on held-out training data in a pilot."""

STEPS, SUBSET, HELD_OUT = 400, 8000, 0.25
"""Gradient steps; training examples that d90 is measured with, drawn at random; share of them that scores."""

SHARE = 0.1
"""Share of the weights that d90 is claimed to stay below."""

_SIZES: Point = {"largest": 8192, "starts": 2, "subset": SUBSET, "steps": STEPS, "certify_steps": STEPS}
GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (
        {"dataset": "digits", "model": "mlp", "largest": 256, "starts": 1, "subset": 400, "steps": 10,
         "certify_steps": 10},
    ),
    "laptop": tuple({"dataset": name, "model": model, **_SIZES} for name in DATASETS for model in MODELS),
}  # fmt: skip

_COLUMNS = (
    "what", "dataset", "model", "d", "score", "seed", "D", "code_bits", "train_error", "bound",
    "test_error", "test_low", "test_high", "majority_error",
)  # fmt: skip


def measure(point: Point) -> list[Row]:
    """Train in random subspaces on a random subset, then certify on the whole training part at d = d90.

    Args:
        point: data set, model, largest dimension, starts, size of the subset, steps of a run and of the
            certificate.

    Returns:
        One row a run (`what` is "run"; `score` is accuracy on the held-out part of the subset), then one of
        the certificate, whose `d` is that of `chosen` on these runs. Test data chooses nothing.
    """
    from idbounds import data
    from idbounds.dimension.trial import Training, Trial
    from validation import samples
    from validation.certified import certified

    model, name = str(point["model"]), str(point["dataset"])
    steps, subset, starts, largest = (int(point[k] or 0) for k in ("steps", "subset", "starts", "largest"))
    tried = [d for d in DIMENSIONS if d <= largest]
    sample = data.load(name)
    given, _ = samples.arrays(samples.drawn(sample, subset, 0))
    training = Training(steps=steps, batch=BATCH, learning_rate=RATE, full_learning_rate=FULL_RATE)
    trial = Trial(model, given, held_out=HELD_OUT, training=training, kind="blocks", relative=False)
    rows: list[Row] = [
        {**row, "seed": seed}
        for seed in range(starts)
        for row in dimensions.trained(trial, (None, *tried), seed, together=False)
    ]
    d = chosen(crossing(pd.DataFrame(rows)), largest)
    settings: dict[str, Any] = {"recipe": "subspace", "architecture": model, "steps": point["certify_steps"]}
    found = certified(replayed=False, dataset=sample, d=d, seed=0, **settings)
    return [*rows, {**found, "what": "certificate", "d": d, "seed": 0}]


def crossing(runs: pd.DataFrame) -> Crossing | None:
    """d90 of a network: the dimension that reaches 90% of the accuracy that all weights reach.

    Args:
        runs: its rows with `what` "run".

    Returns:
        The crossing; None where there are not enough runs.
    """
    return dimensions.crossing(runs[runs["score"].notna()], chance=0.1)


def chosen(one: Crossing | None, largest: int) -> int:
    """The dimension to certify at.

    Args:
        one: d90 as measured on training data.
        largest: dimension that was tried.

    Returns:
        d90 rounded; its upper end if it is reached at once, the largest dimension if it is not reached.
    """
    found = None if one is None else one.high if one.d is None else one.d
    return largest if found is None else max(1, round(found))


def crossings(rows: pd.DataFrame) -> dict[tuple[str, str], Crossing | None]:
    """The measured d90.

    Args:
        rows: the study's latest rows.

    Returns:
        The crossing of each (model, data set), None where there is none.
    """
    runs = reading.ok(rows, _COLUMNS)
    runs = runs[runs["what"] == "run"]
    return {
        (model, name): crossing(runs[(runs["model"] == model) & (runs["dataset"] == name)])
        for model in MODELS
        for name in DATASETS
    }


def certificates(rows: pd.DataFrame) -> pd.DataFrame:
    """The certificates, with the bound as a number.

    Args:
        rows: the study's latest rows.

    Returns:
        One row each.
    """
    found = reading.ok(rows, _COLUMNS)
    found = found[found["what"] == "certificate"]
    return found.assign(bound=found["bound"].astype(float)).reset_index(drop=True)


def _valid(rows: pd.DataFrame) -> Outcome:
    return check_valid(certificates(rows), len(GRID["laptop"]))


def check_small(rows: pd.DataFrame) -> Outcome:
    """Hold each interval of d90 against `SHARE` of the weights.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if all of every interval lies below, not supported if all of one lies above.
    """
    weights = certificates(rows).set_index(["model", "dataset"])["D"]
    ends = []
    for key, one in crossings(rows).items():
        if one is None or key not in weights.index:
            return Outcome(Verdict.INCONCLUSIVE, f"{' on '.join(key)} is not measured")
        high = float("inf") if one.high is None else one.high
        ends.append((100 * (one.low or 0.0) / weights[key], 100 * high / weights[key]))
    lows, highs = zip(*ends, strict=True)
    upper = "no upper end" if math.isinf(max(highs)) else f"largest upper end {max(highs):.2f}%"
    says = f"largest lower end {max(lows):.2f}% of the weights, {upper}"
    if max(highs) < 100 * SHARE:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if max(lows) >= 100 * SHARE else Verdict.INCONCLUSIVE, says)


def check_harder(rows: pd.DataFrame) -> Outcome:
    """Hold d90 on MNIST against that on CIFAR-10, for each network, by whole intervals.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if it is lower for every network, not supported if it is higher for one.
    """
    found = crossings(rows)
    each = [dimensions.lower(found[model, "mnist"], found[model, "cifar-10-jpeg"]) for model in MODELS]
    says = "; ".join(f"{title}: {one.says}" for title, one in zip(MODELS.values(), each, strict=True))
    for verdict in (Verdict.NOT_SUPPORTED, Verdict.INCONCLUSIVE):
        if any(one.verdict is verdict for one in each):
            return Outcome(verdict, says)
    return Outcome(Verdict.SUPPORTED, says)


def check_useful(rows: pd.DataFrame) -> Outcome:
    """Hold the bounds on MNIST against the error of always naming the commonest class.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if all are below it, not supported if one is not.
    """
    found = certificates(rows)
    found = found[found["dataset"] == "mnist"]
    says = ", ".join(
        f"{MODELS[row.model]} {row.bound:.4f} ({row.majority_error:.4f})" for row in found.itertuples()
    )
    if (found["bound"] >= found["majority_error"]).any():
        return Outcome(Verdict.NOT_SUPPORTED, says)
    return Outcome(
        Verdict.SUPPORTED if len(found) == len(MODELS) else Verdict.INCONCLUSIVE, says or "no rows"
    )


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """The core table.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a network and data set: d90 with its 90% interval, that of Li et al. 2018, weights D; of the
        certificate its d, the bits of its message, and training error, bound and test error as rates.
    """
    found, lines = crossings(rows), []
    for row in certificates(rows).itertuples():
        key = row.model, row.dataset
        one = found[key]
        d90 = {"d90": one and one.d, "d90_low": one and one.low, "d90_high": one and one.high}
        lines.append({
            "model": row.model, "dataset": row.dataset, **d90, "published": PUBLISHED.get(key),
            "D": int(row.D), "d": int(row.d), "code_bits": int(row.code_bits), "train_error": row.train_error,
            "bound": row.bound, "test_error": row.test_error,
        })  # fmt: skip
    table = pd.DataFrame(lines)
    return table.assign(published=table["published"].astype("Int64")) if lines else table


def figure(rows: pd.DataFrame) -> Figure:
    """d90 of both networks by data set, and below it bound and test error of the certificates.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, (top, bottom) = canvas(1.15, rows=2, sharex=True)
    names = list(DATASETS)
    table = numbers(rows)
    for model, shift, colour, marker in zip(MODELS, (-0.12, 0.12), COLOURS.values(), MARKERS, strict=False):
        own = table[table["model"] == model] if len(table) else table
        for row in own.itertuples():
            at = names.index(row.dataset) + shift
            if pd.isna(row.d90) and not pd.isna(row.d90_low):  # not reached: from its lower end on
                top.annotate(
                    "",
                    (at, DIMENSIONS[-1]),
                    (at, row.d90_low),
                    arrowprops={"arrowstyle": "->", "color": colour},
                )
            low, high = (row.d90 if pd.isna(end) else end for end in (row.d90_low, row.d90_high))
            top.vlines(at, low, high, color=colour)
            top.plot(at, row.d90, marker, color=colour)
            if not pd.isna(row.published):
                top.plot(at, row.published, marker, color=colour, fillstyle="none")
            bottom.vlines(at, 100 * row.test_error, 100 * row.bound, color=colour, alpha=0.4)
            bottom.plot(at, 100 * row.bound, marker, color=colour)
            bottom.plot(at, 100 * row.test_error, "_", color=colour, markersize=9)
        top.plot([], [], marker, color=colour, label=MODELS[model])
    top.set(yscale="log", ylabel="d90", ylim=(DIMENSIONS[0] / 1.3, 1.5 * max(PUBLISHED.values())))
    top.set_yticks(DIMENSIONS, [f"{d:,}" for d in DIMENSIONS])
    top.minorticks_off()
    bottom.set(ylabel="error (%)", ylim=(0, 100), xlim=(-0.5, len(names) - 0.5))
    bottom.set_xticks(range(len(names)), ["MNIST", "Fashion-MNIST", "CIFAR-10"])
    made.legend(loc="outside upper right", ncols=2)
    return made


STUDY = Study(
    id="core",
    question="What are d90, code length, bound and test error of the networks of Li et al. 2018?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"Above: d90 with its 90% interval, from {SUBSET:,} training examples and {STEPS} steps; hollow: Li "
        "et al. 2018, with full training; an arrow: not reached. Below: markers are bounds at d = d90, "
        "dashes test errors. CIFAR-10 is a copy re-encoded as JPEG."
    ),
    numbers=numbers,
    claims=(
        Claim("valid", "Every bound is above the lower 95% end of its test error.", _valid),
        Claim("d90_is_small", f"d90 is below {SHARE:.0%} of the weights everywhere.", check_small),
        Claim(
            "harder_data_take_more",
            "Both networks have a larger d90 on CIFAR-10 than on MNIST.",
            check_harder,
        ),
        Claim(
            "useful_on_mnist",
            "On MNIST every bound at d = d90 is below the error of naming the commonest class.",
            check_useful,
        ),
    ),
)
