"""Run an outside program (apt-get, dpkg-deb, pip) and turn each way it can fail into one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from idbounds.errors import DataError


def _last_line(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    # Both apt and pip mark the line that says why.
    marked = [line for line in lines if line.startswith(("E: ", "ERROR: ", "dpkg-deb: error"))]
    return (marked or lines or ["no message"])[-1][:200]


def run(what: str, arguments: list[str], cwd: Path, seconds: float) -> str:
    """Run a program to its end, quietly.

    Args:
        what: Its name in messages.
        arguments: The program and its arguments; no shell reads them.
        cwd: The folder to run it in.
        seconds: How long it may take.

    Returns:
        What it wrote to its standard output.

    Raises:
        DataError: If it is not installed, takes too long, or fails; one line with its own reason.
    """
    try:
        done = subprocess.run(  # noqa: S603  (argument lists fixed in this package)
            arguments,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise DataError(f"{what}: {arguments[0]} is not on this machine") from error
    except OSError as error:
        raise DataError(f"{what} could not be started ({error})") from error
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{what} took more than {seconds:.0f} s") from error
    if done.returncode != 0:
        raise DataError(f"{what} failed: {_last_line(done.stderr or done.stdout)}")
    return done.stdout
