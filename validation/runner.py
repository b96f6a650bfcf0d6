"""Run the points of a study that have no answer yet, on any engine; each is kept once it is done."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from validation import provenance, results, storage
from validation.spreading import Engine
from validation.study import Point, Row, Study, point_key

LOCAL = Engine()
_machine = cache(provenance.hardware)  # asked at every point


@dataclass(frozen=True)
class Summary:
    """How a run went.

    Attributes:
        total: points of the tier.
        kept: points that were settled before.
        done: points that this run settled.
        failed: points that failed in this run; the next run tries them again.
        interrupted: whether Ctrl-C ended it.
    """

    total: int
    kept: int
    done: int
    failed: int
    interrupted: bool

    @property
    def left(self) -> int:
        """Points still without an answer, the failed ones included."""
        return self.total - self.kept - self.done


def pending(study: Study, tier: str, folder: Path) -> list[Point]:
    """List the points that still have to run.

    Args:
        study: The study.
        tier: One of its tiers; another is an InputError.
        folder: The results folder, which holds `<study>/rows.jsonl`.

    Returns:
        The points without an ok or censored row in that tier, in the grid's order.
    """
    done = results.settled(results.of_study(folder, study.id), tier)
    return [point for point in study.points(tier) if point_key(point) not in done]


def _without_paths(text: str) -> str:
    """Take this machine's folders out of a message, since rows are published."""
    places = {str(provenance.ROOT): ".", tempfile.gettempdir(): "<tmp>", str(Path.home()): "~"}
    for place, name in places.items():
        # A home folder of "/" would turn every slash into a tilde.
        text = text.replace(place, name) if len(place) > 1 else text
    return text


def _failure(error: BaseException) -> list[Row]:
    said = " ".join(_without_paths(str(error)).split())
    return [{"status": "failed", "reason": f"{type(error).__name__}: {said}"[:500]}]


def _is_ctrl_c(error: BaseException) -> bool:
    """Tell whether an exception stands for Ctrl-C, as training's own does, which keeps a checkpoint first."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__context__  # set even by `raise ... from None`
    return False


Finished = tuple[list[dict[str, object]], dict[str, object]]
"""The rows of a point, and the machine that measured it."""


def _finish(study: Study, tier: str, run: str, point: Point) -> Finished:
    """Measure one point, on whatever machine; whatever goes wrong in it becomes a row."""
    started, clock = provenance.now(), time.perf_counter()

    def rows(measured: list[Row]) -> Finished:
        seconds = round(time.perf_counter() - clock, 3)
        made = results.row_set(study, tier, point, measured, run=run, started=started, seconds=seconds)
        return made, _machine()

    try:
        return rows(study.measure(point))
    except (Exception, SystemExit) as error:  # a study may raise anything; the other points must go on
        if _is_ctrl_c(error):
            raise KeyboardInterrupt from error
        return rows(_failure(error))


def _lost(study: Study, tier: str, run: str, point: Point, error: Exception) -> Finished:
    """What stands for a point that killed its worker each time; nobody is left to say how long it took."""
    # Not the error's own words: they name machines and addresses.
    reason = f"every worker that tried it ended without a result ({type(error).__name__})"
    rows: list[Row] = [{"status": "failed", "reason": reason}]
    made = results.row_set(study, tier, point, rows, run=run, started=provenance.now(), seconds=0.0)
    return made, _machine()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _pace(finished: int, total: int, elapsed: float) -> str:
    """Say rate and time left, from the mean so far: rich's recent speed sees no sample for minutes."""
    if not finished:
        return ""
    each = elapsed / finished
    return f"{_duration(each)} a point, {_duration(each * (total - finished))} left"


class _Pace(ProgressColumn):
    """Rate and time left."""

    def render(self, task: Task) -> Text:
        """Render it.

        Args:
            task: The bar's task.

        Returns:
            The text, empty before the first point is finished.
        """
        return Text(_pace(int(task.completed), int(task.total or 0), task.elapsed or 0.0))


def _line(rows: list[dict[str, object]], pace: str) -> str:
    first = rows[0]
    reason = f": {first['reason']}" if "reason" in first else ""
    return escape(f"{first['status']:8} {first['point']}  {first['seconds']} s  ({pace}){reason}")


def run(study: Study, tier: str, folder: Path, console: Console, engine: Engine = LOCAL) -> Summary:
    """Measure what a tier still lacks, and keep every point as soon as it is finished.

    A point that fails becomes a row with status "failed" and stops no other; the next run tries it again.
    Ctrl-C and kill -9 lose the points in progress and nothing else. Only this process writes: workers need
    not share its disk.

    Args:
        study: What to run.
        tier: One of its tiers; another is an InputError.
        folder: The results folder.
        console: Where progress goes.
        engine: Where points are measured.

    Returns:
        How it went.
    """
    total = len(study.points(tier))
    settled: list[bool] = []
    interrupted = False
    with storage.only_runner(folder / study.id):
        todo = pending(study, tier, folder)
        try:
            if todo:
                _run_points(study, tier, todo, folder, console, engine, settled)
        except KeyboardInterrupt:
            interrupted = True
    done = sum(settled)
    return Summary(total, total - len(todo), done, len(settled) - done, interrupted)


def _run_points(
    study: Study,
    tier: str,
    todo: list[Point],
    folder: Path,
    console: Console,
    engine: Engine,
    settled: list[bool],
) -> None:
    """Run the points; `settled` grows by one for each that is on disk, so that Ctrl-C keeps the count."""
    record = provenance.describe(study, tier, todo, provenance.new_run_id(), engine.name, engine.workers)
    own, identity = folder / study.id, str(record["run"])
    provenance.write(own, record)
    # Workers need to measure, no more.
    light = replace(study, grid={}, claims=(), figure=None, numbers=None)
    finished = engine.spread(
        partial(_finish, light, tier, identity),
        {point_key(point): point for point in todo},
        partial(_lost, light, tier, identity),
        study.measure.__module__,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Pace())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"{study.id} {tier}", total=len(todo))
        for rows, machine in finished:
            # Hashes and machines first: rows must never stand there without their provenance.
            if provenance.note_data(record, rows) | provenance.note_machine(record, machine):
                provenance.write(own, record)
            storage.append(own / results.ROWS, rows)
            settled.append(any(row["status"] != "failed" for row in rows))
            progress.advance(bar)
            elapsed = progress.tasks[0].elapsed or 0.0
            line = _line(rows, _pace(len(settled), len(todo), elapsed))
            progress.console.print(line, highlight=False, soft_wrap=True)
