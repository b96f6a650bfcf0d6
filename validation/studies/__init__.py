"""One file per question, each with a `STUDY`; a new file is found without being registered anywhere.

Files in the folders named by `IDBOUNDS_STUDIES` (separated as in PATH) are found, too.
"""

from __future__ import annotations

import importlib
import itertools
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

from idbounds.errors import IdboundsError, InputError
from validation.study import Study

VARIABLE = "IDBOUNDS_STUDIES"
_OWN = str(Path(__file__).parent)


def discover(package: ModuleType | None = None) -> dict[str, Study]:
    """Find the studies.

    Args:
        package: Where to look, this package and the folders of `IDBOUNDS_STUDIES` if None. Each module in it
            must have a `STUDY` whose id is the module's name; names that begin with _ are passed over.

    Returns:
        The studies by id, in alphabetical order.

    Raises:
        InputError: If a module has no `STUDY`, one with another id, or cannot be imported; or if two have
            one name.
    """
    package = package or _with_folders()
    # Folder by folder, since iter_modules says nothing of a second file with the same name.
    names = sorted(m.name for place in package.__path__ for m in pkgutil.iter_modules([place]))
    twice = next((a for a, b in itertools.pairwise(names) if a == b), None)
    if twice is not None:
        raise InputError(f"two studies are called {twice}; rename the file and the id of yours")
    return {name: _study(package.__name__, name) for name in names if not name.startswith("_")}


def _with_folders() -> ModuleType:
    """This package, with the folders of the variable at the end of its path."""
    here = sys.modules[__name__]
    folders = [folder for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder]
    absent = next((folder for folder in folders if not Path(folder).is_dir()), None)
    if absent is not None:
        raise InputError(f"{VARIABLE}: {absent} is no folder; name folders that hold studies, or unset it")
    here.__path__ = [_OWN, *folders]
    importlib.invalidate_caches()
    return here


def _study(package: str, name: str) -> Study:
    try:
        study = getattr(importlib.import_module(f"{package}.{name}"), "STUDY", None)
    except IdboundsError as error:
        raise InputError(f"studies/{name}.py: {error}") from error
    except Exception as error:  # a stranger's file may raise anything
        raise InputError(f"studies/{name}.py cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(study, Study) or study.id != name:
        raise InputError(f"studies/{name}.py needs STUDY = Study({name!r}, ...)")
    return study
