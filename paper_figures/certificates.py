"""The committed certificates, as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from idbounds.certificate import read
from paper_figures.figure import CERTIFICATES


def headers() -> dict[Path, dict[str, Any]]:
    """The headers of all committed certificates, by file."""
    return {path: read(path)[0] for path in sorted(CERTIFICATES.glob("*.idb"))}


def deterministic() -> pd.DataFrame:
    """The certificates of one hypothesis each.

    Returns:
        A row a file: `name`, `dataset`, `architecture`, `n`, `code_bits`, the rates `train_error`,
        `test_error` and `bound`, and `delta`; those of Gibbs predictors, whose length is a divergence, are
        left out.
    """
    rows = [_row(path, header) for path, header in headers().items() if "kl_nats" not in header["claim"]]
    return pd.DataFrame(rows)


def _row(path: Path, header: dict[str, Any]) -> dict[str, Any]:
    claim, test = header["claim"], header["test"]
    return {
        "name": path.stem,
        "dataset": header["data"]["name"],
        "architecture": header["model"]["architecture"],
        "n": claim["n"],
        "code_bits": claim["code_bits"],
        "train_error": claim["errors"] / claim["n"],
        "test_error": test["errors"] / test["n"],
        "test_errors": test["errors"],
        "test_n": test["n"],
        "bound": float(claim["value"]),
        "delta": claim["delta"],
    }
