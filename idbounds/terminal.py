"""What `certify` and `verify` show on a terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from idbounds import data
from idbounds.catalogue import bounds
from idbounds.certificate import Verification
from idbounds.certifying import Certified, certify
from idbounds.exactly import places_up
from idbounds.replay import verify as replay_file

_WIDE = 110  # columns from which a bar has room for its rate and a line for its remark


class Terminal:
    """Progress bars with rates and time left, on standard error."""

    def __init__(self) -> None:
        """Open no bar yet."""
        self.console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        wide = self.console.width >= _WIDE
        rate = [TextColumn("{task.fields[rate]}")] if wide else []
        self.bars = Progress(
            TextColumn("{task.description:>15}"), BarColumn(bar_width=28 if wide else 8),
            MofNCompleteColumn(), *rate, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            TextColumn("{task.fields[remark]}"), console=self.console,
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Show bars from the first stage on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars as they are."""
        if self.bars.tasks:
            self.bars.stop()

    def say(self, line: str) -> None:
        """One line about a slow step."""
        self.console.print(line)

    def stage(self, name: str, total: int) -> Callable[[int, str], None]:
        """Open a bar; the returned function moves it to `done`."""
        self.bars.start()
        task = self.bars.add_task(name, total=total, rate="", remark="")

        def move(done: int, remark: str) -> None:
            fields: dict[str, Any] = {"remark": remark} if remark else {}
            speed = self.bars.tasks[task].speed
            self.bars.update(task, completed=done, rate=f"{speed:,.0f}/s" if speed else "", **fields)

        return move


def run_certify(dataset: str, *, as_json: bool, fallback: bool, **options: Any) -> int:
    """Run the main job with progress and print its result.

    Args:
        dataset: name of the data set.
        as_json: print JSON instead of tables.
        fallback: take the next data set when this one cannot be had.
        **options: of `idbounds.certify`.

    Returns:
        Exit status: 0, or 130 after Ctrl-C.
    """
    from idbounds.resuming import Interrupted

    terminal = Terminal()
    try:
        sample: Any = data.load_or_fallback(dataset, terminal.say) if fallback else dataset
        form = sample.form if fallback else data.form(dataset)
        if form != "examples":
            return _certify_text(sample, terminal, as_json=as_json, **options)
        with terminal:
            result = certify(sample, progress=terminal, **options)
    except Interrupted as stop:
        terminal.say(f"stopped at step {stop.step}; the checkpoint is {stop.checkpoint}")
        terminal.say("go on with the same command and --resume; it ends as an uninterrupted run does")
        return 130
    except KeyboardInterrupt:
        terminal.say("stopped before the first step; nothing is lost: give the same command again")
        return 130
    figures = _draw(result, terminal.say)
    if as_json:
        print(json.dumps(record(result), indent=2))
    else:
        show(result, figures)
    return 0


def _certify_text(sample: Any, terminal: Terminal, *, as_json: bool, **options: Any) -> int:
    """The same for documents and texts."""
    from idbounds import terminal_text
    from idbounds.certifying_text import certify_text

    with terminal:
        result = certify_text(sample, progress=terminal, **options)
    if as_json:
        print(json.dumps(terminal_text.record(result), indent=2))
    else:
        terminal_text.show(result)
    return 0


def run_verify(file: str, *, as_json: bool) -> int:
    """Replay a certificate and print what was found.

    Args:
        file: its path.
        as_json: print JSON instead of text.

    Returns:
        Exit status: 0 when the claim holds, else 1.
    """
    terminal = Terminal()
    move = None

    def advance(done: int, total: int) -> None:
        nonlocal move
        move = move or terminal.stage("counting errors", total)
        move(done, "")

    with terminal:
        found = replay_file(file, say=terminal.say, advance=advance)
    if as_json:
        print(json.dumps(found.record(), indent=2, ensure_ascii=False))
    else:
        _show_verification(found)
    return 0 if found.ok else 1


def record(result: Certified) -> dict[str, Any]:
    """JSON-ready figures of a certificate."""
    return {
        "path": str(result.path), "bound": result.bound, "delta": result.delta, "errors": result.errors,
        "n": result.n, "draws": result.draws, "bound_id": result.bound_id,
        "train_error": result.train_error, "code_bits": result.code_bits,
        "ideal_bits": result.ideal_bits, "parts": result.parts, "test_errors": result.test_errors,
        "test_n": result.test_n, "test_error": result.test_error, "test_interval": list(result.test_interval),
        "majority_error": result.majority_error, "seconds": result.seconds, "dataset": result.dataset,
        "dataset_sha256": result.dataset_sha256, "decoder": result.decoder, "model": result.model,
        "device": result.device, "bounds": [e.record() for e in result.evaluations],
    }  # fmt: skip


def show(result: Certified, figures: list[Path]) -> None:
    """Print the tables of a certificate.

    Args:
        result: its figures.
        figures: files of the drawing.
    """
    console = Console(highlight=False, markup=False)
    risks = Table("", "error", box=box.SIMPLE_HEAD, pad_edge=False)
    low, high = result.test_interval
    risks.add_row(
        "training error", f"{result.train_error:.4f}  ({result.errors:,} of {result.n * result.draws:,})"
    )
    risks.add_row(
        "test error",
        f"{result.test_error:.4f}  ({result.test_errors:,} of {result.test_n:,}; "
        f"95% [{low:.4f}, {high:.4f}])",
    )
    for e in result.evaluations:
        certified = "  <- the certificate, named beforehand" if e.id == result.bound_id else ""
        note = (
            "  vacuous"
            if e.vacuous
            else "  no better than the majority class"
            if e.no_better_than_majority
            else ""
        )
        risks.add_row(e.id, f"{places_up(e.upper, 4)}{note}{certified}", style="bold" if certified else None)
    console.print(
        f"{result.dataset}: {result.architecture}, {result.D:,} weights, decoder {result.decoder}, "
        f"delta = {result.delta} (each bound holds singly)",
        soft_wrap=True,
    )
    console.print(risks)
    bits = Table("part of the message", "bits", box=box.SIMPLE_HEAD, pad_edge=False)
    bits.columns[1].justify = "right"
    for name, count in result.parts.items():
        bits.add_row(name, f"{count:,}")
    if "divergence" in result.parts:
        bits.add_row("paid for", f"{result.code_bits:,}", style="bold")
    else:
        bits.add_row("message", f"{result.code_bits:,}", style="bold")
        bits.add_row("ideal, -log2 P", f"{result.ideal_bits:,.1f}")
    console.print(bits)
    path = shlex.quote(str(result.path))
    console.print(
        f"{path} written in {result.seconds:.0f} s; replay it: idbounds verify {path}", soft_wrap=True
    )
    if figures:
        console.print(f"figure: {', '.join(map(str, figures))}", soft_wrap=True)


_DRAWN = "idbounds: a certificate at a glance"


def _draw(result: Certified, say: Callable[[str], None]) -> list[Path]:
    """Draw the certificate beside its file; a picture there that is none of ours is left alone."""
    from idbounds import plot

    try:
        for file in map(result.path.with_suffix, (".svg", ".png")):
            if file.exists() and not plot.titled(file, _DRAWN):
                say(f"no figure was drawn: {file} is there and is not of a certificate; move it, or give -o")
                return []
        return plot.save(plot.certificate(result), result.path, title=_DRAWN)
    except OSError as error:  # the certificate is written: a figure is no reason to fail
        say(f"no figure was drawn: {error}")
        return []


def _show_verification(found: Verification) -> None:
    console = Console(highlight=False, soft_wrap=True, markup=False)  # a header is no markup
    if found.ok:
        of_rates = bounds[found.bound or ""].unit == "rate"
        what = f"risk <= {found.value}" if of_rates else f"loss <= {found.value} bits a byte"
        says = f": {what} with confidence 1 - {found.delta} ({found.bound})"
        console.print(Text.assemble(("holds", "bold"), says))
    else:
        console.print(Text.assemble(("does not hold", "bold"), f": {found.difference}"))
    for line in found.checked:
        console.print(f"  checked   {line}")
    for line in found.declared:
        console.print(f"  declared  {line}")
