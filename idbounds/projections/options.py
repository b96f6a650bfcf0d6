"""What a subspace is made of, as one frozen object; `attach` fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from idbounds.errors import InputError
from idbounds.projections import make_projection
from idbounds.projections.base import Projection, Scale
from idbounds.projections.identity import IdentityProjection
from idbounds.projections.per_tensor import MEMBERS, PerTensor
from idbounds.projections.said import LAYERS, METHODS, Lambdas, Layer, Method
from idbounds.projections.spaces import SPACES, Space, SpaceName

Start = Literal["seed", "module"]
WhatBuffersDo = Literal["frozen", "tracked"]


@dataclass(frozen=True)
class Options:
    """Everything that `attach` takes besides the module; see there.

    Raises:
        InputError: for a word that is not known, or options that contradict each other.
    """

    d: int | None
    seed: int
    kind: str | None = None
    scale: Scale = "rms"
    start: Start = "seed"
    buffers: WhatBuffersDo = "frozen"
    relative: bool = False
    space: SpaceName = "all"
    rank: int | None = None
    method: Method = "direct"
    layers: Layer = "tensor"

    def __post_init__(self) -> None:
        """Check the words; numbers are checked where they meet the module."""
        for name, allowed in (
            ("start", ("seed", "module")),
            ("buffers", ("frozen", "tracked")),
            ("space", SPACES),
            ("method", METHODS),
            ("layers", LAYERS),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(f"{name} = {getattr(self, name)!r}: allowed are {', '.join(allowed)}")
        if self.d is None and (self.method != "direct" or self.kind is not None):
            raise InputError(
                f"d = None trains the space itself, without the projection that kind = {self.kind!r} and "
                f"method = {self.method!r} ask for: give d, or leave both out"
            )
        if self.layers != "tensor" and self.method != "said":
            raise InputError(f"layers = {self.layers!r} belongs to method 'said', not {self.method!r}")
        object.__setattr__(self, "relative", bool(self.relative))

    @property
    def family(self) -> str:
        """The projection family that is used: `kind`, or where that is None what suits the method."""
        return self.kind or ("blocks" if self.method == "direct" else "fastfood")

    def projection(self, space: Space, lambdas: Lambdas | None) -> Projection:
        """Build the map into a space.

        Args:
            space: the trainable numbers.
            lambdas: the factors of the layers, which are among the d coordinates; None if there are none.

        Returns:
            Map from d coordinates, less one for each lambda, to D numbers.

        Raises:
            InputError: if d is outside what is allowed.
        """
        if self.d is None:
            return IdentityProjection(seed=self.seed, d=space.D, D=space.D, scale=self.scale)
        if lambdas and self.d <= len(lambdas):
            raise InputError(
                f"d = {self.d} leaves no coordinate beside one lambda for each of {len(lambdas)} layers: "
                f"give at least {len(lambdas) + 1}, or a coarser layers="
            )
        if lambdas and self.d > space.D:
            raise InputError(f"d = {self.d} is more than D = {space.D}: allowed are 1 <= d <= D")
        d = self.d - len(lambdas or ())
        kind = self.family
        if self.method == "did" or (self.method == "said" and kind in MEMBERS):
            sizes = tuple(entry.size for entry in space.entries)
            return PerTensor.of(kind, seed=self.seed, d=d, sizes=sizes, scale=self.scale)
        return make_projection(kind, seed=self.seed, d=d, D=space.D, scale=self.scale)

    def words(self) -> str:
        """Return the options that saved states compare, on one line; younger ones are silent by default."""
        said = f"start={self.start} buffers={self.buffers} relative={self.relative}"
        if self.space != "all":
            said += f" space={self.space} rank={self.rank}"
        if self.method != "direct":
            said += f" method={self.method} layers={self.layers}"
        return said
