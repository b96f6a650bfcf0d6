"""Long jobs that Ctrl-C may stop at any moment, and the checkpoint from which they go on as if it had not."""

from __future__ import annotations

import io
import signal
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from idbounds.certificate import write_whole
from idbounds.errors import InputError

BAD_FILE = (
    ValueError,
    KeyError,
    OSError,
    EOFError,
    AttributeError,
    TypeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a file that is no checkpoint may raise."""


class Interrupted(Exception):  # noqa: N818 - not an error: the user pressed Ctrl-C and a checkpoint was kept
    """Training was stopped by the user; `checkpoint` is where it goes on."""

    def __init__(self, checkpoint: Path, step: int) -> None:
        """Keep where and when."""
        super().__init__(f"stopped at step {step}; the checkpoint is {checkpoint}")
        self.checkpoint, self.step = checkpoint, step


@contextmanager
def held_interrupts() -> Iterator[list[int]]:
    """Hold Ctrl-C back, so that no step is left half done; the list fills when it was pressed."""
    pressed: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pressed  # no Ctrl-C reaches this thread, or somebody else takes care of it
        return
    signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def undivided() -> Iterator[None]:
    """Do a short piece of work to its end and only then obey Ctrl-C.

    For work that compiles: Python drops a KeyboardInterrupt that is raised in a callback of the compiler.

    Raises:
        KeyboardInterrupt: at the end, when Ctrl-C was pressed meanwhile.
    """
    with held_interrupts() as pressed:
        yield
    if pressed:
        raise KeyboardInterrupt


def save(path: Path, identity: str, arrays: Mapping[str, Any]) -> None:
    """Write a checkpoint, all or nothing.

    Args:
        path: the file.
        identity: of the run: data, model and settings.
        arrays: numbers and numpy arrays by name.
    """
    buffer = io.BytesIO()
    np.savez(buffer, identity=np.array(identity), **arrays)
    write_whole(path, buffer.getvalue())


def load(path: Path, identity: str, needs: Sequence[str]) -> dict[str, Any]:
    """Read a checkpoint.

    Args:
        path: a file that `save` wrote.
        identity: of the run that goes on.
        needs: names of arrays that must be there.

    Returns:
        Arrays by name.

    Raises:
        InputError: when there is none, or it belongs to another run.
    """
    if not path.is_file():
        raise InputError(f"{path}: no checkpoint there; start without --resume")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, Any] = {k: file[k] for k in file.files}
        found = str(arrays.pop("identity"))
        arrays |= {name: arrays[name] for name in needs}  # a KeyError where one is missing
    except BAD_FILE as error:
        raise InputError(f"{path}: not a checkpoint ({error}); start without --resume") from None
    if found != identity:
        raise InputError(
            f"{path} is of a run with other settings or data; give those, or start without --resume"
        )
    return arrays
