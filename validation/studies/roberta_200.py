"""Do 200 dimensions give RoBERTa 90% of its accuracy on MRPC? Runs where the user supplies the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from validation import reading
from validation.figures import COLOURS, canvas
from validation.studies import finetuning
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MODEL, AT = "roberta-large", 200
"""A folder in the one that `IDBOUNDS_DATA` names, with config.json, safetensors and tokenizer; and d."""

GRID: dict[str, tuple[Point, ...]] = {
    "gpu": tuple(
        {
            "model": MODEL, "task": "mrpc", "start": "pretrained", "method": method, "d": d, "seed": 0,
            "steps": finetuning.GPU_STEPS, "moved": "all",
        }
        for method, d in (("direct", 0), ("said", AT))
    ),
}  # fmt: skip


def measure(point: Point) -> list[Row]:
    """Fine-tune with all weights (d = 0), or with 200 dimensions.

    Args:
        point: as the study `finetuning` takes it.

    Returns:
        One row, as that study gives it.
    """
    return finetuning.measure(point)


def check(rows: pd.DataFrame) -> Outcome:
    """Hold the test accuracy at 200 dimensions against 90% of that with all weights.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if the whole interval lies above, not supported if all of it lies below.
    """
    found = reading.ok(rows, ("d", "test_score", "test_n"), "gpu").set_index("d")
    if not {0, AT} <= set(found.index):
        return Outcome(Verdict.INCONCLUSIVE, "not run here: no package carries the weights")
    one, asked = found.loc[AT], 0.9 * found.loc[0, "test_score"]
    low, high = reading.interval(one["test_score"], one["test_n"])
    says = f"{100 * one['test_score']:.1f} [{100 * low:.1f}, {100 * high:.1f}]%, asked {100 * asked:.1f}%"
    if low > asked:
        return Outcome(Verdict.SUPPORTED, says)
    return Outcome(Verdict.NOT_SUPPORTED if high < asked else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Test accuracy of both runs, with intervals.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, axes = canvas()
    found = reading.ok(rows, ("d", "test_score", "test_n"), "gpu")
    for place, one in enumerate(found.itertuples()):
        ends = reading.interval(one.test_score, one.test_n)
        axes.plot([place, place], [100 * end for end in ends], color=COLOURS["blue"])
        axes.plot(place, 100 * one.test_score, "o", color=COLOURS["blue"])
    axes.set_xticks(range(len(found)), [f"{d} dimensions" if d else "all weights" for d in found["d"]])
    axes.set(ylabel="test accuracy (%)", xlim=(-0.5, max(len(found), 1) - 0.5))
    return made


STUDY = Study(
    id="roberta_200",
    question="Do 200 dimensions give RoBERTa-large 90% of its accuracy on MRPC?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption="Test accuracy on MRPC with all weights and with 200 dimensions (SAID), with 90% intervals.",
    claims=(
        Claim(
            "two_hundred_are_enough",
            "RoBERTa-large gets with 200 dimensions 90% of its accuracy on MRPC.",
            check,
        ),
    ),
)
