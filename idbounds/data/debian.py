"""Debian packages as a source of data: downloaded and unpacked, not installed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from idbounds.data import tool
from idbounds.data.model import Say
from idbounds.errors import DataError

_LISTS_AT_FAULT = ("Unable to locate", "no candidate", "No packages found", "404")


def _download(packages: Sequence[str], folder: Path) -> None:
    arguments = ["apt-get", "download", "-o", "Acquire::http::Timeout=20", *packages]
    tool.run("apt-get download", arguments, folder, 300)


def _download_with_lists(packages: Sequence[str], folder: Path, say: Say) -> None:
    try:
        _download(packages, folder)
    except DataError as error:
        # A fresh container has no package lists, an old one stale ones; only root may fetch them.
        if not any(sign in str(error) for sign in _LISTS_AT_FAULT) or os.geteuid() != 0:
            raise
        say("apt-get update: fetching the package lists")
        tool.run("apt-get update", ["apt-get", "update", "-o", "Acquire::http::Timeout=20"], folder, 180)
        _download(packages, folder)


def downloaded(packages: Sequence[str], folder: Path, say: Say) -> Path:
    """Download packages and unpack them.

    Args:
        packages: Their names.
        folder: An empty folder to work in.
        say: Told of each slow step.

    Returns:
        The folder below `folder` that stands for the root of the file system.

    Raises:
        DataError: If apt-get or dpkg-deb is absent or fails.
    """
    _download_with_lists(packages, folder, say)
    files = sorted(folder.glob("*.deb"))
    if len(files) != len(packages):
        raise DataError(f"apt-get download {' '.join(packages)} left {len(files)} packages")
    for package in files:
        tool.run("dpkg-deb", ["dpkg-deb", "-x", package.name, "x"], folder, 120)
    return folder / "x"
