"""BIC and Laplace's approximation of the evidence: approximations of a code length, not code lengths.

Both expand the evidence around its best parameters. Nothing makes their lengths add up to at most one
(Kraft), so they may rank models, and no bound is charged with them. A prior tuned on the same data is not
fixed beforehand: then log2(number of priors tried) is owed as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.integers.elias import integer_within
from idbounds.curvature import dense, operator
from idbounds.errors import InputError
from idbounds.mdl._given import array, positive

LogJoint = Callable[[NDArray[np.float64]], float]
"""ln p(data, parameters) as a function of the parameters, shape (k,); in nats."""


def bic_approximate_bits(data_bits: float, *, k: int, n: int) -> float:
    """Schwarz's criterion: -log2 P(data | best parameters) + (k/2) log2 n.

    It leaves out what does not grow with n, some bits for each parameter. For networks it is meaningless:
    their Fisher information is singular, so parameters do not cost (1/2) log2 n each.

    Args:
        data_bits: -log2 P(data | best parameters), in bits.
        k: Number of free parameters.
        n: Number of data.

    Returns:
        Bits.

    Raises:
        InputError: If a number is out of range.

    Source: Schwarz (1978), Annals of Statistics 6(2).
    """
    if not math.isfinite(data_bits):
        raise InputError(f"data_bits: {data_bits} given; a finite number of bits is allowed")
    k, n = integer_within(k, "k", 0, 2**53), integer_within(n, "n", 1, 2**53)
    return data_bits + k / 2 * math.log2(n)


def laplace_approximate_bits(
    log_joint: LogJoint, mode: ArrayLike, *, hessian: ArrayLike | None = None
) -> float:
    """-log2 of the evidence by Laplace's method: -log2 p(data, mode) + (1/2) log2 det(H / 2 pi).

    Args:
        log_joint: ln p(data, parameters); for densities of data see `resolution` in `idbounds.mdl.gaussian`.
        mode: Parameters at its maximum, shape (k,).
        hessian: Of -log_joint at the mode, shape (k, k); by central differences if not given. For a torch
            network see `network_hessian`.

    Returns:
        Bits.

    Raises:
        InputError: If the Hessian is not positive definite: then it is no mode, or a direction is flat.
    """
    point = array(mode, "mode", 1)
    curvature = array(differences(log_joint, point) if hessian is None else hessian, "hessian", 2)
    if curvature.shape != (point.size, point.size):
        raise InputError(f"hessian: shape {curvature.shape} given; {(point.size, point.size)} is allowed")
    top = float(log_joint(point))
    if not math.isfinite(top):
        raise InputError(f"log_joint: {top} at the mode; a finite number is allowed")
    values = np.linalg.eigvalsh((curvature + curvature.T) / 2)
    if values[0] <= 0:
        raise InputError(
            f"hessian: smallest eigenvalue {values[0]:g}; only positive ones are allowed, go to a maximum of "
            "log_joint or take a prior that bends every direction"
        )
    return (float(np.log(values / (2 * math.pi)).sum()) / 2 - top) / math.log(2)


def differences(log_joint: LogJoint, point: ArrayLike, *, step: float = 1e-4) -> NDArray[np.float64]:
    """Hessian of -log_joint by central differences; k (k + 1) / 2 entries of four values each.

    Args:
        log_joint: The function.
        point: Where, shape (k,).
        step: Relative to max(1, |parameter|).

    Returns:
        Shape (k, k); the error is about step^2 times the fourth derivative.
    """
    here = array(point, "point", 1)
    steps = positive(step, "step") * np.maximum(1, np.abs(here))
    k = here.size
    hessian = np.empty((k, k))

    def value(*moves: tuple[int, int]) -> float:
        there = here.copy()
        for i, sign in moves:
            there[i] += sign * steps[i]
        return float(log_joint(there))

    for i in range(k):
        for j in range(i, k):
            around = sum(a * b * value((i, a), (j, b)) for a in (-1, 1) for b in (-1, 1))
            hessian[i, j] = hessian[j, i] = -around / (4 * steps[i] * steps[j])
    return hessian


def network_hessian(
    network: Any, loss: Any, x: Any, y: Any, *, kind: str = "ggn", prior_precision: float = 0.0
) -> NDArray[np.float64]:
    """Curvature of the summed loss of a torch module, through curvlinops, as a dense matrix.

    Args:
        network: The module, with its trained parameters; k of them, k^2 numbers must fit in memory.
        loss: A torch loss with reduction "sum", in nats, such as `CrossEntropyLoss(reduction="sum")`.
        x: Inputs.
        y: Targets.
        kind: "hessian", or "ggn", its positive part (generalised Gauss-Newton).
        prior_precision: Of an isotropic normal prior of all parameters; added to the diagonal.

    Returns:
        Shape (k, k), for `laplace_approximate_bits`.

    Raises:
        InputError: If the kind is none of the two, the loss is averaged, the precision is negative, or there
            is nothing to train.
        MissingExtra: If curvlinops is not installed.
    """  # noqa: DOC502 - raised by operator
    if kind not in ("ggn", "hessian"):
        raise InputError(f"kind: {kind!r} given; 'ggn' or 'hessian' is allowed")
    check_summed(loss)
    if not 0 <= prior_precision < math.inf:
        raise InputError(f"prior_precision: {prior_precision} given; at least 0 is allowed")
    if not any(p.requires_grad for p in network.parameters()):
        raise InputError("network: no parameter that requires a gradient given; at least one is allowed")
    curvature = array(dense(operator(kind, network, loss, [(x, y)])), "hessian", 2)
    return curvature + prior_precision * np.eye(len(curvature))


def check_summed(loss: Any) -> None:
    """Refuse a loss that is averaged.

    Args:
        loss: A torch loss.

    Raises:
        InputError: If its reduction is another than "sum".
    """
    reduction = getattr(loss, "reduction", None)
    if reduction != "sum":
        raise InputError(f"loss: reduction {reduction!r} given; 'sum' is allowed, lengths are of all data")
