"""What removing the mean and the strongest directions of word vectors does to similarity and dimension."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation.figures import MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REMOVED = (-1, 0, 1, 2, 3, 5, 10)
"""Components removed with the mean; -1 leaves the vectors as they are."""
VOCABULARIES = (0, 50_000)
"""The most frequent words of which mean and components are taken; 0 takes all."""
SAMPLE = 8000  # of the most frequent words, for the dimension
SETS_ASKED = ("ws-353", "simlex-999")  # of the claim: the two that everybody can have

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": tuple({"vectors": "toy", "removed": k, "vocabulary": 0} for k in (-1, 1)),
    "laptop": tuple(
        {"vectors": "glove-6b-100d", "removed": k, "vocabulary": v} for v in VOCABULARIES for k in REMOVED
    ),
}


@functools.cache
def _given(name: str) -> tuple[dict[str, int], Any, dict[str, Any], str]:
    """Rows of the words, vectors, rated pairs and a digest."""
    import numpy as np

    from idbounds.data import words

    if name != "toy":
        found = words.load_word_vectors(print)
        return (
            found.rows,
            found.vectors.astype(np.float64),
            dict(words.load_similarities(print)),
            found.sha256,
        )
    # Meanings in a common strong direction, so that the effect is there and nothing is downloaded.
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(600, 20))
    vectors = meaning + np.outer(8 * rng.normal(size=600), np.ones(20)) + 10
    rows = {f"w{i}": i for i in range(600)}
    unit = meaning / np.linalg.norm(meaning, axis=1, keepdims=True)
    rated = tuple((f"w{i}", f"w{i + 300}", float(unit[i] @ unit[i + 300])) for i in range(290))
    return rows, vectors, {"toy": (*rated, ("w0", "absent", 1.0))}, "toy"


def measure(point: Point) -> list[Row]:
    """Process the vectors and hold them against every set of pairs that is there.

    Args:
        point: Which vectors, how many components, and of which words mean and components are taken.

    Returns:
        One row for each set: rank correlation, pairs and pairs without a vector; the dimension, which is the
        same in all of them, is `two_nn`, `mle` and `participation_ratio` of the most frequent words.
    """
    from idbounds.neighbours.data_dimension import data_dimension
    from idbounds.neighbours.word_vectors import all_but_the_top, similarity

    rows, vectors, sets, sha256 = _given(str(point["vectors"]))
    removed, vocabulary = point["removed"], point["vocabulary"]
    assert isinstance(removed, int)
    assert isinstance(vocabulary, int)
    if removed >= 0:
        vectors = all_but_the_top(vectors, removed, fitted_on=vectors[: vocabulary or None])
    whole = data_dimension(vectors[:SAMPLE], most=SAMPLE, halvings=0).iloc[0]
    dimension = {name: float(whole[name]) for name in ("points", "two_nn", "mle", "participation_ratio")}
    found: list[Row] = []
    for name, pairs in sets.items():
        got = similarity(rows, vectors, pairs)
        found.append(
            {
                "set": name, "spearman": got.spearman, "pairs": got.pairs, "missing": len(got.missing),
                "words": len(rows), **dimension, "vectors_sha256": sha256,
            }
        )  # fmt: skip
    return found


def _gains(rows: pd.DataFrame) -> pd.DataFrame:
    """For each set and vocabulary of the laptop tier: correlation as it was, and with two components gone."""
    ok = rows[(rows["status"] == "ok") & (rows["tier"] == "laptop")] if len(rows) else rows
    if not len(ok):
        return pd.DataFrame(columns=["before", "after"])
    wide = ok.pivot_table(index=["set", "vocabulary"], columns="removed", values="spearman")
    if not {-1, 2} <= set(wide.columns):
        return pd.DataFrame(columns=["before", "after"])
    return wide[[-1, 2]].dropna().set_axis(["before", "after"], axis=1)


def check_similarity(rows: pd.DataFrame) -> Outcome:
    """Hold the correlation with two components removed against the one before, in every set.

    Args:
        rows: The study's latest rows.

    Returns:
        The outcome, with the smallest gain.
    """
    gains = _gains(rows)
    change = gains["after"] - gains["before"]
    bad = change[change <= 0]
    if len(bad):
        return Outcome(Verdict.NOT_SUPPORTED, f"{len(bad)} of {len(gains)} fall, such as {bad.index[0]}")
    wanted = {(name, v) for name in SETS_ASKED for v in VOCABULARIES}
    if not wanted <= set(gains.index):
        return Outcome(
            Verdict.INCONCLUSIVE, f"{len(gains)} sets and vocabularies, none falls; some lack rows"
        )
    name, vocabulary = change.idxmin()
    where = f"({name}, {vocabulary or 'all'} words)"
    says = f"{len(gains)} sets and vocabularies; smallest gain {change.min():.3f} {where}"
    return Outcome(Verdict.SUPPORTED, says)


def check_dimension(rows: pd.DataFrame) -> Outcome:
    """Hold the participation ratio with two components removed against the one before.

    Args:
        rows: The study's latest rows.

    Returns:
        The outcome, with the ratios.
    """
    ok = rows[(rows["status"] == "ok") & (rows["tier"] == "laptop")] if len(rows) else rows
    if not len(ok):
        return Outcome(Verdict.INCONCLUSIVE, "no rows")
    ratio = ok.pivot_table(index="vocabulary", columns="removed", values="participation_ratio")
    if not {-1, 2} <= set(ratio.columns) or not set(VOCABULARIES) <= set(ratio.index):
        return Outcome(Verdict.INCONCLUSIVE, "some points lack a row")
    says = ", ".join(f"{a:.1f} to {b:.1f} ({v or 'all'} words)" for v, a, b in ratio[[-1, 2]].itertuples())
    larger = bool((ratio[2] > ratio[-1]).all())
    return Outcome(Verdict.SUPPORTED if larger else Verdict.NOT_SUPPORTED, f"participation ratio {says}")


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation by set and by the number of components removed.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a set and vocabulary; columns are the components removed ("as it was": nothing).
    """
    ok = rows[rows["status"] == "ok"]
    wide = ok.pivot_table(index=["vectors", "vocabulary", "set"], columns="removed", values="spearman")
    wide.columns = ["as it was" if k < 0 else f"mean and {k}" if k else "mean" for k in wide.columns]
    wide = wide.reset_index()
    return wide.assign(vocabulary=[str(v) if v else "all" for v in wide["vocabulary"]])


def figure(rows: pd.DataFrame) -> Figure:
    """The gain in rank correlation against the number of components removed.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas(0.875)
    ok = rows[(rows["status"] == "ok") & (rows["tier"] == "laptop") & (rows["vocabulary"] == 0)]
    wide = ok.pivot_table(index="removed", columns="set", values="spearman")
    gain = wide.loc[0:] - wide.loc[-1]
    for name, marker in zip(gain, MARKERS, strict=False):
        axes.plot(gain.index, gain[name], marker=marker, label=name)
    axes.axhline(0, color="#222222", linewidth=0.8)
    axes.set(xlabel="components removed with the mean", ylabel="gain in rank correlation")
    axes.set_xticks([k for k in REMOVED if k >= 0])
    made.legend(loc="outside lower center", ncols=3, columnspacing=1, handletextpad=0.4)
    return made


STUDY = Study(
    id="all_but_the_top",
    question="What do word vectors gain without their mean and strongest directions, in which dimension?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Spearman correlation of GloVe's cosine similarities with people's ratings, minus what it is for the "
        "vectors as they are; mean and components are those of all words."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "similarity_rises",
            "Without mean and two components, GloVe has a higher rank correlation on every similarity set.",
            check_similarity,
        ),
        Claim(
            "span_gets_flatter",
            "It raises the participation ratio of the most frequent words.",
            check_dimension,
        ),
    ),
)
