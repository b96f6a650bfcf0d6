"""True against random labels: dimensions to fit them, bits to say them, and the bound."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.dimensions import Ends
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = (0.0, 0.25, 0.5, 1.0)
"""Probability with which a label is replaced by a uniform one."""

SEEDS = (0, 1, 2)
DIMENSIONS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
FITTED, STEPS = 200, 600
"""Examples whose labels are fitted, and gradient steps."""

FIT = 0.9
"""Share of the given labels that must come out right."""

TIMES = 3.0
"""How many times as many dimensions random labels are claimed to take."""

HALF = 0.5
"""Share of the uniform code that true labels are claimed to stay below."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"share": 1.0, "seed": 0, "steps": 30},),
    "laptop": tuple({"share": share, "seed": seed, "steps": STEPS} for share in SHARES for seed in SEEDS),
}

_COLUMNS = (
    "what", "share", "seed", "d", "score", "bound", "code_bits", "train_error", "test_error", "test_low",
    "message_bits", "uniform_bits", "floor",
)  # fmt: skip


def measure(point: Point) -> list[Row]:
    """Fit noisy labels in subspaces, certify a linear classifier of them, and code them one after another.

    Args:
        point: share of replaced labels, seed (of the noise and the training), steps.

    Returns:
        One row a run in a subspace (`score`: share of the given labels that came out right), then one of a
        certificate with the prequential message (`message_bits`, logistic regression) of the same labels.
    """
    from sklearn.linear_model import LogisticRegression

    from idbounds import data
    from idbounds.dimension.trial import Training, Trial
    from idbounds.mdl import Prequential, uniform_label_ideal_bits
    from validation import samples
    from validation.certified import certified
    from validation.studies.d90_families import small_mlp

    share, seed, steps = float(point["share"] or 0), int(point["seed"] or 0), int(point["steps"] or 0)
    sample = samples.noisy(data.load("digits"), share, seed)
    (x, y), _ = samples.arrays(sample)
    given = x[:FITTED], y[:FITTED]
    training = Training(steps=steps, batch=100, learning_rate=0.1, full_learning_rate=0.003)
    # Scored on what it is trained on: the question is what it takes to fit these labels.
    again = tuple(part.copy() for part in given)
    trial = Trial(small_mlp, given, valid=again, training=training, kind="blocks", relative=False)
    rows = dimensions.trained(trial, (None, *DIMENSIONS), seed)
    learner = LogisticRegression(max_iter=500)
    message = Prequential(learner, x.reshape(len(x), -1), classes=sample.classes)
    linear: dict[str, Any] = {"architecture": "linear", "passes": 1, "between": 10, "budget": None}
    found = certified(
        replayed=False, recipe="draws", dataset=sample, seed=seed, steps=steps, balance=steps // 4, **linear
    )
    coded = {
        "what": "certificate", "message_bits": message.length(y),
        "uniform_bits": uniform_label_ideal_bits(len(y), sample.classes),
        "floor": share * (sample.classes - 1) / sample.classes,
    }  # fmt: skip
    return [*rows, {**found, **coded}]


def d90(rows: pd.DataFrame) -> dict[float, Ends | None]:
    """Dimensions that fit `FIT` of the labels, by share of random ones.

    Args:
        rows: the study's latest rows.

    Returns:
        An estimate with its 90% interval for each share, None where there is none.
    """
    runs = reading.ok(rows, _COLUMNS)
    runs = runs[runs["what"] == "run"]
    return {
        share: dimensions.ends(
            dimensions.crossing(runs[runs["share"] == share], "absolute", absolute=FIT, chance=0.1)
        )
        for share in SHARES
    }


def _certificates(rows: pd.DataFrame) -> pd.DataFrame:
    rows = reading.ok(rows, _COLUMNS)
    rows = rows[rows["what"] == "certificate"]
    return rows.assign(
        bound=rows["bound"].astype(float), ratio=rows["message_bits"] / rows["uniform_bits"].astype(float)
    )


def check_more(rows: pd.DataFrame) -> Outcome:
    """Hold the ratio of the dimensions for random and for true labels against `TIMES`.

    Args:
        rows: the study's latest rows.

    Returns:
        The outcome, with the ratio and its interval.
    """
    found = d90(rows)
    times = dimensions.ratio(found[1.0], found[0.0])
    if times is None:
        return Outcome(Verdict.INCONCLUSIVE, "not both are measured")
    says = f"{found[1.0]} against {found[0.0]} dimensions, {times} times as many"
    if times.low >= TIMES:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if times.high < TIMES else Verdict.INCONCLUSIVE, says)


def check_grows(rows: pd.DataFrame) -> Outcome:
    """Hold the intervals of neighbouring shares against each other.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if each lies above the one before, not supported if one lies below.
    """
    found = list(d90(rows).values())
    if None in found:
        return Outcome(Verdict.INCONCLUSIVE, f"{sum(f is not None for f in found)} of {len(found)} measured")
    pairs = [(a, b) for a, b in itertools.pairwise(found) if a and b]
    says = ", ".join(map(str, found))
    if any(b.high < a.low for a, b in pairs):
        return Outcome(Verdict.NOT_SUPPORTED, says)
    apart = all(b.low > a.high for a, b in pairs)
    return Outcome(Verdict.SUPPORTED if apart else Verdict.INCONCLUSIVE, says)


def check_floor(rows: pd.DataFrame) -> Outcome:
    """Hold each bound against the risk that the noise leaves to everybody.

    Args:
        rows: the study's latest rows.

    Returns:
        Not supported if one is below; a bound may fail with probability delta.
    """
    found = _certificates(rows)
    if len(found) < len(GRID["laptop"]):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(found)} of {len(GRID['laptop'])} certificates")
    margin = found["bound"] - found["floor"].astype(float)
    says = f"{len(found)} certificates; smallest bound minus floor: {margin.min():.4f}"
    return Outcome(Verdict.SUPPORTED if margin.min() >= 0 else Verdict.NOT_SUPPORTED, says)


def check_compressed(rows: pd.DataFrame) -> Outcome:
    """Hold the messages of true and of random labels against the uniform code.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if no message of random labels is shorter, and all of true ones are shorter than `HALF`.
    """
    found = _certificates(rows)
    true, random = (found.loc[found["share"] == share, "ratio"] for share in (0.0, 1.0))
    if min(len(true), len(random)) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(true)} messages of true, {len(random)} of random labels")
    says = (
        f"of the uniform code: true labels {true.min():.3f} to {true.max():.3f}, "
        f"random ones {random.min():.3f} to {random.max():.3f}"
    )
    fine = random.min() >= 1 and true.max() < HALF
    return Outcome(Verdict.SUPPORTED if fine else Verdict.NOT_SUPPORTED, says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each share.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a share: d90 with its 90% interval, prequential bits a label, then means over the seeds of
        the certificate: its bits, training error, bound and test error (rates), and the floor below which
        no risk can be.
    """
    found, lines = _certificates(rows), []
    for share, one in d90(rows).items():
        some = found[found["share"] == share]
        if len(some):
            means = some[["code_bits", "train_error", "bound", "test_error", "floor"]].astype(float).mean()
            bits = (some["ratio"] * math.log2(10)).mean()
            lines.append({"share": share, **dimensions.columns("d90", one), "bits_a_label": bits, **means})
    return pd.DataFrame(lines)


def figure(rows: pd.DataFrame) -> Figure:
    """Share of the labels that came out right, against the dimension.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found: list[tuple[Any, str, str]] = []
    runs = reading.ok(rows, _COLUMNS)
    runs = runs[(runs["what"] == "run") & runs["d"].notna()]
    for (share, one), colour, marker in zip(d90(rows).items(), COLOURS.values(), MARKERS, strict=False):
        some = runs[runs["share"] == share]
        axes.plot(
            some["d"].astype(float), some["score"], marker, color=colour, alpha=0.7, label=f"{share:.0%}"
        )
        if one is not None:
            found.append((one, colour, marker))
    axes.axhline(FIT, color=COLOURS["grey"], linewidth=0.8, zorder=1)
    for step, (one, colour, marker) in enumerate(found):  # below each other: their intervals overlap
        place = FIT - 0.025 * (step - (len(found) - 1) / 2)
        axes.errorbar(
            one.value, place, xerr=[[one.value - one.low], [one.high - one.value]], fmt=marker,
            color=colour, markersize=6, capsize=2.5, zorder=3,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="subspace dimension d", ylabel="given labels that come out right")
    axes.set_xticks(DIMENSIONS[::2], [str(d) for d in DIMENSIONS[::2]])
    axes.minorticks_off()
    made.legend(loc="outside upper right", ncols=4, title="random labels")
    return made


STUDY = Study(
    id="random_labels",
    question="What do d90, code length and bound say of random labels?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"{FITTED} of the bundled digits, a share of whose labels is replaced by uniform ones, fitted by "
        "64-64-64-10 in random subspaces. Bars at the line: the dimension at which 90% of the given labels "
        "come out right, with its 90% interval."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "more_dimensions",
            f"Random labels take at least {TIMES:g} times as many dimensions to fit as true ones.",
            check_more,
        ),
        Claim("grows_with_noise", "The dimensions needed grow with every step of label noise.", check_grows),
        Claim(
            "not_below_the_floor",
            "No bound is below the risk that the noise leaves to every classifier.",
            check_floor,
        ),
        Claim(
            "only_structure_is_compressed",
            "The prequential message of random labels is no shorter than the uniform one; that of true "
            "labels is less than half as long.",
            check_compressed,
        ),
    ),
)
