"""What `idbounds code` shows on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from idbounds.billing.bill import Bill, bill
from idbounds.billing.menu import CHOICES, MENU
from idbounds.exactly import places_up

_WIDEST = 10_000
"""A table is not squeezed into a narrow terminal: its lines run on."""


def run_code(file: str, *, as_json: bool, **options: Any) -> int:
    """Bill a file and print the bill.

    Args:
        file: its path.
        as_json: print JSON instead of tables.
        **options: of `bill`.

    Returns:
        Exit status: 0, or 1 if no code can write the weights.
    """
    console = Console(stderr=True, highlight=False)
    columns = TextColumn("{task.description:>12}"), BarColumn(bar_width=28), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("reading", total=None)

        def tell(code: str, done: int, total: int) -> None:
            bars.update(task, description=code, completed=done, total=total)

        found = bill(file, progress=tell, **options)
    if as_json:
        print(json.dumps(found.record(), indent=2, ensure_ascii=False))
    else:
        show(found)
    return 0 if any(line.bits is not None for line in found.lines) else 1


def show(found: Bill) -> None:
    """Print the tables of a bill.

    Args:
        found: the bill.
    """
    console = Console(highlight=False, markup=False)
    for table in (_tensors(found), *_by_tensor(found, console.width), _codes(found)):
        width = Measurement.get(console, console.options.update_width(_WIDEST), table).maximum
        Console(highlight=False, markup=False, width=max(width, console.width)).print(table)
        console.print()
    for line in found.lines:
        if line.problem:
            console.print(f"{line.code}: {line.problem}", soft_wrap=True)
    for note in _notes(found):
        console.print(f"note: {note}", soft_wrap=True)


def _table(*columns: str, left: int = 1) -> Table:
    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns[left:]:
        column.justify = "right"
    return table


def _tensors(found: Bill) -> Table:
    table = _table("tensor", "shape", "step", "rms", "rms error", "largest error")
    for t in found.tensors:
        shape = " x ".join(map(str, t.layer.shape)) or "1"
        table.add_row(
            t.name, shape, *(f"{x:.4g}" for x in (t.layer.step, t.rms, t.rms_error, t.largest_error))
        )
    return table


def _by_tensor(found: Bill, width: int) -> Iterator[Table]:
    """Bits of each tensor: as many codes side by side as there is room for, then the next ones."""
    names = ["bits (header)", *(tensor.name for tensor in found.tensors)]
    lines = [line for line in found.lines if line.by_tensor]
    columns = [[line.code, *map(_with_header, line.by_tensor, line.header_by_tensor)] for line in lines]
    rest = [(column, max(map(len, column)) + 2) for column in columns]
    while rest:
        room, chosen = width - max(map(len, names)) - rest[0][1], [rest.pop(0)[0]]
        while rest and rest[0][1] <= room:
            column, needed = rest.pop(0)
            room -= needed
            chosen.append(column)
        table = _table(names[0], *(column[0] for column in chosen))
        for row in list(zip(names, *chosen, strict=True))[1:]:
            table.add_row(*row)
        yield table


def _with_header(bits: int, header: int) -> str:
    return f"{bits:,} ({header:,})" if header else f"{bits:,}"


def _codes(found: Bill) -> Table:
    table = _table(
        "code", "header", "payload", "bits", "a weight", *(["error at most"] if found.case else [])
    )
    shortest = min((line.bits for line in found.lines if line.bits is not None), default=None)
    for line in found.lines:
        if line.bits is None:
            continue
        cells = [
            f"{line.header:,}",
            f"{line.payload:,}",
            f"{line.bits:,}",
            f"{line.bits / found.entries:.3f}",
        ]
        cells += [] if line.bound is None else [places_up(line.bound, 4)]
        table.add_row(line.code, *cells, style="bold" if line.bits == shortest else None)
    return table


def _notes(found: Bill) -> list[str]:
    notes = [
        f"shapes and steps are {found.layout:,} bits of each header; "
        "the architecture itself is taken as fixed beforehand",
        "a general compressor gets all tensors together; its header says how long its stream is",
    ]
    if found.case:
        notes += [
            f"each bound pays log2({CHOICES}) bits for the choice of a code, so the best may be taken",
            "the errors must be counted with the rounded weights, on the training sample",
        ]
    missing = [code for code in MENU if code not in {line.code for line in found.lines}]
    return notes + ([f"not asked for: {', '.join(missing)}"] if missing else [])
