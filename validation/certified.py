"""A certificate as a row of a study."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from validation.study import Outcome, Row, Verdict

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


def row_of(certificate: Any, verified: bool | None) -> Row:
    """Flatten a certificate.

    Args:
        certificate: What `idbounds.certify` returned.
        verified: Whether a replay of its file confirmed it; None without one.

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


def certified(*, replayed: bool, **arguments: Any) -> Row:
    """Make a certificate in a folder of its own, and flatten it.

    Args:
        replayed: whether to replay the file, too, which reads the data and counts all errors once more.
        **arguments: of `idbounds.certify`.

    Returns:
        One row; a certificate that its own replay refutes is a failed one.
    """
    import idbounds  # torch comes with it, which `list` and `claims` do not need

    with tempfile.TemporaryDirectory(prefix="idbounds-study-") as folder:
        path = Path(folder) / "certificate.idb"
        certificate = idbounds.certify(output=path, progress=False, **arguments)
        verified = bool(idbounds.verify(path).ok) if replayed else None
    row = row_of(certificate, verified)
    refuted = {"status": "failed", "reason": "the replay refutes the certificate"}
    return {**row, **refuted} if verified is False else row


def check_valid(found: pd.DataFrame, points: int) -> Outcome:
    """Hold each bound against the lower end of its test error's 95% interval.

    Args:
        found: certificates, one a row, with `bound` and `test_low`.
        points: how many there should be.

    Returns:
        The outcome, with the smallest distance.
    """
    if not len(found):
        return Outcome(Verdict.INCONCLUSIVE, "no rows")
    margin = (found["bound"].astype(float) - found["test_low"]).min()
    says = f"{len(found)} rows; smallest bound minus lower end: {margin:.4f}"
    if margin < 0:
        return Outcome(Verdict.NOT_SUPPORTED, says)
    return Outcome(Verdict.SUPPORTED if len(found) >= points else Verdict.INCONCLUSIVE, says)
