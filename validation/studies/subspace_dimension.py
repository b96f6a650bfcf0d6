"""How the bound and the test error of the default model move with the dimension of the subspace."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from validation.study import Claim, Outcome, Point, Row, Study, Verdict

DIMENSIONS = (200, 500, 1000)
SEEDS = (0, 1, 2)
LIMIT = 0.35
DEFAULT = 1000  # recipes.subspace.D; a test compares them

# A point is the arguments of `certify`: what is not in it keeps its default.
GRID: dict[str, tuple[Point, ...]] = {
    "smoke": tuple({"dataset": "digits", "d": d, "seed": 0, "steps": 20} for d in (20, 50)),
    "laptop": tuple({"dataset": "fashion-mnist", "d": d, "seed": seed} for d in DIMENSIONS for seed in SEEDS),
}

_COPIED = (
    "bound",
    "value",
    "code_bits",
    "ideal_bits",
    "errors",
    "n",
    "train_error",
    "test_errors",
    "test_n",
    "test_error",
    "majority_error",
    "dataset_sha256",
    "device",
    "architecture",
    "D",
    "delta",
)


def row_of(certificate: Any, verified: bool) -> Row:
    """Flatten a certificate.

    Args:
        certificate: What `idbounds.certify` returned.
        verified: Whether a replay of its file confirmed it.

    Returns:
        One row; lengths are bits, errors are rates, `bound` is the exact decimal string.
    """
    low, high = certificate.test_interval
    parts = {f"bits_{re.sub(r'[^A-Za-z0-9]+', '_', name)}": bits for name, bits in certificate.parts.items()}
    return {
        **{name: getattr(certificate, name) for name in _COPIED},
        "test_low": low,
        "test_high": high,
        "certify_seconds": certificate.seconds,
        "verified": verified,
        **parts,
    }


def measure(point: Point) -> list[Row]:
    """Certify the default model with the point's settings, then replay the certificate.

    Args:
        point: Arguments of `idbounds.certify`.

    Returns:
        One row. A certificate that its own replay refutes is a failed one.
    """
    import idbounds  # torch comes with it, which `list` and `claims` do not need

    with tempfile.TemporaryDirectory(prefix="idbounds-study-") as folder:
        path = Path(folder) / "certificate.idb"
        arguments: dict[str, Any] = dict(point)
        certificate = idbounds.certify(recipe="subspace", output=path, progress=False, **arguments)
        verified = bool(idbounds.verify(path).ok)
    row = row_of(certificate, verified)
    return [row if verified else {**row, "status": "failed", "reason": "the replay refutes the certificate"}]


def _ok(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["status"] == "ok"]


def _missing(rows: pd.DataFrame, d: int | None = None) -> int:
    """Count the points of the laptop tier (of one dimension) without an ok row."""
    have = {(row.d, row.seed) for row in rows.itertuples()} if "d" in rows else set()
    wanted = [point for point in GRID["laptop"] if d in (None, point["d"])]
    return sum((point["d"], point["seed"]) not in have for point in wanted)


def _outcome(seen: pd.DataFrame, bad: pd.DataFrame, missing: int, numbers: str) -> Outcome:
    """One counterexample refutes a claim about every row; only a full grid supports it."""
    if len(bad):
        worst = bad.sort_values("bound_rate").iloc[-1]
        says = f"{len(bad)} of {len(seen)} rows contradict it, such as {worst.point} with bound {worst.bound}"
        return Outcome(Verdict.NOT_SUPPORTED, f"{says}; {numbers}")
    if missing:
        points = len(GRID["laptop"])
        says = f"{len(seen)} rows, none contradicts it, but {missing} of {points} laptop points lack one"
        return Outcome(Verdict.INCONCLUSIVE, f"{says}; {numbers}" if len(seen) else says)
    return Outcome(Verdict.SUPPORTED, f"{len(seen)} rows; {numbers}")


def check_valid(rows: pd.DataFrame) -> Outcome:
    """Hold each bound against the lower end of its test error's 95% interval, in every tier.

    Args:
        rows: The study's latest rows.

    Returns:
        The outcome, with the smallest distance between the two.
    """
    ok = _ok(rows)
    missing = _missing(ok[ok["tier"] == "laptop"])
    if not len(ok):
        return _outcome(ok, ok, missing, "")
    ok = ok.assign(bound_rate=ok["bound"].astype(float))
    # Only a bound below the whole interval contradicts it: the test error itself is an estimate.
    bad = ok[ok["bound_rate"] < ok["test_low"]]
    margin = (ok["bound_rate"] - ok["test_low"]).min()
    return _outcome(ok, bad, missing, f"smallest bound minus lower end: {margin:.4f}")


def check_useful(rows: pd.DataFrame, d: int | None = None) -> Outcome:
    """Hold each bound of the laptop tier against 35% and against always guessing the largest class.

    Args:
        rows: The study's latest rows.
        d: Only this dimension; None for all.

    Returns:
        The outcome, with the range of the bounds.
    """
    ok = _ok(rows)
    ok = ok[(ok["tier"] == "laptop") & (d is None or ok["d"] == d)] if len(ok) else ok
    missing = _missing(ok, d)
    if not len(ok):
        return _outcome(ok, ok, missing, "")
    ok = ok.assign(bound_rate=ok["bound"].astype(float))
    bad = ok[(ok["bound_rate"] >= LIMIT) | (ok["bound_rate"] >= ok["majority_error"])]
    low, high = ok["bound_rate"].min(), ok["bound_rate"].max()
    return _outcome(ok, bad, missing, f"bounds from {low:.4f} to {high:.4f}")


def check_default(rows: pd.DataFrame) -> Outcome:
    """`check_useful` at the dimension that `certify` takes when none is given.

    Args:
        rows: The study's latest rows.

    Returns:
        The outcome.
    """
    return check_useful(rows, DEFAULT)


STUDY = Study(
    id="subspace_dimension",
    question="How do bound and test error of the default model move with the subspace dimension?",
    grid=GRID,
    measure=measure,
    claims=(
        Claim(
            "bound_above_test_error",
            "Every bound at delta=0.05 is above the lower 95% end of its test error.",
            check_valid,
        ),
        Claim(
            "non_vacuous_below_35_percent",
            "Every certificate of the laptop tier is below 35% and below the error of the majority class.",
            check_useful,
        ),
        Claim(
            "default_below_35_percent",
            "Every certificate at the default dimension, 1000, is below 35% and the majority class's error.",
            check_default,
        ),
    ),
)
