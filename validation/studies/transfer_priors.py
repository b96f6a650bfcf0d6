"""Priors from elsewhere: what a network trained on other data saves in bits and in a PAC-Bayes bound."""

from __future__ import annotations

import functools
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import check_valid
from validation.figures import COLOURS, MARKERS
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from torch import Tensor

TRANSFERS = {"fashion-mnist": "mnist", "fashion-mnist 5-9": "fashion-mnist 0-4"}
"""From the target to the data that the prior learns from; a range behind the name picks classes."""

PRIORS = {
    "zero": "around zero",
    "start": "around a random start",
    "other": "around a network of other data",
    "split": "around a network of one half",
}
"""The first three know nothing of the target; the fourth saw one half of it, its bound is about the other."""

N, SEEDS, STEPS, HIDDEN = 6000, (0, 1), 400, 32
WIDTHS = (0.03, 0.1, 0.3)
"""Standard deviations of the prior; the best is taken, each at its share of delta."""

DELTA, MC_DELTA = "0.0133", "0.0033"
"""Of one width: bound and sampled training error; all three together at most 0.05."""

DRAWS = 4000
"""Pairs of an example and drawn weights that estimate an error."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"target": "fashion-mnist", "prior": "other", "n": 300, "seed": 0, "steps": 40},),
    "laptop": tuple(
        {"target": target, "prior": prior, "n": N, "seed": seed, "steps": STEPS}
        for seed in SEEDS
        for target in TRANSFERS
        for prior in PRIORS
    ),
}


@functools.lru_cache(maxsize=4)
def part(name: str, n: int, seed: int) -> tuple[Tensor, ...]:
    """Some images at half the resolution.

    Args:
        name: of a data set, perhaps with a range of classes.
        n: training images, drawn without replacement.
        seed: of the draw.

    Returns:
        Training images (n, 196) in [0, 1], labels from 0, test images, labels.
    """
    import numpy as np
    import torch

    from idbounds import data
    from validation import samples

    base, _, classes = name.partition(" ")
    low, high = (int(end) for end in (classes or "0-9").split("-"))
    rng, made = np.random.default_rng(seed), []
    for x, y in samples.arrays(data.load(base)):
        rows = rng.permutation(np.flatnonzero((y >= low) & (y <= high)))[:n]
        made += [
            torch.from_numpy(samples.halved(x[rows]).reshape(len(rows), -1)),
            torch.from_numpy(y[rows] - low),
        ]
    return tuple(made)


def measure(point: Point) -> list[Row]:
    """Fit a posterior around a prior, and bound the error of its Gibbs classifier.

    Args:
        point: target, prior, n (examples of the target), seed, steps.

    Returns:
        One row of the width with the smallest bound: divergence (nats, and bits), sampled errors (rates), the
        bound (exact decimal string, probability 95% for all widths together), examples that it is about.
    """
    import torch
    from torch.nn.utils import parameters_to_vector

    from idbounds.catalogue import bounds
    from idbounds.certifying import test_interval
    from idbounds.divergences import kl_gaussian_diagonal
    from validation import lengths

    target, prior = str(point["target"]), str(point["prior"])
    n, seed, steps = (int(point[k] or 0) for k in ("n", "seed", "steps"))
    x, y, test_x, test_y = part(target, n, seed)
    classes = int(y.max()) + 1
    net = lengths.network(x.shape[1], classes, (HIDDEN,), seed)
    if prior == "split":
        lengths.fitted(net, x[: n // 2], y[: n // 2], steps=steps, seed=seed)
        x, y = x[n // 2 :], y[n // 2 :]
    elif prior == "other":
        other_x, other_y, *_ = part(TRANSFERS[target], n, seed)
        source = lengths.network(x.shape[1], int(other_y.max()) + 1, (HIDDEN,), seed)
        lengths.fitted(source, other_x, other_y, steps=steps, seed=seed)
        net[0].load_state_dict(source[0].state_dict())
        for tensor in net[2].parameters():
            torch.nn.init.zeros_(tensor)  # its classes are others
    centre = parameters_to_vector(net.parameters()).detach().double().numpy()
    centre = centre * 0 if prior == "zero" else centre
    found = []
    for width in WIDTHS:
        mean, sigma = lengths.posterior(net, x, y, width=width, steps=steps, seed=seed, centre=centre)
        errors = pairs_wrong(net, mean, sigma, x, y, seed)
        gibbs = bounds["gibbs-monte-carlo-binomial"].upper(
            mc_errors=errors, mc_draws=DRAWS, mc_delta=MC_DELTA
        )
        kl = float(kl_gaussian_diagonal(mean, sigma, centre, width))
        known = {"gibbs_train_error": gibbs, "kl_nats": kl, "n": len(y), "delta": DELTA}
        bound = bounds["maurer-kl"].upper(**known)
        found.append((float(bound), str(bound), width, kl, errors, mean, sigma))
    _, bound, width, kl, errors, mean, sigma = min(found, key=lambda one: one[0])
    missed = pairs_wrong(net, mean, sigma, test_x, test_y, seed + 1)
    return [{
        "bound": bound, "width": width, "kl_nats": kl, "kl_bits": kl / math.log(2), "bound_n": len(y),
        "train_error": errors / DRAWS, "test_error": missed / DRAWS,
        "test_low": test_interval(missed, DRAWS)[0], "weights": len(centre), "source": TRANSFERS[target],
    }]  # fmt: skip


def pairs_wrong(
    net: Any, mean: NDArray[np.float64], sigma: NDArray[np.float64], x: Tensor, y: Tensor, seed: int
) -> int:
    """Errors of the Gibbs classifier on examples drawn with replacement, with new weights for each.

    Args:
        net: the network whose weights are drawn.
        mean: of the posterior.
        sigma: its standard deviations.
        x: inputs.
        y: labels.
        seed: of the draws.

    Returns:
        Wrong answers among `DRAWS`.
    """
    import torch

    from validation import lengths

    noise = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(y), (DRAWS,), generator=noise)
    centre, spread = torch.from_numpy(mean).float(), torch.from_numpy(sigma).float()
    alone = torch.func.vmap(lambda flat, one: lengths.scores(net, flat, one[None])[0])
    wrong = 0
    with torch.no_grad():
        for some in rows.split(500):
            flat = centre + spread * torch.randn(len(some), len(mean), generator=noise)
            wrong += int((alone(flat, x[some]).argmax(1) != y[some]).sum())
    return wrong


_COLUMNS = (
    "target", "prior", "seed", "bound", "kl_bits", "bound_n", "train_error", "test_error", "test_low",
)  # fmt: skip


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, _COLUMNS)[list(_COLUMNS)]
    return found.assign(
        bound=found["bound"].astype(float),
        target=pd.Categorical(found["target"], [*TRANSFERS]),
        prior=pd.Categorical(found["prior"], [*PRIORS]),
    )


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each prior.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a target and prior: means over the seeds of the divergence in bits, sampled errors and bound
        (rates), the range of the bound, and the examples that it is about.
    """
    groups = _laptop(rows).groupby(["target", "prior"], sort=True, observed=True)
    return groups.agg(
        n=("bound_n", "first"), kl_bits=("kl_bits", "mean"), train_error=("train_error", "mean"),
        test_error=("test_error", "mean"), bound=("bound", "mean"),
        low=("bound", "min"), high=("bound", "max"),
    ).reset_index()  # fmt: skip


def check_below(rows: pd.DataFrame, column: str, one: str, other: str) -> Outcome:
    """Hold two priors against each other, target by target and draw by draw.

    Args:
        rows: the study's latest rows.
        column: what of them.
        one: the prior that is claimed to have less.
        other: the other.

    Returns:
        Supported if so everywhere, not supported if on some target with no draw.
    """
    found = _laptop(rows)
    if len(found) < len(GRID["laptop"]):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(found)} of {len(GRID['laptop'])} points")
    wide = found.pivot_table(index=["target", "seed"], columns="prior", values=column, observed=True)
    share = wide[one] / wide[other]
    ends = share.groupby(level="target", observed=True).agg(["min", "max"])
    says = "; ".join(f"{name}: ratio {low:.2f} to {high:.2f}" for name, low, high in ends.itertuples())
    if (share < 1).all():
        return Outcome(Verdict.SUPPORTED, says)
    lost = bool((ends["min"] >= 1).any())
    return Outcome(Verdict.NOT_SUPPORTED if lost else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Bounds and test errors by target, a colour a prior.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    made = Figure(figsize=(4.0, 3.6))
    axes, found = made.subplots(), numbers(rows)
    looks = zip((-0.24, -0.08, 0.08, 0.24), PRIORS, COLOURS.values(), MARKERS, strict=False)
    for shift, prior, colour, marker in looks:
        some = found[found["prior"] == prior]
        at = [[*TRANSFERS].index(name) + shift for name in some["target"]]
        errors = [100 * (some["bound"] - some["low"]).clip(0), 100 * (some["high"] - some["bound"]).clip(0)]
        axes.errorbar(
            at, 100 * some["bound"], yerr=errors, fmt=marker, color=colour, label=PRIORS[prior], capsize=2
        )
        axes.plot(at, 100 * some["test_error"], marker, color=colour, alpha=0.35)
    axes.set_xticks(range(len(TRANSFERS)), [f"{t}\n(prior: {s})" for t, s in TRANSFERS.items()], fontsize=7)
    axes.set(ylabel="error (%)", ylim=(0, None), xlim=(-0.5, len(TRANSFERS) - 0.5))
    made.legend(loc="outside upper center", ncols=2)
    return made


def _claim(name: str, says: str, column: str, one: str, other: str) -> Claim:
    return Claim(name, says, partial(check_below, column=column, one=one, other=other))


STUDY = Study(
    id="transfer_priors",
    question="What does a prior from other data save, in bits and in the bound?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"196-{HIDDEN}-10 on {N:,} images at 14 x 14: PAC-Bayes bound (small kl, probability 95%) on the "
        "Gibbs classifier, mean and range of two draws; faint: its test error. The prior around a network of "
        "one half of the target's examples has a bound about the other half."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "Every bound is above the lower 95% end of its test error.",
            lambda rows: check_valid(_laptop(rows), len(GRID["laptop"])),
        ),
        _claim(
            "other_data_save_bits",
            "Around a network of other data the divergence is smaller than around a random start.",
            "kl_bits", "other", "start",
        ),
        _claim(
            "other_data_below_zero",
            "Around a network of other data the bound is smaller than around zero.",
            "bound", "other", "zero",
        ),
        _claim(
            "other_data_below_start",
            "Around a network of other data the bound is smaller than around a random start.",
            "bound", "other", "start",
        ),
        _claim(
            "half_of_the_data_beats_others",
            "Around a network of one half of the target the bound is smaller than around one of other data.",
            "bound", "split", "other",
        ),
    ),
)  # fmt: skip
