"""Which numbers of a module are trainable (its *space*), and how they move its weights.

A space has D numbers. Their movement, of shape (D,), comes from a projection, or is z itself when d = D;
`pieces` turns the start and the movement into weights, and `exact` does the same in numpy, for decoders.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from idbounds.errors import InputError
from idbounds.projections._torch import Tensor, nn, torch
from idbounds.projections.base import Float64Array
from idbounds.projections.starts import Role, is_normalisation, movement, owners, variance
from idbounds.projections.stream import Stream, checked_integer, uniform_symmetric

SpaceName = Literal["all", "norms", "low-rank"]
SPACES: tuple[SpaceName, ...] = ("all", "norms", "low-rank")

LARGEST_RANK = 1 << 16
Report = list[tuple[str, int, str]]


class Entry(NamedTuple):
    """One tensor of trainable numbers: its label, the parameter it moves, its shape, its sigma."""

    label: str
    parameter: str
    shape: tuple[int, ...]
    sigma: float

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)


class Space(ABC):
    """The trainable numbers of a module, tensor by tensor.

    Args:
        tensors: the parameters that require a gradient, by name; theta0 holds all of them, in this order.
        entries: the tensors of trainable numbers, in order.
    """

    name: SpaceName

    def __init__(self, tensors: Mapping[str, Tensor], entries: list[Entry]) -> None:
        """Keep shapes and entries."""
        self.shapes = {name: tuple(p.shape) for name, p in tensors.items()}
        self.sizes = [p.numel() for p in tensors.values()]
        self.entries = entries

    @property
    def D(self) -> int:  # noqa: N802 - the field's name for it
        """The number of trainable numbers."""
        return sum(entry.size for entry in self.entries)

    def sigma(self) -> Float64Array:
        """Return the factor of each number for ``relative=True``, float64 of shape (D,)."""
        return np.repeat([entry.sigma for entry in self.entries], [entry.size for entry in self.entries])

    def origin(self, seed: int) -> Float64Array | None:  # noqa: B027
        """Return where the numbers themselves start, or None for zero.

        Args:
            seed: integer in [0, 2**63).

        Returns:
            float64 array of shape (D,) in spaces that are not linear in their numbers, else None.
        """

    def report(self, survey: Report) -> Report:
        """Say of each parameter whether D counts it, and list what D counts in its place.

        Args:
            survey: what `starts.survey` found.

        Returns:
            (name, number of entries, ``"counted"`` or the reason why not).
        """
        moved = {entry.parameter for entry in self.entries}
        own = {entry.label for entry in self.entries}
        rows: Report = []
        for name, size, why in survey:
            if why == "counted" and name not in moved:
                why = f"held at its start (space {self.name!r})"
            elif why == "counted" and name not in own:
                why = "moved by its factors"
            rows.append((name, size, why))
            rows += [(e.label, e.size, "counted") for e in self.entries if e.parameter == name != e.label]
        return rows

    @abstractmethod
    def pieces(self, theta0: Tensor, moved: Tensor) -> list[Tensor]:
        """Return the weights, one tensor a parameter, flat or in another shape of the same entries.

        Args:
            theta0: start of all parameters, one after another, shape (N,).
            moved: origin plus movement, shape (D,); overwritten.

        Returns:
            One tensor a parameter, in order.
        """

    @abstractmethod
    def exact(self, theta0: Float64Array, moved: Float64Array) -> Float64Array:
        """Return the weights one after another: single correctly rounded operations in a fixed order.

        Args:
            theta0: start of all parameters, one after another, shape (N,).
            moved: origin plus movement, shape (D,).

        Returns:
            float64 array of shape (N,).
        """


class Weights(Space):
    """All weights, or some of them, are the trainable numbers: theta0 + movement."""

    def __init__(self, name: SpaceName, tensors: Mapping[str, Tensor], entries: list[Entry]) -> None:
        """Keep shapes and entries."""
        super().__init__(tensors, entries)
        self.name = name

    def pieces(self, theta0: Tensor, moved: Tensor) -> list[Tensor]:
        """See `Space.pieces`."""
        if len(self.entries) == len(self.sizes):
            return list(torch.split(moved.add_(theta0), self.sizes))  # in place: one pass less over memory
        starts = dict(zip(self.shapes, torch.split(theta0, self.sizes), strict=True))
        parts = torch.split(moved, [entry.size for entry in self.entries])
        added = {e.label: starts[e.label] + part for e, part in zip(self.entries, parts, strict=True)}
        return list((starts | added).values())

    def exact(self, theta0: Float64Array, moved: Float64Array) -> Float64Array:
        """See `Space.exact`."""
        if len(self.entries) == len(self.sizes):
            return theta0 + moved
        moves = np.zeros(len(self.sizes), dtype=bool)
        labels = {entry.label for entry in self.entries}
        moves[[i for i, name in enumerate(self.shapes) if name in labels]] = True
        theta = theta0.copy()
        theta[np.repeat(moves, self.sizes)] += moved
        return theta


class LowRank(Space):
    """The factors of each matrix: W = W0 + B A, with A drawn and B zero at first (LoRA).

    A tensor of more than two dimensions counts as a matrix of its first by all others. Vectors are held.

    Args:
        tensors: the parameters that require a gradient, by name.
        kinds: parameter name -> role.
        rank: r; a matrix with a side shorter than r gets factors of that length.
    """

    name: SpaceName = "low-rank"

    def __init__(self, tensors: Mapping[str, Tensor], kinds: Mapping[str, Role], rank: int) -> None:
        """Shape the factors."""
        entries: list[Entry] = []
        for name, p in tensors.items():
            if kinds[name] not in {"matrix", "embedding"}:
                continue
            rows, columns = p.shape[0], math.prod(p.shape[1:])
            r = min(rank, rows, columns)
            # B A then moves each weight by about one standard deviation of its start when z is about 1.
            sigma_b = math.sqrt(variance(kinds[name], p) * columns / r)
            entries.append(Entry(f"{name}.B", name, (rows, r), sigma_b))
            entries.append(Entry(f"{name}.A", name, (r, columns), math.sqrt(1 / columns)))
        super().__init__(tensors, entries)

    def origin(self, seed: int) -> Float64Array:
        """Return zeros for B, and for A numbers uniform with variance 1 / columns.

        Args:
            seed: integer in [0, 2**63).

        Returns:
            float64 array of shape (D,).
        """
        numbers = np.zeros(self.D)
        offset, weights = 0, sum(self.sizes)  # theta0 may use the words before `weights`
        for entry in self.entries:
            if entry.label.endswith(".A"):
                uniform = uniform_symmetric(seed, Stream.INIT, entry.size, start=weights + offset)
                numbers[offset : offset + entry.size] = uniform * math.sqrt(3 / entry.shape[1])
            offset += entry.size
        return numbers

    def pieces(self, theta0: Tensor, moved: Tensor) -> list[Tensor]:
        """See `Space.pieces`."""
        found = dict(zip(self.shapes, torch.split(theta0, self.sizes), strict=True))
        parts = torch.split(moved, [entry.size for entry in self.entries])
        for i in range(0, len(parts), 2):
            b, a = (parts[i + k].view(self.entries[i + k].shape) for k in (0, 1))
            name = self.entries[i].parameter
            found[name] = torch.addmm(found[name].view(len(b), -1), b, a)
        return list(found.values())

    def exact(self, theta0: Float64Array, moved: Float64Array) -> Float64Array:
        """See `Space.exact`; the products are added column by column of B, as no library adds them."""
        theta = theta0.copy()
        pieces = dict(zip(self.shapes, np.split(theta, np.cumsum(self.sizes)[:-1]), strict=True))
        parts = np.split(moved, np.cumsum([entry.size for entry in self.entries])[:-1])
        for i in range(0, len(parts), 2):
            b, a = (parts[i + k].reshape(self.entries[i + k].shape) for k in (0, 1))
            weight = pieces[self.entries[i].parameter].reshape(b.shape[0], a.shape[1])  # a view of theta
            for k in range(b.shape[1]):
                weight += b[:, k : k + 1] * a[k]
        return theta


def make_space(
    name: SpaceName,
    rank: int | None,
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    kinds: Mapping[str, Role],
) -> Space:
    """Find the trainable numbers of a module.

    Args:
        name: ``"all"``, ``"norms"`` or ``"low-rank"``.
        rank: of ``"low-rank"``, at least 1; None for the others.
        module: the module.
        tensors: its parameters that require a gradient, by name.
        kinds: parameter name -> role.

    Returns:
        The space.

    Raises:
        InputError: if a rank is missing, out of range or not wanted, or the space has no numbers.
    """
    if (rank is None) == (name == "low-rank"):
        raise InputError(f"rank = {rank} with space = {name!r}: give a rank with 'low-rank', and only there")
    space: Space
    if rank is not None:
        space = LowRank(tensors, kinds, checked_integer("rank", rank, 1, LARGEST_RANK))
    else:
        held = owners(module, tensors)
        space = Weights(
            name,
            tensors,
            [
                Entry(label, label, tuple(p.shape), movement(p, kinds[label]))
                for label, p in tensors.items()
                if name == "all" or any(_norm_or_bias(child, leaf) for child, leaf in held[label])
            ],
        )
    if not space.D:
        raise InputError(f"space {name!r} is empty: the module has no weight of that kind; use 'all'")
    return space


def _norm_or_bias(child: nn.Module, leaf: str) -> bool:
    return is_normalisation(child) or "bias" in leaf  # bias, in_proj_bias, bias_hh_l0
