"""The file of finished runs: one JSON line each, appended as they come, so that a killed study goes on.

The first line says which study it is. The lines of runs that were trained together are written by one call,
so either all of them are there or none; what a crash tore off at the end is taken away and done again.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from idbounds.dimension.protocol import Run, Score
from idbounds.errors import InputError

SCHEMA = 1
"""Version of the format; a reader refuses any other."""

Batches = Callable[[Sequence[Run]], Iterator[Sequence[Score]]]
"""Does runs and yields the scores of those that were trained together, together."""


class Store:
    """Finished runs on disk.

    Attributes:
        path: the file.
        scores: all finished runs, by run.
    """

    def __init__(self, path: str | Path, study: Mapping[str, Any]) -> None:
        """Open or make the file, and keep others from writing to it.

        Args:
            path: the file.
            study: what the runs have in common, as JSON scalars: data digest, architecture, settings.

        Raises:
            InputError: if the file is of another study, is none, cannot be written, or is in use.
        """
        self.path = Path(path)
        self.scores: dict[Run, Score] = {}
        self._header: list[dict[str, Any]] = []
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}; give another file") from None
        try:
            _lock(self._file, self.path)
            self._load(json.loads(json.dumps(dict(study))))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        """The open store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file and let others write to it; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def append(self, scores: Iterable[Score]) -> None:
        """Keep finished runs, all or none; one that is there already is not written again.

        Args:
            scores: of runs that were trained together.
        """
        new = {score.run: score for score in scores if score.run not in self.scores}
        if new:
            _write(self._file, [*self._header, *(_row(score) for score in new.values())])
            self._header = []
            self.scores |= new

    def _load(self, study: dict[str, Any]) -> None:
        with open(self._file, "rb", closefd=False) as file:
            content = file.read()
        whole = content.rfind(b"\n") + 1
        header = {"idbounds": "runs", "schema": SCHEMA, "study": study}
        if not whole:  # new, or killed while the first line was written
            if not json.dumps(header).encode().startswith(content):
                raise InputError(f"{self.path} is not a file of runs: give another file")
            os.ftruncate(self._file, 0)
            self._header = [header]  # written with the first runs: a study that never starts leaves no trace
            return
        lines = content[:whole].split(b"\n")[:-1]
        _check_header(self.path, lines[0], header)
        for number, line in enumerate(lines[1:], start=2):
            score = _score(line, f"{self.path}, line {number}")
            self.scores.setdefault(score.run, score)
        os.ftruncate(self._file, whole)


class Kept:
    """A `Runner` that answers from a store what is there and keeps what is not.

    Args:
        store: the open store.
        batches: does the missing runs.
    """

    def __init__(self, store: Store, batches: Batches) -> None:
        """Keep both."""
        self.store, self.batches = store, batches

    def __call__(self, runs: Sequence[Run], /) -> Iterator[Score]:
        """Answer or do the runs.

        Args:
            runs: all different.

        Yields:
            The score of each, those that are known first.
        """
        missing = [run for run in runs if run not in self.store.scores]
        yield from (self.store.scores[run] for run in runs if run in self.store.scores)
        if missing:
            for scores in self.batches(missing):
                self.store.append(scores)
                yield from scores


def _write(file: int, rows: list[dict[str, Any]]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    while content:
        content = content[os.write(file, content) :]
    os.fsync(file)


def _row(score: Score) -> dict[str, Any]:
    run = score.run
    return {
        "d": None if run.d is None else int(run.d), "seed": int(run.seed),
        "learning_rate": _number(run.learning_rate), "score": _number(score.score),
        "train_score": _number(score.train_score), "seconds": round(score.seconds, 3),
        "status": score.status, "reason": score.reason, "extra": dict(score.extra),
    }  # fmt: skip


def _number(value: float | None) -> float | None:
    """JSON knows no NaN."""
    return None if value is None or not math.isfinite(value) else float(value)


def _score(line: bytes, where: str) -> Score:
    try:
        row = json.loads(line)
        run = Run(row["d"], row["seed"], row["learning_rate"])
        score = math.nan if row["score"] is None else float(row["score"])
        rest = (row["train_score"], row["seconds"], row["status"], row["reason"], row["extra"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where}: not a run ({error}); take the line out or restore the file") from None
    return Score(run, score, *rest)


def _check_header(path: Path, line: bytes, wanted: dict[str, Any]) -> None:
    try:
        found = json.loads(line)
        study = dict(found["study"]) if found["idbounds"] == "runs" else None
    except (ValueError, KeyError, TypeError):
        study = None
    if study is None:
        raise InputError(f"{path} is not a file of runs: give another file")
    if found.get("schema") != SCHEMA:
        raise InputError(
            f"{path} has schema {found.get('schema')}, this version reads {SCHEMA}: give another file"
        )
    names = dict.fromkeys([*wanted["study"], *study])
    other = [name for name in names if study.get(name) != wanted["study"].get(name)]
    if other:
        said = "; ".join(f"{n} is {study.get(n)!r} there, {wanted['study'].get(n)!r} here" for n in other)
        raise InputError(f"{path} is of another study: {said}; give the same settings, or another file")


def _lock(file: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows has no such lock
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise InputError(f"{path} is in use by another process: wait for it, or give another file") from None
