"""Hold every claim against the rows on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from validation import results
from validation.study import Claim, Outcome, Study, Verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Judged:
    """A claim and what the rows say about it."""

    study: str
    claim: Claim
    outcome: Outcome

    def as_dict(self) -> dict[str, str]:
        """Return it as a flat JSON object."""
        return {
            "study": self.study,
            "claim": self.claim.id,
            "says": self.claim.says,
            "outcome": self.outcome.verdict.value,
            "because": self.outcome.says,
        }


def judge(studies: Iterable[Study], folder: Path) -> list[Judged]:
    """Check all claims of some studies.

    Args:
        studies: The studies.
        folder: The results folder; a study without rows in it is judged on an empty table.

    Returns:
        One entry a claim, in order.
    """
    judged = []
    for study in studies:
        rows = results.latest(results.of_study(folder, study.id))
        judged += [Judged(study.id, claim, _checked(claim, rows)) for claim in study.claims]
    return judged


def _checked(claim: Claim, rows: pd.DataFrame) -> Outcome:
    """The outcome; a check that cannot deal with its rows must not hide the claims of other studies."""
    try:
        return claim.check(rows)
    except Exception as error:
        return Outcome(Verdict.INCONCLUSIVE, f"the check failed, {type(error).__name__}: {error}")
