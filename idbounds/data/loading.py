"""Find a named data set, check it, and say on one line what is missing when it is not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from idbounds.data import adult, byte_rows, cache, cifar, digits, fashion_mnist, idx, imdb, keel, mnist, sst
from idbounds.data.model import Arrays, Card, Dataset, Form, Say, Source, digests
from idbounds.errors import DataError, InputError

_ALL = (
    fashion_mnist.SOURCE, mnist.SOURCE, digits.SOURCE, cifar.SOURCE,
    imdb.SOURCE, sst.SOURCE, adult.SOURCE, keel.LETTER, keel.PENBASED,
    byte_rows.REVIEWS_SOURCE, byte_rows.BIBLE_SOURCE,
)  # fmt: skip
SOURCES: dict[str, Source] = {source.name: source for source in _ALL}


class _Found(NamedTuple):
    arrays: Arrays
    origin: str


def _quiet(_line: str) -> None:
    """Say nothing."""


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise InputError(f"unknown data set {name!r}; known: {', '.join(SOURCES)}")
    return SOURCES[name]


def names() -> list[str]:
    """Name the data sets, best first.

    Returns:
        Their names, each of which `load` takes.
    """
    return sorted(SOURCES, key=lambda name: SOURCES[name].rank)


def form(name: str) -> Form:
    """Tell what the rows of a data set are without loading it.

    Args:
        name: One of `names()`; any other is an InputError.

    Returns:
        "examples", "documents" or "text".
    """
    return _source(name).form


def card(name: str) -> Card:
    """Return the card of a data set without loading it.

    Args:
        name: One of `names()`; any other is an InputError.

    Returns:
        Its card.
    """
    return _source(name).card


def fallbacks(name: str) -> list[str]:
    """Name what to try when a data set is not to be had: fashion-mnist, then mnist, then digits.

    Args:
        name: One of `names()`; any other is an InputError.

    Returns:
        The data sets after it in that order, those of rank -1 left out; empty for the bundled one.
    """
    _source(name)
    order = names()
    return [other for other in order[order.index(name) + 1 :] if SOURCES[other].rank >= 0]


def _user_folders(source: Source) -> list[Path]:
    root = os.environ.get("IDBOUNDS_DATA")
    return [Path(root).expanduser() / sub for sub in source.user_subfolders] if root else []


def _whole(folder: Path, looked: list[str]) -> bool:
    """Tell whether the four files are there; note what is missing if not."""
    found, missing = idx.files_in(folder)
    if missing:
        looked.append(f"{folder} (lacks {', '.join(missing)})" if found else f"{folder} (no idx files)")
    return not missing


def _places(source: Source, looked: list[str]) -> Iterator[Path]:
    """Yield the places on this machine that hold the data set: folders, or the cache file."""
    if (source.user_subfolders or source.packed) and not os.environ.get("IDBOUNDS_DATA"):
        looked.append("IDBOUNDS_DATA (not set)")
    yield from (folder for folder in _user_folders(source) if _whole(folder, looked))
    yield from _packed_files(source, looked)
    cached = cache.path_of(source.name, source.digests.both)
    if cached.is_file():
        yield cached
    looked.append(f"the cache {cached.parent}")
    yield from (folder for folder in source.system_folders if _whole(folder, looked))


def _packed_files(source: Source, looked: list[str]) -> Iterator[Path]:
    root = os.environ.get("IDBOUNDS_DATA")
    if not source.packed or not root:
        return
    path = Path(root).expanduser() / source.packed
    absent = [p for p in (path, *(path.with_name(name) for name in source.beside)) if not p.is_file()]
    if not absent:
        yield path
    looked.extend(f"{p} (absent)" for p in absent)


def _read_cached(source: Source, path: Path) -> Arrays | None:
    """Read the cache file; one whose content is not as expected counts as absent and is made anew."""
    arrays = cache.read(path)
    return arrays if arrays is not None and digests(arrays) == source.digests else None


def _from_place(source: Source, place: Path) -> _Found | None:
    if place.is_dir():
        return _Found(idx.read_folder(place), str(place))
    if source.unpack is not None and place.name == source.packed:
        return _Found(source.unpack(place), str(place))
    arrays = _read_cached(source, place)
    return _Found(arrays, "the cache") if arrays is not None else None


def _fetched(source: Source, say: Say, looked: list[str]) -> _Found | None:
    if source.fetch is None:
        return None
    try:
        arrays = source.fetch(say)
    except (DataError, OSError) as error:
        looked.append(f"download ({error})")
        return None
    if digests(arrays) == source.digests:
        cache.write(cache.path_of(source.name, source.digests.both), arrays)
    return _Found(arrays, "a download")


def _find(source: Source, say: Say, looked: list[str]) -> _Found | None:
    if source.bundled is not None:
        return _Found(source.bundled(), "the package")
    for place in _places(source, looked):
        found = _from_place(source, place)
        if found is not None:
            return found
    return _fetched(source, say, looked)


def _checked(source: Source, found: _Found) -> Dataset:
    arrays, actual = found.arrays, digests(found.arrays)
    if actual != source.digests:
        raise DataError(
            f"{source.name} from {found.origin} has SHA-256 {actual.both[:16]}..., expected "
            f"{source.digests.both[:16]}...: not the data set of that name; remove it, or {source.remedy}"
        )
    classes = len(source.card.train_counts)
    return Dataset(
        source.name, *arrays, classes, source.levels, source.card, *actual, found.origin, source.form
    )


def _missing(source: Source, looked: list[str]) -> str:
    return " ".join(f"{source.name} was not found; looked in {'; '.join(looked)}; {source.remedy}".split())


def load(name: str, say: Say | None = None) -> Dataset:
    """Load a data set and check it against its frozen digests.

    It is looked for in the folder named by `IDBOUNDS_DATA`, then in the cache (`IDBOUNDS_CACHE`, or
    `~/.cache/idbounds`), then in the place where a system package puts it; only then is it downloaded, once.

    Args:
        name: One of `names()`; any other is an InputError.
        say: Told of each slow step in one line; silent if not given.

    Returns:
        The data set.

    Raises:
        DataError: If it is nowhere to be found, damaged, or not the data set of that name.
    """
    source, looked = _source(name), list[str]()
    found = _find(source, say or _quiet, looked)
    if found is None:
        raise DataError(_missing(source, looked))
    return _checked(source, found)


def load_or_fallback(name: str, say: Say | None = None) -> Dataset:
    """Load a data set, or the next of its `fallbacks` that can be had, saying so.

    A copy that is there but is not the expected one is an error, not a reason to fall back.

    Args:
        name: One of `names()`; any other is an InputError.
        say: Told of each slow step and of each fall-back.

    Returns:
        The data set; its name tells which it is.

    Raises:
        DataError: If a copy is damaged, or nothing can be had.
    """
    say = say or _quiet
    reason = ""
    for candidate in (name, *fallbacks(name)):
        source, looked = _source(candidate), list[str]()
        found = _find(source, say, looked)
        if found is not None:
            return _checked(source, found)
        reason = _missing(source, looked)
        say(f"{reason}; falling back")
    raise DataError(reason)


def available(name: str) -> tuple[bool, str]:
    """Tell whether a data set is on this machine already; nothing is downloaded or read.

    Args:
        name: One of `names()`; any other is an InputError.

    Returns:
        True and where it is, or False and the one-line reason. `load` may still succeed by downloading.
    """
    source, looked = _source(name), list[str]()
    if source.bundled is not None:
        return True, "bundled with the package"
    place = next(_places(source, looked), None)
    return (True, str(place)) if place is not None else (False, _missing(source, looked))
