"""Where rows come from: commit, versions, machine, data and seeds of one run, in `run-<id>.json`."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from validation import results, storage
from validation.study import Point, Row, Study

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("idbounds", "numpy", "scipy", "numba", "pandas", "python-flint", "constriction", "torch")


def now() -> str:
    """Return the time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_run_id() -> str:
    """Make a run id that sorts by time and that no other run has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _output(*command: str) -> str | None:
    """Run a program and return what it prints, or None if it is absent or fails."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        # Fixed arguments, no shell, nothing of the user's in them.
        done = subprocess.run(  # noqa: S603
            [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def git() -> dict[str, object]:
    """Describe the code that measures.

    Returns:
        `commit`, and `dirty`: whether any file but the results differs from it. Both None without git.
    """
    commit = _output("git", "rev-parse", "HEAD")
    # The rows being appended would make every run after the first look dirty.
    changes = _output("git", "status", "--porcelain", "--", ".", ":!validation/results")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def versions() -> dict[str, str]:
    """Return the versions of the packages that numbers depend on, those not installed left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def hardware() -> dict[str, object]:
    """Describe the machine, without its name.

    Returns:
        `cpu`, `cores` in the machine, `usable_cores` of this process, and `gpu`: a list of models.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "usable_cores": usable,
        "gpu": gpus.splitlines() if gpus else [],
    }


def describe(
    study: Study,
    tier: str,
    points: Sequence[Point],
    run: str,
    engine: str = "local",
    workers: int | None = None,
) -> dict[str, object]:
    """Describe a run before its first point.

    Args:
        study: What is run.
        tier: In which tier.
        points: The points this run sets out to measure.
        run: Its id.
        engine: Where points are measured.
        workers: How many processes, None for all there are.

    Returns:
        The provenance as a JSON object; `data` is filled in by `note_data`, and `machines`, those that
        measured (the one that started the run is `hardware`), by `note_machine`.
    """
    return {
        "schema": results.SCHEMA,
        "run": run,
        "study": study.id,
        "tier": tier,
        "started": now(),
        "git": git(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions(),
        "hardware": hardware(),
        "engine": {"name": engine, "workers": workers},
        "machines": [],
        "config": {"points": [dict(point) for point in points]},
        "seeds": sorted({seed for point in points if isinstance(seed := point.get("seed"), int)}),
        "data": {},
    }


def note_data(record: dict[str, object], rows: Sequence[Row]) -> bool:
    """Add the data hashes of a finished point to a run's provenance.

    Args:
        record: What `describe` returned; changed in place.
        rows: The point's rows; a column whose name ends in "sha256" is a hash of data.

    Returns:
        Whether there was a hash not yet known.
    """
    data = record["data"]
    assert isinstance(data, dict)
    new = False
    for row in rows:
        for name in (name for name in row if name.endswith("sha256")):
            known = data.setdefault(name, [])
            if row[name] not in known:
                known.append(row[name])
                new = True
    return new


def note_machine(record: dict[str, object], machine: dict[str, object]) -> bool:
    """Add the machine that measured a point to a run's provenance.

    Args:
        record: What `describe` returned; changed in place.
        machine: What `hardware` returned there.

    Returns:
        Whether it was not yet known.
    """
    machines = record["machines"]
    assert isinstance(machines, list)
    if machine in machines:
        return False
    machines.append(machine)
    return True


def write(folder: Path, record: dict[str, object]) -> None:
    """Write `run-<id>.json` beside the rows.

    Args:
        folder: The study's results folder.
        record: What `describe` returned.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    storage.write_whole(folder / f"run-{record['run']}.json", text)
