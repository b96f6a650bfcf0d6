"""MRPC, pairs of sentences from the news, from an archive in the folder named by `IDBOUNDS_DATA`.

Of the archive two members are read, `mrpc/msr_paraphrase_train.txt` and `_test.txt`: tables with a byte-order
mark, a header, and tabs between the columns; a quotation mark is a character like any other.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from idbounds.data.archive import ARCHIVE, find, members
from idbounds.data.model import Card
from idbounds.errors import DataError

MEMBERS: Final = {
    "msr_paraphrase_train.txt": "61a88818ec384d8465297dda1883b469f1b22d442ab90183d13e06233b180591",
    "msr_paraphrase_test.txt": "0360d0d3427a0ae14882e2b3a799df0fab6cb5203d5e8ee481949283da62acb6",
}
"""SHA-256 of each."""
HEADER: Final = ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"]


class Pairs(NamedTuple):
    """A part of the data as it was written.

    Attributes:
        first: a sentence of each pair.
        second: the other.
        labels: int64, one a pair: 1 where two judges of three found that both say the same.
    """

    first: list[str]
    second: list[str]
    labels: npt.NDArray[np.int64]


CARD: Final = Card(
    title="MRPC, the Microsoft Research Paraphrase Corpus (Dolan and Brockett 2005), whole",
    source=f"wasiahmad/paraphrase_identification at commit 88b208d, {' and '.join(MEMBERS)}, in {ARCHIVE}",
    licence="MSR-SSLA: copying and distributing for non-commercial use, under the same licence",
    sampling=(
        "Pairs of sentences out of clusters of news articles on the web, chosen by rules and by a "
        "classifier, so that both kinds are alike: no random pairs. Pairs from one cluster are dependent."
    ),
    duplicates=(
        "no pair occurs twice in a part or in both; 613 of 4,076 training pairs share a sentence with "
        "another training pair, 267 of 1,725 test pairs with a training pair (counted)"
    ),
    caveats=(
        "Two thirds of the pairs are paraphrases: always saying so gets 66.5% of the test part right.",
        "The GLUE benchmark splits the 4,076 training pairs again; these are the authors' parts.",
    ),
    train_counts=(1323, 2753),
    test_counts=(578, 1147),
)


def load_pairs() -> tuple[Pairs, Pairs]:
    """The pairs themselves, for models that read words.

    Returns:
        Training part (4,076) and test part (1,725).

    Raises:
        DataError: If the archive is not in the folder named by `IDBOUNDS_DATA`, or damaged.
    """  # noqa: DOC502 - raised by find and read
    return read(find("the pairs of MRPC were"))


def read(path: Path) -> tuple[Pairs, Pairs]:
    """Read the two members.

    Args:
        path: of the archive.

    Returns:
        Training and test part.

    Raises:
        DataError: If it is damaged or holds something else.
    """
    found = members(path, "mrpc", MEMBERS)
    for name, known in MEMBERS.items():
        if name not in found:
            raise DataError(f"{path.name} holds no mrpc/{name}: get the archive anew")
        if hashlib.sha256(found[name]).hexdigest() != known:
            raise DataError(
                f"{path.name}: mrpc/{name} is not the file whose hash this package knows; refused"
            )
    train, test = (pairs_of(found[name]) for name in MEMBERS)
    return train, test


def pairs_of(content: bytes) -> Pairs:
    """Read a table.

    Args:
        content: of the file.

    Returns:
        Its pairs.

    Raises:
        DataError: If it has other columns, or another label than 0 and 1.
    """
    # Not the csv module: no quotation mark in here opens anything.
    lines = [
        line.rstrip("\r").split("\t") for line in content.decode("utf-8-sig").split("\n") if line.strip()
    ]
    if not lines or lines[0] != HEADER:
        raise DataError(f"a table with the columns {', '.join(HEADER)} was expected")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(HEADER) or line[0] not in ("0", "1"):
            raise DataError(f"line {number}: not 0 or 1, two numbers and two sentences")
    labels = np.array([int(line[0]) for line in lines[1:]], dtype=np.int64)
    return Pairs([line[3] for line in lines[1:]], [line[4] for line in lines[1:]], labels)
