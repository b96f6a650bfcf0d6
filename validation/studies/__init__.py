"""One file per question, each with a `STUDY`; a new file is found without being registered anywhere."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType

from idbounds.errors import InputError
from validation.study import Study


def discover(package: ModuleType | None = None) -> dict[str, Study]:
    """Find the studies.

    Args:
        package: Where to look, this package if None. Each module in it must have a `STUDY` whose id is the
            module's name.

    Returns:
        The studies by id, in alphabetical order.

    Raises:
        InputError: If a module has no `STUDY`, or one with another id.
    """
    package = package or sys.modules[__name__]
    found = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        study = getattr(importlib.import_module(f"{package.__name__}.{name}"), "STUDY", None)
        if not isinstance(study, Study) or study.id != name:
            raise InputError(f"studies/{name}.py needs STUDY = Study({name!r}, ...)")
        found[name] = study
    return found
