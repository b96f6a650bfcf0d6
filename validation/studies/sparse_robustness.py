"""Whether a sparse network stands attacks better or worse than the dense one it was pruned from."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure
    from torch import Tensor

SPARSITIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
SEEDS = (0, 1, 2)
ARCHITECTURE = "convnet"

RADIUS = 0.06
"""Of the attacks, in the unit of the inputs, pixels from -1 to 1: 7.65 of 255 greys."""

IMAGES = 1000
"""Of the test part, the first ones, that are attacked."""

START = {"fashion-mnist": 500, "digits": 150}
"""Steps of training before pruning."""

TUNE, ROUNDS = 80, 3
"""Steps of training after each round of pruning, and rounds; the dense network is trained on for as long."""

ATTACKS = {"clean": "none", "fgsm": "FGSM", "pgd": "PGD, 10 steps"}


def _point(sparsity: float, seed: int, dataset: str = "fashion-mnist") -> Point:
    return {"dataset": dataset, "sparsity": sparsity, "seed": seed}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (_point(0.9, 0, "digits"),),
    "laptop": tuple(_point(sparsity, seed) for seed in SEEDS for sparsity in SPARSITIES),
}


@functools.cache
def trained(dataset: str, seed: int) -> dict[str, Any]:
    """The dense network; the same arguments give the same weights.

    Args:
        dataset: name.
        seed: of the start and of the order of the examples.

    Returns:
        Its tensors by name, as arrays.
    """
    import torch

    from idbounds import data
    from idbounds.compress import FineTune, Pipeline
    from idbounds.models import build

    sample = data.load(dataset)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        start = build(ARCHITECTURE, sample.train_x.shape[1:], sample.classes)
    training = FineTune(steps=START[dataset], learning_rate=2e-3, seed=seed)
    return _through(Pipeline((training,)), start.state_dict(), sample)


def _through(steps: Any, weights: Mapping[str, Any], sample: Any) -> dict[str, Any]:
    """The weights that a pipeline leaves, without a message."""
    import numpy as np

    from idbounds.compress import Bench, drafts
    from idbounds.models import build

    module = build(ARCHITECTURE, sample.train_x.shape[1:], sample.classes)
    last = steps.run(drafts(module, weights), Bench(module, sample))
    return {one.slot.name: one.coded.weights.reshape(one.slot.shape).astype(np.float32) for one in last}


def measure(point: Point) -> list[Row]:
    """Prune, attack, and count.

    Args:
        point: data set, sparsity, seed.

    Returns:
        One row: how many of the attacked images are named rightly, without an attack and under each.
    """
    import torch

    from idbounds import data
    from idbounds.compress import FineTune, Pipeline, attacks, gradual
    from idbounds.decoders import scaled
    from idbounds.models import build

    sparsity, seed = float(point["sparsity"] or 0), int(point["seed"] or 0)
    sample = data.load(str(point["dataset"]))
    tune = FineTune(steps=TUNE, learning_rate=1e-3, seed=seed + 1)
    steps = (
        gradual(sparsity, rounds=ROUNDS, tune=tune, layers="erk") if sparsity else Pipeline((tune,) * ROUNDS)
    )
    state = _through(steps, trained(sample.name, seed), sample)
    module = build(ARCHITECTURE, sample.train_x.shape[1:], sample.classes).eval()
    module.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    x = torch.from_numpy(scaled(sample.test_x[:IMAGES], sample.levels)).float()
    y = torch.from_numpy(sample.test_y[:IMAGES])

    def right(inputs: Tensor) -> int:
        with torch.no_grad():
            return int((module(inputs).argmax(1) == y).sum())

    matrices = [array for array in state.values() if array.ndim > 1]
    return [{
        "zeros": sum(int((a == 0).sum()) for a in matrices) / sum(a.size for a in matrices),
        "test_n": len(y), "clean": right(x), "fgsm": right(attacks.fgsm(module, x, y, RADIUS)),
        "pgd": right(attacks.pgd(module, x, y, RADIUS)), "dataset_sha256": sample.sha256,
    }]  # fmt: skip


_COLUMNS = ("sparsity", "seed", "zeros", "test_n", *ATTACKS)


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, _COLUMNS)
    return found[list(_COLUMNS)].sort_values(["sparsity", "seed"], ignore_index=True)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Accuracy without and under each attack, by sparsity and seed, with exact intervals.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a network and attack: accuracy (rate) with its 95% Clopper-Pearson interval.
    """
    from idbounds.certifying import test_interval

    lines = []
    for row in _laptop(rows).to_dict("records"):
        for attack in ATTACKS:
            n, right = int(row["test_n"]), int(row[attack])
            low, high = test_interval(n - right, n)
            line = {"sparsity": row["sparsity"], "seed": row["seed"], "attack": attack}
            lines.append({**line, "accuracy": right / n, "low": 1 - high, "high": 1 - low})
    return pd.DataFrame(lines, columns=["sparsity", "seed", "attack", "accuracy", "low", "high"])


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Each sparsity and attack over the seeds.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a sparsity and attack: mean accuracy, least lower and greatest upper end of the seeds'
        intervals.
    """
    groups = numbers(rows).groupby(["sparsity", "attack"], sort=False)
    return groups.agg(accuracy=("accuracy", "mean"), low=("low", "min"), high=("high", "max")).reset_index()


def check_against_dense(rows: pd.DataFrame, sparsity: float, attack: str, sign: int) -> Outcome:
    """Hold the intervals of a sparsity against those of the dense network from the same start.

    Args:
        rows: the study's latest rows.
        sparsity: of the pruned network.
        attack: name in `ATTACKS`.
        sign: 1 if the pruned network is claimed to be more accurate, -1 if less.

    Returns:
        Supported if the intervals of every seed lie apart in the claimed order, not supported if those of one
        lie apart in the other order.
    """
    found = numbers(rows)
    found = found[found["attack"] == attack]
    dense, pruned = (found[found["sparsity"] == share] for share in (SPARSITIES[0], sparsity))
    both = dense.merge(pruned, on="seed", suffixes=("_dense", "_pruned"))
    if len(both) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(both)} of {len(SEEDS)} seeds")
    more = int((both["low_pruned"] > both["high_dense"]).sum())
    less = int((both["high_pruned"] < both["low_dense"]).sum())
    means = [100 * both[f"accuracy_{which}"].mean() for which in ("dense", "pruned")]
    says = (
        f"means {means[0]:.1f}% dense, {means[1]:.1f}% at {sparsity:.0%} zeros; intervals of {len(both)} "
        f"seeds: {more} above, {less} below"
    )
    as_claimed, against = (more, less) if sign > 0 else (less, more)
    if as_claimed == len(both):
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if against else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Accuracy against the share of weights that are left, without and under each attack.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = summary(rows)
    for (attack, label), colour, marker in zip(ATTACKS.items(), COLOURS.values(), MARKERS, strict=False):
        line = found[found["attack"] == attack]
        ends = 100 * (line["accuracy"] - line["low"]), 100 * (line["high"] - line["accuracy"])
        axes.errorbar(
            100 * (1 - line["sparsity"]), 100 * line["accuracy"], yerr=ends, fmt=f"{marker}-",
            color=colour, label=label, capsize=2,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="weights that are left (%)", ylabel="accuracy (%)", ylim=(0, 100))
    axes.set_xticks([100 * (1 - s) for s in SPARSITIES], [f"{100 * (1 - s):.0f}" for s in SPARSITIES])
    axes.minorticks_off()
    made.legend(loc="outside lower center", ncols=3, title="attack")
    return made


STUDY = Study(
    id="sparse_robustness",
    question="Does sparsity help against attacks?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"A small CNN on Fashion-MNIST, pruned gradually by magnitude; {IMAGES:,} test images, attacked "
        f"within {RADIUS:g} of each pixel (from -1 to 1), no defence. Means of three starts; bars from the "
        "least lower to the greatest upper end of their 95% intervals."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "helps_against_pgd",
            "With 90% zeros a network is more accurate under PGD than the dense one.",
            lambda rows: check_against_dense(rows, 0.9, "pgd", 1),
        ),
        Claim(
            "helps_against_fgsm",
            "With 90% zeros a network is more accurate under FGSM than the dense one.",
            lambda rows: check_against_dense(rows, 0.9, "fgsm", 1),
        ),
        Claim(
            "costs_at_98",
            "With 98% zeros a network is less accurate under PGD than the dense one.",
            lambda rows: check_against_dense(rows, 0.98, "pgd", -1),
        ),
    ),
)  # fmt: skip
