"""`idbounds explore`: the page in which bounds are moved, raced and read."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False), default="idbounds-explorer.html", show_default=True,
    help="HTML file; it needs no other file and no network.",
)  # fmt: skip
@click.option(
    "--panel", default="sentence", show_default=True, help="sentence, race, budget, coins, codes or knob."
)
@click.option("--no-open", is_flag=True, help="Write the file and do not open it in a browser.")
def explore(output: str, panel: str, no_open: bool) -> None:
    """Write one HTML page to explore the bounds in, and open it.

    \b
    idbounds explore                     every bound as a sentence whose symbols can be dragged
    idbounds explore --panel race        which bound is smallest where
    """  # noqa: D301 - click wants the control character
    import webbrowser
    from pathlib import Path

    from idbounds.explorer import write

    address = write(output, panel)
    click.echo(f"{output} written ({Path(output).stat().st_size / 1000:.0f} kB)")
    if no_open or not webbrowser.open(address):
        click.echo(f"open it in a browser: {address}")
