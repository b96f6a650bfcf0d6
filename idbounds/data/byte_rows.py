"""Texts as rows of bytes: the King James Bible, one text, and IMDB film reviews, many documents.

An example is a row of bytes, read from its first to its last; a byte's context is what stands before it in
its row. Bytes need no tokenizer, so that none has to be paid for.
"""

from __future__ import annotations

import json
import lzma
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from idbounds.data import imdb, tool
from idbounds.data.debian import downloaded
from idbounds.data.model import Arrays, Card, Dataset, Digests, Form, Say, Source, digests
from idbounds.errors import DataError, InputError
from idbounds.text_units import BYTES

DOCUMENT, LINE = 256, 128
"""Bytes of a row: of a review, its first so many; of the Bible, whatever comes next."""

BIBLE = "kjv.txt"
PACKAGES = ("bible-kjv", "bible-kjv-text")
VERSES, OLD = 31_102, 23_145
"""Verses in all, and in the Old Testament."""


def rows(text: bytes, length: int) -> npt.NDArray[np.uint8]:
    """Cut a text into rows.

    Args:
        text: of at least `length` bytes; what is left over at its end is dropped.
        length: of a row.

    Returns:
        uint8, (rows, length).
    """
    whole = len(text) // length
    return np.frombuffer(text[: whole * length], dtype=np.uint8).reshape(whole, length).copy()


def own_text(
    train: bytes | Sequence[bytes],
    test: bytes | Sequence[bytes],
    *,
    name: str = "own text",
    length: int = LINE,
) -> Dataset:
    """Make a data set of a text, or of documents, of your own.

    Args:
        train: The text, or the documents, each an independent draw.
        test: Another text or other documents, for comparison only.
        name: Of the data set, in messages and certificates.
        length: Bytes of a row; of a document its first so many are taken, and shorter ones are left out.

    Returns:
        A data set of that form for `certify_text`; what is left over at the end of a text is dropped.

    Raises:
        InputError: If a part does not fill a row, or one is a text and the other documents.
    """
    form: Form = "text" if isinstance(train, bytes) else "documents"
    if isinstance(test, bytes) != isinstance(train, bytes) or length < 2:
        raise InputError(
            f"length = {length}, train is {type(train).__name__}, test is {type(test).__name__}: give rows "
            "of at least 2 bytes, and two texts (bytes) or two sequences of documents"
        )
    parts = []
    for part in (train, test):
        long = [part] if isinstance(part, bytes) else [one[:length] for one in part if len(one) >= length]
        parts.append(rows(b"".join(long), length))
        if not len(parts[-1]):
            raise InputError(f"{name}: no row of {length} bytes; give more text or a smaller length")
    labels = [np.zeros(len(part), dtype=np.int64) for part in parts]
    arrays = Arrays(parts[0], labels[0], parts[1], labels[1])
    counts = (len(parts[0]),), (len(parts[1]),)
    card = Card(name, "the user", "not stated", "not stated", "not counted", (), *counts)
    return Dataset(name, *arrays, 1, BYTES, card, *digests(arrays), "the user", form)


def read_bible(path: Path) -> Arrays:
    """Read the Bible, a verse a line, as the program `bible` of the Debian package prints it.

    Args:
        path: of the file; each line is a reference such as Ge1:1, a space and the verse.

    Returns:
        The arrays, not yet checked: the Old Testament, then the New; references dropped, labels 0.

    Raises:
        DataError: If the file does not hold the verses.
    """
    try:
        lines = path.read_bytes().splitlines()
        verses = [line.split(b" ", 1)[1] + b"\n" for line in lines]
    except (OSError, IndexError) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    if len(verses) != VERSES:
        raise DataError(f"{path.name} has {len(verses)} lines; the Bible has {VERSES} verses, one a line")
    parts = [rows(b"".join(part), LINE) for part in (verses[:OLD], verses[OLD:])]
    labels = [np.zeros(len(part), dtype=np.int64) for part in parts]
    return Arrays(parts[0], labels[0], parts[1], labels[1])


def fetch_bible(say: Say) -> Arrays:
    """Download the two Debian packages and let the program in one print the text in the other.

    Args:
        say: Told of each slow step.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If apt-get, dpkg-deb or the program is absent or fails.
    """  # noqa: DOC502 - raised further down
    say(f"apt-get download {' '.join(PACKAGES)}: 2.5 MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        folder = Path(name)
        usr = downloaded(PACKAGES, folder, say) / "usr"
        arguments = [str(usr / "bin/bible"), "-p", f"{usr}/lib/", "-f", "Gen1:1-Rev22:21"]
        (folder / BIBLE).write_text(tool.run("bible", arguments, folder, 120), encoding="utf-8")
        return read_bible(folder / BIBLE)


def read_reviews(path: Path) -> Arrays:
    """Read the two files of film reviews.

    Args:
        path: that of the training part; the test part lies beside it.

    Returns:
        The arrays, not yet checked: of each review of at least `DOCUMENT` bytes the first so many; labels
        are its sentiment.
    """
    return Arrays(*_reviews(path), *_reviews(path.with_name(imdb.TEST)))


def _reviews(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    begun, labels = [], []
    try:
        with lzma.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                label, _, text = json.loads(line)
                written = text.encode()
                if len(written) >= DOCUMENT:
                    begun.append(written[:DOCUMENT])
                    labels.append(label)
        return rows(b"".join(begun), DOCUMENT), np.array(labels, dtype=np.int64)
    except (OSError, ValueError, TypeError, AttributeError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error


BIBLE_SOURCE = Source(
    name="kjv",
    rank=-1,
    form="text",
    card=Card(
        title="The King James Bible, byte by byte: the Old Testament, and the New for comparison",
        source=f"the Debian packages {' and '.join(PACKAGES)}, or {BIBLE} as `bible` prints it",
        licence="the text is in the public domain outside the United Kingdom; the program is under the GPL",
        sampling=(
            "One text, in its own order: no sample. Verses depend on each other; the New Testament is "
            "another text. A row is the next 128 bytes, whatever they are; references of the verses are left "
            "out."
        ),
        duplicates="no two examples are identical within or between the parts (counted as rows)",
        caveats=(
            "A bound is about the average conditional risk along this very text, and promises nothing about "
            "any other.",
            "Widely copied, so that pretrained language models have most likely seen it.",
        ),
        train_counts=(24_909,),
        test_counts=(7417,),
    ),
    digests=Digests(
        "fde32d2c4ef8547b094479a84ee8427e234cb7e973fb903486607733e8936afb",
        "77bf930d7791584ef759468cd9f6100924dcd6a5bb308d72006a5d7036d81409",
        "e65a2618bf7f2d09aba2f65e6373c99f210823e6447354d505cd0f961c1a4910",
    ),
    remedy=(
        f"install the Debian packages {' and '.join(PACKAGES)} and set IDBOUNDS_DATA to a folder with what "
        f"bible -f 'Gen1:1-Rev22:21' prints as {BIBLE}"
    ),
    packed=BIBLE,
    unpack=read_bible,
    fetch=fetch_bible,
)

REVIEWS_SOURCE = Source(
    name="imdb-documents",
    rank=-1,
    form="documents",
    card=Card(
        title="IMDB film reviews (Maas et al. 2011), the first 256 bytes of each",
        source=imdb.SOURCE.card.source,
        licence=imdb.SOURCE.card.licence,
        sampling=(
            "Reviews of at most 30 for one film, polar ones alone; no film is in both parts. Reviews of one "
            "film are dependent, so that independent documents are an idealisation. Reviews of less than 256 "
            "bytes (408 of 25,000) are left out: a bound is about the first 256 bytes of longer ones."
        ),
        duplicates=(
            "102 of 24,592 training examples and 209 of 24,537 test examples repeat another of their part, "
            "and 124 test examples are also in the training part"
        ),
        caveats=(
            "Marks such as <br /> are part of the text.",
            "Used so widely that pretrained language models have most likely seen it.",
        ),
        train_counts=(12_327, 12_265),
        test_counts=(12_286, 12_251),
    ),
    digests=Digests(
        "4645c672027e02a0ec44cf750be5855fb732c4d5fb74946c61f4c7c31a936222",
        "c9ac2a75c8957a5a5a2b3d2ebe0012c6b1109c2afe9c31b56e562609d7a5795b",
        "2ca106d0ca77b67ad7bc1610897ecb9aed18095aa74ab34b0ef412dd24b713da",
    ),
    remedy=imdb.SOURCE.remedy,
    packed=imdb.FILE,
    beside=(imdb.TEST,),
    unpack=read_reviews,
)
