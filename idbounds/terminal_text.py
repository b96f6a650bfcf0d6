"""What `certify` shows of a language model."""

from __future__ import annotations

import shlex
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from idbounds import data
from idbounds.catalogue import bounds
from idbounds.certifying_text import CertifiedText
from idbounds.exactly import places_up

UNIFORM = 8.0
"""Bits a byte of a uniform guess among the 256."""

_COPIED = (
    "bound", "bound_id", "delta", "form", "loss", "error", "n", "drawn", "test_loss", "test_error", "test_n",
    "claim", "code_bits", "ideal_bits", "parts", "seconds", "dataset", "dataset_sha256", "decoder", "model",
    "device",
)  # fmt: skip


def record(result: CertifiedText) -> dict[str, Any]:
    """JSON-ready figures of a certificate."""
    found = {"path": str(result.path), **{name: getattr(result, name) for name in _COPIED}}
    return {**found, "bounds": [e.record() for e in result.evaluations]}


def show(result: CertifiedText) -> None:
    """Print the tables of a certificate, and what it takes for granted.

    Args:
        result: its figures.
    """
    console = Console(highlight=False, markup=False, soft_wrap=True)
    text = result.form == "text"
    read = f"all {result.n:,} bytes" if text else f"{result.drawn:,} of {result.n:,} documents"
    other = f"{result.test_n:,} {'bytes of the other text' if text else 'test documents'}"
    losses = Table("", "bits a byte", box=box.SIMPLE_HEAD, pad_edge=False)
    losses.add_row("uniform guess", f"{UNIFORM:.4f}")
    losses.add_row("training loss", f"{result.loss:.4f}  ({read})")
    losses.add_row("test loss", f"{result.test_loss:.4f}  ({other}{'; nothing is promised' if text else ''})")
    rates = Table("", "share of the bytes", box=box.SIMPLE_HEAD, pad_edge=False)
    if result.error is not None:
        rates.add_row("not the likeliest", f"{result.error:.4f}  ({read})")
    for e in result.evaluations:
        mine = e.id == result.bound_id
        note = "  vacuous" if e.vacuous else ""
        mark = "  <- the certificate, named beforehand" if mine else ""
        table = losses if bounds[e.id].unit == "bits" else rates
        table.add_row(e.id, f"{places_up(e.upper, 4)}{note}{mark}", style="bold" if mine else None)
    console.print(
        f"{result.dataset}: {result.model['architecture']}, {result.model['parameters']:,} weights, decoder "
        f"{result.decoder}, alpha = 2^-{result.claim['smoothing']}, delta = {result.delta} (each bound holds "
        "singly)"
    )
    console.print(losses)
    if rates.rows:
        console.print(rates)
    bits = Table("part of the message", "bits", box=box.SIMPLE_HEAD, pad_edge=False)
    bits.columns[1].justify = "right"
    for name, count in result.parts.items():
        bits.add_row(name, f"{count:,}")
    bits.add_row("message", f"{result.code_bits:,}", style="bold")
    console.print(bits)
    for assumption in bounds[result.bound_id].assumes:
        console.print(f"assumes ({assumption.vouched}): {assumption.says}")
    if result.dataset in data.names():
        console.print(f"how the data were drawn: {data.card(result.dataset).sampling}")
    path = shlex.quote(str(result.path))
    console.print(f"{path} written in {result.seconds:.0f} s; replay it: idbounds verify {path}")
