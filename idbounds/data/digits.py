"""The 1,797 small digits inside the package: always there, too few for a tight bound."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from idbounds.data.model import Arrays, Card, Digests, Source
from idbounds.errors import DataError

FILE = Path(__file__).with_name("digits.npz")
TRAIN = 1297
"""The first 1,297 examples train, the last 500 test."""


def bundled() -> Arrays:
    """Read the bundled file.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If the installation lacks the file or it is damaged.
    """
    try:
        with np.load(FILE, allow_pickle=False) as stored:
            # Pixels are stored one position after another (64 x n), which compresses better.
            x = np.ascontiguousarray(stored["images"].T).reshape(-1, 8, 8)
            y = stored["labels"].astype(np.int64)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{FILE.name} of this installation cannot be read; install idbounds again") from error
    return Arrays(x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:])


SOURCE = Source(
    levels=17,
    name="digits",
    rank=2,
    card=Card(
        title="Optical recognition of handwritten digits, test file (Alpaydin and Kaynak 1998)",
        source="scikit-learn's copy of the UCI file optdigits.tes, bundled with this package",
        licence="BSD-3-Clause as part of scikit-learn; the UCI repository states CC BY 4.0 (not verified)",
        sampling=(
            "Forms of 13 writers, bit maps reduced to 8 x 8 counts from 0 to 16. The split is by position: "
            "first 1,297 train, last 500 test. The file is not shuffled and names no writers; the parts come "
            "from mostly different writers, and images of one writer are dependent, so the draws are not "
            "independent."
        ),
        duplicates="no two images are identical within or between the parts (counted)",
        caveats=(
            "n = 1,297 gives a loose bound: a last resort where nothing else can be had, and a fixture.",
            "Test error exceeds that of a shuffled split, because the writers differ.",
        ),
        train_counts=(128, 131, 128, 132, 130, 131, 130, 129, 128, 130),
        test_counts=(50, 51, 49, 51, 51, 51, 51, 50, 46, 50),
    ),
    digests=Digests(
        "417674a2f808ab70b14f9591794e3ab3f03e69756a6d9b70d00141804bf11cbf",
        "5b9f1fad999fa9ad5989a6bd28648c87be7e4e2dfb7dea114675115944c61262",
        "f43dfde146a1a20e4ba2b41cc731ab5730ea0e009c8a608dadc6bc743037d0d9",
    ),
    remedy="install idbounds again: the file is part of the package",
    bundled=bundled,
)
