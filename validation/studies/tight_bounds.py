"""How tight certificates of the default recipe are, and what each ingredient is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.certified import certified, check_valid
from validation.figures import COLOURS, FAINT, canvas
from validation.published import row as published
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRIOR_ART = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
"""Names in the published table of data-independent bounds from scratch (Lotfi et al. 2022)."""

REACH = {"mnist": 0.05, "fashion-mnist": 0.18}
"""Aims set before the recipe was made."""

CHOSEN = {"mnist": "uprightnet", "fashion-mnist": "scatternet"}
"""What the pilot fit of `certify` chooses; given here, so that a row takes no pilot."""

SKETCHED = {"mnist": "uprightsketch", "fashion-mnist": "sketchnet"}
"""The same with a last layer that reads a random sketch."""

SEEDS = (0, 1, 2)
PASSES, BITS, STEPS, FEWER = 5, 16, 6000, 2000


def _point(dataset: str, **changes: Any) -> Point:
    base: dict[str, Any] = {
        "dataset": dataset,
        "architecture": CHOSEN[dataset],
        "passes": PASSES,
        "bits": BITS,
        "seed": 0,
    }
    return base | changes


def _sketched(dataset: str, **changes: Any) -> Point:
    return _point(dataset, **{"architecture": SKETCHED[dataset], **changes})


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (
        {"dataset": "digits", "architecture": "scatternet", "passes": 1, "bits": 8, "seed": 0, "steps": 100},
    ),
    "laptop": (
        *(_point(dataset, seed=seed) for dataset in PRIOR_ART for seed in SEEDS),
        *(_point(dataset, passes=0) for dataset in PRIOR_ART),
        _point("mnist", architecture="scatternet"),
        _point("fashion-mnist", architecture="uprightnet"),
        _point("fashion-mnist", bits=12),
        *(_sketched(dataset, steps=FEWER, seed=seed) for dataset in PRIOR_ART for seed in SEEDS),
        *(_sketched("mnist", seed=seed) for seed in (0, 1)),
    ),
}


def measure(point: Point) -> list[Row]:
    """Certify with the point's settings and no limit of time.

    Args:
        point: arguments of `idbounds.certify`.

    Returns:
        One row. The certificate is decoded and its errors counted once, while it is made; committed
        certificates of the same settings are replayed by the tests.
    """
    row = certified(replayed=False, recipe="draws", budget=None, **point)
    return [{name: value for name, value in row.items() if name not in point}]


_COLUMNS = (
    "dataset", "architecture", "passes", "bits", "seed", "steps", "bound", "code_bits",
    "train_error", "test_error", "test_low", "certify_seconds",
)  # fmt: skip


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    rows = reading.ok(rows, _COLUMNS)
    steps = rows["steps"].fillna(STEPS).astype(int)
    return rows.assign(rate=rows["bound"].astype(float), steps=steps)


def _like(rows: pd.DataFrame, point: Point) -> pd.DataFrame:
    """The rows with a point's settings, whatever the seed."""
    rows = _laptop(rows)
    for name, value in ({"steps": STEPS} | point).items():
        rows = rows[(rows[name] == value) | (name == "seed")]
    return rows


def check_below(rows: pd.DataFrame, dataset: str, limit: float) -> Outcome:
    """Hold the bound of every seed against a limit.

    Args:
        rows: the study's latest rows.
        dataset: which.
        limit: rate.

    Returns:
        Supported if all seeds are below.
    """
    found = _like(rows, _point(dataset))
    says = f"{len(found)} of {len(SEEDS)} seeds"
    if not len(found):
        return Outcome(Verdict.INCONCLUSIVE, says)
    says += f"; bounds from {found['rate'].min():.4f} to {found['rate'].max():.4f}"
    if (found["rate"] >= limit).any():
        return Outcome(Verdict.NOT_SUPPORTED, says)
    return Outcome(Verdict.SUPPORTED if len(found) == len(SEEDS) else Verdict.INCONCLUSIVE, says)


def check_worse(rows: pd.DataFrame, base: Point, changed: Point) -> Outcome:
    """Hold the recipe with a change against the recipe without, whose spread over seeds says what is noise.

    Args:
        rows: the study's latest rows.
        base: the recipe, at all its seeds.
        changed: the same with a change, at one seed or more.

    Returns:
        Supported if every bound with the change is above those of all seeds by more than their range.
    """
    found, whole = _like(rows, changed), _like(rows, base)
    if not len(found) or len(whole) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(found)} rows with the change, {len(whole)} without")
    value, low, high = found["rate"].min(), whole["rate"].min(), whole["rate"].max()
    says = f"from {value:.4f} with the change, {low:.4f} to {high:.4f} without"
    worse = value > high + (high - low)
    return Outcome(Verdict.SUPPORTED if worse else Verdict.NOT_SUPPORTED, says)


def check_sketch(rows: pd.DataFrame, dataset: str) -> Outcome:
    """Hold the bounds with the sketch, after fewer steps, against those without, seed by seed.

    Args:
        rows: the study's latest rows.
        dataset: which.

    Returns:
        Supported if each is smaller, not supported if each is larger.
    """
    sketched, whole = _like(rows, _sketched(dataset, steps=FEWER)), _like(rows, _point(dataset))
    both = sketched.merge(whole, on="seed", suffixes=("", "_whole"))
    if len(both) < len(SEEDS):
        return Outcome(Verdict.INCONCLUSIVE, f"{len(both)} pairs")
    apart = both["rate"] - both["rate_whole"]
    says = f"{len(both)} seeds; with the sketch minus without from {apart.min():.4f} to {apart.max():.4f}"
    if (apart < 0).all():
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if (apart > 0).all() else Verdict.INCONCLUSIVE, says)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each certificate.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a certificate; errors are rates, `code_bits` is bits, `prior_art` the published bound.
    """
    found = _laptop(rows).sort_values(["dataset", "rate"], ignore_index=True)
    known = {name: prior_art(name) for name in PRIOR_ART}
    columns = [
        "dataset",
        "architecture",
        "steps",
        "passes",
        "bits",
        "seed",
        "code_bits",
        "train_error",
        "rate",
    ]
    found = found[[*columns, "test_error", "certify_seconds"]].rename(columns={"rate": "bound"})
    return found.assign(prior_art=found["dataset"].map(known))


def prior_art(dataset: str) -> float:
    """The tightest published bound from scratch with a prior that has not seen the data: a rate."""
    return float(published("prior_art", f"{PRIOR_ART[dataset]}, data-independent, from scratch").published)


def figure(rows: pd.DataFrame) -> Figure:
    """Bound and training error of each variant, with test errors and the published bound.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    found = numbers(rows)
    sizes = [max(1, int((found["dataset"] == dataset).sum())) for dataset in PRIOR_ART]
    made, panels = canvas(1.65, len(PRIOR_ART), height_ratios=sizes)
    bound, test, train, *_ = COLOURS.values()
    for axes, dataset in zip(panels, PRIOR_ART, strict=True):
        some = found[found["dataset"] == dataset].sort_values("bound", ascending=False, ignore_index=True)
        axes.hlines(some.index, 100 * some["train_error"], 100 * some["bound"], color=FAINT, zorder=0)
        axes.plot(100 * some["bound"], some.index, "o", color=bound, label="bound")
        axes.plot(100 * some["test_error"], some.index, "|", color=test, ms=12, mew=2, label="test error")
        axes.plot(100 * some["train_error"], some.index, "x", color=train, label="training error")
        axes.axvline(100 * prior_art(dataset), color=COLOURS["grey"], ls=":", label="published bound")
        axes.set_yticks(some.index, [_label(r) for r in some.itertuples()])
        axes.set(xlim=(0, None), title=PRIOR_ART[dataset])
    panels[-1].set_xlabel("error (%)")
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return made


def _label(row: Any) -> str:
    if row.architecture in SKETCHED.values():
        return f"sketch, {row.steps:,} steps, seed {row.seed}"
    if row.passes != PASSES:
        return "no choosing again" if row.passes == 0 else f"{row.passes} passes"
    if row.bits != BITS:
        return f"{row.bits}-bit blocks"
    return f"seed {row.seed}" if row.architecture == CHOSEN[row.dataset] else str(row.architecture)


def _below(dataset: str, limit: float, name: str, words: str) -> Claim:
    def checked(rows: pd.DataFrame) -> Outcome:
        return check_below(rows, dataset, limit)

    return Claim(name, words, checked)


def _worse(name: str, words: str, base: Point, changed: Point) -> Claim:
    return Claim(name, words, lambda rows: check_worse(rows, base, changed))


def _sketch(dataset: str, name: str, words: str) -> Claim:
    return Claim(name, words, lambda rows: check_sketch(rows, dataset))


STUDY = Study(
    id="tight_bounds",
    question="How tight is a certificate whose training had the bound in its loss, and what makes it so?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Recipe draws, 6,000 steps, 16-bit blocks and five passes unless said otherwise. Each bound holds "
        "with probability 95% over the training sample, for a prior that has not seen it. Dotted: Lotfi et "
        "al. (2022)."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "valid",
            "Every bound is above the lower 95% end of its test error.",
            lambda rows: check_valid(_laptop(rows), len(GRID["laptop"])),
        ),
        *(
            _below(
                dataset, prior_art(dataset), f"{title.lower().replace('-', '_')}_below_prior_art",
                f"On {title} every seed is below the published {prior_art(dataset):.1%}.",
            )
            for dataset, title in PRIOR_ART.items()
        ),
        *(
            _below(
                dataset, limit, f"{PRIOR_ART[dataset].lower().replace('-', '_')}_reach",
                f"On {PRIOR_ART[dataset]} every seed is below {limit:.0%}.",
            )
            for dataset, limit in REACH.items()
        ),
        *(
            _sketch(dataset, f"{name}_sketch", f"{PRIOR_ART[dataset]} with the sketch: smaller bounds.")
            for dataset, name in (("mnist", "mnist"), ("fashion-mnist", "fashion_mnist"))
        ),
        _worse("mnist_straightened", "MNIST without straightening: a larger bound.",
               _point("mnist"), _point("mnist", architecture="scatternet")),
        _worse("fashion_mnist_straightened", "Fashion-MNIST straightened: a larger bound.",
               _point("fashion-mnist"), _point("fashion-mnist", architecture="uprightnet")),
        _worse("mnist_choosing_again", "MNIST without choosing again: a larger bound.",
               _point("mnist"), _point("mnist", passes=0)),
        _worse("fashion_mnist_choosing_again", "Fashion-MNIST without choosing again: a larger bound.",
               _point("fashion-mnist"), _point("fashion-mnist", passes=0)),
        _worse("wide_blocks", "Fashion-MNIST, blocks of 12 bits: a larger bound.",
               _point("fashion-mnist"), _point("fashion-mnist", bits=12)),
    ),
)  # fmt: skip
