"""A study that is done in a blink; as a program it runs until it is finished or killed.

python toy_study.py RESULTS SECONDS LOG ENGINE measures the toy study, waits SECONDS in each point, and appends the
name of each point to LOG when it starts.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from validation import provenance, runner
from validation.spreading import Engine
from validation.study import Claim, Outcome, Point, Row, Study, Verdict, point_key

POINTS = 12


def two_rows(point: Point) -> list[Row]:
    d = int(point["d"])
    return [
        {"part": part, "cost": d / 3, "count": d * 10**15, "data_sha256": "ab" * 32} for part in ("a", "b")
    ]


def check(rows) -> Outcome:
    return Outcome(Verdict.SUPPORTED if len(rows) else Verdict.INCONCLUSIVE, f"{len(rows)} rows")


def toy(measure: Callable[[Point], list[Row]] = two_rows, points: int = POINTS) -> Study:
    grid = {"smoke": tuple({"d": d, "seed": d % 3, "kind": "dense"} for d in range(points))}
    return Study("toy", "Does it run?", grid, measure, (Claim("runs", "It runs.", check),))


def quiet() -> Console:
    return Console(quiet=True)


def start(
    folder: Path, log: Path, seconds: str, engine: str = "local", path: Path = provenance.ROOT
) -> subprocess.Popen:
    """Run the toy study as a program of its own, which finds modules in a path first."""
    environment = os.environ | {"PYTHONPATH": f"{path}{os.pathsep}{provenance.ROOT}"}
    command = [sys.executable, __file__, str(folder), seconds, str(log), engine]
    return subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for_rows(process: subprocess.Popen, path: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.01)
    pytest.fail(f"the toy study wrote no {count} rows")


def main(results: str, seconds: str, log: str, engine: str) -> None:
    def measure(point: Point) -> list[Row]:
        with Path(log).open("a") as file:
            file.write(point_key(point) + "\n")
        time.sleep(float(seconds))
        return two_rows(point)

    how = Engine(engine, None if engine == "local" else 2)
    print(runner.run(toy(measure), "smoke", Path(results), Console(), how))


if __name__ == "__main__":
    main(*sys.argv[1:])
