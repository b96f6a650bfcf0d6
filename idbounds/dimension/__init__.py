"""Measuring intrinsic dimension: the smallest random subspace in which training reaches most of the score."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "CRITERIA": "criteria",
    "ENERGIES": "utilised",
    "Chosen": "utilised_choice",
    "Crossing": "result",
    "IntrinsicDimension": "result",
    "Run": "protocol",
    "Runner": "protocol",
    "Score": "protocol",
    "UtilisedRank": "utilised_report",
    "estimate_d90": "estimate",
    "first_crossing": "curve",
    "measure_d90": "measuring",
    "smallest_energies": "utilised_choice",
    "utilised_rank": "utilised",
}

__all__ = list(_HOMES)

if TYPE_CHECKING:
    from idbounds.dimension.criteria import CRITERIA as CRITERIA
    from idbounds.dimension.curve import first_crossing as first_crossing
    from idbounds.dimension.estimate import estimate_d90 as estimate_d90
    from idbounds.dimension.measuring import measure_d90 as measure_d90
    from idbounds.dimension.protocol import Run as Run
    from idbounds.dimension.protocol import Runner as Runner
    from idbounds.dimension.protocol import Score as Score
    from idbounds.dimension.result import Crossing as Crossing
    from idbounds.dimension.result import IntrinsicDimension as IntrinsicDimension
    from idbounds.dimension.utilised import ENERGIES as ENERGIES
    from idbounds.dimension.utilised import utilised_rank as utilised_rank
    from idbounds.dimension.utilised_choice import Chosen as Chosen
    from idbounds.dimension.utilised_choice import smallest_energies as smallest_energies
    from idbounds.dimension.utilised_report import UtilisedRank as UtilisedRank


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'idbounds.dimension' has no attribute {name!r}")
    value = getattr(import_module(f"idbounds.dimension.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
