"""How long labels are, given inputs: two parts, a posterior, or one label after another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = {"digits": 800, "penbased": 1000}
"""Labels that are coded, of each data set."""

SEEDS = (0, 1, 2)
MODELS: dict[str, tuple[int, ...]] = {"linear": (), "network": (64,)}
"""Units of the hidden layers."""

CODES = ("float32", "rounded", "variational", "prequential")

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"dataset": "digits", "n": 100, "seed": 0, "steps": 20},),
    "laptop": tuple(
        {"dataset": name, "n": n, "seed": seed, "steps": 300} for name, n in SIZES.items() for seed in SEEDS
    ),
}

_COLUMNS = ("dataset", "n", "seed", "model", "code", "bits", "model_bits", "ratio", "test_error")


def measure(point: Point) -> list[Row]:
    """Code the labels of one draw of a data set in every way.

    Args:
        point: data set, labels n, seed (of draw, start and order), gradient steps.

    Returns:
        One row a code and model: bits, those of the parameters, the ratio to the uniform code and the test
        error of the model. `prequential` is the length of a message, so are the first parts of `float32` and
        `rounded`; the rest are ideal lengths.
    """
    import torch

    from idbounds import data
    from idbounds.mdl import Prequential, label_ideal_bits, switch_ideal_bits, uniform_label_ideal_bits
    from validation import lengths, samples

    n, seed, steps = (int(point[k] or 0) for k in ("n", "seed", "steps"))
    sample = samples.drawn(data.load(str(point["dataset"])), n, seed)
    (x, y), (test_x, test_y) = (
        (torch.from_numpy(a.reshape(len(a), -1)), torch.from_numpy(b)) for a, b in samples.arrays(sample)
    )
    uniform = uniform_label_ideal_bits(n, sample.classes)
    rows: list[Row] = []

    def say(model: str, code: str, bits: float, model_bits: float | None, error: float | None) -> None:
        rows.append({
            "model": model, "code": code, "bits": bits, "model_bits": model_bits, "ratio": bits / uniform,
            "test_error": error,
        })  # fmt: skip

    say("none", "uniform", uniform, None, None)
    blocks = []
    for model, hidden in MODELS.items():
        make = partial(lengths.network, x.shape[1], sample.classes, hidden, seed)
        net = lengths.fitted(make(), x, y, steps=steps, seed=seed)
        wrong = float((lengths.probabilities(net, test_x).argmax(1) != test_y.numpy()).mean())
        weights = sum(p.numel() for p in net.parameters())
        data_bits = label_ideal_bits(lengths.probabilities(net, x), y.numpy())
        say(model, "float32", 32 * weights + data_bits, 32 * weights, wrong)
        bits, of_weights = lengths.rounded(net, x, y)
        say(model, "rounded", bits, of_weights, wrong)
        found = lengths.variational(net, x, y, steps=steps, seed=seed)
        say(model, "variational", found.ideal_bits, found.kl_bits, wrong)

        def learner(some: Any, labels: Any, make: Any = make) -> Any:
            # Much decay, since few labels should not make the first blocks certain of the next.
            fit = lengths.fitted(make(), some, labels, steps=steps // 2, seed=seed, decay=0.1)
            return partial(lengths.probabilities, fit)

        code = Prequential(learner, x, classes=sample.classes)
        say(model, "prequential", code.length(y.numpy()), None, wrong)
        blocks.append([block.ideal_bits for block in code.blocks(y.numpy())])
    say("both", "switch", switch_ideal_bits(blocks), None, None)
    return rows


def _ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """One line a data set and seed, one column a (model, code), bits over those of the uniform code."""
    some = reading.ok(rows, _COLUMNS)
    return some.pivot_table(index=["dataset", "seed"], columns=["model", "code"], values="ratio")


def check(one: tuple[str, str], other: tuple[str, str], rows: pd.DataFrame) -> Outcome:
    """Ask whether one code is shorter than another, draw by draw.

    Args:
        one: model and code.
        other: likewise.
        rows: the study's latest rows.

    Returns:
        Supported if it is on every data set with every seed; not supported if on some data set it is with
        none.
    """
    wide = _ratios(rows)
    need = len(GRID["laptop"])
    if not {one, other} <= set(wide.columns) or len(wide[[one, other]].dropna()) < need:
        return Outcome(Verdict.INCONCLUSIVE, f"not all of {need} draws are measured")
    share = wide[one] / wide[other]
    mean = ", ".join(f"{name} {value:.2f}" for name, value in share.groupby(level="dataset").mean().items())
    says = f"{int((share < 1).sum())} of {need} draws; mean ratio of the two: {mean}"
    if (share < 1).all():
        return Outcome(Verdict.SUPPORTED, says)
    lost = (share.groupby(level="dataset").min() > 1).any()  # on one data set with every seed
    return Outcome(Verdict.NOT_SUPPORTED if lost else Verdict.INCONCLUSIVE, says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Length over that of the uniform code, and its range over the seeds.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a data set, model and code: mean, smallest and largest ratio, mean bits, share of the
        parameters, test error of the model (rate).
    """
    some = reading.ok(rows, _COLUMNS)
    some = some.assign(share=some["model_bits"].astype(float) / some["bits"].astype(float))
    groups = some.groupby(["dataset", "model", "code"], sort=False)
    table = groups.agg(
        bits=("bits", "mean"), ratio=("ratio", "mean"), low=("ratio", "min"), high=("ratio", "max"),
        share_of_parameters=("share", "mean"), test_error=("test_error", "mean"),
    )  # fmt: skip
    return table.reset_index()


def figure(rows: pd.DataFrame) -> Figure:
    """Length over that of the uniform code, a line a code.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas(0.9)
    found = numbers(rows)
    lines = [*((m, c) for m in reversed(MODELS) for c in CODES), ("both", "switch")]
    for shift, (name, colour, marker) in zip(
        (0.12, -0.12), zip(SIZES, COLOURS.values(), MARKERS, strict=False), strict=True
    ):
        some = found[found["dataset"] == name].set_index(["model", "code"])
        known = [i for i, line in enumerate(lines) if line in some.index]
        values = some.loc[[lines[i] for i in known]]
        axes.errorbar(
            values["ratio"], [i + shift for i in known],
            xerr=[values["ratio"] - values["low"], values["high"] - values["ratio"]],
            fmt=marker, color=colour, label=name,
        )  # fmt: skip
    axes.axvline(1, color=COLOURS["grey"], linewidth=0.8)
    axes.set_yticks(range(len(lines)), [f"{model}, {code}" for model, code in lines])
    axes.grid(visible=False, axis="y")
    axes.set(xscale="log", xlabel="length / that of the uniform code")
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    made.legend(loc="outside upper right", ncols=3)
    return made


def _claim(name: str, says: str, one: tuple[str, str], other: tuple[str, str]) -> Claim:
    return Claim(name, says, partial(check, one, other))


_NET = "network"

STUDY = Study(
    id="label_codes",
    question="How short are labels, given the inputs, under each kind of code?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Lengths of training labels, divided by that of the uniform code (grey line): mean and range over "
        "three draws. linear: a softmax classifier; network: one hidden layer of 64 units."
    ),
    numbers=numbers,
    claims=(
        _claim(
            "float32_is_no_compression",
            "Weights in float32 and then the labels are longer than the labels alone (network).",
            ("none", "uniform"),
            (_NET, "float32"),
        ),
        _claim(
            "variational_below_rounded",
            "The variational length is below that of rounded weights and then the labels (network).",
            (_NET, "variational"),
            (_NET, "rounded"),
        ),
        _claim(
            "prequential_below_variational",
            "The prequential message is shorter than the variational length (network).",
            (_NET, "prequential"),
            (_NET, "variational"),
        ),
        _claim(
            "prequential_below_variational_linear",
            "The prequential message is shorter than the variational length (linear classifier).",
            ("linear", "prequential"),
            ("linear", "variational"),
        ),
    ),
)
