"""All bounds of a family against each other and against the test error, from 100 to 60,000 examples."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DELTA, MC_DELTA = "0.05", "0.01"
"""Of a bound in all; the share of it that the estimate of a Gibbs error takes."""

WIDTH = 0.3
"""Standard deviation of the prior, fixed beforehand."""

SIZES: dict[str, tuple[int, ...]] = {"penbased": (100, 1000, 8792), "mnist": (60_000,)}
SEEDS = (0, 1, 2)
LARGEST_KEPT = 1000
"""Examples up to which prototypes are chosen: the choice takes time with their number times n."""

FAMILIES = {
    "held out": "test set", "posterior": "PAC-Bayes", "message": "Occam", "prototypes": "sample compression",
    "norms": "capacity",
}  # fmt: skip
"""What is done with the sample, and the bounds that apply to it."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"dataset": "digits", "n": 200, "seed": 0, "steps": 30},),
    "laptop": tuple(
        {"dataset": name, "n": n, "seed": seed, "steps": 300}
        for name, sizes in SIZES.items()
        for n in sizes
        for seed in SEEDS
    ),
}

_COLUMNS = ("dataset", "n", "seed", "way", "bound", "value", "certifies", "test_error", "test_low")


def measure(point: Point) -> list[Row]:
    """Learn a linear classifier (and prototypes) in the ways that the families of bounds ask for.

    Args:
        point: data set, n, seed (of the draw and the training), gradient steps.

    Returns:
        One row a way and a bound that applies to it: its value, the errors (rates) of the predictor that it
        is about, and the 95% interval of its test error.
    """
    import numpy as np
    import torch

    from idbounds import data
    from idbounds.catalogue import bounds
    from idbounds.certifying import test_interval
    from idbounds.comparing import compare
    from idbounds.divergences import kl_gaussian_diagonal
    from idbounds.measures import measures
    from validation import lengths, samples

    n, seed, steps = (int(point[k] or 0) for k in ("n", "seed", "steps"))
    sample = samples.drawn(data.load(str(point["dataset"])), n, seed)
    (x, y), (test_x, test_y) = (
        (torch.from_numpy(a.reshape(len(a), -1)), torch.from_numpy(b)) for a, b in samples.arrays(sample)
    )
    rows: list[Row] = []

    def fit(some: Any, labels: Any) -> Any:
        net = lengths.network(x.shape[1], sample.classes, (), seed)
        return lengths.fitted(net, some, labels, steps=steps, seed=seed)

    def wrong(net: Any, some: Any, labels: Any) -> int:
        return int((lengths.probabilities(net, some).argmax(1) != labels.numpy()).sum())

    def say(way: str, train_error: float, missed_ones: int, /, **known: Any) -> None:
        low, high = test_interval(missed_ones, len(test_y))
        for one in compare(**known):
            rows.append({
                "way": way, "bound": one.id, "value": one.value, "certifies": one.certifies,
                "train_error": train_error, "test_error": missed_ones / len(test_y), "test_low": low,
                "test_high": high, "dataset_sha256": sample.sha256,
            })  # fmt: skip

    half = n // 2
    net = fit(x[:half], y[:half])
    kept = wrong(net, x[half:], y[half:])
    say(
        "held out", wrong(net, x[:half], y[:half]) / half, wrong(net, test_x, test_y),
        test_errors=kept, test_n=n - half, delta=DELTA,
    )  # fmt: skip
    net = fit(x, y)
    choice = math.ceil(math.log2(len(lengths.SPACINGS)))  # of the grid
    tried = [lengths.on_grid(net, spacing) for spacing in lengths.SPACINGS]
    counted = [(wrong(some, x, y), bits + choice, some) for some, bits in tried]
    errors, bits, some = min(
        counted,
        key=lambda c: float(
            bounds["occam-hoeffding"](train_error=c[0] / n, code_bits=c[1], n=n, delta=DELTA)
        ),
    )
    say("message", errors / n, wrong(some, test_x, test_y), errors=errors, code_bits=bits, n=n, delta=DELTA)
    say(
        "norms", wrong(net, x, y) / n, wrong(net, test_x, test_y),
        **measures(net, x, y), n=n, delta=DELTA,
    )  # fmt: skip
    mean, sigma = lengths.posterior(net, x, y, width=WIDTH, steps=steps, seed=seed)
    rng = np.random.default_rng(seed)
    mc_errors, mc_missed = (_drawn(net, mean, sigma, *part, rng) for part in ((x, y), (test_x, test_y)))
    gibbs = bounds["gibbs-monte-carlo-binomial"].upper(mc_errors=mc_errors, mc_draws=n, mc_delta=MC_DELTA)
    say(
        "posterior", mc_errors / n, mc_missed, gibbs_train_error=gibbs, n=n,
        kl_nats=kl_gaussian_diagonal(mean, sigma, 0.0, WIDTH), delta=f"{float(DELTA) - float(MC_DELTA):.2f}",
    )  # fmt: skip
    if n <= LARGEST_KEPT:
        chosen = _prototypes(x.numpy(), y.numpy())
        rest = np.setdiff1d(np.arange(n), chosen)
        missed = _nearest(x[chosen], x[rest], y[chosen]) != y[rest]
        failed = _nearest(x[chosen], test_x, y[chosen]) != test_y
        say(
            "prototypes", int(missed.sum()) / n, int(failed.sum()), remaining_errors=int(missed.sum()),
            compression_size=len(chosen), remaining_n=len(rest), code_bits=0, delta=DELTA,
        )  # fmt: skip
    return rows


def _drawn(net: Any, mean: Any, sigma: Any, x: Any, y: Any, rng: Any) -> int:
    """Errors of a Gibbs classifier that draws new weights for every example: scores are Gaussian then."""
    import numpy as np
    import torch

    from validation import lengths

    with torch.no_grad():
        centre = lengths.scores(net, torch.from_numpy(mean).float(), x).double().numpy()
    weights, bias = (sigma**2)[: -centre.shape[1]], (sigma**2)[-centre.shape[1] :]
    variance = x.double().numpy() ** 2 @ weights.reshape(centre.shape[1], -1).T + bias
    drawn = centre + np.sqrt(variance) * rng.standard_normal(centre.shape)
    return int((drawn.argmax(1) != y.numpy()).sum())


def _prototypes(x: Any, y: Any) -> Any:
    """Hart's condensed nearest neighbour: an example that the chosen ones name wrongly joins them."""
    import numpy as np

    chosen = [0]
    while True:
        before = len(chosen)
        near = ((x - x[chosen[0]]) ** 2).sum(1)
        label = np.full(len(x), y[chosen[0]])
        for k in chosen[1:]:
            label, near = _closer(x, y, k, label, near)
        for i in range(len(x)):
            if label[i] != y[i] and i not in chosen:
                chosen.append(i)
                label, near = _closer(x, y, i, label, near)
        if len(chosen) == before:
            return np.array(chosen)


def _closer(x: Any, y: Any, k: int, label: Any, near: Any) -> tuple[Any, Any]:
    import numpy as np

    distance = ((x - x[k]) ** 2).sum(1)
    return np.where(distance < near, y[k], label), np.minimum(distance, near)


def _nearest(prototypes: Any, x: Any, labels: Any) -> Any:
    """Labels of the nearest prototypes."""
    import torch

    # A thousand at a time: the table of distances is that long and as wide as there are prototypes.
    return torch.cat([labels[torch.cdist(some, prototypes).argmin(1)] for some in x.split(1000)])


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """The smallest certificate of each way.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a data set, n and seed, one column a way; chosen after looking, so none of them is a bound at
        the confidence of a single one.
    """
    some = reading.ok(rows, _COLUMNS)
    some = some[some["certifies"].astype(bool)]
    return some.pivot_table(index=["dataset", "n", "seed"], columns="way", values="value", aggfunc="min")


def _missing(rows: pd.DataFrame) -> str:
    have = reading.ok(rows, _COLUMNS)["point"].nunique() if len(rows) else 0
    return "" if have == len(GRID["laptop"]) else f"{have} of {len(GRID['laptop'])} points"


def check_valid(rows: pd.DataFrame) -> Outcome:
    """Count how often each bound is below the lower end of its test error's 95% interval.

    Args:
        rows: the study's latest rows.

    Returns:
        Not supported if for some bound the count cannot be chance at delta (95%); supported if none is ever
        below more often than delta.
    """
    from idbounds.certifying import test_interval

    if missing := _missing(rows):
        return Outcome(Verdict.INCONCLUSIVE, missing)
    some = reading.ok(rows, _COLUMNS)
    some = some[some["certifies"].astype(bool)]
    below = (some["value"] < some["test_low"]).groupby(some["bound"]).agg(["sum", "count"])
    worst = below["sum"].idxmax()
    count, of = (int(v) for v in below.loc[worst])
    says = f"{len(below)} bounds, {len(some)} values, {int(below['sum'].sum())} below"
    says += f"; most often {worst}, {count} of {of}" if count else ""
    if any(test_interval(int(k), int(m))[0] > float(DELTA) for k, m in below.itertuples(index=False)):
        return Outcome(Verdict.NOT_SUPPORTED, says)
    often = (below["sum"] > float(DELTA) * below["count"]).any()
    return Outcome(Verdict.INCONCLUSIVE if often else Verdict.SUPPORTED, says)


def check_smaller(rows: pd.DataFrame, one: str, other: str) -> Outcome:
    """Hold the smallest certificate of one way against that of another, where either says something.

    Args:
        rows: the study's latest rows.
        one: way that is claimed to be smaller.
        other: way.

    Returns:
        Supported if it is with every seed at every n; not supported if at some n it is larger with all seeds.
    """
    if missing := _missing(rows):
        return Outcome(Verdict.INCONCLUSIVE, missing)
    wide = best(rows)[[one, other]].dropna()
    wide = wide[wide.min(axis=1) < 1]
    gain = wide[other] - wide[one]
    says = f"{len(gain)} samples with one of the two below 1, gains {gain.min():.3f} to {gain.max():.3f}"
    if not len(gain):
        return Outcome(Verdict.INCONCLUSIVE, "neither says anything")
    if (gain > 0).all():
        return Outcome(Verdict.SUPPORTED, says)
    lost = (gain.groupby(level=["dataset", "n"]).max() < 0).any()
    return Outcome(Verdict.NOT_SUPPORTED if lost else Verdict.INCONCLUSIVE, says)


def check_vacuous(rows: pd.DataFrame) -> Outcome:
    """Hold the bounds of norms and of counted weights against 1.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if none is below.
    """
    if missing := _missing(rows):
        return Outcome(Verdict.INCONCLUSIVE, missing)
    some = reading.ok(rows, _COLUMNS)
    some = some[some["way"] == "norms"]
    smallest = some.loc[some["value"].idxmin()]
    says = f"{len(some)} values; smallest {smallest['value']:.3f}: {smallest['bound']}, n = {smallest['n']}"
    return Outcome(Verdict.SUPPORTED if smallest["value"] >= 1 else Verdict.NOT_SUPPORTED, says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Test error, and the smallest certificate of each way.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a data set and n, all rates, means over the seeds: `test_error` of the linear classifier of
        all examples, then a column a way.
    """
    some = reading.ok(rows, _COLUMNS)
    error = some[some["way"] == "norms"].groupby(["dataset", "n"])["test_error"].mean()
    wide = best(rows).groupby(level=["dataset", "n"]).mean()
    wide = wide.reindex(columns=list(FAMILIES)).rename(columns=lambda way: way.replace(" ", "_"))
    return pd.concat([error, wide], axis=1).reset_index()


def figure(rows: pd.DataFrame) -> Figure:
    """The smallest certificate of each way against n, with the test error.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, panels = canvas(1.15, len(SIZES), sharex=True)
    found = numbers(rows)
    for index, (name, axes) in enumerate(zip(SIZES, panels, strict=True)):
        some = found[found["dataset"] == name]
        for (way, family), colour, marker in zip(FAMILIES.items(), COLOURS.values(), MARKERS, strict=False):
            values = some[way.replace(" ", "_")].astype(float)
            axes.plot(some["n"], values, f"{marker}-", color=colour, label="" if index else family)
        label = "" if index else "test error"
        axes.plot(some["n"], some["test_error"], "x--", color=COLOURS["grey"], label=label)
        axes.axhline(1, color=COLOURS["grey"], linewidth=0.8)
        axes.set(xscale="log", yscale="log", ylabel=f"{name}: error", ylim=(0.05, 5))
        axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2, 5], ["5%", "10%", "20%", "50%", "100%", "200%", "500%"])
        axes.minorticks_off()
    axes.set(xlabel="training examples n")
    axes.set_xticks([100, 1000, 10_000, 60_000], ["100", "1,000", "10,000", "60,000"])
    made.legend(loc="outside upper center", ncols=2)
    return made


STUDY = Study(
    id="bounds_race",
    question="Which bounds hold, which say something, and who wins where?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "The smallest certificate of each family against the number of examples, mean of three draws: linear "
        "classifiers (half held out; a Gaussian posterior; rounded weights in a message; norms and counts of "
        "weights) and nearest prototypes (sample compression, up to 1,000 examples). Above the grey line a "
        "bound says nothing."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "No bound is below the lower 95% end of its predictor's test error more often than delta allows.",
            check_valid,
        ),
        Claim(
            "held_out_beats_pac_bayes",
            "A test-set bound on one half of the examples is below the PAC-Bayes bounds at every n.",
            partial(check_smaller, one="held out", other="posterior"),
        ),
        Claim(
            "pac_bayes_beats_occam",
            "Where one of the two is below 1, the PAC-Bayes bounds are below the Occam bounds.",
            partial(check_smaller, one="posterior", other="message"),
        ),
        Claim(
            "capacity_says_nothing",
            "Bounds from norms, margins and counts of weights are above 1 at every n.",
            check_vacuous,
        ),
    ),
)
