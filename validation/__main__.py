"""`python -m validation`: list studies, run them, check the claims, write tables, files and the report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pandas as pd
from rich.console import Console

from idbounds.dimension.engines import ENGINES
from idbounds.errors import InputError
from validation import claims as claims_module
from validation import commands, exporting, published, results, runner, storage, tables
from validation import report as report_module
from validation.spreading import Engine
from validation.studies import discover
from validation.study import TIERS, Study, Verdict, point_key

COMMITTED = Path(__file__).with_name("results")

_folder = click.option(
    "--results",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=COMMITTED,
    help="Folder of the rows; default: validation/results.",
)


def _study(name: str) -> Study:
    studies = discover()
    if name not in studies:
        raise InputError(f"unknown study {name!r}; known: {', '.join(studies)}")
    return studies[name]


def _chosen(names: tuple[str, ...]) -> list[Study]:
    """Those named, or all."""
    return [_study(name) for name in names] or list(discover().values())


@click.group()
def cli() -> None:
    """Studies: measure, keep the rows, check what we claim about them."""


@cli.command("list")
def list_() -> None:
    """List the studies, their questions and how many points each tier has."""
    for study in discover().values():
        tiers = ", ".join(f"{tier} {len(points)}" for tier, points in study.grid.items())
        click.echo(f"{study.id} ({tiers})\n    {study.question}")


def _again(names: list[str], tier: str, folder: Path, engine: Engine) -> str:
    """Write the command that goes on."""
    given = {
        "--results": None if folder == COMMITTED else folder,
        "--engine": None if engine.name == "local" else engine.name,
        "--workers": engine.workers,
        "--address": engine.address,
    }
    options = "".join(f" {name} {value}" for name, value in given.items() if value is not None)
    return f"python -m validation run {' '.join(names)} --tier {tier}{options}"


def _report(name: str, summary: runner.Summary) -> str:
    counts = f"{summary.done} done now, {summary.kept} before, {summary.failed} failed, {summary.left} left"
    return f"{name}: {counts}, of {summary.total} points"


@cli.command()
@click.argument("names", metavar="STUDY...", nargs=-1, required=True)
@click.option("--tier", type=click.Choice(TIERS), default="laptop", show_default=True)
@click.option("--engine", "name", type=click.Choice(ENGINES), default="local", show_default=True)
@click.option("--workers", type=click.IntRange(1), help="Processes; default: what there is.")
@click.option("--address", help="Of a running Ray or Dask cluster; default: one of this machine.")
@_folder
def run(
    names: tuple[str, ...], tier: str, name: str, workers: int | None, address: str | None, folder: Path
) -> None:
    """Measure the points of STUDY that have no row yet; failed points are tried again.

    Exits with 1 if a point failed, with 130 after Ctrl-C.
    """
    engine = Engine(name, workers, address)
    studies = [_study(name) for name in names]
    for study in studies:
        study.points(tier)  # a missing tier is an error before the first hour of work, not after it
    console = Console(stderr=True)
    failed = 0
    for index, study in enumerate(studies):
        summary = runner.run(study, tier, folder, console, engine)
        click.echo(_report(study.id, summary))
        failed += summary.failed
        if summary.interrupted:
            again = _again(list(names[index:]), tier, folder, engine)
            click.echo(f"stopped; finished points are kept. Go on with: {again}")
            sys.exit(130)
    if failed:
        again = _again(list(names), tier, folder, engine)
        click.echo(f"failed points are rows too; try them again with: {again}")
        sys.exit(1)


def _count(rows: pd.DataFrame, study: Study, tier: str) -> dict[str, int]:
    """Count the points of a tier by what became of them."""
    keys = [point_key(point) for point in study.points(tier)]
    here = rows[rows["tier"] == tier]
    status = {key: set(group) for key, group in here.groupby("point")["status"]}
    found = [status.get(key, {"pending"}) for key in keys]
    return {
        name: sum(name in statuses for statuses in found) for name in ("ok", "censored", "failed", "pending")
    }


@cli.command()
@_folder
def status(folder: Path) -> None:
    """Say for each study and tier how many points are done, failed and pending."""
    for study in discover().values():
        rows = results.latest(results.of_study(folder, study.id))
        for tier in study.grid:
            counts = ", ".join(f"{count} {name}" for name, count in _count(rows, study, tier).items())
            click.echo(f"{study.id} {tier}: {counts}")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of text.")
@_folder
def claims(as_json: bool, folder: Path) -> None:
    """Check every claim on the rows; exits with 1 if one is not supported."""
    judged = claims_module.judge(discover().values(), folder)
    if as_json:
        click.echo(json.dumps([entry.as_dict() for entry in judged], indent=2, ensure_ascii=False))
    else:
        for entry in judged:
            click.echo(f"{entry.outcome.verdict}: {entry.study}/{entry.claim.id}: {entry.claim.says}")
            click.echo(f"    {entry.outcome.says}")
    if any(entry.outcome.verdict is Verdict.NOT_SUPPORTED for entry in judged):
        sys.exit(1)


@cli.command()
@click.argument("names", metavar="[STUDY]...", nargs=-1)
@click.option("--latex", is_flag=True, help="Booktabs tabulars.")
@click.option("--columns", default="", help="Columns of the rows, separated by commas; all: every one.")
@_folder
def table(names: tuple[str, ...], latex: bool, columns: str, folder: Path) -> None:
    """Print the numbers of STUDY, or of all: its own summary of its rows; with --columns the rows."""
    studies = _chosen(names)
    wanted = [column.strip() for column in columns.split(",") if column.strip()]
    for study in studies:
        rows = results.latest(results.of_study(folder, study.id))
        ok = rows[rows["status"] != "failed"].reset_index(drop=True)
        if wanted or study.numbers is None or ok.empty:
            chosen = tables.choose(rows, [] if wanted == ["all"] else wanted)
        else:
            chosen = study.numbers(ok)
        if len(studies) > 1:
            click.echo(f"% {study.id}" if latex else f"{study.id}: {study.question}")
        click.echo(tables.latex(chosen) if latex else tables.text(chosen))


@cli.command()
@click.argument("names", metavar="[STUDY]...", nargs=-1)
@click.option(
    "--format", "kind", type=click.Choice(list(exporting.FORMATS)), default="csv", show_default=True
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder; default: this one.",
)
@_folder
def export(names: tuple[str, ...], kind: str, output: Path, folder: Path) -> None:
    """Write the latest rows of STUDY, or of all, to a file each, with commit and machine."""
    for study in _chosen(names):
        rows = exporting.table(folder, study.id)
        path = output / f"{study.id}.{kind}"
        exporting.write(rows, path)
        click.echo(f"{path}: {len(rows)} rows")


@cli.command()
@click.argument("names", metavar="[STUDY]...", nargs=-1)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("validation.html"),
    show_default=True,
)
@_folder
def report(names: tuple[str, ...], output: Path, folder: Path) -> None:
    """Write one page, for any browser and without a network, about STUDY or all of them."""
    storage.write_whole(output, report_module.page(_chosen(names), folder))
    click.echo(f"{output}: {output.stat().st_size:,} bytes")


@cli.command("published")
@click.argument("name", metavar="[TABLE]", required=False)
def published_(name: str | None) -> None:
    """Recompute published numbers from their inputs; exits with 1 if one is not and has no reason."""
    known = published.tables()
    if name is not None and name not in known:
        raise InputError(f"unknown table {name!r}; known: {', '.join(known)}")
    bad = 0
    for table in [name] if name else known:
        click.echo(f"{table}: {published.title(table)}")
        outcomes = [row.outcome for row in known[table]]
        bad += outcomes.count("not reproduced")
        for row, outcome in zip(known[table], outcomes, strict=True):
            if name or outcome == "not reproduced":
                click.echo(f"    {row.name}: {published.line(row)}")
        click.echo("    " + ", ".join(f"{outcomes.count(o)} {o}" for o in dict.fromkeys(outcomes)))
    if bad:
        sys.exit(1)


def main() -> None:
    """Run the command line."""
    commands.run(cli, "python -m validation")


if __name__ == "__main__":
    main()
