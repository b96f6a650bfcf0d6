"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from idbounds.errors import InputError
from idbounds.quantities import Quantity

if TYPE_CHECKING:
    import pandas as pd

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


class Number(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 only
    """A number kept as the text that was typed, so that 0.05 is exactly 1/20.

    Args:
        quantity: what it is, and what is allowed.
    """

    name = "number"

    def __init__(self, quantity: Quantity) -> None:
        """Keep the quantity."""
        self.quantity = quantity

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: D102
        from idbounds.exactly import exact

        text = str(value)
        exponent = re.search(r"[eE][+-]?0*(\d+)\s*$", text)
        if len(text) > 300 or (exponent and int(exponent[1][:9]) > 300):  # exact() would fill the memory
            raise InputError(f"{self.quantity.name} = {text[:40]}: give {self.quantity.allowed}")
        try:
            self.quantity.check(float(exact(text)))
        except OverflowError:
            raise InputError(f"{self.quantity.name} = {text[:40]}: give {self.quantity.allowed}") from None
        return text


def read_table(file: str) -> pd.DataFrame:
    """Read a CSV table that a user gave.

    Args:
        file: its path.

    Returns:
        The table.

    Raises:
        InputError: if it cannot be read as one.
    """
    import pandas as pd

    try:
        return pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{file}: not a readable CSV table ({error}); give one whose columns are quantities"
        ) from None
