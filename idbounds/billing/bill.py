"""The bill of a model: how long its weights are under each code of the menu, and the bound that this buys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Final

from idbounds.billing.layers import Layer, blocks, layout_of
from idbounds.billing.layout import Layout
from idbounds.billing.menu import CHOICES, MENU
from idbounds.billing.quantising import SPACING, Rounded, round_tensor
from idbounds.catalogue import bounds
from idbounds.checkpoints import Weights, read_tensors
from idbounds.errors import InputError, MissingExtra
from idbounds.exactly import exact

BOUND: Final = "occam-menu-binomial"
"""The bound that a code buys: all places of the menu are paid for, so the best code may be taken."""

Progress = Callable[[str, int, int], None]
"""Called with the name of a code, how many entries are done, and how many there are."""


@dataclass(frozen=True)
class Line:
    """The weights under one code.

    Attributes:
        code: its name in the menu.
        bits: length of the whole message; None if it cannot be written.
        header: bits of shapes, steps, tables and other parameters.
        payload: bits of the entries.
        by_tensor: bits of each tensor, shapes and steps apart; empty if the code takes all tensors together.
        header_by_tensor: what of them are tables and other parameters.
        bound: upper limit of the error, a decimal string; None without n and errors.
        problem: why there is no message, in words.
    """

    code: str
    bits: int | None = None
    header: int | None = None
    payload: int | None = None
    by_tensor: tuple[int, ...] = ()
    header_by_tensor: tuple[int, ...] = ()
    bound: str | None = None
    problem: str = ""


@dataclass(frozen=True)
class Bill:
    """Lengths of a model's weights, rounded to a grid.

    Attributes:
        tensors: the tensors on their grids.
        layout: bits of shapes and steps, part of every header.
        lines: one for each code.
        case: errors, n and delta, as given; empty without them.
    """

    tensors: tuple[Rounded, ...]
    layout: int
    lines: tuple[Line, ...]
    case: dict[str, int | str]

    @property
    def entries(self) -> int:
        """Number of weights."""
        return sum(prod(tensor.layer.shape) for tensor in self.tensors)

    @property
    def best(self) -> Line:
        """The shortest message; InputError if there is none."""
        written = [line for line in self.lines if line.bits is not None]
        if not written:
            raise InputError(f"no code can write these weights: {self.lines[0].problem}")
        return min(written, key=lambda line: line.bits or 0)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What the message says: `Layers(code)` writes and reads it, and `values` are the rounded weights."""
        return tuple(tensor.layer for tensor in self.tensors)

    def record(self) -> dict[str, Any]:
        """JSON-ready dictionary."""
        return {
            "entries": self.entries, "layout": self.layout, **self.case,
            "bound": BOUND if self.case else None, "choices": CHOICES,
            "tensors": [
                {
                    "name": t.name, "shape": list(t.layer.shape), "step": t.layer.step, "rms": t.rms,
                    "rms_error": t.rms_error, "largest_error": t.largest_error,
                }
                for t in self.tensors
            ],
            "codes": [asdict(line) for line in self.lines],
        }  # fmt: skip


def bill(
    weights: Weights,
    *,
    step: float | None = None,
    spacing: float = SPACING,
    codes: Iterable[str] | None = None,
    progress: Progress | None = None,
    **case: Any,
) -> Bill:
    """The length of weights under each code, and the bound that each buys.

    The weights are rounded to a grid first: code lengths are of integers. Each length is that of a message
    that `Layers(code)` decodes to shapes, steps and integers; names, and what is done with the tensors,
    belong to the architecture, which is taken as fixed beforehand.

    Args:
        weights: A safetensors, npy or npz file, an array, or arrays by name.
        step: Step of the grid for all tensors. By default each has its own: `spacing` standard deviations.
        spacing: See there.
        codes: Names in the menu; by default all. The price of the choice is that of the whole menu.
        progress: Told how far each code is.
        **case: `errors` of the model *with the rounded weights* on `n` examples, and `delta`.

    Returns:
        The bill.

    Raises:
        InputError: If weights, codes or case are not what they should be.
    """
    chosen = list(MENU) if codes is None else list(codes)
    if not chosen or set(chosen) - set(MENU):
        raise InputError(f"codes: {chosen} given; some of {', '.join(MENU)} are allowed")
    known = _checked(case)
    tensors = tuple(round_tensor(t, step=step, spacing=spacing) for t in read_tensors(weights))
    layers = tuple(tensor.layer for tensor in tensors)
    layout = Layout().length(layout_of(layers))
    tell = progress or (lambda name, done, total: None)
    lines = tuple(_line(code, layers, layout, known, tell) for code in chosen)
    return Bill(tensors, layout, lines, known)


def _checked(case: dict[str, Any]) -> dict[str, int | str]:
    """Errors, n and delta, refused before the long work if they are wrong."""
    known = {name: value for name, value in case.items() if value is not None}
    if set(known) - {"errors", "n", "delta"} or set(known) == {"delta"}:
        raise InputError(f"{', '.join(known)} given; n and errors, and delta if it is not 0.05, are allowed")
    if not known:
        return {}
    bounds[BOUND](code_bits=1, choices=CHOICES, **known)
    return {k: str(v) if k == "delta" else int(exact(v)) for k, v in known.items()}


def _line(
    code: str, layers: tuple[Layer, ...], layout: int, case: dict[str, int | str], tell: Progress
) -> Line:
    """The weights under one code, block by block; the sum is the length of the whole message."""
    entry, done = MENU[code], 0
    by_tensor, headers = [0] * len(layers), [0] * len(layers)
    total = sum(layer.symbols.size for layer in layers)
    try:
        for index, block in blocks(layers, together=entry.together):
            tell(code, done, total)
            bits = entry.codec(block.size).length(block)
            headers[index] += entry.header(block, bits)
            by_tensor[index] += bits
            done += block.size
    except (InputError, MissingExtra) as error:
        tell(code, total, total)
        return Line(code, problem=str(error))
    tell(code, total, total)
    bits, header = layout + sum(by_tensor), layout + sum(headers)
    bound = bounds[BOUND].upper(code_bits=bits, choices=CHOICES, **case) if case else None
    shares = ((), ()) if entry.together else (tuple(by_tensor), tuple(headers))
    return Line(code, bits, header, bits - header, *shares, bound)
