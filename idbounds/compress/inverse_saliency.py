"""How much the loss would rise if a weight became zero and others moved to make up for it: OBS and K-FAC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from idbounds.compress.drafts import Draft
from idbounds.compress.looking import drawn, network_now
from idbounds.compress.pipeline import Bench
from idbounds.curvature import Batches, dense, kronecker_blocks, no_kronecker, operator
from idbounds.decoders.values import Reals
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import nn

INVERSE: Final = ("obs", "kfac")
DAMPING: Final = 1e-3
"""What is added to the diagonal of the curvature, as a share of its mean."""

_LARGEST = 4096  # weights whose full curvature is inverted


def inverse_saliencies(
    drafts: Sequence[Draft], bench: Bench, kind: str, examples: int, seed: int
) -> list[Reals]:
    """The saliency of each weight of some tensors: w^2 / (2 [H^-1]_ww), in nats.

    H is the Gauss-Newton matrix of the mean cross-entropy, with `DAMPING` of its mean diagonal added. Under
    "obs" it is the whole matrix over all weights of these tensors that are not zero. Under "kfac" it is a
    Kronecker product for each layer, so that every weight of a layer counts and none of another does.

    Args:
        drafts: the tensors, none of which `unweighable` has a reason for.
        bench: network, data, and the weights of all tensors as they are now.
        kind: "obs" or "kfac".
        examples: of the training part that are looked at, at most all.
        seed: of their choice.

    Returns:
        One array a tensor, float64, shape (N,).

    Raises:
        InputError: for "obs" of more than 4096 weights, or a network that the library cannot differentiate.

    Source: Hassibi and Stork (1993), Second order derivatives for network pruning: optimal brain surgeon;
        Martens and Grosse (2015), Optimizing neural networks with Kronecker-factored approximate curvature.
    """
    sizes = [draft.slot.size for draft in drafts]
    if kind == "obs" and sum(sizes) > _LARGEST:
        raise InputError(
            f"saliency = 'obs': {sum(sizes)} weights given, and their full curvature is inverted; up to "
            f"{_LARGEST} are allowed, give 'kfac'"
        )
    module, batches = network_now(drafts, bench), [drawn(bench, examples, seed)]
    try:
        inverse = _whole if kind == "obs" else _by_layer
        diagonal = inverse(drafts, module, batches)
    except InputError:
        raise
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"saliency = {kind!r}: curvlinops cannot take the curvature of this network "
            f"({str(error).partition(chr(10))[0][:120]}); give 'magnitude'"
        ) from None
    weights = [draft.coded.weights.ravel() for draft in drafts]
    return [w**2 / (2 * part) for w, part in zip(weights, diagonal, strict=True)]


def unweighable(draft: Draft, module: nn.Module, kind: str) -> str:
    """Why a saliency says nothing of a tensor; "" if it does.

    Args:
        draft: the tensor.
        module: the network.
        kind: a saliency.

    Returns:
        A reason in words, or "".
    """
    if kind != "kfac":
        return ""
    owner, _, leaf = draft.slot.name.rpartition(".")
    reason = no_kronecker(module.get_submodule(owner))
    return reason or ("" if leaf == "weight" else f"{leaf} is no weight of a layer")


def _whole(drafts: Sequence[Draft], module: nn.Module, batches: Batches) -> list[Reals]:
    """Diagonal of the inverse over the weights that are not zero; infinite for the others."""
    import torch

    parameters = [module.get_parameter(draft.slot.name) for draft in drafts]
    matrix = dense(operator("ggn", module, torch.nn.CrossEntropyLoss(), batches, parameters=parameters))
    left = np.concatenate([draft.coded.weights.ravel() for draft in drafts]) != 0
    matrix = matrix[np.ix_(left, left)]
    diagonal = np.full(left.size, np.inf)
    if left.any():
        damping = _damping(float(np.trace(matrix)), len(matrix))
        diagonal[left] = np.diag(np.linalg.inv(matrix + damping * np.eye(len(matrix))))
    return np.split(diagonal, np.cumsum([draft.slot.size for draft in drafts])[:-1])


def _by_layer(drafts: Sequence[Draft], module: nn.Module, batches: Batches) -> list[Reals]:
    """Diagonal of the inverse of each layer's Kronecker product."""
    import torch

    names = [draft.slot.name.rpartition(".")[0] for draft in drafts]
    blocks = kronecker_blocks(module, torch.nn.CrossEntropyLoss(), batches, names)
    traces = [float(np.trace(block.inputs) * np.trace(block.outputs)) for block in blocks.values()]
    damping = _damping(sum(traces), sum(draft.slot.size for draft in drafts))
    return [blocks[name].inverse_diagonal(damping).ravel() for name in names]


def _damping(trace: float, size: int) -> float:
    if not (0 < trace < np.inf):
        raise InputError(f"the loss has curvature of trace {trace} at these weights; give 'magnitude'")
    return DAMPING * trace / size
