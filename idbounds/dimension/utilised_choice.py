"""An energy for each layer: the smallest that keeps the score within a drop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from idbounds.batches import evaluating
from idbounds.dimension.utilised_layers import find, read, write
from idbounds.dimension.utilised_report import WHOLE, UtilisedRank
from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn


@dataclass(frozen=True, eq=False)
class Chosen:
    """The energies that were chosen. The score after is of the data that chose them, so it is optimistic.

    Attributes:
        energies: for each layer by name; 1.0 where no energy of the report was enough.
        score_before: of the model as it was.
        score_after: with all layers projected.
        allowed_drop: that was asked for.
        report: the measurement that the energies belong to.
    """

    energies: Mapping[str, float]
    score_before: float
    score_after: float
    allowed_drop: float
    report: UtilisedRank

    @property
    def table(self) -> pd.DataFrame:
        """One row a layer: energy, utilised rank, utilisation, weights before and after."""
        import pandas as pd

        rows = []
        for layer in self.report.layers:
            energy, (m, n) = self.energies[layer.name], layer.shape
            row = {"layer": layer.name, "energy": energy, "utilised_rank": min(m, n), "utilisation": 1.0}
            row |= {"weights": m * n, "factorised_weights": m * n}
            if energy != WHOLE:
                i = self.report.position(energy)
                row |= {"utilised_rank": layer.rank(i), "utilisation": layer.utilisation(i)}
                row["factorised_weights"] = layer.numbers(i)
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def mean_layer_utilisation(self) -> float:
        """The mean over the layers, at the energies chosen."""
        return float(self.table["utilisation"].mean())


def smallest_energies(
    report: UtilisedRank,
    model: nn.Module,
    score: Callable[[nn.Module], float],
    *,
    drop: float,
    advance: Callable[[int, int], Any] | None = None,
) -> Chosen:
    """Choose an energy for each layer on validation data.

    The layers are taken in order, those before staying projected. After the i-th of L the score may have
    fallen by i / L of the drop, so no layer spends what the others need, and all together keep within it. For
    each, energies are tried from the smallest up: at most L times the number of energies evaluations.

    Args:
        report: what `utilised_rank` returned for this model.
        model: the model; it does not change.
        score: of a model in eval mode, on validation data that is not the test data; larger is better.
        drop: of the score, in its own unit, at least 0.
        advance: called with (layers done, layers).

    Returns:
        The choice; `report.factorised(model, chosen.energies)` makes the model.

    Raises:
        InputError: If the drop or a score is no finite number, or the drop is negative.
    """
    if not 0 <= drop < math.inf:
        raise InputError(f"drop: {drop} given; a finite number of at least 0 is allowed")
    model = copy.deepcopy(model)
    sites = {site.name: site for site in find(model)[0]}
    with evaluating(model):
        before = after = _finite(score(model))
        energies = {}
        for done, layer in enumerate(report.layers, 1):
            floor = before - drop * done / len(report.layers)
            site = sites[layer.name]
            whole, held = read(site), site.module.state_dict()
            held = {key: value.clone() for key, value in held.items()}
            energies[layer.name] = WHOLE
            for index, energy in enumerate(report.energies):
                up, down = layer.factors(whole, index)
                write(site, up @ down)
                reached = _finite(score(model))
                if reached >= floor:
                    energies[layer.name], after = energy, reached
                    break
            else:
                site.module.load_state_dict(held)  # bit for bit as it was
            if advance is not None:
                advance(done, len(report.layers))
    return Chosen(energies, before, after, float(drop), report)


def _finite(score: float) -> float:
    value = float(score)
    if not math.isfinite(value):
        raise InputError(f"score: {value} returned; a finite number is allowed")
    return value
