"""Structure as a prior: what locality, shared weights, pooling and recurrence save in dimensions and bits."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import dimensions, reading
from validation.dimensions import Ends
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

NAMES = {
    "mlp": "none (MLP)", "local": "locality", "shared": "+ shared weights", "pooled": "+ pooling",
    "equivariant": "+ no place left", "recurrent": "recurrence over rows",
}  # fmt: skip
"""Networks of `validation.structures` and what is built into them."""

PIXELS = {"in order": "in order", "shuffled": "shuffled", "shifted": "images shifted"}
"""As they are; in one random order for all images; each image moved by up to a pixel in both directions,
round the edge."""

RATES = {"mlp": 0.1, "local": 0.1, "shared": 0.1, "pooled": 0.03, "equivariant": 0.03, "recurrent": 0.03}
"""Of Adam in the subspace: the better of 0.03 and 0.1 on a held-out part of another draw."""

N, SEEDS, STEPS = 4000, (0, 1), 200
DIMENSIONS = (64, 128, 256, 512)
REACHED = 0.7
"""Held-out accuracy that every network has to reach: the same one, since a worse network aims lower."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"structure": "shared", "pixels": "shifted", "n": 300, "seed": 0, "steps": 20},),
    "laptop": tuple(
        {"structure": structure, "pixels": pixels, "n": N, "seed": seed, "steps": STEPS}
        for seed in SEEDS
        for pixels in PIXELS
        for structure in NAMES
    ),
}

_COLUMNS = (
    "what", "structure", "pixels", "seed", "d", "score", "test_score", "D", "message_bits", "uniform_bits",
)  # fmt: skip


@functools.lru_cache(maxsize=1)
def images(pixels: str, n: int, seed: int) -> tuple[NDArray[Any], ...]:
    """Some images of MNIST at half the resolution.

    Args:
        pixels: one of `PIXELS`.
        n: training images, drawn without replacement.
        seed: of the draw, the order of the pixels and the shifts.

    Returns:
        Training images (n, 14, 14) in [0, 1], labels; 2,000 test images, labels.
    """
    import numpy as np

    from idbounds import data
    from validation import samples

    (x, y), (test_x, test_y) = samples.arrays(samples.drawn(data.load("mnist"), n, seed))
    rng = np.random.default_rng(seed)
    order = rng.permutation(14 * 14)
    made = []
    for some in (x, test_x[:2000]):
        small = samples.halved(some)
        if pixels == "shuffled":
            small = small.reshape(-1, 14 * 14)[:, order].reshape(-1, 14, 14)
        elif pixels == "shifted":
            steps = rng.integers(-1, 2, (len(small), 2))
            small = np.stack([np.roll(one, tuple(s), (0, 1)) for one, s in zip(small, steps, strict=True)])
        made.append(small)
    return made[0], y, made[1], test_y[:2000]


def measure(point: Point) -> list[Row]:
    """Train one network at each dimension and with all weights, and code the labels one after another.

    Args:
        point: structure, order of the pixels, n, seed (of draw, start and order), steps.

    Returns:
        One row a run: held-out and test accuracy; then one of the prequential message of the n labels, for
        which the network learns with all its weights.
    """
    import torch

    from idbounds.dimension.trial import Training, Trial
    from idbounds.mdl import Prequential, doubling, uniform_label_ideal_bits
    from validation import lengths
    from validation.structures import CLASSES, STRUCTURES

    n, seed, steps = (int(point[k] or 0) for k in ("n", "seed", "steps"))
    name = str(point["structure"])
    make = STRUCTURES[name]
    x, y, *test = images(str(point["pixels"]), n, seed)
    training = Training(steps=steps, batch=128, learning_rate=RATES[name], full_learning_rate=0.005)
    trial = Trial(
        make, (x, y), test=tuple(test), held_out=0.25, training=training, kind="blocks", relative=False
    )
    rows = dimensions.trained(trial, (None, *DIMENSIONS), seed)

    def learner(some: Any, labels: Any) -> Any:
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            fresh = make()
        net = lengths.fitted(fresh, some, labels, steps=steps // 2, seed=seed, rate=0.005, decay=0.1)
        return partial(lengths.probabilities, net)

    code = Prequential(learner, torch.from_numpy(x), classes=CLASSES, ends=doubling(n, first=64))
    bits = {"message_bits": code.length(y), "uniform_bits": uniform_label_ideal_bits(n, CLASSES)}
    return [*rows, {"what": "message", **bits}]


def _found(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    some = reading.ok(rows, _COLUMNS)
    return some.loc[some["what"] == what, list(_COLUMNS)]


def needed(rows: pd.DataFrame) -> dict[tuple[str, str], Ends | None]:
    """Dimensions that reach `REACHED`, by pixels and structure.

    Args:
        rows: the study's latest rows.

    Returns:
        An estimate with its 90% interval for each, None where there is none.
    """
    runs, found = _found(rows, "run"), {}
    for pixels in PIXELS:
        for name in NAMES:
            some = runs[(runs["pixels"] == pixels) & (runs["structure"] == name)]
            one = dimensions.crossing(some, "absolute", absolute=REACHED, chance=0.1) if len(some) else None
            found[pixels, name] = dimensions.ends(one)
    return found


def _messages(rows: pd.DataFrame) -> pd.DataFrame:
    some = _found(rows, "message")
    return some.assign(ratio=some["message_bits"].astype(float) / some["uniform_bits"].astype(float))


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each network.

    Args:
        rows: the study's latest rows.

    Returns:
        One line an order of the pixels and a structure: weights, held-out and test accuracy with all of them,
        dimensions that reach `REACHED` with a 90% interval, and the message of the labels over the uniform
        code, mean and range over the seeds.
    """
    runs, messages, lines = _found(rows, "run"), _messages(rows), []
    for (pixels, name), one in needed(rows).items():
        full, said = (
            some[(some["pixels"] == pixels) & (some["structure"] == name)]
            for some in (runs[runs["d"].isna()], messages)
        )
        if len(full) and len(said):
            ratio = said["ratio"].agg(["mean", "min", "max"]).tolist()
            lines.append({
                "pixels": pixels, "structure": name, "weights": int(full["D"].iloc[0]),
                "accuracy": full["score"].mean(), "test_accuracy": full["test_score"].mean(),
                **dimensions.columns("d", one), **dict(zip(("ratio", "low", "high"), ratio, strict=True)),
            })  # fmt: skip
    return pd.DataFrame(lines)


def check_dimensions(rows: pd.DataFrame, one: tuple[str, str], other: tuple[str, str]) -> Outcome:
    """Hold the dimensions of two networks against each other.

    Args:
        rows: the study's latest rows.
        one: pixels and structure of the network that is claimed to need fewer.
        other: those of the other.

    Returns:
        Supported if the interval of the ratio is below 1, not supported if it is above.
    """
    found = needed(rows)
    ratio = dimensions.ratio(found[one], found[other])
    if ratio is None:
        return Outcome(Verdict.INCONCLUSIVE, f"measured: {found[one]} and {found[other]}")
    says = f"{found[one]} against {found[other]} dimensions, ratio {ratio}"
    if ratio.high < 1:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if ratio.low >= 1 else Verdict.INCONCLUSIVE, says)


def check_messages(rows: pd.DataFrame, one: tuple[str, str], other: tuple[str, str]) -> Outcome:
    """Hold the messages of the labels under two networks against each other.

    Args:
        rows: the study's latest rows.
        one: pixels and structure of the network whose message is claimed to be shorter.
        other: those of the other.

    Returns:
        Supported if it is with every seed, not supported if with none.
    """
    wide = _messages(rows).pivot_table(index="seed", columns=["pixels", "structure"], values="ratio")
    if not {one, other} <= set(wide.columns) or len(wide[[one, other]].dropna()) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, "not every message is measured")
    share = wide[one] / wide[other]
    says = f"ratio {share.min():.2f} to {share.max():.2f} over {len(share)} draws"
    if share.max() < 1:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if share.min() >= 1 else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Dimensions and messages of each structure, a colour an order of the pixels.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, panels = canvas(1.15, 2, sharex=True)
    found = numbers(rows)
    places = {name: place for place, name in enumerate(NAMES)}
    for shift, pixels, colour, marker in zip(
        (-0.15, 0, 0.15), PIXELS, COLOURS.values(), MARKERS, strict=False
    ):
        some = found[found["pixels"] == pixels] if len(found) else found
        for axes, (value, low, high) in zip(
            panels, (("d", "d_low", "d_high"), ("ratio", "low", "high")), strict=True
        ):
            known = some[some[value].notna()] if len(some) else some
            if len(known):
                at = [places[name] + shift for name in known["structure"]]
                mean = known[value]
                errors = [(mean - known[low].fillna(mean)).clip(0), (known[high].fillna(mean) - mean).clip(0)]
                axes.errorbar(
                    at, mean, yerr=errors, fmt=marker, color=colour, label=PIXELS[pixels], capsize=2
                )
    panels[0].set(ylabel=f"d for {REACHED:.0%}", yscale="log")
    panels[0].set_yticks(DIMENSIONS, [str(d) for d in DIMENSIONS])
    panels[0].minorticks_off()
    panels[1].set(ylabel="message / uniform code", ylim=(0, None))
    panels[1].set_xticks(range(len(NAMES)), list(NAMES.values()), rotation=35, ha="right")
    made.legend(*panels[1].get_legend_handles_labels(), loc="outside upper right", ncols=3)
    return made


def _claim(name: str, says: str, check: Any, one: tuple[str, str], other: tuple[str, str]) -> Claim:
    return Claim(name, says, partial(check, one=one, other=other))


_PLAIN = "in order"

STUDY = Study(
    id="structure",
    question="What does each kind of structure save, in dimensions and in bits?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"Networks with about 8,000 weights on {N:,} digits of MNIST at 14 x 14. Above: dimensions of a "
        f"random subspace that reach {REACHED:.0%} of held-out images, 90% intervals. Below: prequential "
        "message of the labels over the uniform code, mean and range of two draws."
    ),
    numbers=numbers,
    claims=(
        _claim(
            "convolution_saves_dimensions",
            "A convolution with pooling needs fewer dimensions than the MLP.",
            check_dimensions, (_PLAIN, "pooled"), (_PLAIN, "mlp"),
        ),
        _claim(
            "convolution_saves_bits",
            "Its message of the labels is shorter than the MLP's.",
            check_messages, (_PLAIN, "pooled"), (_PLAIN, "mlp"),
        ),
        _claim(
            "sharing_saves_bits",
            "Sharing the weights of the patches makes the message shorter.",
            check_messages, (_PLAIN, "shared"), (_PLAIN, "local"),
        ),
        _claim(
            "locality_needs_the_order",
            "The locally connected network has the shorter message with the pixels in order.",
            check_messages, (_PLAIN, "local"), ("shuffled", "local"),
        ),
        _claim(
            "shuffling_costs_convolution",
            "Shuffled pixels cost the convolution with pooling dimensions.",
            check_dimensions, (_PLAIN, "pooled"), ("shuffled", "pooled"),
        ),
        _claim(
            "equivariance_pays_for_shifts",
            "Of shifted images the network that keeps no place has a shorter message than the MLP.",
            check_messages, ("shifted", "equivariant"), ("shifted", "mlp"),
        ),
        _claim(
            "recurrence_saves_bits",
            "Reading rows with the same weights makes the message shorter than the MLP's.",
            check_messages, (_PLAIN, "recurrent"), (_PLAIN, "mlp"),
        ),
    ),
)  # fmt: skip
