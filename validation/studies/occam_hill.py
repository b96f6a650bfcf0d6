"""Sparsity from nothing to 99.9%: test error, bits, bound; regrowth; time and memory against dense."""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import check_valid
from validation.figures import COLOURS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from idbounds.compress import Pipeline

SPARSITIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
REGROWN, WAYS = 0.99, {"magnitude": "magnitude", "gradient": "RigL", "random": "SET"}
"""The sparsity at which the pattern also moves: to where the gradient is largest, or at random."""

SEEDS, ARCHITECTURE = (0, 1), "mlp"
START, TUNE, ROUNDS, END = 600, 150, 3, 200
"""Steps of training before pruning, after each of the rounds, and on the grid."""

BATCH, REPEATS = 128, 31
"""Examples of the products that are timed, and how often; the median counts."""

MILD, SEVERE = 0.8, 0.99
"""Sparsity at which the hill is claimed to be, and one at which products are claimed to be faster."""


def _point(sparsity: float, seed: int, way: str = "magnitude", dataset: str = "fashion-mnist") -> Point:
    return {"dataset": dataset, "sparsity": sparsity, "way": way, "seed": seed, "start": START, "tune": TUNE}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({**_point(0.9, 0, "gradient", "digits"), "start": 60, "tune": 10},),
    "laptop": tuple(
        point
        for seed in SEEDS
        for point in (
            *(_point(sparsity, seed) for sparsity in SPARSITIES),
            *(_point(REGROWN, seed, way) for way in WAYS if way != "magnitude"),
        )
    ),
}

_COLUMNS = (
    "sparsity", "way", "seed", "zeros", "code_bits", "train_error", "test_error", "test_low", "bound",
    "speedup", "memory",
)  # fmt: skip


def pipeline(sparsity: float, way: str, tune: int, seed: int) -> Pipeline:
    """Pruning, as many steps of training for each sparsity and way, eight levels, the shortest code.

    Args:
        sparsity: share of zeros, 0 for none.
        way: one of `WAYS`.
        tune: steps in each of the rounds.
        seed: of the order of the examples.

    Returns:
        The pipeline.
    """
    from idbounds.compress import Encode, FineTune, Pipeline, Quantise, gradual, regrown

    step = FineTune(steps=tune, learning_rate=1e-3, seed=seed + 1)
    end = Quantise(levels=8, vectors=15) | FineTune(steps=END, learning_rate=1e-3, seed=seed + 2) | Encode()
    if not sparsity:
        return Pipeline((*(step,) * ROUNDS, *end.steps))
    if way == "magnitude":
        return gradual(sparsity, rounds=ROUNDS, tune=step, layers="erk") | end
    return regrown(sparsity, rounds=ROUNDS - 1, tune=step, growth=way, layers="erk") | end


def measure(point: Point) -> list[Row]:
    """Prune, write the message, count errors, and time products with the matrices that it decodes to.

    Args:
        point: data set, sparsity, way, seed, steps before pruning and in each round.

    Returns:
        One row: share of zeros, bits of the whole message, errors (rates), the bound (exact decimal string);
        speed and memory of the dense matrices over those of the sparse ones (CSR, float32).
    """
    from idbounds.certifying import test_interval
    from idbounds.compress import compress
    from validation.studies.six_roads import trained

    sparsity, seed = float(point["sparsity"] or 0), int(point["seed"] or 0)
    dataset = str(point["dataset"])
    weights, before = trained(dataset, seed, ARCHITECTURE, int(point["start"] or 0))
    steps = pipeline(sparsity, str(point["way"]), int(point["tune"] or 0), seed)
    made = compress(weights, steps, dataset=dataset, architecture=ARCHITECTURE, before=before)
    matrices = [t.numpy() for t in made.network.state.values() if t.ndim == 2]
    n, test_n = len(made.sample.train_y), len(made.sample.test_y)
    return [{
        "zeros": sum(int((m == 0).sum()) for m in matrices) / sum(m.size for m in matrices),
        "code_bits": made.code_bits, "train_error": made.after.train / n, "n": n,
        "test_error": made.after.test / test_n, "test_low": test_interval(made.after.test, test_n)[0],
        "bound": next(e.upper for e in made.evaluations if e.id == "occam-binomial"),
        **sparse_against_dense(matrices), "dataset_sha256": made.sample.sha256,
    }]  # fmt: skip


def sparse_against_dense(matrices: list[Any]) -> dict[str, float]:
    """Products of matrices with a batch, dense and in CSR, by turns in one process.

    Args:
        matrices: of a network, (outputs, inputs).

    Returns:
        Seconds and bytes of the dense products over those of the sparse ones: above 1 sparse is better.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    pairs = []
    for matrix in matrices:
        dense = np.ascontiguousarray(matrix, dtype=np.float32)
        inputs = np.random.default_rng(0).random((dense.shape[1], BATCH), dtype=np.float32)
        pairs.append((dense, csr_matrix(dense), inputs))
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(REPEATS):
        for which, taken in seconds.items():
            started = time.perf_counter()
            for pair in pairs:
                pair[which] @ pair[2]
            taken.append(time.perf_counter() - started)
    sizes = [(d.nbytes, s.data.nbytes + s.indices.nbytes + s.indptr.nbytes) for d, s, _ in pairs]
    whole, small = (sum(size) for size in zip(*sizes, strict=True))
    return {
        "speedup": statistics.median(seconds[0]) / statistics.median(seconds[1]),
        "memory": whole / small,
    }


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, _COLUMNS)[list(_COLUMNS)]
    found = found.assign(bound=found["bound"].astype(float))
    return found.sort_values(["sparsity", "way", "seed"], ignore_index=True)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each sparsity and way.

    Args:
        rows: the study's latest rows.

    Returns:
        One line each: means over the seeds of bits, errors and bound (rates), least and largest test error,
        medians of the speed and memory of dense over sparse.
    """
    groups = _laptop(rows).groupby(["sparsity", "way"], sort=True)
    return groups.agg(
        code_bits=("code_bits", "mean"), train_error=("train_error", "mean"),
        test_error=("test_error", "mean"), low=("test_error", "min"), high=("test_error", "max"),
        bound=("bound", "mean"),
        speedup=("speedup", "median"), memory=("memory", "median"),
    ).reset_index()  # fmt: skip


def _by_seed(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Of each seed a line; columns are (sparsity, way). Empty unless all of the laptop tier is there."""
    found = _laptop(rows)
    if len(found) < len(GRID["laptop"]):
        return pd.DataFrame()
    return found.pivot_table(index="seed", columns=["sparsity", "way"], values=column)


def _judged(better: pd.Series, says: str) -> Outcome:
    if better.all():
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.INCONCLUSIVE if better.any() else Verdict.NOT_SUPPORTED, says)


def check_valley(rows: pd.DataFrame) -> Outcome:
    """Ask where the bound is smallest.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if with every seed strictly between no zeros and the most, not supported if with none.
    """
    wide = _by_seed(rows, "bound")
    if not len(wide):
        return Outcome(Verdict.INCONCLUSIVE, "not every point is measured")
    some = wide.xs("magnitude", axis=1, level="way")
    at, least = some.idxmin(axis=1), some.min(axis=1)
    inside = (least < some[SPARSITIES[0]]) & (least < some[SPARSITIES[-1]])
    where = ", ".join(f"{value:.4f} at {100 * place:g}%" for value, place in zip(least, at, strict=True))
    return _judged(inside, f"smallest bound of each seed: {where}")


def check_below(rows: pd.DataFrame, column: str, one: tuple[float, str], other: tuple[float, str]) -> Outcome:
    """Hold two networks against each other, seed by seed.

    Args:
        rows: the study's latest rows.
        column: what of them.
        one: sparsity and way of the one that is claimed to have less.
        other: those of the other.

    Returns:
        Supported if so with every seed, not supported if with none.
    """
    wide = _by_seed(rows, column)
    if not len(wide):
        return Outcome(Verdict.INCONCLUSIVE, "not every point is measured")
    change = wide[one] - wide[other]
    return _judged(change < 0, f"difference {change.min():.4f} to {change.max():.4f} over {len(wide)} seeds")


def check_faster(rows: pd.DataFrame) -> Outcome:
    """Hold the time of sparse products at `SEVERE` against that of dense ones.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if shorter with every seed, not supported if with none.
    """
    wide = _by_seed(rows, "speedup")
    if not len(wide):
        return Outcome(Verdict.INCONCLUSIVE, "not every point is measured")
    times = wide[SEVERE, "magnitude"]
    return _judged(times > 1, f"{times.min():.1f} to {times.max():.1f} times as fast")


def figure(rows: pd.DataFrame) -> Figure:
    """Test error, bound and bits against the share of weights that is left.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, panels = canvas(1.15, 2, sharex=True, height_ratios=(3, 2))
    found = numbers(rows)
    some = found[found["way"] == "magnitude"]
    left = 100 * (1 - some["sparsity"])
    for column, colour, marker, label in (
        ("bound", "blue", "o", "bound"), ("test_error", "orange", "s", "test error"),
        ("train_error", "green", "^", "training error"),
    ):  # fmt: skip
        panels[0].plot(left, 100 * some[column], f"{marker}-", color=COLOURS[colour], label=label)
    for way, marker in (("gradient", "D"), ("random", "v")):
        one = found[found["way"] == way]
        panels[0].plot(
            100 * (1 - one["sparsity"]), 100 * one["test_error"], marker, color=COLOURS["purple"],
            label=f"test error, {WAYS[way]}",
        )  # fmt: skip
    panels[1].plot(left, some["code_bits"] / 8000, "o-", color=COLOURS["blue"])
    panels[0].set(ylabel="error (%)", ylim=(0, 100))
    panels[1].set(
        xscale="log", yscale="log", xlim=(150, 0.07), xlabel="weights left (%)", ylabel="message (kB)"
    )
    panels[1].set_xticks([100, 10, 1, 0.1], ["100", "10", "1", "0.1"])
    panels[1].set_yticks([1, 10, 100], ["1", "10", "100"])
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return made


STUDY = Study(
    id="occam_hill",
    question="How does a network do as more and more of its weights go?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "784-200-200-10 on Fashion-MNIST, pruned gradually by magnitude, eight levels, cheapest code of "
        "pattern and values: means of two starts. Bound: Occam with a binomial tail, each with probability "
        f"95%. At {REGROWN:.0%} also with regrowth of the pattern."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "Every bound is above the lower 95% end of its test error.",
            lambda rows: check_valid(_laptop(rows), len(GRID["laptop"])),
        ),
        Claim(
            "valley_of_the_bound",
            "The bound is smallest strictly between no zeros and 99.9%.",
            check_valley,
        ),
        Claim(
            "hill",
            f"With {MILD:.0%} zeros the test error is smaller than without any (Occam's hill).",
            partial(check_below, column="test_error", one=(MILD, "magnitude"), other=(0.0, "magnitude")),
        ),
        Claim(
            "gradients_beat_magnitude",
            f"At {REGROWN:.0%} RigL ends at a smaller test error than magnitude alone.",
            partial(
                check_below, column="test_error", one=(REGROWN, "gradient"), other=(REGROWN, "magnitude")
            ),
        ),
        Claim(
            "gradients_beat_chance",
            f"At {REGROWN:.0%} RigL ends at a smaller test error than SET.",
            partial(check_below, column="test_error", one=(REGROWN, "gradient"), other=(REGROWN, "random")),
        ),
        Claim(
            "sparse_products_are_faster",
            f"With {SEVERE:.0%} zeros, CSR products with a batch of {BATCH} take less time than dense ones.",
            check_faster,
        ),
    ),
)
