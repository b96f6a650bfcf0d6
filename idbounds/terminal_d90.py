"""What `measure d90` shows on a terminal: progress, d90 with its interval, and the bound that it buys."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from idbounds.data import text_names
from idbounds.dimension.measuring import measure_d90
from idbounds.dimension.result import Crossing, IntrinsicDimension
from idbounds.errors import InputError
from idbounds.exactly import places_up
from idbounds.terminal import Terminal

ENDS = ("low end", "middle", "high end")


def run_d90(
    dataset: str,
    model: str,
    *,
    as_json: bool = False,
    bound: bool = False,
    delta: str = "0.05",
    output: str | None = None,
    isotropic: bool = False,
    longest: int | None = None,
    **options: Any,
) -> int:
    """Measure, show, and compress if that is asked.

    Args:
        dataset: its name.
        model: entry of the menu of architectures; for texts a pretrained model, by name or folder.
        as_json: print JSON instead of tables.
        bound: certify at the ends and the middle of the interval.
        delta: of each bound, a decimal string.
        output: file of finished runs.
        isotropic: move all weights alike; certificates cannot.
        longest: tokens of a text at most.
        **options: of `measure_d90`.

    Returns:
        Exit status: 0, or 130 after Ctrl-C.

    Raises:
        InputError: when a bound is asked for a subspace or a schedule that certificates do not know, or
            `longest` of what is no text.
    """
    texts = dataset in text_names()
    if longest is not None and not texts:
        raise InputError(
            f"--longest {longest} with {dataset}: only texts ({', '.join(text_names())}) have tokens"
        )
    if bound:
        _check_bound(texts, isotropic, options)
    if bound:
        from idbounds.certificate import canonical_delta

        delta = canonical_delta(delta)
    kept = Path(output or f"{dataset}-{Path(model).name}.jsonl")
    terminal = Terminal()
    try:
        with terminal:
            searched = _searched(terminal)
            taken: tuple[Any, Any] = (model, dataset)
            if texts:
                from idbounds.finetuning import prepared

                made = prepared(model, dataset, longest=longest, say=terminal.say)
                taken = (made.model, made.data)
                options = {"start": "module", "test": made.test} | options
            found = measure_d90(
                *taken, output=kept, relative=not isotropic, progress=searched.runs,
                advance=searched.steps, **options,
            )  # fmt: skip
            rows = _certified(found, dataset, model, kept, delta, terminal, options) if bound else []
    except KeyboardInterrupt:
        terminal.say(f"stopped; finished runs are in {kept}, and the same command goes on from there")
        return 130
    if as_json:
        said = json.loads(found.to_json())
        print(json.dumps(said | {"bounds": rows} if bound else said, indent=2))
    else:
        show(found, rows if bound else None, f"{dataset}, {model}", kept)
    return 0


def _check_bound(texts: bool, isotropic: bool, options: dict[str, Any]) -> None:
    """Refuse a bound of what certificates cannot say, before anything is trained."""
    if texts:
        raise InputError(
            "--bound with texts: certificates start from a seed, not from pretrained weights; "
            "idbounds.finetuning.fine_tune(..., d=...).bound states one relative to them"
        )
    if isotropic:
        raise InputError(
            "--bound with --isotropic: certificates move weights in proportion; give one of the two"
        )
    if options.get("schedule", "cosine") != "cosine":
        raise InputError(
            f"--bound with --schedule {options['schedule']}: certificates are trained with a cosine; "
            "give one of the two"
        )
    for name in ("method", "space", "start"):
        if options.get(name, usual := {"method": "direct", "space": "all", "start": "seed"}[name]) != usual:
            raise InputError(
                f"--bound with --{name} {options[name]}: certificates know {usual} only; leave it out"
            )


class _searched:  # noqa: N801 - two bars, used as a pair of functions
    """Bars of the search: runs that count, and the steps of the runs at hand."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.moves: dict[str, Callable[[int, str], None]] = {}

    def runs(self, what: str, done: int, budget: int) -> None:
        self._move("runs", done, budget, what)

    def steps(self, done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            self._move("steps", done, total, "")

    def _move(self, name: str, done: int, total: int, remark: str) -> None:
        if name not in self.moves:
            self.moves[name] = self.terminal.stage(name, total)
        self.moves[name](done, remark)


def places(crossing: Crossing, D: int) -> list[tuple[str, int]]:
    """The dimensions at which a bound is stated: the ends of the interval and its middle, whole numbers.

    Args:
        crossing: where the curve reaches the threshold.
        D: number of weights.

    Returns:
        (which, d), without those that the runs do not bound.
    """
    values = zip(ENDS, (crossing.low, crossing.d, crossing.high), strict=True)
    return [(name, min(max(1, math.ceil(value - 1e-9)), D)) for name, value in values if value is not None]


def show(found: IntrinsicDimension, rows: list[dict[str, Any]] | None, what: str, kept: Path) -> None:
    """Print one table: the dimension under each criterion or, with bounds, what it buys.

    Args:
        found: what was measured.
        rows: of the certificates; None if none was asked for.
        what: data set and model.
        kept: file of the runs.
    """
    console = Console(highlight=False, markup=False)
    base, cost, main = found.baseline, found.cost, found.main
    console.print(f"{what}: {found.name} = {main}", style="bold", soft_wrap=True)
    spread = "" if math.isnan(base.sd) else f", sd {base.sd:.4f}"
    console.print(
        f"full training scores {base.mean:.4f} ({base.runs} runs{spread}); {found.name} asks for "
        f"{main.threshold:.4f}\n{100 * found.level:g}% interval, criterion {main.criterion}",
        soft_wrap=True,
    )
    console.print(_criteria(found) if rows is None else _bounds(rows))
    for row in (rows or [])[:1]:
        console.print(
            f"all hold at once, with confidence 1 - {row['delta']}: one prefix code names every d\n"
            f"replay: idbounds verify {shlex.quote(row['path'])}",
            soft_wrap=True,
        )
    for line in [f"{name}: {why}" for name, why in found.missing.items()] + [
        f"note: {warning}" for warning in found.warnings
    ]:
        console.print(line, soft_wrap=True)
    tuned = f" and {cost['tuning_runs']:.0f} to tune the learning rate" if cost["tuning_runs"] else ""
    console.print(f"{cost['runs']:.0f} runs{tuned}, {cost['seconds']:.0f} s; kept in {kept}", soft_wrap=True)


def _criteria(found: IntrinsicDimension) -> Table:
    table = _table("criterion", "score asked", found.name, "interval", "slope", "one run's error in ln d")
    for name, c in found.crossings.items():
        low, high = ("?" if end is None else f"{end:,.0f}" for end in (c.low, c.high))
        table.add_row(
            name, f"{c.threshold:.4f}", c.censored if c.d is None else f"{c.d:,.0f}", f"[{low}, {high}]",
            "" if c.slope is None else f"{c.slope:.3f}", "" if c.ln_error is None else f"{c.ln_error:.2f}",
            style="bold" if name == found.main.criterion else None,
        )  # fmt: skip
    return table


def _bounds(rows: list[dict[str, Any]]) -> Table:
    table = _table("interval", "d", "code bits", "error at most", "train error", "test error")
    for row in rows:
        table.add_row(
            row["at"], f"{row['d']:,}", f"{row['code_bits']:,}", places_up(row["bound_value"], 4),
            f"{row['train_error']:.4f}", f"{row['test_error']:.4f}",
            style="bold" if row["at"] == "middle" else None,
        )  # fmt: skip
    if not rows:
        table.add_row("not measured")
    return table


def _table(*columns: str) -> Table:
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _certified(
    found: IntrinsicDimension,
    dataset: str,
    model: str,
    kept: Path,
    delta: str,
    terminal: Terminal,
    options: Any,
) -> list[dict[str, Any]]:
    """One row for each place, and one certificate for each different d.

    Its training has the steps, batch size, projection and learning rate of the runs, and a rate that falls
    along a cosine as theirs (to a tenth, not to zero); then it goes on on the grid of the quantiser. Unlike a
    run it has all of the training data, the held-out part as well.
    """  # noqa: DOC201 - the rows
    from idbounds.dimension.measuring import trial_of
    from idbounds.training import Settings

    searching = {k: v for k, v in options.items() if k not in ("engine", "workers", "address", "together")}
    study, _ = trial_of(model, dataset, searching)
    steps = max(2, round(study.settings.steps / (1 - Settings.quantised)))
    made: dict[int, dict[str, Any]] = {}
    rows = []
    for at, d in places(found.main, study.D):
        if d not in made:
            terminal.say(f"{at}: compressing at d = {d:,}")
            made[d] = _compressed(
                dataset, kept.with_name(f"{kept.stem}-d{d}.idb"), terminal, architecture=model, d=d,
                projection=study.kind or "blocks", delta=delta, device=study.device, steps=steps,
                batch=study.settings.batch, learning_rate=_rate_near(found, d, study.settings.learning_rate),
            )  # fmt: skip
        rows.append({"at": at, **made[d]})
    return rows


def _compressed(dataset: str, path: Path, terminal: Terminal, **settings: Any) -> dict[str, Any]:
    """One certificate in a subspace, gone on with where Ctrl-C stopped it."""
    from idbounds.certifying import certify
    from idbounds.resuming import Interrupted

    resume = path.with_suffix(".checkpoint.npz").is_file()
    try:
        made = certify(
            dataset, recipe="subspace", output=path, progress=terminal, resume=resume, **settings
        )  # fmt: skip
    except Interrupted:  # its checkpoint is beside the runs
        raise KeyboardInterrupt from None
    return {
        "d": settings["d"], "code_bits": made.code_bits, "bound": made.bound, "bound_value": made.value,
        "delta": made.delta, "errors": made.errors, "n": made.n, "train_error": made.train_error,
        "test_errors": made.test_errors, "test_n": made.test_n, "test_error": made.test_error,
        "path": str(made.path),
    }  # fmt: skip


def _rate_near(found: IntrinsicDimension, d: int, otherwise: float) -> float:
    """The learning rate of the counted run whose dimension is nearest, on a logarithmic scale."""
    runs = [score.run for score in found.scores if score.run.d is not None]
    nearest = min(runs, key=lambda run: abs(math.log((run.d or 1) / d)))
    return otherwise if nearest.learning_rate is None else nearest.learning_rate
