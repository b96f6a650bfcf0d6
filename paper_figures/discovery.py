"""One file an item, found by itself; and every study with rows and a figure of its own."""

from __future__ import annotations

import importlib
import pkgutil

from idbounds.errors import InputError
from paper_figures import figures
from paper_figures.figure import Item, file_of, of_study
from validation.studies import discover as studies


def discover() -> dict[str, Item]:
    """Every figure and table.

    Returns:
        By id: the modules of `paper_figures/figures/`, then the studies that draw another figure and have
        rows.

    Raises:
        InputError: if a module has no `ITEM` of its name.
    """
    found = {}
    for name in sorted(m.name for m in pkgutil.iter_modules(figures.__path__)):
        item = getattr(importlib.import_module(f"{figures.__name__}.{name}"), "ITEM", None)
        if not isinstance(item, Item) or item.id != name:
            raise InputError(f"paper_figures/figures/{name}.py needs ITEM = Item({name!r}, ...)")
        found[name] = item
    own = (study for study in studies().values() if study.figure is not None and file_of(study.id).exists())
    shown = {item.instead_of for item in found.values()}
    return found | {study.id: of_study(study) for study in own if study.id not in shown}
