"""A study that is done in a blink; as a program it runs until it is finished or killed.

python toy_study.py RESULTS SECONDS LOG measures the toy study, waits SECONDS in each point, and appends the
name of each point to LOG when it starts.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from validation import runner
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


def main(results: str, seconds: str, log: str) -> None:
    def measure(point: Point) -> list[Row]:
        with Path(log).open("a") as file:
            file.write(point_key(point) + "\n")
        time.sleep(float(seconds))
        return two_rows(point)

    print(runner.run(toy(measure), "smoke", Path(results), Console()))


if __name__ == "__main__":
    main(*sys.argv[1:])
