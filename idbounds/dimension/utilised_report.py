"""What the measurement of utilised rank gives: a curve over the energy kept, and models made from it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from numpy.typing import NDArray

from idbounds.batches import evaluating
from idbounds.dimension.utilised_factors import install
from idbounds.dimension.utilised_layers import Site, find, read, write
from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

Floats = NDArray[np.float64]
Energies = float | Mapping[str, float]

WHOLE: Final = 1.0
"""The energy at which a layer is left as it is."""


@dataclass(frozen=True, eq=False)
class LayerUse:
    """What one weight matrix has and what of it is used.

    Attributes:
        name: of the layer.
        kind: of the layer.
        shape: (m, n).
        vectors: how many inputs were seen.
        numerical_rank: singular values of W above the rounding of its type.
        input_energies: eigenvalues of C, falling, shape (n,).
        output_energies: eigenvalues of W C W^T, falling, shape (min(m, n),).
        input_ranks: k_S for each energy of the report.
        output_ranks: k_T for each.
        output_errors: for each, the share of E|Wx|^2 that W' loses.
        input_basis: leading eigenvectors of C, shape (n, largest k_S).
        output_basis: leading eigenvectors of W C W^T, shape (m, largest k_T).
    """

    name: str
    kind: str
    shape: tuple[int, int]
    vectors: int
    numerical_rank: int
    input_energies: Floats
    output_energies: Floats
    input_ranks: tuple[int, ...]
    output_ranks: tuple[int, ...]
    output_errors: tuple[float, ...]
    input_basis: Floats
    output_basis: Floats

    def rank(self, index: int) -> int:
        """The utilised rank at an energy.

        Args:
            index: of the energy in the report.

        Returns:
            min(k_S, k_T).
        """
        return min(self.input_ranks[index], self.output_ranks[index])

    def utilisation(self, index: int) -> float:
        """The utilised rank as a share of min(m, n), at an energy.

        Args:
            index: of the energy in the report.

        Returns:
            The share, in (0, 1].
        """
        return self.rank(index) / min(self.shape)

    def numbers(self, index: int) -> int:
        """Numbers of the weight once it is factorised where that saves, at an energy.

        Args:
            index: of the energy in the report.

        Returns:
            The smaller of r (m + n) and m n.
        """
        m, n = self.shape
        return min(self.rank(index) * (m + n), m * n)

    def factors(self, weight: Tensor, index: int) -> tuple[Tensor, Tensor]:
        """W' as a product.

        Args:
            weight: W, float64, shape (m, n).
            index: of the energy in the report.

        Returns:
            Up (m, r) and down (r, n), whose product is P_T W P_S.
        """
        k_s, k_t = self.input_ranks[index], self.output_ranks[index]
        source = torch.from_numpy(self.input_basis[:, :k_s])
        target = torch.from_numpy(self.output_basis[:, :k_t])
        core = target.T @ weight @ source
        return (target, core @ source.T) if k_t <= k_s else (target @ core, source.T)


@dataclass(frozen=True, eq=False)
class UtilisedRank:
    """Utilised rank of each layer as a function of the energy kept.

    Attributes:
        layers: what was measured, in the order of the model.
        skipped: the reason for each layer that was not.
        energies: kept, rising.
        batches: how many were seen.
    """

    layers: tuple[LayerUse, ...]
    skipped: Mapping[str, str]
    energies: tuple[float, ...]
    batches: int

    @property
    def table(self) -> pd.DataFrame:
        """One row for each layer and energy."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "layer": layer.name, "kind": layer.kind, "m": layer.shape[0], "n": layer.shape[1],
                    "vectors": layer.vectors, "numerical_rank": layer.numerical_rank, "energy": energy,
                    "input_rank": layer.input_ranks[i], "output_rank": layer.output_ranks[i],
                    "utilised_rank": layer.rank(i), "utilisation": layer.utilisation(i),
                    "output_error": layer.output_errors[i], "weights": layer.shape[0] * layer.shape[1],
                    "factorised_weights": layer.numbers(i),
                }
                for layer in self.layers
                for i, energy in enumerate(self.energies)
            ]
        )  # fmt: skip

    @property
    def curve(self) -> pd.DataFrame:
        """One row for each energy: mean layer utilisation, and the weights before and after."""
        rows = self.table.groupby("energy", sort=True)
        means = rows.agg(
            mean_layer_utilisation=("utilisation", "mean"),
            weights=("weights", "sum"),
            factorised_weights=("factorised_weights", "sum"),
        )
        return means.reset_index()

    def projected(self, model: nn.Module, energies: Energies) -> nn.Module:
        """A copy of the model with W' in the place of W.

        Args:
            model: the one that was measured.
            energies: one of the report's for all layers, or one for each layer by name; 1.0, and a layer
                that is not named, mean that it is left as it is.

        Returns:
            The copy; the model itself does not change.
        """
        model = copy.deepcopy(model)
        for site, (up, down) in self._products(model, energies).items():
            write(site, up @ down)
        return model

    def factorised(self, model: nn.Module, energies: Energies) -> nn.Module:
        """A copy of the model with two thin layers for each layer where that saves, W' elsewhere.

        Args:
            model: the one that was measured.
            energies: as for `projected`, whose predictions it has up to rounding.

        Returns:
            The copy, an ordinary module that can be trained on.
        """
        model = copy.deepcopy(model)
        return install(model, self._products(model, energies))

    def scored(self, model: nn.Module, score: Callable[[nn.Module], float]) -> pd.DataFrame:
        """The curve with the score before and after.

        Args:
            model: the one that was measured.
            score: of a model in eval mode, on data that the caller chooses; larger is better.

        Returns:
            `curve` with the columns `score_before` and `score_after`.
        """
        curve = self.curve
        with evaluating(model):
            curve["score_before"] = float(score(model))
        after = []
        for energy in self.energies:
            changed = self.projected(model, energy)
            with evaluating(changed):
                after.append(float(score(changed)))
        curve["score_after"] = after
        return curve

    def position(self, energy: float) -> int:
        """The index of an energy, or InputError.

        Args:
            energy: one of the report's.

        Returns:
            Its index.

        Raises:
            InputError: If the report has no such energy.
        """
        if energy not in self.energies:
            allowed = ", ".join(f"{e:g}" for e in self.energies)
            raise InputError(
                f"energy {energy!r} was not measured; {allowed} are, and 1.0 leaves a layer as it is"
            )
        return self.energies.index(energy)

    def _products(self, model: nn.Module, energies: Energies) -> dict[Site, tuple[Tensor, Tensor]]:
        """Up and down of each layer that changes."""
        wanted = dict(energies) if isinstance(energies, Mapping) else {u.name: energies for u in self.layers}
        uses = {layer.name: layer for layer in self.layers}
        unknown = [name for name in wanted if name not in uses]
        if unknown:
            why = self.skipped.get(unknown[0], "there is none of that name")
            raise InputError(f"layer {unknown[0]!r} was not measured: {why}")
        sites = {site.name: site for site in find(model)[0]}
        found = {}
        for name, energy in wanted.items():
            if energy == WHOLE:
                continue
            index = self.position(energy)
            weight = read(sites[name]) if name in sites else None
            if weight is None or tuple(weight.shape) != uses[name].shape:
                raise InputError(
                    f"the model has no layer {name!r} of shape {uses[name].shape}; give the measured one"
                )
            found[sites[name]] = uses[name].factors(weight, index)
        return found
