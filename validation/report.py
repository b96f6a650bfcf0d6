"""One page with everything: questions, claims, figures, numbers and where they come from; no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from validation import claims, figures, results, tables
from validation.claims import Judged
from validation.study import Study, Verdict

MOST = 60
"""Rows of a table that stand on the page; more are counted, and remain in the rows file."""

_CLASS = {Verdict.SUPPORTED: "yes", Verdict.NOT_SUPPORTED: "no", Verdict.INCONCLUSIVE: "open"}


def page(studies: Iterable[Study], folder: Path) -> str:
    """Write the page; the same rows give the same page.

    Args:
        studies: What it is about.
        folder: The results folder.

    Returns:
        HTML, with its style and figures inside.
    """
    chosen = list(studies)
    judged = {study.id: claims.judge([study], folder) for study in chosen}
    sections = "\n".join(_section(study, judged[study.id], folder) for study in chosen)
    style = files("validation").joinpath("report.css").read_text("utf-8")
    everything = [entry for some in judged.values() for entry in some]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>idbounds: validation</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>Does theory say what experiments show?</h1>
<p>Every study of idbounds: what was asked, what we claim, what the rows say, and where they come from.
{_count(everything)}</p>
</header>
<nav aria-label="Studies">
{_overview(chosen, judged)}
</nav>
<main>
{sections}
</main>
</body>
</html>
"""


def _count(judged: Sequence[Judged]) -> str:
    verdicts = [entry.outcome.verdict for entry in judged]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict)
    return f"{len(verdicts)} claims: {counts}."


def _overview(studies: Sequence[Study], judged: dict[str, list[Judged]]) -> str:
    lines = []
    for study in studies:
        badges = " ".join(_badge(entry.outcome.verdict) for entry in judged[study.id])
        link = f'<a href="#{study.id}">{escape(study.question)}</a>'
        lines.append(f"<li>{link} <span>{badges}</span></li>")
    return "<ul>\n" + "\n".join(lines) + "\n</ul>"


def _badge(verdict: Verdict) -> str:
    return f'<strong class="badge {_CLASS[verdict]}">{verdict.value}</strong>'


def _section(study: Study, judged: Sequence[Judged], folder: Path) -> str:
    rows = results.latest(results.of_study(folder, study.id))
    said = "\n".join(_claim(entry) for entry in judged)
    body = _measured(study, rows, folder) if len(rows) else "<p>No rows yet.</p>"
    return f"""<section id="{study.id}">
<h2>{escape(study.question)}</h2>
<p class="id">{study.id}</p>
<ul class="claims">
{said}
</ul>
{body}
</section>"""


def _claim(entry: Judged) -> str:
    outcome = entry.outcome
    return (
        f"<li>{_badge(outcome.verdict)} {escape(entry.claim.says)}"
        f'<br><span class="because">{escape(outcome.says)}</span></li>'
    )


def _measured(study: Study, rows: pd.DataFrame, folder: Path) -> str:
    ok = rows[rows["status"] != "failed"].reset_index(drop=True)
    drawn = _tried(lambda: _figure(study, ok)) if study.figure is not None and len(ok) else ""
    numbers = study.numbers or (lambda some: tables.choose(some, []))
    table = _tried(lambda: html_table(numbers(ok))) if len(ok) else ""
    return f"""{drawn}{table}
{_failures(rows)}<details>
<summary>Where these numbers come from</summary>
{_provenance(rows, folder / study.id)}
</details>"""


def _tried(make: Callable[[], str]) -> str:
    """A study may raise anything here, too, and the others must come onto the page."""
    try:
        return make()
    except Exception as error:
        said = escape(f"{type(error).__name__}: {error}")
        return f'<p class="because">A figure or a table could not be made: {said}</p>\n'


def _figure(study: Study, rows: pd.DataFrame) -> str:
    assert study.figure is not None
    drawn = figures.svg(study.figure, rows, study.id, study.caption or study.question)
    return f"<figure>\n{drawn}\n<figcaption>{escape(study.caption)}</figcaption>\n</figure>\n"


def html_table(table: pd.DataFrame) -> str:
    """Lay a table out for a page.

    Args:
        table: The table.

    Returns:
        A `table` that can be scrolled sideways, with the first `MOST` rows.
    """
    right = [pd.api.types.is_numeric_dtype(table[name]) for name in table]
    head = "".join(_cell("th", str(name), number) for name, number in zip(table, right, strict=True))
    body = "\n".join(
        "<tr>" + "".join(_cell("td", v, number) for v, number in zip(row, right, strict=True)) + "</tr>"
        for row in table.head(MOST).itertuples(index=False)
    )
    left = len(table) - MOST
    more = f"<p>{left} more rows are in the rows file.</p>" if left > 0 else ""
    return (
        '<div class="table" tabindex="0"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>{more}"
    )


def _cell(tag: str, value: object, number: bool) -> str:
    text = tables.cell(value, "#.4g")
    if len(text) >= 64 and " " not in text:
        text = f"{text[:12]}…"  # a digest: its beginning tells two apart
    kind = "number" if number else "short" if len(text) < 25 else "long"
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag}{scope} class="{kind}">{escape(text)}</{tag}>'


def _failures(rows: pd.DataFrame) -> str:
    lines = []
    for status in ("failed", "censored"):
        some = rows[rows["status"] == status]
        if len(some):
            reasons = "; ".join(dict.fromkeys(some["reason"].astype(str)))
            points = some["point"].nunique()
            lines.append(f'<p class="because">{points} points {status}: {escape(reasons)}</p>\n')
    return "".join(lines)


def _provenance(rows: pd.DataFrame, own: Path) -> str:
    blocks = []
    for run, some in rows.groupby("run", sort=True):
        path = own / f"run-{run}.json"
        record = json.loads(path.read_text("utf-8")) if path.exists() else {}
        facts = {"run": run, "points": some["point"].nunique(), **_facts(record)}
        facts["hours of work"] = f"{some.drop_duplicates('point')['seconds'].sum() / 3600:.2f}"
        lines = "\n".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items())
        blocks.append(f"<dl>\n{lines}\n</dl>")
    return "\n".join(blocks)


def _facts(record: dict[str, Any]) -> dict[str, str]:
    """What a run's record says, in words; nothing of a record that is lost."""
    if not record:
        return {"record": "absent"}
    git, data = record["git"], record["data"]
    state = {True: ", with changes", False: "", None: ""}[git["dirty"]]
    machines = record.get("machines") or [record["hardware"]]
    seeds = ", ".join(map(str, record["seeds"]))
    digests = "; ".join(f"{name} {', '.join(h[:16] + '…' for h in some)}" for name, some in data.items())
    packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    return {
        "date": f"{record['started'][:16].replace('T', ' ')} UTC",
        "tier": record["tier"],
        "commit": (git["commit"] or "unknown") + state,
        "machine": "; ".join(map(_machine, machines)),
        "engine": record.get("engine", {}).get("name", "local"),
        "python": f"{record['python']}, {record['platform']}",
        "packages": packages,
        **({"seeds": seeds} if seeds else {}),
        **({"data": digests} if digests else {}),
    }


def _machine(hardware: dict[str, Any]) -> str:
    gpus = f", {', '.join(hardware['gpu'])}" if hardware["gpu"] else ""
    return f"{hardware['cpu']}, {hardware['usable_cores']} cores{gpus}"
