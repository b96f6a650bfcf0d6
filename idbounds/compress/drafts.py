"""A tensor on its way into a message: which layer it belongs to, and how it would be written now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from idbounds.decoders.decoder import wide
from idbounds.decoders.form import Form, Positions, Slot
from idbounds.decoders.forms import Dense
from idbounds.decoders.layers import STATISTICS, Coded, layout
from idbounds.decoders.values import Reals, Values
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import nn

VECTOR, GROUPED, STATISTIC, OTHER = "vector", "grouped convolution", "running statistic", "other"
KINDS: Final = (
    "linear",
    "convolution",
    "embedding",
    "attention",
    "recurrent",
    GROUPED,
    VECTOR,
    STATISTIC,
    OTHER,
)
"""Layer types by name; the first five hold matrices."""

MATRICES: Final = frozenset(KINDS[:5])

_REASONS = {
    VECTOR: "a vector, too short to gain",
    GROUPED: "a grouped convolution: its weight is not one matrix",
    STATISTIC: "a running statistic, which sets the scale of a layer",
}


@dataclass(frozen=True, eq=False)
class Draft:
    """One tensor and how it would be written now.

    Attributes:
        coded: as the message would say it.
        kind: layer type, one of `KINDS`.
        owner: class of the layer that holds it.
        original: the trained weights, float64, in C order.
        notes: which steps left it alone, and why.
    """

    coded: Coded
    kind: str
    owner: str
    original: Reals
    notes: tuple[str, ...] = ()

    @property
    def slot(self) -> Slot:
        """Name, shape and place."""
        return self.coded.slot

    @property
    def no_matrix(self) -> str:
        """Why a step for matrices leaves it alone."""
        return _REASONS.get(self.kind, f"{self.owner} is a layer type that it does not know")

    def skipped(self, note: str) -> Draft:
        """The same, left alone for a reason; a reason is noted once."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, note))))

    def remade(self, form: Form, *values: Values, positions: Positions | None = None) -> Draft:
        """The same tensor in another form.

        Args:
            form: how it is made.
            *values: of which numbers.
            positions: those that the form names; by default those of now.

        Returns:
            The new draft.
        """
        places = self.coded.positions if positions is None else positions
        return replace(self, coded=Coded(self.slot, form, values, places))


def drafts(module: nn.Module, weights: Mapping[str, Any]) -> list[Draft]:
    """The tensors of a network as dense float32, the message before any step.

    Args:
        module: a network of the architecture, made anew.
        weights: trained tensor by name, anything numpy reads.

    Returns:
        One draft a tensor, in the order of the message.

    Raises:
        InputError: When a tensor is missing, unknown, of another shape or not finite, or when one that the
            message does not give differs from what the architecture sets.
    """
    known = module.state_dict()
    unknown = sorted(set(weights) - set(known))
    slots = layout(module)
    missing = [slot.name for slot in slots if slot.name not in weights]
    if unknown or missing:
        raise InputError(
            f"weights: unknown to the architecture: {', '.join(unknown[:5]) or 'none'}; missing: "
            f"{', '.join(missing[:5]) or 'none'}; give each of its tensors by its own name"
        )
    _check_fixed(module, weights, {slot.name for slot in slots})
    return [_draft(module, slot, weights[slot.name]) for slot in slots]


def _draft(module: nn.Module, slot: Slot, given: Any) -> Draft:
    array = np.asarray(given, dtype=np.float64)
    if array.shape != slot.shape or not np.isfinite(array).all():
        raise InputError(
            f"{slot.name}: shape {array.shape} given, with {int((~np.isfinite(array)).sum())} entries that "
            f"are not finite; the architecture takes finite numbers of shape {slot.shape}"
        )
    kind, owner = _kind(module, slot)
    original = array.ravel()
    return Draft(Coded(slot, Dense(), (Values.floats(original),)), kind, owner, original)


def _check_fixed(module: nn.Module, weights: Mapping[str, Any], written: set[str]) -> None:
    """What the message does not give must be what the architecture sets, or the decoded model is another."""
    parameters = {id(p): name for name, p in module.named_parameters() if name in written}
    for name, value in module.state_dict(keep_vars=True).items():
        if name in written or name not in weights:
            continue
        if id(value) in parameters:
            first = parameters[id(value)]
            if not np.array_equal(np.asarray(weights[name]), np.asarray(weights[first])):
                raise InputError(
                    f"{name}: it is tied to {first} in the architecture, and differs from it as given; give "
                    "an architecture that does not tie them"
                )
            continue
        if name.rpartition(".")[2] == "num_batches_tracked":  # no prediction depends on it
            continue
        if not np.array_equal(np.asarray(weights[name]), wide(value).numpy()):
            raise InputError(
                f"{name}: it takes no gradient, so the architecture sets it, and to something else than "
                "given; let the factory make it as it is, or let it take a gradient"
            )


def _kind(module: nn.Module, slot: Slot) -> tuple[str, str]:
    """Layer type of a tensor, and the class of the layer that holds it."""
    from torch import nn
    from torch.nn.modules.conv import _ConvNd

    path, _, leaf = slot.name.rpartition(".")
    owner = module.get_submodule(path)
    name = type(owner).__name__
    if leaf in STATISTICS:
        return STATISTIC, name
    if len(slot.shape) < 2:
        return VECTOR, name
    if isinstance(owner, _ConvNd):
        return ("convolution" if owner.groups == 1 else GROUPED), name
    types: tuple[tuple[type[nn.Module], str], ...] = (
        (nn.Linear, "linear"),
        (nn.Embedding, "embedding"),
        (nn.MultiheadAttention, "attention"),
        (nn.RNNBase, "recurrent"),
    )
    found = next((kind for layer, kind in types if isinstance(owner, layer)), OTHER)
    # Without importing transformers: the linear layer of GPT-2, whose weight is transposed.
    return ("linear" if name == "Conv1D" and hasattr(owner, "nf") else found), name
