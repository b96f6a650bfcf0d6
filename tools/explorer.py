"""Write the measured part of the explorer, idbounds/explorer/committed.json, from committed results.

python tools/explorer.py          writes the file if it differs
python tools/explorer.py --check  exits 1 if it does
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # what is imported below is beside the package, not in it

import pandas as pd  # noqa: E402

from paper_figures.certificates import headers  # noqa: E402
from validation.results import latest, of_study  # noqa: E402

RESULTS = ROOT / "validation" / "results"
FILE = ROOT / "idbounds" / "explorer" / "committed.json"
ROW = ("d", "seed", "code_bits", "errors", "n", "test_errors", "test_n", "bound", "delta")
_LEAST = 3  # dimensions that make a curve


def certificates() -> list[dict[str, Any]]:
    """Committed certificates whose bound is paid in bits of the message, smallest bound first."""
    found = []
    for path, header in headers().items():
        claim = header["claim"]
        keys = ("errors", "n", "code_bits", "delta", "value")
        found.append({
            "file": path.name, "dataset": header["data"]["name"], "bound": header["bound"],
            "model": header["model"]["architecture"], "parameters": header["model"]["parameters"],
            **{key: claim[key] for key in keys}, "parts": header["parts"], "test": header["test"],
        })  # fmt: skip
    return sorted(found, key=lambda c: float(c["value"]))


def curves() -> list[dict[str, Any]]:
    """Committed runs in which the dimension of one family of subspaces moves, longest first."""
    found = []
    for study in sorted(p.parent.name for p in RESULTS.glob("*/rows.jsonl")):
        rows = latest(of_study(RESULTS, study))
        if not {*ROW, "dataset"} <= {*rows.columns}:
            continue
        good = rows[(rows["status"] == "ok") & rows["bound"].notna()]
        family = good["family"] if "family" in good else pd.Series("", index=good.index)
        for (dataset, name), group in good.groupby([good["dataset"], family]):
            if group["d"].nunique() >= _LEAST:
                curve = {"study": study, "dataset": dataset, "family": name}
                ordered = group.sort_values(["d", "seed"])
                found.append(
                    curve | {"rows": [_row(r) for _, r in ordered.iterrows()]} | _d90(rows, dataset, name)
                )
    return sorted(found, key=lambda c: -len({r["d"] for r in c["rows"]}))


def _row(row: Any) -> dict[str, Any]:
    text = ("bound", "delta")
    return {key: str(row[key]) if key in text else int(row[key]) for key in ROW}


def _d90(rows: pd.DataFrame, dataset: str, family: str) -> dict[str, Any]:
    """The d90 that the same study measured for the same family, if it did."""
    if "d90" not in rows:
        return {}
    mine = rows[rows["d90"].notna() & (rows["dataset"] == dataset) & (rows["family"] == family)]
    keys = ("d90", "low", "high", "threshold", "baseline")
    return {"d90": {key: float(mine.iloc[0][key]) for key in keys}} if len(mine) == 1 else {}


def committed() -> str:
    """The text of the file."""
    return (
        json.dumps({"certificates": certificates(), "curves": curves()}, indent=1, ensure_ascii=False) + "\n"
    )


def main() -> int:
    """Write or check."""
    text = committed()
    stale = not FILE.exists() or FILE.read_text("utf-8") != text
    if stale:
        print(FILE.relative_to(ROOT))
    if "--check" in sys.argv[1:]:
        return int(stale)
    FILE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
