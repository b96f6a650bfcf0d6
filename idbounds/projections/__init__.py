"""Maps from a few coordinates to many parameters, rebuilt from integers alone.

`make_projection` builds one; `attach` puts one under a torch module (needs the extra ``torch``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idbounds.errors import InputError
from idbounds.projections.base import Cost, Projection, Scale, SignProjection
from idbounds.projections.blocks import BlocksProjection
from idbounds.projections.dense import DenseProjection
from idbounds.projections.fastfood import FastfoodProjection
from idbounds.projections.kronecker import KroneckerProjection
from idbounds.projections.laws import check_projection
from idbounds.projections.orthonormal import OrthonormalProjection
from idbounds.projections.per_tensor import PerTensor
from idbounds.projections.sparse import SparseProjection
from idbounds.projections.srht import SrhtProjection
from idbounds.projections.stream import (
    Stream,
    permutation,
    signs,
    uniform_symmetric,
    words,
)
from idbounds.projections.threads import get_threads, set_threads
from idbounds.projections.tied import TiedProjection

if TYPE_CHECKING:
    from idbounds.projections.subspace import SubspaceModule as SubspaceModule
    from idbounds.projections.subspace import attach as attach

# The position in this menu is written into certificates: an index never changes meaning. Add at the end.
projections: dict[str, type[Projection]] = {
    "blocks": BlocksProjection,  # 0
    "dense": DenseProjection,  # 1
    "orthonormal": OrthonormalProjection,  # 2
    "sparse": SparseProjection,  # 3
    "srht": SrhtProjection,  # 4
    "fastfood": FastfoodProjection,  # 5
    "tied": TiedProjection,  # 6
    "kronecker": KroneckerProjection,  # 7
}


def make_projection(kind: str, *, seed: int, d: int, D: int, scale: Scale = "rms") -> Projection:
    """Build a projection of a named family.

    Args:
        kind: a key of `projections`; ``"blocks"`` is the default of everything that chooses for you.
        seed: integer in [0, 2**63).
        d: number of coordinates, 1 <= d <= D.
        D: number of parameters.
        scale: ``"rms"`` or ``"unit"``, see `Projection`.

    Returns:
        The projection.

    Raises:
        InputError: if the family is unknown or an argument is outside what is allowed.
    """
    if kind not in projections:
        raise InputError(f"unknown projection {kind!r}: allowed are {', '.join(projections)}")
    return projections[kind](seed=seed, d=d, D=D, scale=scale)


def __getattr__(name: str) -> Any:
    # torch is optional and slow to import: only those who ask for these two names pay for it
    if name in {"attach", "SubspaceModule"}:
        from idbounds.projections import subspace

        return getattr(subspace, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Without the two torch names: `import *` must work where torch is not installed.
__all__ = [
    "BlocksProjection",
    "Cost",
    "DenseProjection",
    "FastfoodProjection",
    "KroneckerProjection",
    "OrthonormalProjection",
    "PerTensor",
    "Projection",
    "Scale",
    "SignProjection",
    "SparseProjection",
    "SrhtProjection",
    "Stream",
    "TiedProjection",
    "check_projection",
    "get_threads",
    "make_projection",
    "permutation",
    "projections",
    "set_threads",
    "signs",
    "uniform_symmetric",
    "words",
]
