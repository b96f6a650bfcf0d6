"""How the command lines beside the package are run."""

from __future__ import annotations

import sys

import click

from idbounds.errors import IdboundsError
from validation.provenance import ROOT


def run(cli: click.Command, name: str) -> None:
    """Run a command line and exit; an error raised on purpose is one line and exit code 2.

    Args:
        cli: the command.
        name: what it is called by, for its help.
    """
    try:
        cli(prog_name=name)
    except IdboundsError as error:
        click.echo(f"error: {str(error).replace(str(ROOT) + '/', '')}", err=True)
        sys.exit(2)
