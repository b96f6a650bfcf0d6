"""What `compress` shows on a terminal: bits by tensor and part, errors before and after, and every bound."""

from __future__ import annotations

import json
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from idbounds.compress import Compressed, compress, read_pipeline
from idbounds.errors import InputError
from idbounds.exactly import places_up
from idbounds.jobs import target_file
from idbounds.terminal import Terminal


def run_compress(
    checkpoint: str,
    *,
    steps: str,
    architecture: str,
    dataset: str,
    delta: str,
    output: str | None,
    as_json: bool,
) -> int:
    """Compress, show, and write a certificate if that is asked.

    Args:
        checkpoint: safetensors or npz file.
        steps: the pipeline as text.
        architecture: entry of the decoder's menu.
        dataset: its name.
        delta: decimal string.
        output: certificate file, or None.
        as_json: print JSON instead of tables.

    Returns:
        Exit status: 0, or 130 after Ctrl-C.

    Raises:
        InputError: when the certificate has nowhere to go, before any work.
    """
    pipeline = read_pipeline(steps)
    if output is not None and not Path(output).absolute().parent.is_dir():
        raise InputError(f"output {output!r}: there is no such folder; make it first")
    if output is not None:
        target_file(output, dataset)
    terminal = Terminal()
    try:
        with terminal:
            made = compress(
                checkpoint, pipeline, dataset=dataset, architecture=architecture, delta=delta,
                progress=terminal,
            )  # fmt: skip
    except KeyboardInterrupt:
        terminal.say("stopped; nothing was written, and the same command begins anew")
        return 130
    if not as_json:
        show(made)  # first: should no certificate be made, this is what the training was for
    path = None if output is None else str(made.certify(output).path)
    if as_json:
        print(json.dumps(made.record() | {"path": path}, indent=2))
    elif path is not None:
        print(f"{path} written; replay it: idbounds verify {path}")
    return 0


def show(made: Compressed) -> None:
    """Print the tables.

    Args:
        made: the compressed model.
    """
    console = Console(highlight=False, markup=False)
    share = made.code_bits / made.dense_bits
    console.print(f"{made.sample.name}, {made.hypothesis.architecture}: {made.pipeline}", soft_wrap=True)
    console.print(
        f"{made.code_bits:,} bits, {share:.2%} of float32; delta = {made.delta} (each bound holds singly)"
    )
    console.print(_bits(made))
    console.print(_errors(made))
    for note in dict.fromkeys(note for row in made.rows for note in row.notes):
        names = ", ".join(row.name for row in made.rows if note in row.notes)
        console.print(f"left alone by {note}: {names}", soft_wrap=True)


def _bits(made: Compressed) -> Table:
    table = Table("tensor", "form", "numbers", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("form bits", "pattern", "values", "float32"):
        table.add_column(name, justify="right")
    table.columns[2].justify = "right"
    for row in made.rows:
        parts = (f"{row.bits.get(part, 0):,}" for part in ("form", "pattern", "values"))
        table.add_row(row.name, row.form, f"{row.numbers:,}", *parts, f"{row.dense_bits:,}")
    parts = (f"{made.parts.get(part, 0):,}" for part in ("form", "pattern", "values"))
    table.add_row("all tensors", "", "", *parts, f"{made.dense_bits:,}", style="bold")
    return table


def _errors(made: Compressed) -> Table:
    n, test_n = len(made.sample.train_y), len(made.sample.test_y)
    table = Table("", "before", "after", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_row("training error", f"{made.before.train / n:.4f}", f"{made.after.train / n:.4f}")
    table.add_row("test error", f"{made.before.test / test_n:.4f}", f"{made.after.test / test_n:.4f}")
    for e in made.evaluations:
        said = places_up(e.upper, 4) + (f"  ({e.standing})" if not e.certifies else "")
        table.add_row(e.id, "", said + ("  vacuous" if e.vacuous else ""))
    return table
