"""`idbounds plot KIND TABLE`: draw a user's own table; reading its options loads no matplotlib."""

from __future__ import annotations

from pathlib import Path

import click

from idbounds.cli_options import read_table
from idbounds.errors import InputError

SUFFIXES = (".pdf", ".svg", ".png")


@click.command()
@click.argument("kind", required=False)
@click.argument("table", type=click.Path(dir_okay=False), required=False)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="File, as in map.pdf; without suffix "
              ".svg and .png [default: the table's name].")  # fmt: skip
@click.option("--over", "size", help="Of kind bound: d, code_bits or n [default: what varies].")
@click.option("--width", type=click.FloatRange(1.5, 12), default=3.5, show_default=True, help="Inches.")
def plot(kind: str | None, table: str | None, output: str | None, size: str | None, width: float) -> None:
    """Draw a CSV TABLE as a figure of KIND; without arguments, list the kinds and the columns they take.

    \b
    idbounds plot bound runs.csv --over d
    idbounds plot race runs.csv -o race.pdf
    """  # noqa: D301, DOC501 - click wants the control character, and shows this text
    from idbounds.plot import KINDS, drawn, save

    if kind is None:
        for one in KINDS.values():
            needs = ", ".join(one.needs) + (f" and one of {', '.join(one.one_of)}" if one.one_of else "")
            click.echo(
                f"{one.name}: {one.says}\n    needs {needs}; may have {', '.join(one.may) or 'no more'}"
            )
        return
    if table is None:
        raise InputError(f"plot {kind}: no table given; give a CSV file, as in idbounds plot {kind} runs.csv")
    path = Path(output or table)
    if output and path.suffix and path.suffix not in SUFFIXES:
        raise InputError(
            f"{output}: figures are written as {', '.join(SUFFIXES)}; give one of these, or no suffix"
        )
    figure = drawn(kind, read_table(table), width, **({"size": size} if size else {}))
    suffixes = (path.suffix,) if output and path.suffix else (".svg", ".png")
    try:
        files = save(figure, path, suffixes)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}); give another file") from None
    click.echo("wrote " + ", ".join(str(file) for file in files))
