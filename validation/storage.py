"""Bytes on disk that survive a stop at any moment: appended lines, whole files, one runner at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from idbounds.errors import IdboundsError


class ResultsError(IdboundsError, ValueError):
    """A results file that cannot be read or written."""


def _append_bytes(handle: int, data: bytes) -> int:
    """Write once; a torn last line, left by a killed writer, is closed first. Returns the bytes missing."""
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        data = b"\n" + data
    written = os.write(handle, data)
    os.fsync(handle)
    return len(data) - written


def append(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Append the rows of one point: all of them in one write, on disk when this returns.

    Args:
        path: The file; it and its folder are made if absent.
        rows: JSON objects, one line each.

    Raises:
        ResultsError: If the disk took only a part of them.
    """
    # ASCII, so that a line cut anywhere still decodes and a lone surrogate in a message cannot stop a run.
    data = "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode("ascii")
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        # The lock goes with the process that holds it, so a killed writer blocks nobody.
        fcntl.flock(handle, fcntl.LOCK_EX)
        missing = _append_bytes(handle, data)
    finally:
        os.close(handle)
    if missing:
        raise ResultsError(f"{path}: {missing} of {len(data)} bytes were not written; is the disk full?")
    if new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable too, not only its bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new one, never a part.

    Args:
        path: The file to make or replace; its folder is made if absent.
        text: What it is to hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        Path(temporary).chmod(0o644)  # mkstemp makes it private; results are for everyone
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def only_runner(folder: Path) -> Iterator[None]:
    """Keep a second run of the same study out, which would measure the same points again.

    Args:
        folder: The study's results folder; made if absent. The lock is on the folder itself, leaves no file
            and goes with the process.

    Yields:
        Nothing.

    Raises:
        ResultsError: If another run is under way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        if not _locked(handle):
            raise ResultsError(f"{folder}: another run of this study is under way; wait for it or stop it")
        yield
    finally:
        os.close(handle)
