"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON with full-precision numbers.")


class LateDefault(click.Option):
    """An option whose default is looked up only when it is shown: where it lives is slow to import.

    Args:
        *args: of a click option.
        look_up: finds the default that the job itself will take, by the option's name.
        **options: of a click option.
    """

    def __init__(self, *args: Any, look_up: Callable[[str], Any], **options: Any) -> None:
        """Keep the way to the default."""
        super().__init__(*args, **options)
        self._look_up, self._showing = look_up, False

    def get_default(self, ctx: click.Context, call: bool = True) -> Any:  # noqa: D102 - click's
        return self._look_up(str(self.name)) if getattr(self, "_showing", False) else None

    def get_help_extra(self, ctx: click.Context) -> Any:  # noqa: D102 - click's
        self._showing = True
        try:
            return super().get_help_extra(ctx)
        finally:
            self._showing = False
