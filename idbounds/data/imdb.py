"""IMDB film reviews as hashed words, from two files in the folder named by `IDBOUNDS_DATA`.

The files are `imdb_train.jsonl.xz` and `imdb_test.jsonl.xz`: one JSON list a line, [label, id, text]. An
example is the set of its words: a word is a run of letters a to z and apostrophes of the lower-cased text,
less marks such as <br />, and falls into the bucket that the first four bytes of its BLAKE2b digest name.
Nothing about the sample enters the features.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from idbounds.data.model import Arrays, Card, Digests, Source
from idbounds.errors import DataError

FILE, TEST = "imdb_train.jsonl.xz", "imdb_test.jsonl.xz"
BUCKETS = 2048
_MARK, _WORD = re.compile(r"<[^>]*>"), re.compile(r"[a-z']+")


@lru_cache(maxsize=1 << 20)
def bucket(word: str) -> int:
    """Where a word falls.

    Args:
        word: lower-cased.

    Returns:
        Integer from 0 below `BUCKETS`.
    """
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little") % BUCKETS


def features(text: str) -> npt.NDArray[np.uint8]:
    """Which buckets the words of a text fall into.

    Args:
        text: any.

    Returns:
        0 or 1, shape (BUCKETS,).
    """
    made = np.zeros(BUCKETS, dtype=np.uint8)
    made[[bucket(word) for word in set(_WORD.findall(_MARK.sub(" ", text.lower())))]] = 1
    return made


def read(path: Path) -> Arrays:
    """Read the two files.

    Args:
        path: that of the training part; the test part lies beside it.

    Returns:
        The arrays, not yet checked.
    """
    return Arrays(*_part(path), *_part(path.with_name(TEST)))


def _part(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    rows, labels = [], []
    try:
        with lzma.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                label, _, text = json.loads(line)
                rows.append(features(text))
                labels.append(label)
        return np.stack(rows), np.array(labels, dtype=np.int64)
    except (OSError, ValueError, TypeError, AttributeError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error


SOURCE = Source(
    name="imdb",
    rank=-1,
    levels=2,
    card=Card(
        title="IMDB film reviews (Maas et al. 2011), which of 2,048 hash buckets the words of each fall into",
        source=f"the labelled reviews of the authors' archive aclImdb as JSON lines, {FILE} and {TEST}",
        licence="none stated; the authors ask to be cited",
        sampling=(
            "Reviews of at most 30 for one film, polar ones alone (up to 4 or from 7 of 10 stars); no film "
            "is in both parts. Reviews of one film are dependent, and each part holds the same number of "
            "either class. The file is sorted by class."
        ),
        duplicates=(
            "99 of 25,000 training examples and 202 of 25,000 test examples repeat another of their part, "
            "and 123 test examples are also in the training part; none has both labels (counted after "
            "hashing)"
        ),
        caveats=(
            "Different words share a bucket, and their order and number are lost.",
            "Used so widely that pretrained language models have most likely seen it.",
        ),
        train_counts=(12_500, 12_500),
        test_counts=(12_500, 12_500),
    ),
    digests=Digests(
        "499292c6f619d570e797f19989a3dc09fa9672cbbe90b5b1d6daba2e5fb66138",
        "c208d93b8114b6bf70861f80c7975dff363963a26dd91f2f12344e17c87b40e8",
        "307ff56d5f0841ca20792cd9a63e1680518a64304a7a6ba8358bcfc7316e2447",
    ),
    remedy=f"set IDBOUNDS_DATA to a folder with {FILE} and {TEST}",
    packed=FILE,
    beside=(TEST,),
    unpack=read,
)
