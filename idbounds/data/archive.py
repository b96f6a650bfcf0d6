"""The archive of small text sets in the folder named by `IDBOUNDS_DATA`: some of its members, in one pass."""

from __future__ import annotations

import lzma
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from idbounds.errors import DataError

ARCHIVE: Final = "text_small.tar.xz"


def find(what: str) -> Path:
    """The archive.

    Args:
        what: is wanted of it, for the message.

    Returns:
        Its path.

    Raises:
        DataError: If it is not in the folder named by `IDBOUNDS_DATA`.
    """
    path = Path(os.environ.get("IDBOUNDS_DATA") or ".").expanduser() / ARCHIVE
    if not path.is_file():
        raise DataError(f"{what} not found; set IDBOUNDS_DATA to a folder with {ARCHIVE}")
    return path


def members(path: Path, folder: str, names: Iterable[str]) -> dict[str, bytes]:
    """Read members of one folder, from front to back once; nothing is unpacked to disk.

    Args:
        path: of the archive.
        folder: the last part of the folder that holds them.
        names: of the files.

    Returns:
        Content by name, of those that are there.

    Raises:
        DataError: If the archive is damaged.
    """
    wanted, found = set(names), dict[str, bytes]()
    try:
        with tarfile.open(path) as archive:
            for entry in archive:
                place = Path(entry.name)
                if place.parent.name == folder and place.name in wanted and entry.isfile():
                    member = archive.extractfile(entry)
                    assert member is not None
                    found[place.name] = member.read()
                if len(found) == len(wanted):
                    break
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    return found
