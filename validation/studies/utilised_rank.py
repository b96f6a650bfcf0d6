"""What a pretrained encoder uses of its weight matrices, and what it costs to keep no more than that."""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from validation import reading, sentences
from validation.figures import COLOURS, INK, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from torch import nn

    from idbounds.dimension.utilised import UtilisedRank

ENERGIES = (0.9, 0.95, 0.97, 1.0)
"""Kept in every layer, declared beforehand; 1 leaves the layers as they are and is only trained on."""

MEASURED = 12
"""Batches of the training part on which the second moments are taken."""

DROP, SHARE, LOW, HIGH = 0.002, 0.5, 0.2, 0.35
"""Garg et al. (2024), vision transformers on ImageNet: drop of the accuracy after fine-tuning, share of the
weights that stays at most, and range of the mean utilisation."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"model": "toy", "energy": 0.9, "train": 30, "tune": 10, "seed": 0},),
    "laptop": tuple(
        {"model": "minilm-l6", "energy": energy, "train": 100, "tune": 30, "seed": 0} for energy in ENERGIES
    ),
}


class _Whole(NamedTuple):
    """The network before anything is taken from it.

    Attributes:
        model: the classifier.
        report: its utilised rank, at all energies below 1.
        train: training part.
        test: test part.
        right: which test sentences it gets right.
    """

    model: nn.Module
    report: UtilisedRank
    train: sentences.Part
    test: sentences.Part
    right: NDArray[np.bool_]


@functools.cache
def trained(name: str, steps: int, seed: int) -> _Whole:
    """Train a classifier on a pretrained encoder, and measure what its layers use.

    Args:
        name: of the encoder.
        steps: of training.
        seed: of head and order.

    Returns:
        The network and all about it.
    """
    import torch

    from idbounds.dimension.utilised import utilised_rank

    encoder, train, test = sentences.toy() if name == "toy" else sentences.minilm()
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        model = sentences.classifier(encoder, encoder.config.hidden_size)
    sentences.train_on(model, train, steps, 1e-4, seed)
    measured = [pieces for pieces, _ in sentences.batches(train, seed)[:MEASURED]]
    report = utilised_rank(model, measured, energies=[energy for energy in ENERGIES if energy < 1])
    return _Whole(model, report, train, test, sentences.right(model, test))


def measure(point: Point) -> list[Row]:
    """Keep the directions that hold an energy, in every layer; count; train a little; count again.

    Args:
        point: encoder, energy, steps of training before and after, seed.

    Returns:
        A row for the model and, below an energy of 1, one for each layer.
    """
    import copy

    energy, seed = float(point["energy"] or 0), int(point["seed"] or 0)
    model, report, train, test, whole = trained(str(point["model"]), int(point["train"] or 0), seed)
    layers: list[Row] = []
    row: dict[str, Any] = {"mean_layer_utilisation": 1.0, "share_left": 1.0}
    if energy < 1:
        curve = report.curve.set_index("energy").loc[energy]
        row["mean_layer_utilisation"] = float(curve["mean_layer_utilisation"])
        row["share_left"] = float(curve["factorised_weights"] / curve["weights"])
        small = report.factorised(model, energy)
        before = sentences.right(small, test)
        table = report.table.query("energy == @energy").to_dict("records")
        layers = [{"what": "layer", **{key: one[key] for key in _OF_LAYERS}} for one in table]
    else:
        small, before = copy.deepcopy(model), whole
    sentences.train_on(small, train, int(point["tune"] or 0), 5e-5, seed + 1)
    after = sentences.right(small, test)
    return [{
        "what": "model", **row, "n": len(train[1]), "test_n": len(whole),
        "accuracy_whole": float(whole.mean()), "accuracy_before": float(before.mean()),
        "accuracy_after": float(after.mean()),
        **{f"lost_{when}": int((whole & ~now).sum()) for when, now in (("before", before), ("after", after))},
        **{f"won_{when}": int((~whole & now).sum()) for when, now in (("before", before), ("after", after))},
    }, *layers]  # fmt: skip


def drop(lost: int, won: int, n: int) -> tuple[float, float, float]:
    """How much smaller an accuracy became on the same examples, with a 95% interval.

    Args:
        lost: examples that were right and are wrong.
        won: examples that were wrong and are right.
        n: examples.

    Returns:
        The drop (rate, negative for a rise) and the ends of the interval.

    Source: Bonett and Price (2012), Adjusted Wald confidence interval for a difference of paired proportions.
    """
    one, other = (lost + 1) / (n + 2), (won + 1) / (n + 2)
    wide = 1.959964 * math.sqrt((one + other - (one - other) ** 2) / (n + 2))
    return (lost - won) / n, one - other - wide, one - other + wide


_OF_LAYERS = ("layer", "m", "n", "utilised_rank", "utilisation")
_COLUMNS = (
    "energy", "mean_layer_utilisation", "share_left", "accuracy_whole", "accuracy_before", "accuracy_after",
    "lost_before", "won_before", "lost_after", "won_after", "test_n",
)  # fmt: skip


def _laptop(rows: pd.DataFrame, what: str, columns: tuple[str, ...]) -> pd.DataFrame:
    found = reading.ok(rows, ("what", *columns))
    return found.loc[found["what"] == what, list(columns)].sort_values(
        "energy", ignore_index=True, kind="stable"
    )


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each energy.

    Args:
        rows: the study's latest rows.

    Returns:
        One line an energy: mean utilisation, share of the weights of the layers that is left, accuracies, and
        the drop against the network as it was, before and after training on, with a 95% interval.
    """
    found = _laptop(rows, "model", _COLUMNS)
    for when in ("before", "after"):
        ends = [
            drop(int(lost), int(won), int(n))
            for lost, won, n in zip(found[f"lost_{when}"], found[f"won_{when}"], found["test_n"], strict=True)
        ]
        for place, end in enumerate(("drop", "low", "high")):
            name = f"drop_{when}" if end == "drop" else f"{end}_{when}"
            found[name] = [one[place] for one in ends]
    return found.drop(columns=[name for name in _COLUMNS if name.startswith(("lost", "won"))])


def layers(rows: pd.DataFrame, energy: float = 0.9) -> pd.DataFrame:
    """The utilised rank of each kind of layer.

    Args:
        rows: the study's latest rows.
        energy: kept.

    Returns:
        One line a kind of layer: how many there are, shape, least and most utilised rank.
    """
    found = _laptop(rows, "layer", ("energy", "layer", "m", "n", "utilised_rank"))
    found = found[found["energy"] == energy]
    kind = found["layer"].astype(str).str.replace(r".*layer\.\d+\.", "", regex=True)
    sizes = Counter(kind)
    some = found.groupby(kind, sort=False).agg(
        m=("m", "first"), n=("n", "first"), least=("utilised_rank", "min"), most=("utilised_rank", "max")
    )
    return some.assign(layers=[sizes[name] for name in some.index]).reset_index(names="kind")


def _smaller(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The energies below 1, and what is missing of them."""
    found = numbers(rows)
    found = found[found["energy"] < 1]
    wanted = sum(energy < 1 for energy in ENERGIES)
    return found, "" if len(found) == wanted else f"{len(found)} of {wanted} energies"


def check_half(rows: pd.DataFrame) -> Outcome:
    """Hold the drop after training on against that of Garg et al., where at most half of the weights stay.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if some energy's interval is below it, not supported if all are above.
    """
    found, missing = _smaller(rows)
    found = found[found["share_left"] <= SHARE]
    if missing or not len(found):
        return Outcome(Verdict.INCONCLUSIVE, missing or "no energy leaves so few weights")
    best = found.loc[found["high_after"].idxmin()]
    fall, low, high = (100 * best[f"{name}_after"] for name in ("drop", "low", "high"))
    says = (
        f"{len(found)} energies leave at most half; best: {best['share_left']:.0%} left at {best['energy']}, "
        f"drop {fall:.2f} [{low:.2f}, {high:.2f}] points"
    )
    if best["high_after"] < DROP:
        return Outcome(Verdict.SUPPORTED, says)
    above = bool((found["low_after"] > DROP).all())
    return Outcome(Verdict.NOT_SUPPORTED if above else Verdict.INCONCLUSIVE, says)


def check_range(rows: pd.DataFrame) -> Outcome:
    """Hold the mean utilisation against the range of Garg et al., where no drop is left after training on.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if the smallest such utilisation is in the range.
    """
    found, missing = _smaller(rows)
    kept = found[found["low_after"] <= 0]
    if missing or not len(kept):
        return Outcome(Verdict.INCONCLUSIVE, missing or "a drop is left at every energy")
    least = kept.loc[kept["mean_layer_utilisation"].idxmin()]
    use = least["mean_layer_utilisation"]
    says = f"smallest mean utilisation without a visible drop: {use:.0%}, at energy {least['energy']}"
    return Outcome(Verdict.SUPPORTED if LOW <= use <= HIGH else Verdict.NOT_SUPPORTED, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Accuracy against the share of the weights that is left, before and after training on.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = numbers(rows)
    looks = {"before": ("orange", "o", "factorised"), "after": ("blue", "s", "and trained on")}
    for when, (colour, marker, label) in looks.items():
        drops = found[f"drop_{when}"]
        ends = [100 * (drops - found[f"low_{when}"]), 100 * (found[f"high_{when}"] - drops)]
        axes.errorbar(
            100 * found["share_left"], -100 * drops, yerr=ends[::-1], fmt=f"{marker}-",
            color=COLOURS[colour], label=label, capsize=2,
        )  # fmt: skip
    axes.axhline(-100 * DROP, color=INK, ls=":", lw=0.8, label=f"-{100 * DROP:.1f} points")
    axes.set(xlabel="weights of the layers that are left (%)", ylabel="change of accuracy (points)")
    axes.legend()
    return made


STUDY = Study(
    id="utilised_rank",
    question="How much of its weight matrices does a pretrained encoder use, and can the rest go?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "MiniLM-L6 trained on SST-2, then every layer at its utilised rank (energies 0.9, 0.95, 0.97; all: "
        "as it was). Change of the accuracy on the same 1,821 test sentences, with 95% intervals."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "half_for_nothing",
            "At most half of the weights stay, and after training on the accuracy is under 0.2 points down.",
            check_half,
        ),
        Claim(
            "range_of_utilisation",
            "The smallest mean utilisation that shows no drop after training on is between 20% and 35%.",
            check_range,
        ),
    ),
)
