"""What a measurement of d90 says: a crossing for each criterion, and everything it rests on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from idbounds.dimension.criteria import CRITERIA, Baseline, Metric
from idbounds.dimension.protocol import Run, Score
from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_FORMAT = "intrinsic-dimension-1"


@dataclass(frozen=True)
class Crossing:
    """Where the curve reaches one criterion's threshold.

    Attributes:
        criterion: its name in `CRITERIA`.
        threshold: the score to be reached.
        threshold_sd: its standard error, from the baseline's seeds.
        d: the dimension at which the mean score reaches it, not rounded; None if censored.
        low: lower end of the interval; None if nothing bounds it.
        high: upper end; None if nothing bounds it.
        censored: "" if the crossing lies within the runs; "not reached" if d is larger than the interval's
            lower end; "reached at once" if the smallest d tried is enough.
        method: "fit", or "bracket" where the interval is that between a d that clearly fails and one that
            clearly passes; "" if censored.
        slope: change of the score for one unit of ln d at the crossing; None without a fit.
        noise: standard deviation of the score from run to run near the crossing; None if unknown.
        runs: that entered the fit.
        window: smallest and largest d among them.
    """

    criterion: str
    threshold: float
    threshold_sd: float
    d: float | None
    low: float | None
    high: float | None
    censored: str
    method: str
    slope: float | None
    noise: float | None
    runs: int
    window: tuple[float, float] | None

    @property
    def whole(self) -> int | None:
        """The smallest whole d that is enough."""
        return None if self.d is None else math.ceil(self.d - 1e-9)

    @property
    def ln_error(self) -> float | None:
        """The error in ln d that a single run has at least: its noise divided by the slope."""
        return abs(self.noise / self.slope) if self.slope and self.noise is not None else None

    def __str__(self) -> str:
        """The value with its interval, in one line."""
        low = "0" if self.low is None else _short(self.low)
        high = "inf" if self.high is None else _short(self.high)
        if self.censored == "not reached":
            return f"> {low} (not reached)"
        if self.censored and self.high is None:
            return "not measured (reached at once, but by no clear margin)"
        if self.censored:
            return f"<= {high} (reached at once)"
        assert self.d is not None
        return f"{_short(self.d)} [{low}, {high}]" + (" (bracket)" if self.method == "bracket" else "")


@dataclass(frozen=True)
class IntrinsicDimension:
    """A measured intrinsic dimension.

    Attributes:
        threshold: q, the fraction of full training that is asked: 0.9 for d90.
        level: of the intervals.
        aim: the criteria around whose crossings the runs were placed; the first one is the result's own.
        crossings: by criterion.
        missing: the criteria that could not be stated, and why.
        metric: what the scores mean.
        baseline: of full-parameter training.
        scores: all runs that count, full training first, in the order in which they were asked for.
        tuning: runs that chose learning rates and count for nothing else.
        learning_rates: the ladder; None if the rate was not tuned.
        warnings: what a reader must know.
    """

    threshold: float
    level: float
    aim: tuple[str, ...]
    crossings: Mapping[str, Crossing]
    missing: Mapping[str, str]
    metric: Metric
    baseline: Baseline
    scores: tuple[Score, ...]
    tuning: tuple[Score, ...]
    learning_rates: tuple[float, ...] | None
    warnings: tuple[str, ...]

    @property
    def name(self) -> str:
        """The usual name: d90 for a threshold of 0.9."""
        return f"d{100 * self.threshold:.10g}"

    @property
    def main(self) -> Crossing:
        """The crossing of the first criterion aimed at."""
        return self.crossings[self.aim[0]]

    @property
    def cost(self) -> dict[str, float]:
        """What it took: counted runs, tuning runs, and seconds of all of them."""
        seconds = sum(score.seconds for score in (*self.scores, *self.tuning))
        return {"runs": len(self.scores), "tuning_runs": len(self.tuning), "seconds": seconds}

    @property
    def curve(self) -> pd.DataFrame:
        """All runs that count as a table, one a row; d is missing where all parameters were trained."""
        return _frame(self.scores)

    @property
    def tuning_curve(self) -> pd.DataFrame:
        """The tuning runs as a table."""
        return _frame(self.tuning)

    def table(self) -> pd.DataFrame:
        """The criteria as a table.

        Returns:
            One criterion a row.
        """
        import pandas as pd

        columns = ["threshold", "threshold_sd", "d", "low", "high", "censored", "method", "slope", "noise"]
        rows = {name: [getattr(c, column) for column in columns] for name, c in self.crossings.items()}
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=[*columns])
        frame["ln_error"] = [c.ln_error for c in self.crossings.values()]
        return frame.rename_axis("criterion")

    def __str__(self) -> str:
        """A page for the terminal."""
        base, cost, widest = self.baseline, self.cost, max(map(len, CRITERIA))
        spread = "" if math.isnan(base.sd) else f", sd {base.sd:.2g}"
        lines = [
            f"{self.name} = {self.main}, {100 * self.level:.10g}% interval, criterion {self.aim[0]}",
            f"full training: {base.mean:.4f}{spread}, {base.runs} runs",
        ]
        for name, c in self.crossings.items():
            error = "" if c.ln_error is None else f"; slope {c.slope:.3g}, one run {c.ln_error:.2g} in ln d"
            lines.append(f"  {name:<{widest}}  score {c.threshold:.4f}: {c}{error}")
        lines += [f"  {name:<{widest}}  {why}" for name, why in self.missing.items()]
        tuning = f" and {cost['tuning_runs']} to tune" if self.tuning else ""
        lines.append(f"cost: {cost['runs']} runs{tuning}, {cost['seconds']:.0f} s")
        if self.learning_rates:
            lines.append(f"learning rates: {', '.join(f'{rate:g}' for rate in self.learning_rates)}")
        return "\n".join(lines + [f"note: {warning}" for warning in self.warnings])

    def _repr_html_(self) -> str:
        from html import escape

        first, *rest = (escape(line) for line in str(self).splitlines())
        return f"<b>{first}</b>{self.table().to_html()}<pre>" + "\n".join(rest) + "</pre>"

    def to_json(self) -> str:
        """Write everything down.

        Returns:
            JSON text that `from_json` reads back without loss.
        """
        return json.dumps({"format": _FORMAT} | _plain(asdict(self)), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> IntrinsicDimension:
        """Read what `to_json` wrote.

        Args:
            text: the JSON text.

        Returns:
            An equal object.

        Raises:
            InputError: if the text is something else.
        """
        try:
            given = json.loads(text)
            if (written := given.pop("format")) != _FORMAT:
                raise InputError(f"format {written!r} instead of {_FORMAT!r}")
            given["crossings"] = {name: Crossing(**_tuples(c)) for name, c in given["crossings"].items()}
            given["metric"] = Metric(**given["metric"])
            given["baseline"] = Baseline(**{"sd": math.nan} | _known(given["baseline"]))
            for key in ("scores", "tuning"):
                given[key] = tuple(
                    Score(**{"score": math.nan} | _known(s) | {"run": Run(**s["run"])}) for s in given[key]
                )
            return cls(**_tuples(given))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"not a record of an intrinsic dimension ({error}); give what to_json wrote"
            ) from None


def _short(d: float) -> str:
    return f"{d:.4g}" if d < 1000 else f"{d:.0f}"


def _plain(value: Any) -> Any:
    """JSON has no NaN: an unknown number is null."""
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _tuples(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


def _frame(scores: tuple[Score, ...]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        asdict(s.run)
        | {"score": s.score, "train_score": s.train_score, "seconds": s.seconds}
        | {"status": s.status, "reason": s.reason}
        | dict(s.extra)
        for s in scores
    ]
    columns = ["d", "seed", "learning_rate", "score", "train_score", "seconds", "status", "reason"]
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)
    return frame.astype({"d": "Int64", "learning_rate": "float64", "train_score": "float64"})
