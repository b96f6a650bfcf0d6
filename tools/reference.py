"""The reference pages, from the objects: Python names, command line, notation. `make pages` writes them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import click

import idbounds
from idbounds import assumptions
from idbounds.assumptions import Assumption
from idbounds.cli import main as command_line
from idbounds.cli_options import Number
from idbounds.functions import WORDS
from idbounds.pages import table
from idbounds.quantities import FAMILIES, QUANTITIES, Quantity

_NAMES = """\
The name of a quantity is the only vocabulary: for arguments in Python, options on the command line, columns
of tables. Rates are in $[0, 1]$, lengths are bits, divergences nats. Logarithms are natural."""

ROOMS = (
    "codes", "mdl", "projections", "dimension", "finetuning", "compress", "billing", "checkpoints", "data",
    "neighbours", "plot", "catalogue", "combining", "comparing", "divergences", "measures", "models",
    "testing",
)  # fmt: skip
"""Modules with names of their own that a user may want."""

_LETTERS = {
    "kl": ("q", "p"), "kl_inverse": ("q", "c"), "kl_inverse_lower": ("q", "c"),
    "log_choose": ("n", "k"), "log_peak": ("k", "n"), "binomial_tail_inverse": ("k", "n", r"\ln\delta"),
    "phi_inverse": (r"\gamma", "x"),
    "scenario_inverse": ("k", "n", r"\ln\delta"), "minimum_over": ("f(j)", "j", "a", "b"),
    "infimum_over": ("f(x)", "x", "a", "b"),
}  # fmt: skip
"""Arguments of the words on the page of notation, as their meanings name them."""

MADE = "This page is written by `make pages` from the objects themselves."


def api() -> dict[str, str]:
    """The pages of the Python names, by file name."""
    names = [name for name in idbounds.__all__ if not name.startswith("__")]
    listed = "\n".join(f"* {{py:obj}}`idbounds.{name}`: {_first(getattr(idbounds, name))}" for name in names)
    rooms = "\n".join(f"* [idbounds.{room}](api-{room}.md): {_first(_module(room))}" for room in ROOMS)
    tree = "\n".join(["```{toctree}", ":hidden:", "", *(f"api-{room}" for room in ROOMS), "```"])
    objects = "\n\n".join(_directive(name) for name in names)
    top = f"# Python\n\n{MADE}\n\n## From `idbounds` itself\n\n{listed}\n\n## Rooms\n\n{rooms}\n\n{tree}"
    pages = {"api.md": f"{top}\n\n## Every name\n\n```{{eval-rst}}\n{objects}\n```\n"}
    for room in ROOMS:
        body = f".. automodule:: idbounds.{room}\n   :members:"
        pages[f"api-{room}.md"] = f"# idbounds.{room}\n\n```{{eval-rst}}\n{body}\n```\n"
    return pages


def _module(room: str) -> Any:
    return importlib.import_module(f"idbounds.{room}")


def _first(thing: Any) -> str:
    """The first sentence of what it says of itself."""
    if isinstance(thing, (dict, str)) or type(thing).__name__ == "Registry":
        return "every one by its id" if type(thing).__name__ == "Registry" else "every one by its name"
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ").removesuffix(".")


def _directive(name: str) -> str:
    thing = getattr(idbounds, name)
    if inspect.isclass(thing):
        return f".. autoclass:: idbounds.{name}\n   :members:"
    if callable(thing):
        return f".. autofunction:: idbounds.{name}"
    return f".. py:data:: idbounds.{name}\n\n   A mapping: {_first(thing)}."


def commands(
    group: click.Group = command_line, before: str = "idbounds"
) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, in alphabetical order."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def cli() -> str:
    """The page of the command line."""
    parts = ["# The command line", MADE]
    parts += [
        "Every command takes `--help`. A mistake is one line and exit status 2; after Ctrl-C it is 130."
    ]
    for name, command in commands():
        context = click.Context(command, info_name=name)
        usage = " ".join(command.collect_usage_pieces(context))
        parts += [f"## {name}", f"`{name} {usage}`", _prose(command.help or "")]
        options = [p for p in command.params if isinstance(p, click.Option)]
        nouns = [option for option in options if isinstance(option.type, Number)]
        every = len(nouns) == len(QUANTITIES)
        rows = [_option(option, context) for option in options if not (every and option in nouns)]
        parts += [table(("option", "meaning"), rows)] if rows else []
        if every:
            names = ", ".join(f"`{option.opts[0]}`" for option in nouns)
            parts += [f"And one option for each [quantity](notation.md): {names}."]
    return "\n\n".join(parts) + "\n"


def _prose(text: str) -> str:
    """What a help says; a paragraph that click keeps as it is, behind its mark, is an example."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(_example(p[1:]) if p.startswith("\b") else " ".join(p.split()) for p in paragraphs)


def _example(lines: str) -> str:
    return f"<!-- not run -->\n```sh\n{lines.strip()}\n```"


def _option(option: click.Option, context: click.Context) -> tuple[str, str]:
    record = option.get_help_record(context)
    assert record is not None, f"{option.name} is hidden"
    return f"`{record[0]}`", record[1].strip() or "…"


def notation() -> str:
    """The page of symbols: quantities, words, assumptions."""
    parts = ["# Notation", MADE, _NAMES]
    parts.append("## Quantities")
    seen: set[str] = set()
    for family, nouns in FAMILIES.items():
        rows = [
            (f"${q.symbol}$", f"`{q.name}`", q.says, q.unit, _allowed(q)) for q in nouns if q.name not in seen
        ]
        seen |= {q.name for q in nouns}
        if rows:
            title = family.replace("_", " ").capitalize()
            parts += [f"### {title}", table(("symbol", "name", "meaning", "unit", "allowed"), rows)]
    words = [
        (f"`{w.name}`", f"${w.latex.format(*_LETTERS.get(w.name, ('x', 'y')))}$", w.says)
        for w in WORDS.values()
    ]
    parts += ["## Words", "The functions that bounds are made of, beside sums, products, powers and roots."]
    parts += [table(("word", "written", "meaning"), words)]
    taken = [a for a in vars(assumptions).values() if isinstance(a, Assumption)]
    parts += [
        "## Assumptions",
        table(("name", "says", "who vouches"), [(f"`{a.name}`", a.says, a.vouched) for a in taken]),
    ]
    return "\n\n".join(parts) + "\n"


def _allowed(quantity: Quantity) -> str:
    return quantity.allowed + (f"; default {quantity.default}" if quantity.default else "")


def pages() -> dict[str, str]:
    """Every page of the reference by file name."""
    return {**api(), "cli.md": cli(), "notation.md": notation()}
