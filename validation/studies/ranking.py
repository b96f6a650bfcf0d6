"""How well bounds, code lengths and norms order networks by their test error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.dimensions import Ends
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATASET, DELTA = "penbased", "0.05"
WIDTHS, DEPTHS, SIZES, DECAYS, SEEDS = (16, 48, 144), (1, 2), (250, 1000, 4000), (0.0, 1.0), (0, 1, 2)
SPACING = 0.2
"""Step of the weights' grid in standard deviations, fixed beforehand."""

NORMS = ("spectral-bartlett", "spectral-neyshabur", "frobenius-golowich", "path-norm")
PREDICTORS = ("occam-hoeffding", "code_bits", "weights", "train_error", *NORMS)
"""What orders the networks: the larger, the larger the test error should be."""

DRAWS = 400
"""Bootstrap samples of the settings: the seeds of one go together, since they are no independent networks."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"width": 16, "depth": 1, "n": 100, "decay": 0.0, "seed": 0, "steps": 50},),
    "laptop": tuple(
        {"width": width, "depth": depth, "n": n, "decay": decay, "seed": seed, "steps": 300}
        for width in WIDTHS
        for depth in DEPTHS
        for n in SIZES
        for decay in DECAYS
        for seed in SEEDS
    ),
}

_COLUMNS = ("n", "width", "depth", "decay", "seed", "test_error", *(p.replace("-", "_") for p in PREDICTORS))


def measure(point: Point) -> list[Row]:
    """Train a network, and take everything that is said to predict its test error.

    Args:
        point: width, depth (hidden layers), n (examples), decay (of weights), seed, steps.

    Returns:
        One row: errors (rates) and bits of the network on its grid, then the bounds; those of norms are of
        the network before it was rounded, and none is cut off at 1.
    """
    import copy

    import torch

    from idbounds import data
    from idbounds.catalogue import bounds
    from idbounds.measures import measures
    from validation import lengths, samples

    width, depth, n, seed, steps = (int(point[k] or 0) for k in ("width", "depth", "n", "seed", "steps"))
    sample = samples.drawn(data.load(DATASET), n, seed)
    (x, y), (test_x, test_y) = ([torch.from_numpy(a) for a in part] for part in samples.arrays(sample))
    net = lengths.network(x.shape[1], sample.classes, (width,) * depth, seed)
    start = copy.deepcopy(net)
    lengths.fitted(net, x, y, steps=steps, seed=seed, decay=float(point["decay"] or 0))
    plain, bits = lengths.on_grid(net, SPACING)

    def wrong(some: Any, labels: Any) -> int:
        return int((lengths.probabilities(plain, some).argmax(1) != labels.numpy()).sum())

    errors, test_errors = wrong(x, y), wrong(test_x, test_y)
    known = {"n": n, "delta": DELTA}
    norms = {b: float(bounds[b](**measures(net, x, y, start, bound=b), **known)) for b in NORMS}
    occam = float(bounds["occam-hoeffding"](train_error=errors / n, code_bits=bits, **known))
    row: Row = {
        "train_error": errors / n, "test_error": test_errors / len(test_y), "test_n": len(test_y),
        "weights": sum(p.numel() for p in net.parameters()), "code_bits": bits,
        "dataset_sha256": sample.sha256, "occam_hoeffding": occam,
        **{name.replace("-", "_"): value for name, value in norms.items()},
    }  # fmt: skip
    return [row]


def taus(rows: pd.DataFrame, *, fixed_n: bool) -> dict[str, Any]:
    """Kendall's tau-b of each predictor with the test error, for resampled settings.

    Only pairs of two settings count.

    Args:
        rows: the study's latest rows.
        fixed_n: count only pairs of networks trained on equally many examples.

    Returns:
        By predictor an array: the tau of the networks as they are, then `DRAWS` of bootstrap samples; empty
        if a network is missing.
    """
    import numpy as np

    some = reading.ok(rows, _COLUMNS)
    if len(some) < len(GRID["laptop"]):
        return {}
    rng = np.random.default_rng(0)
    settings = [*some.groupby(["n", "width", "depth", "decay"]).indices.values()]
    member = np.array([np.isin(np.arange(len(some)), own) for own in settings], dtype=float)
    picks = rng.integers(len(settings), size=(DRAWS, len(settings)))
    once = np.arange(len(settings))
    often = np.array([np.bincount(pick, minlength=len(settings)) for pick in (once, *picks)])

    def signs(column: str) -> Any:
        values = some[column].to_numpy(float)
        return np.sign(values[:, None] - values)

    count = some["n"].to_numpy()
    mask = member.T @ member == 0  # seeds of one setting differ by chance alone
    if fixed_n:
        mask &= count[:, None] == count
    error = signs("test_error")
    found = {}
    for name in PREDICTORS:
        order = signs(name.replace("-", "_"))
        tables = [order * error * mask, order**2 * mask, error**2 * mask]
        # A setting drawn k times counts its pairs k times. All terms are whole, so the order of sums is free.
        both, one, other = ((often @ (member @ table @ member.T) * often).sum(1) for table in tables)
        found[name] = both / np.sqrt(one * other)
    return found


def ends(values: Any) -> Ends:
    """A statistic with its 95% bootstrap interval.

    Args:
        values: the statistic, then its values in the bootstrap samples.

    Returns:
        The value with the percentiles 2.5 and 97.5.
    """
    import numpy as np

    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Ends(float(values[0]), float(low), float(high))


def _judged(found: Ends, says: str) -> Outcome:
    if found.low > 0:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if found.high < 0 else Verdict.INCONCLUSIVE, says)


def check_ranks(rows: pd.DataFrame, name: str, *, fixed_n: bool) -> Outcome:
    """Hold the tau of a predictor against 0.

    Args:
        rows: the study's latest rows.
        name: in `PREDICTORS`.
        fixed_n: as in `taus`.

    Returns:
        Supported if its interval is above 0, not supported if it is below.
    """
    known = taus(rows, fixed_n=fixed_n)
    if not known:
        return Outcome(Verdict.INCONCLUSIVE, "not every network is measured")
    found = ends(known[name])
    return _judged(found, f"tau {found}, {len(GRID['laptop'])} networks")


def check_beats_norms(rows: pd.DataFrame) -> Outcome:
    """Hold the tau of the Occam bound, at fixed n, against the largest of the norm bounds.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if the interval of the difference is above 0, not supported if it is below.
    """
    known = taus(rows, fixed_n=True)
    if not known:
        return Outcome(Verdict.INCONCLUSIVE, "not every network is measured")
    best = max(NORMS, key=lambda name: known[name][0])
    found = ends(known["occam-hoeffding"] - known[best])
    return _judged(found, f"tau minus that of {best}: {found}")


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Kendall's tau of each predictor.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a predictor: tau with its 95% interval over all networks (`tau`), and over pairs with the
        same n (`same_n`).
    """
    every, within = taus(rows, fixed_n=False), taus(rows, fixed_n=True)
    lines = []
    for name in every:
        line: dict[str, Any] = {"predictor": name}
        for column, found in (("tau", ends(every[name])), ("same_n", ends(within[name]))):
            line |= {column: found.value, f"{column}_low": found.low, f"{column}_high": found.high}
        lines.append(line)
    return pd.DataFrame(lines)


def figure(rows: pd.DataFrame) -> Figure:
    """Tau of each predictor with its interval.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas(0.8)
    found = numbers(rows)
    names = list(reversed(PREDICTORS))
    styles = zip((0.15, -0.15), {"tau": "all pairs", "same_n": "pairs with the same n"}.items(), strict=True)
    for (shift, (column, label)), colour, marker in zip(styles, COLOURS.values(), MARKERS, strict=False):
        if len(found):
            values = found.set_index("predictor").loc[names]
            errors = [
                values[column] - values[f"{column}_low"],
                values[f"{column}_high"] - values[column],
            ]
            places = [i + shift for i in range(len(names))]
            axes.errorbar(values[column], places, xerr=errors, fmt=marker, color=colour, label=label)
    axes.axvline(0, color=COLOURS["grey"], linewidth=0.8)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="Kendall's tau with the test error", xlim=(-1, 1))
    made.legend(loc="outside upper right", ncols=2)
    return made


STUDY = Study(
    id="ranking",
    question="Do bounds, code lengths and norms order networks by their test error?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"Kendall's tau between a predictor and the test error of {len(GRID['laptop'])} fully connected "
        "networks on penbased (widths, depths, sizes of the sample, weight decays, seeds), with 95% "
        "bootstrap intervals: 1 is the same order, -1 the opposite one."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "occam_ranks",
            "Over all networks the order of the Occam bound agrees with that of the test errors.",
            partial(check_ranks, name="occam-hoeffding", fixed_n=False),
        ),
        Claim(
            "occam_ranks_at_fixed_n",
            "Among networks trained on equally many examples it does, too.",
            partial(check_ranks, name="occam-hoeffding", fixed_n=True),
        ),
        Claim(
            "bits_rank_at_fixed_n",
            "Among those, a shorter message goes with a smaller test error.",
            partial(check_ranks, name="code_bits", fixed_n=True),
        ),
        Claim(
            "occam_beats_norms",
            "Among those, the Occam bound orders better than the best of the norm bounds.",
            check_beats_norms,
        ),
    ),
)
