"""Laplace's approximation of the evidence of a network, with a normal prior over its weights.

It ranks networks and priors. It is no code length (see `evidence`), so no bound is charged with it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.curvature import kronecker_blocks, no_kronecker
from idbounds.errors import InputError
from idbounds.mdl._given import positive
from idbounds.mdl.evidence import check_summed, network_hessian


def network_laplace_approximate_bits(
    network: Any, loss: Any, x: Any, y: Any, *, prior_precision: float, kind: str = "kfac"
) -> float:
    """-log2 of the evidence of the labels by Laplace's method: loss, prior, and the volume of the posterior.

    With H the curvature of the summed loss at the weights theta and the prior N(0, 1 / t) for each,

        nats = loss + t |theta|^2 / 2 + (1/2) sum of ln(1 + l / t) over the eigenvalues l of H.

    It is the expansion around a maximum of the posterior: train the summed loss with t |theta|^2 / 2 added.

    Args:
        network: The module in eval mode, with its trained parameters, best in float64.
        loss: A torch loss with reduction "sum", in nats, such as `CrossEntropyLoss(reduction="sum")`.
        x: Inputs.
        y: Targets.
        prior_precision: t, above 0; fixed before the data, or log2 of the number tried is owed.
        kind: "kfac", the Kronecker blocks of linear layers and convolutions, whose eigenvalues are products;
            "ggn", the whole Gauss-Newton matrix: the square of the number of parameters must fit in memory.

    Returns:
        Bits.

    Raises:
        InputError: If the kind is none of the two, the precision is not positive, or a trained parameter
            belongs to a layer that K-FAC does not know.

    Source: MacKay (1992), A practical Bayesian framework for backpropagation networks; Ritter, Botev and
        Barber (2018), A scalable Laplace approximation for neural networks, for the Kronecker blocks.
    """
    import torch

    precision = positive(prior_precision, "prior_precision")
    if kind not in ("kfac", "ggn"):
        raise InputError(f"kind: {kind!r} given; 'kfac' or 'ggn' is allowed")
    check_summed(loss)
    if kind == "kfac":
        values = _kronecker(network, loss, x, y)
    else:
        matrix = network_hessian(network, loss, x, y)
        values = np.maximum(np.linalg.eigvalsh((matrix + matrix.T) / 2), 0)
    with torch.no_grad():
        fit = float(loss(network(x), y))
        square = sum(float((p.double() ** 2).sum()) for p in network.parameters() if p.requires_grad)
    nats = fit + precision * square / 2 + float(np.log1p(values / precision).sum()) / 2
    return nats / math.log(2)


def _kronecker(network: Any, loss: Any, x: Any, y: Any) -> NDArray[np.float64]:
    """Eigenvalues of the blocks of all trained parameters."""
    trained: dict[str, list[str]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            owner, _, leaf = name.rpartition(".")
            trained.setdefault(owner, []).append(leaf)
    for owner, leaves in trained.items():
        reason = no_kronecker(network.get_submodule(owner))
        reason = reason or ("" if "weight" in leaves else "its weight takes no gradient")
        if reason:
            raise InputError(f"layer {owner!r}: {reason}; give kind='ggn'")
    blocks = kronecker_blocks(network, loss, [(x, y)], list(trained))
    found = []
    for owner, leaves in trained.items():
        weight, bias = blocks[owner].eigenvalues()
        found += [weight] + [bias] * (len(leaves) - 1)
    return np.concatenate(found)
