"""One network trained with labels and without: how many directions do its layers use?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, MARKERS
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

WAYS = {"start": "not trained", "labels": "labels", "rotation": "rotation", "denoising": "denoising"}
"""What the network is trained for: nothing, ten classes, by how many quarters each image is turned, and the
image without noise."""

HIDDEN, N, SEEDS, STEPS = (128, 128, 128), 6000, (0, 1, 2), 600
NOISE = 0.3
"""Standard deviation of what is added to each pixel, from 0 to 1."""

ENERGIES, ENERGY = (0.9, 0.95, 0.99), 0.95
"""Kept in each layer, and the one of the claims."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"way": "rotation", "n": 300, "seed": 0, "steps": 20},),
    "laptop": tuple({"way": way, "n": N, "seed": seed, "steps": STEPS} for seed in SEEDS for way in WAYS),
}


def task(way: str, images: Tensor, labels: Tensor, seed: int) -> tuple[Tensor, Tensor, int]:
    """What a network is trained on.

    Args:
        way: one of `WAYS`.
        images: (n, 196), squares of 14.
        labels: (n,).
        seed: of turns and noise.

    Returns:
        Inputs (n, 196), what the outputs are compared with, and how many outputs there are.
    """
    import torch

    noise = torch.Generator().manual_seed(seed)
    if way == "rotation":
        turns = torch.randint(4, (len(images),), generator=noise)
        squares = images.reshape(-1, 14, 14)
        turned = torch.stack([squares.rot90(k, (1, 2)) for k in range(4)])
        return turned[turns, torch.arange(len(images))].flatten(1), turns, 4
    if way == "denoising":
        return images + NOISE * torch.randn(images.shape, generator=noise), images, images.shape[1]
    return images, labels, 10


def measure(point: Point) -> list[Row]:
    """Train, and measure the utilised rank of the hidden layers on the images as they are.

    Args:
        point: way, n (examples), seed (of draw, start and order), steps.

    Returns:
        A row for each energy and hidden layer, and one with the mean over the layers for each energy; that
        row also has the test error (rate) of logistic regression on the last hidden layer.
    """
    import torch
    from sklearn.linear_model import LogisticRegression

    from idbounds.dimension.utilised import utilised_rank
    from validation import lengths
    from validation.studies.probing import STRENGTH
    from validation.studies.transfer_priors import part

    way, (n, seed, steps) = str(point["way"]), (int(point[k] or 0) for k in ("n", "seed", "steps"))
    x, y, test_x, test_y = part("fashion-mnist", n, seed)
    inputs, aims, outputs = task(way, x, y, seed)
    net: Any = lengths.network(x.shape[1], outputs, HIDDEN, seed)
    if way != "start":
        loss = torch.nn.functional.mse_loss if way == "denoising" else None
        lengths.fitted(net, inputs, aims, steps=steps, seed=seed, rate=0.003, loss=loss)
    trunk = net[:-1]
    with torch.no_grad():
        features, test_features = (trunk(some).numpy() for some in (x, test_x))
    scale = features.std(axis=0) + 1e-6
    probe = LogisticRegression(C=STRENGTH, max_iter=300).fit(features / scale, y.numpy())
    error = float((probe.predict(test_features / scale) != test_y.numpy()).mean())
    report = utilised_rank(trunk, x.split(500), energies=ENERGIES)
    table = report.table.to_dict("records")
    rows: list[Row] = [
        {
            "what": "layer", "layer": one["layer"], "outputs": one["m"], "inputs": one["n"],
            **{name: one[name] for name in ("energy", "utilised_rank", "utilisation")},
        }
        for one in table
    ]  # fmt: skip
    for energy in ENERGIES:
        some = [one["utilisation"] for one in table if one["energy"] == energy]
        rows.append({
            "what": "model", "energy": energy, "utilisation": sum(some) / len(some), "probe_error": error,
        })  # fmt: skip
    return rows


def _models(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, ("what", "way", "seed", "energy", "utilisation", "probe_error"))
    found = found[found["what"] == "model"]
    return found.assign(way=pd.Categorical(found["way"], [*WAYS]))


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each way.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a way and energy: mean utilisation of the hidden layers with its range over the seeds, and
        the probe's mean test error (rate).
    """
    groups = _models(rows).groupby(["way", "energy"], sort=True, observed=True)
    return groups.agg(
        utilisation=("utilisation", "mean"), low=("utilisation", "min"), high=("utilisation", "max"),
        probe_error=("probe_error", "mean"),
    ).reset_index()  # fmt: skip


def check_above(rows: pd.DataFrame, one: str, other: str) -> Outcome:
    """Hold the mean utilisations of two ways against each other, seed by seed.

    Args:
        rows: the study's latest rows.
        one: the way that is claimed to use more, of `WAYS`.
        other: the other.

    Returns:
        Supported if above with each seed, not supported if with none.
    """
    found = _models(rows)
    wide = found[found["energy"] == ENERGY].pivot_table(
        index="seed", columns="way", values="utilisation", observed=True
    )
    if not {one, other} <= set(wide.columns) or len(wide[[one, other]].dropna()) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, "not every network is measured")
    ratio = wide[one] / wide[other]
    says = f"utilisation {ratio.min():.2f} to {ratio.max():.2f} times as large, {len(ratio)} seeds"
    if (ratio > 1).all():
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.INCONCLUSIVE if (ratio > 1).any() else Verdict.NOT_SUPPORTED, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Mean utilisation against the energy, a line a way.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    made = Figure()
    axes, found = made.subplots(), numbers(rows)
    for way, colour, marker in zip(WAYS, COLOURS.values(), MARKERS, strict=False):
        some = found[found["way"] == way]
        mean, low, high = (100 * some[name] for name in ("utilisation", "low", "high"))
        errors = [(mean - low).clip(0), (high - mean).clip(0)]
        axes.errorbar(
            100 * some["energy"], mean, yerr=errors, fmt=f"{marker}-", color=colour,
            label=WAYS[way], capsize=2,
        )  # fmt: skip
    axes.set(xlabel="energy kept (%)", ylabel="mean utilisation (%)", ylim=(0, None))
    axes.set_xticks([100 * energy for energy in ENERGIES])
    made.legend(loc="outside upper right", ncols=2, title="trained for")
    return made


STUDY = Study(
    id="self_supervised",
    question="Does a network that is trained without labels use more directions?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"196-128-128-128 on {N:,} images of Fashion-MNIST at 14 x 14, trained for {STEPS} steps from the "
        "same starts: mean utilisation of the hidden layers against the share of the energy that is kept; "
        "mean and range of three starts."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "rotation_uses_more",
            f"At energy {ENERGY:g} a network that tells rotations uses more than one that tells classes.",
            partial(check_above, one="rotation", other="labels"),
        ),
        Claim(
            "denoising_uses_more",
            f"At energy {ENERGY:g} a network that denoises uses more than one that tells classes.",
            partial(check_above, one="denoising", other="labels"),
        ),
        Claim(
            "training_raises_it",
            f"At energy {ENERGY:g} a network that tells classes uses more than its start.",
            partial(check_above, one="labels", other="start"),
        ),
    ),
)
