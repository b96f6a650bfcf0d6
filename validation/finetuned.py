"""Rows of fine-tuned encoders as tables: runs, d90 under each criterion, generalisation gaps, bounds."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from validation import dimensions, reading

MODELS = {"minilm-l3": "MiniLM-L3", "minilm-l6": "MiniLM-L6"}
TASKS = {"sst2-sentences": "SST-2", "mrpc": "MRPC"}
METHODS = {"direct": "DID", "said": "SAID"}
CRITERIA = ("fraction", "absolute", "gain")

Cell = tuple[str, str, str, str]
CELL = ["model", "task", "start", "method"]

_RUN = (*CELL, "seed", "d", "score", "train_score", "train_n", "test_score", "test_n", "chance")


def runs(rows: pd.DataFrame, tier: str = "laptop") -> pd.DataFrame:
    """The runs of a tier.

    Args:
        rows: the study's latest rows.
        tier: of the rows.

    Returns:
        One line a run; one with all weights has no d.
    """
    found = reading.ok(rows, _RUN, tier)
    return found.assign(d=found["d"].astype(float).where(found["d"] != 0))


def full(rows: pd.DataFrame, model: str, task: str, start: str) -> pd.DataFrame:
    """The runs with all weights.

    Args:
        rows: as `runs` gives them.
        model: of the runs.
        task: of the runs.
        start: of the runs.

    Returns:
        Those.
    """
    some = rows[(rows[CELL] == [model, task, start, "direct"]).all(axis=1)]
    return some[some["d"].isna()]


def crossing(rows: pd.DataFrame, cell: Cell, criterion: str) -> Any:
    """d90 of a cell; "absolute" is 90% of what all weights get from the pretrained start.

    Args:
        rows: as `runs` gives them.
        cell: model, task, start and method.
        criterion: one of `CRITERIA`.

    Returns:
        The crossing; None without runs.
    """
    model, task, start, _ = cell
    own = rows[(rows[CELL] == list(cell)).all(axis=1) & rows["d"].notna()]
    whole = full(rows, model, task, start)
    fixed = 0.9 * full(rows, model, task, "pretrained")["score"].mean()
    if own.empty or whole.empty or math.isnan(fixed):
        return None
    chance = float(own["chance"].iloc[0])
    return dimensions.crossing(pd.concat([whole, own]), criterion, chance=chance, absolute=fixed)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Every run of the laptop tier.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a run, those with all weights first: accuracy on the held-out share and on the test part, the
        latter with its 90% interval, and the relative generalisation gap.
    """
    found = runs(rows).sort_values([*CELL, "d", "seed"], na_position="first", ignore_index=True)
    ends = [reading.interval(s, n) for s, n in zip(found["test_score"], found["test_n"], strict=True)]
    return found[[*CELL, "d", "seed", "score", "test_score"]].assign(
        low=[low for low, _ in ends], high=[high for _, high in ends], gap=dimensions.relative_gap(found)
    )


def crossings(rows: pd.DataFrame) -> pd.DataFrame:
    """d90 of each cell under the three criteria.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a cell and criterion: threshold and accuracy of full training (held-out), d90 with its 90%
        interval, or how it is censored.
    """
    found, lines = runs(rows), []
    for cell in dict.fromkeys(found[CELL].itertuples(index=False, name=None)):
        for criterion in CRITERIA:
            one = crossing(found, cell, criterion)
            if one is None:
                continue
            lines.append({
                **dict(zip(CELL, cell, strict=True)), "criterion": criterion,
                "full": full(found, *cell[:3])["score"].mean(), "threshold": one.threshold, "d90": one.d,
                "low": one.low, "high": one.high, "censored": one.censored or None,
            })  # fmt: skip
    columns = [*CELL, "criterion", "full", "threshold", "d90", "low", "high", "censored"]
    return pd.DataFrame(lines, columns=columns)


def gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Relative generalisation gaps with what sampling the examples leaves open.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a cell and dimension (none for all weights): the gap over all seeds, which is
        1 - (error in training) / (error in the test), and its 90% interval (Katz et al. 1978: the logarithm
        of a ratio of two rates is about normal). Runs that share a test part are counted once.
    """
    lines = []
    for key, some in runs(rows).groupby([*CELL, "d"], dropna=False):
        rates = [1 - some[f"{part}_score"].mean() for part in ("train", "test")]
        if min(rates) <= 0:
            continue
        sizes = [some[f"{part}_n"].iloc[0] for part in ("train", "test")]
        spread = 1.645 * math.sqrt(sum((1 - p) / (p * n) for p, n in zip(rates, sizes, strict=True)))
        ratio = rates[0] / rates[1]
        ends = {"low": 1 - ratio * math.exp(spread), "high": 1 - ratio * math.exp(-spread)}
        lines.append({**dict(zip([*CELL, "d"], key, strict=True)), "gap": 1 - ratio, **ends})
    return pd.DataFrame(lines, columns=[*CELL, "d", "gap", "low", "high"])


def stated(rows: pd.DataFrame) -> pd.DataFrame:
    """The bounds.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a run that has one: d, bits, rates of errors on all training examples and in the test, bound,
        and the error of naming the commonest class of the test part.
    """
    columns = ("seed", "d", "code_bits", "errors", "n", "test_errors", "test_n", "bound", "majority_error")
    found = reading.ok(rows, (*CELL, *columns))
    found = found[found["bound"].notna()][["model", "task", "method", *columns]]
    found = found.sort_values(["model", "task", "method", "d", "seed"], ignore_index=True)
    return found.assign(
        train_error=found["errors"] / found["n"], test_error=found["test_errors"] / found["test_n"]
    )
