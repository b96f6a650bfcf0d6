"""Curvature of a loss as linear operators, through curvlinops: the one place that asks that library.

For parameters theta, scores f and a loss l, summed or averaged over the examples as the loss says:

* "hessian": the second derivative of the loss;
* "ggn": J' (d2 l / d f2) J, the generalised Gauss-Newton matrix, never negative. For the cross-entropy it
  is the Fisher matrix, the mean over labels drawn from the network's own probabilities;
* "fisher": the same with one drawn label an example, an estimate;
* "empirical": the sum of g g' over single examples, g the derivative of the loss at the label that is there;
* "kfac": a block G (x) A for each linear layer and convolution, A the second moment of its inputs and G that
  of the derivatives by its outputs (Martens and Grosse 2015);
* "jacobian": J itself, (examples x scores, parameters).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from torch import nn

Floats = NDArray[np.float64]
Batches = Iterable[tuple[Any, Any]]

OPERATORS: Final[Mapping[str, str]] = {
    "hessian": "HessianLinearOperator",
    "ggn": "GGNLinearOperator",
    "fisher": "FisherMCLinearOperator",
    "empirical": "EFLinearOperator",
    "kfac": "KFACLinearOperator",
    "jacobian": "JacobianLinearOperator",
    "transposed jacobian": "TransposedJacobianLinearOperator",
}
"""The library's class of each kind."""

_BLOCK = 64  # columns multiplied at a time


@dataclass(frozen=True, eq=False)
class Block:
    """What K-FAC says of one layer: the curvature by its weight, with rows as the slowest index, is G (x) A.

    That by its bias is G. Entries between layers, and between weight and bias, are taken as zero.

    Attributes:
        inputs: A, mean over examples and places of v v' for the inputs or patches v, shape (n, n).
        outputs: G, of the derivatives by the outputs, in the unit of the loss, shape (m, m).
    """

    inputs: Floats
    outputs: Floats

    def eigenvalues(self) -> tuple[Floats, Floats]:
        """Those of the block of the weight, shape (m n,), and of that of the bias, shape (m,), from 0 up."""
        a, g = (np.maximum(np.linalg.eigvalsh(side), 0) for side in (self.inputs, self.outputs))
        return np.outer(g, a).ravel(), g

    def inverse_diagonal(self, damping: float) -> Floats:
        """The diagonal of (G (x) A + damping I)^-1, from the eigenvectors of both sides.

        Args:
            damping: above 0.

        Returns:
            Shape (m, n).
        """
        (g, u), (a, v) = np.linalg.eigh(self.outputs), np.linalg.eigh(self.inputs)
        shrunk = 1 / (np.outer(np.maximum(g, 0), np.maximum(a, 0)) + damping)
        found: Floats = u**2 @ shrunk @ (v**2).T
        return found


def operator(
    kind: str,
    module: nn.Module,
    loss: nn.Module | None,
    batches: Batches,
    *,
    parameters: Sequence[Any] | None = None,
    **options: Any,
) -> Any:
    """A curvature matrix as a linear operator: `operator @ vectors`, `operator.shape`, `operator.to_scipy()`.

    Args:
        kind: a key of `OPERATORS`.
        module: in the mode in which the curvature is wanted, as a rule `eval()`; best in float64.
        loss: a torch loss; its `reduction` ("mean" or "sum") sets the unit. None for a Jacobian.
        batches: pairs (inputs, targets), always the same ones.
        parameters: which ones; by default all that need a gradient.
        **options: of the library's class.

    Returns:
        The library's operator, of shape (P, P), or that of a Jacobian.

    Raises:
        InputError: If the kind is unknown, or there is no batch or no parameter.
        MissingExtra: If curvlinops is not installed.
    """  # noqa: DOC502 - raised by curvlinops
    if kind not in OPERATORS:
        raise InputError(f"kind: {kind!r} given; one of {', '.join(OPERATORS)} is allowed")
    library = curvlinops()
    chosen = [p for p in module.parameters() if p.requires_grad] if parameters is None else list(parameters)
    data = list(batches)
    if not data or not chosen:
        raise InputError(
            f"{len(data)} batches, {len(chosen)} trained parameter tensors given; 1 or more are allowed"
        )
    losses = [] if kind.endswith("jacobian") else [loss]
    return getattr(library, OPERATORS[kind])(module, *losses, chosen, data, **options)


def dense(matrix: Any) -> Floats:
    """An operator as a matrix, a block of columns at a time.

    Args:
        matrix: what `operator` gave.

    Returns:
        float64, of its shape.
    """
    import torch

    size, blocks = matrix.shape[1], []
    for first in range(0, size, _BLOCK):
        columns = torch.zeros(size, min(_BLOCK, size - first), dtype=matrix.dtype, device=matrix.device)
        columns[torch.arange(first, first + columns.shape[1]), torch.arange(columns.shape[1])] = 1
        blocks.append((matrix @ columns).detach().cpu().double().numpy())
    return np.concatenate(blocks, axis=1)


def kronecker_blocks(
    module: nn.Module, loss: nn.Module, batches: Batches, names: Sequence[str]
) -> dict[str, Block]:
    """The K-FAC blocks of some layers, with the exact expectation over labels (as many passes as scores).

    Args:
        module: as for `operator`.
        loss: `CrossEntropyLoss` or `MSELoss`.
        batches: pairs (inputs, targets).
        names: of layers for which `no_kronecker` has no reason.

    Returns:
        The block of each layer.

    Raises:
        InputError: If a layer has no block, or there is nothing to measure.
        MissingExtra: If curvlinops is not installed.
    """  # noqa: DOC502 - raised by operator
    for name in names:
        reason = no_kronecker(module.get_submodule(name))
        if reason:
            raise InputError(f"layer {name!r} has no K-FAC block: {reason}")
    weights = [module.get_submodule(name).get_parameter("weight") for name in names]
    # The library's check multiplies once, and a second computation would be added to the first.
    options = {"fisher_type": "type-2", "check_deterministic": False}
    found = operator("kfac", module, loss, batches, parameters=weights, **options)
    found.compute_kronecker_factors()
    sides = found.state_dict()

    def side(which: str, name: str) -> Floats:
        array: Floats = sides[which][name].detach().cpu().double().numpy()
        return array

    return {
        name: Block(side("input_covariances", name), side("gradient_covariances", name)) for name in names
    }


def no_kronecker(layer: nn.Module) -> str:
    """Why K-FAC knows nothing of a layer; "" if it does.

    Args:
        layer: any.

    Returns:
        A reason in words, or "".
    """
    from torch import nn

    if isinstance(layer, nn.Linear):
        return ""
    if not isinstance(layer, nn.Conv2d):
        return f"{type(layer).__name__} is no linear layer and no convolution of images"
    if layer.groups != 1:
        return f"{layer.groups} groups: its weight is not one matrix"
    # The library pads patches with zeros, whatever the layer does.
    return "" if layer.padding_mode == "zeros" else f"its padding is {layer.padding_mode!r}, not 'zeros'"


def curvlinops() -> Any:
    """The library.

    Returns:
        The module.

    Raises:
        MissingExtra: If it is not installed.
    """
    try:
        return import_module("curvlinops")
    except ImportError:
        raise MissingExtra("curvature needs curvlinops: pip install 'idbounds[curvature]'") from None
