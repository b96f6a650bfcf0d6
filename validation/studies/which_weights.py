"""Which weights to prune: what the loss says of them, training between cuts, and regrowth."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from idbounds.compress import Errors

DATASET, START = "digits", 300
"""Steps of training before anything is pruned."""

SEEDS = (0, 1, 2)
"""Of the start weights."""

SALIENCIES = ("magnitude", "fisher", "obd")
CUTS = {"linear": 0.5, "mlp": 0.7}
"""Share of weights that one cut makes zero, without training after it, by architecture."""

TUNE = "FineTune(steps=100, learning_rate=2e-3)"
WAYS: dict[str, str] = {
    name: f"{steps} | Quantise(levels=16) | {TUNE} | Encode()"
    for name, steps in {
        "at once": "Sparsify(0.97, layers='erk') | FineTune(steps=500, learning_rate=2e-3)",
        "gradual": f"gradual(0.97, rounds=5, tune={TUNE}, layers='erk')",
        "gradual, fisher": f"gradual(0.97, rounds=5, tune={TUNE}, layers='erk', saliency='fisher')",
        "regrown, by gradient": f"regrown(0.97, rounds=4, tune={TUNE})",
        "regrown, at random": f"regrown(0.97, rounds=4, tune={TUNE}, growth='random')",
    }.items()
}
"""Ways to 97% zeros with 500 steps of training, by name."""


def _point(question: str, architecture: str, way: str, seed: int) -> Point:
    return {"question": question, "architecture": architecture, "way": way, "seed": seed}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (_point("cut", "linear", "obd", 0),),
    "laptop": (
        *(_point("way", "mlp", way, seed) for way in WAYS for seed in SEEDS),
        *(_point("cut", name, way, seed) for name in CUTS for way in SALIENCIES for seed in SEEDS),
    ),
}


def pipeline(point: Point) -> str:
    """The steps of a point.

    Args:
        point: question, architecture, way.

    Returns:
        Text, as `idbounds compress --with` takes it; after a cut the grid is too fine to matter.
    """
    way = str(point["way"])
    if point["question"] == "way":
        return WAYS[way]
    share = CUTS[str(point["architecture"])]
    return f"Sparsify({share}, saliency={way!r}) | Quantise(spacing=0.05) | Encode()"


@functools.cache
def trained(architecture: str, seed: int) -> tuple[dict[str, Any], Errors]:
    """The network before a weight goes; the same arguments give the same weights.

    Args:
        architecture: entry of the menu.
        seed: of the start weights.

    Returns:
        Its tensors by name, float32, and its errors.
    """
    import torch

    from idbounds import data
    from idbounds.compress import FineTune, compress
    from idbounds.models import build

    sample = data.load(DATASET)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        start = build(architecture, sample.train_x.shape[1:], sample.classes)
    training = FineTune(steps=START, learning_rate=2e-3)
    made = compress(start, training, dataset=sample, architecture=architecture)
    return {name: tensor.float() for name, tensor in made.network.state.items()}, made.after


def measure(point: Point) -> list[Row]:
    """Prune a trained network, and count.

    Args:
        point: question, architecture, way, seed of the start.

    Returns:
        One row: bits, and errors (counts) before and after.
    """
    from idbounds.compress import compress, read_pipeline

    steps, architecture = pipeline(point), str(point["architecture"])
    weights, before = trained(architecture, int(point["seed"] or 0))
    made = compress(weights, read_pipeline(steps), dataset=DATASET, architecture=architecture, before=before)
    return [{
        "pipeline": steps, "code_bits": made.code_bits, "errors_before": before.train,
        "errors": made.after.train, "n": len(made.sample.train_y), "test_errors": made.after.test,
        "test_n": len(made.sample.test_y), "dataset_sha256": made.sample.sha256,
    }]  # fmt: skip


_COLUMNS = (
    "question", "architecture", "way", "seed", "code_bits", "errors_before", "errors", "test_errors",
)  # fmt: skip


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, _COLUMNS)
    return found[list(_COLUMNS)].sort_values(["question", "architecture", "way", "seed"], ignore_index=True)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each way: all starts on one line.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a question, architecture and way; bits and counts of errors of the starts, in their order.
    """
    lists = ("code_bits", "errors_before", "errors", "test_errors")
    groups = _laptop(rows).groupby(["question", "architecture", "way"], sort=True)
    made = [
        {
            **dict(zip(("question", "architecture", "way"), names, strict=True)),
            **{name: ", ".join(f"{int(one):,}" for one in some[name]) for name in lists},
        }
        for names, some in groups
    ]
    return pd.DataFrame(made, columns=["question", "architecture", "way", *lists])


def check_fewer(rows: pd.DataFrame, architecture: str, way: str, than: str) -> Outcome:
    """Hold the training errors of one way against those of another, start by start.

    Args:
        rows: the study's latest rows.
        architecture: of the network.
        way: the one that is claimed to have fewer.
        than: the other.

    Returns:
        Supported if they are fewer from every start, not supported if from none.
    """
    found = _laptop(rows)
    found = found[(found["architecture"] == architecture)]
    one, other = (found[found["way"] == name].set_index("seed")["errors"] for name in (way, than))
    if len(one) < len(SEEDS) or len(other) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(one)} and {len(other)} of {len(SEEDS)} starts")
    fewer = int((one < other).sum())
    counts = [", ".join(f"{count:.0f}" for count in some) for some in (one, other)]
    says = f"fewer from {fewer} of {len(SEEDS)} starts: {counts[0]} against {counts[1]} errors"
    if fewer in {0, len(SEEDS)}:
        return Outcome(Verdict.SUPPORTED if fewer else Verdict.NOT_SUPPORTED, says)
    return Outcome(Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Training errors against bits, of the ways to 97% zeros.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = _laptop(rows)
    for way, colour, marker in zip(WAYS, COLOURS.values(), MARKERS, strict=False):
        some = found[(found["question"] == "way") & (found["way"] == way)]
        axes.plot(some["code_bits"], some["errors"], marker, color=colour, label=way)
    axes.set(xlabel="bits of the message", ylabel="training errors", ylim=(0, None))
    made.legend(loc="outside lower center", ncols=2)
    return made


def _fewer(name: str, says: str, architecture: str, way: str, than: str) -> Claim:
    return Claim(name, says, lambda rows: check_fewer(rows, architecture, way, than))


STUDY = Study(
    id="which_weights",
    question="Which weights are to be pruned: the smallest, or those that the loss needs least?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "200-200 units on the small digits, three starts each, on five ways to 97% zeros with 500 steps of "
        "training, then 16 levels. All 1,297 training images count."
    ),
    numbers=numbers,
    claims=(
        _fewer(
            "obd_in_one_layer",
            "One layer, half of the weights cut at once: fewer errors by OBD than by magnitude.",
            "linear", "obd", "magnitude",
        ),
        _fewer(
            "obd_in_three_layers",
            "Three layers, 70% cut at once: fewer errors by OBD than by magnitude.",
            "mlp", "obd", "magnitude",
        ),
        _fewer(
            "gradual",
            "Three layers, 97% zeros: fewer errors when pruned gradually than at once.",
            "mlp", "gradual", "at once",
        ),
        _fewer(
            "fisher_with_training",
            "Three layers, 97% zeros with training between cuts: fewer errors by Fisher than by magnitude.",
            "mlp", "gradual, fisher", "gradual",
        ),
        _fewer(
            "regrowth",
            "Three layers, 97% zeros: fewer errors with regrowth by gradient than with gradual pruning.",
            "mlp", "regrown, by gradient", "gradual",
        ),
    ),
)  # fmt: skip
