"""The committed certificates, as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from idbounds import bounds
from idbounds.certificate import read
from paper_figures.figure import CERTIFICATES

_TAKEN = {"errors", "code_bits"}  # by the bound of such a certificate


def headers() -> dict[Path, dict[str, Any]]:
    """The headers of the committed certificates that bound the errors of one hypothesis.

    Returns:
        By file. Gibbs predictors, whose length is a divergence, and models of language, whose loss is in
        bits, are left out.
    """
    found = {path: read(path)[0] for path in sorted(CERTIFICATES.glob("*.idb"))}
    return {path: header for path, header in found.items() if _takes(header["bound"]) >= _TAKEN}


def _takes(bound: str) -> set[str]:
    return {quantity.name for quantity in bounds[bound].takes}


def deterministic() -> pd.DataFrame:
    """The certificates of one hypothesis each.

    Returns:
        A row a file: `name`, `dataset`, `architecture`, `n`, `code_bits`, the rates `train_error`,
        `test_error` and `bound`, and `delta`.
    """
    return pd.DataFrame([_row(path, header) for path, header in headers().items()])


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
