"""Effective dimension of curvature, N(z) = sum of l / (l + z) over the eigenvalues l, through curvlinops.

It counts the directions that the data determine more sharply than a prior of precision z: a curve over z. The
matrix is the generalised Gauss-Newton matrix (never negative), the Hessian, or J^T J of the Jacobian J of the
network (the other side, J J^T, is the neural tangent kernel).

Sources: MacKay (1992), Neural Computation 4(3); Maddox, Benton and Wilson (2020), arXiv 2003.02139.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from idbounds.curvature import curvlinops, dense, operator
from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of a curvature matrix.

    Attributes:
        kind: "ggn", "hessian" or "jacobian".
        size: P, the number of parameters.
        eigenvalues: falling. If the spectrum is whole, those not listed are zero.
        whole: whether it is; else only the largest eigenvalues are listed.
        trace: of the matrix. Where the spectrum is not whole it is an estimate (Hutch++), NaN for a Hessian.
    """

    kind: str
    size: int
    eigenvalues: Floats
    whole: bool
    trace: float

    @property
    def sharpness(self) -> float:
        """The largest eigenvalue: gradient descent on that loss is stable up to a step of 2 / sharpness."""
        return float(self.eigenvalues[0])

    def effective_dimension(self, z: float) -> tuple[float, float]:
        """The effective dimension at a prior precision z, between two ends.

        Negative eigenvalues count nothing. The rest of a spectrum that is not whole lies between 0 and the
        last eigenvalue listed; l / (l + z) is concave, so the trace bounds it on both sides.

        Args:
            z: the precision, above 0, in the unit of the eigenvalues.

        Returns:
            The lower and the upper end; equal for a whole spectrum.

        Raises:
            InputError: If z is not positive.
        """
        if not 0 < z < np.inf:
            raise InputError(f"z: {z} given; a finite number above 0 is allowed")
        listed = np.maximum(self.eigenvalues, 0)
        sure = float((listed / (listed + z)).sum())
        rest = self.size - len(listed)
        if self.whole or not rest:
            return sure, sure
        last = float(listed[-1])
        if np.isnan(self.trace):
            return sure, sure + rest * last / (last + z)
        left = min(max(self.trace - float(listed.sum()), 0.0), rest * last)
        return sure + (left / (last + z) if left else 0.0), sure + rest * (left / rest) / (left / rest + z)

    def curve(self, precisions: Sequence[float] | None = None) -> pd.DataFrame:
        """The effective dimension over z.

        Args:
            precisions: values of z; if not given, ten decades below ten times the largest eigenvalue.

        Returns:
            One row a value: `z`, `lower` and `upper`.

        Raises:
            InputError: If a value is not positive, or there is no positive eigenvalue to choose them by.
        """
        import pandas as pd

        if precisions is None:
            top = float(self.eigenvalues[0])
            if not top > 0:
                raise InputError(f"the largest eigenvalue is {top}; give precisions")
            precisions = [top * 10.0**power for power in range(1, -10, -1)]
        rows = [(z, *self.effective_dimension(z)) for z in precisions]
        return pd.DataFrame(rows, columns=["z", "lower", "upper"])


def curvature_spectrum(
    model: nn.Module,
    loss: nn.Module,
    batches: Iterable[tuple[Any, Any]],
    *,
    kind: str = "ggn",
    largest: int = 50,
    whole_up_to: int = 2000,
    products: int = 90,
    seed: int = 0,
) -> Spectrum:
    """Eigenvalues of the curvature of a loss at the parameters of a model.

    Args:
        model: in the mode in which the curvature is wanted, as a rule `eval()`; best in float64.
        loss: a torch loss; its `reduction` ("mean" or "sum") sets the unit of the eigenvalues and of z.
        batches: pairs (inputs, targets), always the same ones.
        kind: "ggn" or "hessian".
        largest: eigenvalues found by Lanczos iteration where there are too many.
        whole_up_to: number of parameters up to which all eigenvalues are found; it is squared in memory.
        products: of the matrix with a vector that the estimate of the trace may take, a multiple of 3.
        seed: of that estimate and of the first Lanczos vector.

    Returns:
        The spectrum.

    Raises:
        InputError: If the kind is unknown, there is no batch, or a number is out of range.
        MissingExtra: If curvlinops is not installed.
    """  # noqa: DOC502 - raised by operator
    if kind not in ("ggn", "hessian"):
        raise InputError(f"kind: {kind!r} given; 'ggn' or 'hessian' is allowed")
    if largest < 1 or products < 3 or products % 3:
        raise InputError(
            f"largest = {largest}, products = {products} given; 1 or more, and a multiple of 3, are allowed"
        )
    found = operator(kind, model, loss, batches)
    size = found.shape[0]
    if size <= max(whole_up_to, largest + 1):
        matrix = dense(found)
        values = np.linalg.eigvalsh((matrix + matrix.T) / 2)[::-1].astype(np.float64)
        return Spectrum(kind, size, values, True, float(np.trace(matrix)))
    from scipy.sparse.linalg import eigsh

    start = np.random.default_rng(seed).normal(size=size)
    values = eigsh(found.to_scipy(), k=largest, which="LA", v0=start, return_eigenvectors=False)
    trace = _trace(found, products, seed) if kind == "ggn" else float("nan")
    return Spectrum(kind, size, np.sort(np.asarray(values, dtype=np.float64))[::-1], False, trace)


def jacobian_spectrum(
    model: nn.Module, batches: Iterable[tuple[Any, Any]], *, whole_up_to: int = 4000
) -> Spectrum:
    """Eigenvalues of J^T J, with J the derivatives of all outputs by all parameters.

    Args:
        model: as for `curvature_spectrum`.
        batches: pairs (inputs, targets), of which the targets do not matter.
        whole_up_to: the larger of rows (examples x outputs) and parameters may exceed it, not the smaller.

    Returns:
        The spectrum, whole: there are at most min(rows, parameters) eigenvalues other than zero.

    Raises:
        InputError: If both sides are larger, or there is no batch.
        MissingExtra: If curvlinops is not installed.
    """  # noqa: DOC502 - raised by operator
    data = list(batches)
    found = operator("jacobian", model, None, data)
    rows, size = found.shape
    if min(rows, size) > whole_up_to:
        raise InputError(
            f"the Jacobian has {rows} rows and {size} columns; one side of at most {whole_up_to} is allowed: "
            "give fewer examples"
        )
    if rows < size:
        found = operator("transposed jacobian", model, None, data)
    values = np.square(np.linalg.svd(dense(found), compute_uv=False), dtype=np.float64)
    return Spectrum("jacobian", size, values, True, float(values.sum()))


def _trace(matrix: Any, products: int, seed: int) -> float:
    import torch

    devices = [matrix.device] if matrix.device.type == "cuda" else []
    with torch.random.fork_rng(devices):  # the library draws from torch's own generator
        torch.manual_seed(seed)
        return float(curvlinops().hutchpp_trace(matrix, products))
