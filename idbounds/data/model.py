"""What a data set is here: four arrays, a card that says where they come from, and a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from idbounds.errors import InputError

if TYPE_CHECKING:
    from hashlib import _Hash

Form = Literal["examples", "documents", "text"]
"""What the rows of a data set are: labelled examples, independent documents, or one text that they cut up."""

Say = Callable[[str], None]
"""Receives one line for each slow step (a download); the command line passes its printer."""


class Arrays(NamedTuple):
    """The raw content of a data set: images or other features as uint8, labels as int64."""

    train_x: npt.NDArray[np.uint8]
    train_y: npt.NDArray[np.int64]
    test_x: npt.NDArray[np.uint8]
    test_y: npt.NDArray[np.int64]


class Digests(NamedTuple):
    """SHA-256 of everything, of the training part and of the test part, in hexadecimal."""

    both: str
    train: str
    test: str


@dataclass(frozen=True)
class Card:
    """What a reader must know before believing a bound measured on the data set.

    Attributes:
        title: The data set's full name.
        source: Where the files come from.
        licence: The licence as far as it is stated.
        sampling: How the sample was drawn; a bound assumes independent draws from one distribution.
        duplicates: Exact duplicates within and between the parts.
        caveats: Further reasons for care.
        train_counts: Number of training examples of each class.
        test_counts: Number of test examples of each class.
    """

    title: str
    source: str
    licence: str
    sampling: str
    duplicates: str
    caveats: tuple[str, ...]
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set whose arrays have been checked against frozen digests.

    Attributes:
        name: Its name, as given to `idbounds.data.load`.
        train_x: Training examples, uint8: images, n x height x width or n x channels x height x width, or
            other features, n x d.
        train_y: Training labels, int64.
        test_x: Test examples, uint8.
        test_y: Test labels, int64.
        classes: Number of classes; labels are 0 to classes - 1.
        levels: Number of levels of the format (256 greys; 17 for the small digits; 2 for presence): no sample
            statistic.
        card: Source, licence, sampling and caveats.
        sha256: Digest of all four arrays; `digests` defines it.
        train_sha256: Digest of the training part alone.
        test_sha256: Digest of the test part alone.
        origin: Where this copy was found ("the cache", a folder); for messages only.
        form: What its rows are; the labels of documents and of a text are not used.
    """

    name: str
    train_x: npt.NDArray[np.uint8]
    train_y: npt.NDArray[np.int64]
    test_x: npt.NDArray[np.uint8]
    test_y: npt.NDArray[np.int64]
    classes: int
    levels: int
    card: Card
    sha256: str
    train_sha256: str
    test_sha256: str
    origin: str = ""
    form: Form = "examples"

    @property
    def majority_error(self) -> float:
        """Share of training examples outside the commonest class: what always naming it would cost."""
        return 1 - max(self.card.train_counts) / len(self.train_y)

    def examples(self) -> Dataset:
        """The data set, for those who learn labels.

        Returns:
            The same.

        Raises:
            InputError: If its rows are documents or a text, whose labels say nothing.
        """
        if self.form != "examples":
            raise InputError(
                f"data set {self.name!r} holds {self.form}, for language models: use certify_text, or give "
                "labelled examples"
            )
        return self


@dataclass(frozen=True)
class Source:
    """How one data set is found; places are tried in the order of the fields below.

    Attributes:
        name: The data set's name.
        card: Its card.
        digests: The digests its arrays must have.
        remedy: What a user can do when it is nowhere to be found.
        bundled: Reads the copy inside the package, if there is one.
        user_subfolders: Folders below `IDBOUNDS_DATA` that may hold the four idx files.
        packed: Name of one file in `IDBOUNDS_DATA` that holds the whole, or "".
        beside: Names of further files that must lie beside it.
        unpack: Reads that file; its arrays are not yet checked.
        system_folders: Folders outside it that may hold them (installed packages).
        fetch: Downloads the arrays; raises DataError with the reason when it cannot.
        rank: Position in the order of fall-backs; -1 for a data set that no other falls back to.
        levels: Number of grey levels of the format.
        form: What the rows are.
    """

    name: str
    card: Card
    digests: Digests
    remedy: str
    rank: int
    bundled: Callable[[], Arrays] | None = None
    user_subfolders: tuple[str, ...] = ()
    packed: str = ""
    beside: tuple[str, ...] = ()
    unpack: Callable[[Path], Arrays] | None = None
    system_folders: tuple[Path, ...] = ()
    fetch: Callable[[Say], Arrays] | None = field(default=None)
    levels: int = 256
    form: Form = "examples"


def _add(digest: _Hash, array: npt.NDArray[np.generic], dtype: str) -> None:
    shape = "x".join(str(size) for size in array.shape)
    digest.update(f"{dtype} {shape}\n".encode("ascii"))
    # Labels are hashed as little-endian on every machine, so the digest is the same everywhere.
    digest.update(np.ascontiguousarray(array, dtype=dtype).data)


def digests(arrays: Arrays) -> Digests:
    """Digest the canonical raw arrays.

    Each array contributes the ASCII line `<dtype> <shape joined by x>` and a newline, for example
    `|u1 60000x28x28`, then its bytes in C order; dtypes are `|u1` for images and `<i8` for labels. The
    training digest covers train_x then train_y, the test digest test_x then test_y, and the digest of both
    covers all four in that order.

    Args:
        arrays: The four arrays.

    Returns:
        The three digests in hexadecimal.
    """
    train, test = hashlib.sha256(), hashlib.sha256()
    _add(train, arrays.train_x, "|u1")
    _add(train, arrays.train_y, "<i8")
    both = train.copy()
    for digest in (both, test):
        _add(digest, arrays.test_x, "|u1")
        _add(digest, arrays.test_y, "<i8")
    return Digests(both.hexdigest(), train.hexdigest(), test.hexdigest())
