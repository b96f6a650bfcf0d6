"""`python -m paper_figures`: build all figures and tables, or those named."""

from __future__ import annotations

from pathlib import Path

import click

from idbounds.errors import InputError
from idbounds.plot import VENUES
from paper_figures.build import build, gallery
from paper_figures.discovery import discover
from validation import commands


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False),
              default=Path("build/figures"), show_default=True, help="Folder.")  # fmt: skip
@click.option(
    "--venue", type=click.Choice(list(VENUES)), default="icml", show_default=True, help="Whose column widths."
)
@click.option("--list", "listed", is_flag=True, help="Name what there is, and stop.")
def cli(names: tuple[str, ...], output: Path, venue: str, listed: bool) -> None:
    """Build the figures and tables NAME, or all: pdf, svg, png or tex, with csv and caption."""
    known = discover()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"nothing is called {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = [known[name] for name in names] or list(known.values())
    for item in chosen:
        if listed:
            click.echo(f"{item.id}: {item.title}")
        else:
            files = build(item, output, venue)
            click.echo(f"{item.id}: {' '.join(path.suffix for path in files)}")
    if not listed:
        click.echo(f"look at them: {gallery(chosen, output)}")


def main() -> None:
    """Run the command line."""
    commands.run(cli, "python -m paper_figures")


if __name__ == "__main__":
    main()
