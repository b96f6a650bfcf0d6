"""A projection acting on tensors: differentiable to any order, batched by vmap, on any device."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from idbounds.projections._torch import Tensor, torch
from idbounds.projections.base import Int64Array, Projection
from idbounds.projections.blocks import BlocksProjection


class Form(Protocol):
    """What a family looks like on an accelerator: S and w as tensors, made from the same integers."""

    def apply(self, z: Tensor) -> Tensor:
        """Return P z for a tensor of shape (..., d)."""

    def adjoint(self, g: Tensor) -> Tensor:
        """Return P' g for a tensor of shape (..., D)."""

    def spread(self, z: Tensor) -> Tensor:
        """Return S z for a tensor of shape (..., d)."""

    def gather(self, g: Tensor) -> Tensor:
        """Return S' g for a tensor of shape (..., D)."""

    @property
    def weights(self) -> Tensor:
        """w, float64 of shape (d,)."""


class Rows:
    """S with one entry a row, as stored index and sign tensors.

    8 bytes an index plus one sign in the working dtype per parameter. On CUDA the adjoint's ``index_add_``
    adds in no fixed order, so float results there may differ in the last bit from run to run.

    Args:
        projection: the projection to copy.
        like: tensor that gives device and dtype.
    """

    def __init__(self, projection: BlocksProjection, like: Tensor) -> None:
        """Copy the rows to the device."""
        index, sign = projection.rows()
        self.index = torch.from_numpy(index).to(like.device)
        self.sign = torch.from_numpy(sign).to(like.device, like.dtype)
        # w stays float64: the product with z is rounded once, as the compiled kernels do.
        self.weights = torch.from_numpy(projection.column_weights()).to(like.device)

    def spread(self, z: Tensor) -> Tensor:
        """Return S z for a tensor of shape (..., d)."""
        return z[..., self.index] * self.sign

    def gather(self, g: Tensor) -> Tensor:
        """Return S' g for a tensor of shape (..., D)."""
        total = torch.zeros((*g.shape[:-1], len(self.weights)), dtype=g.dtype, device=g.device)
        return total.index_add_(-1, self.index, g * self.sign)

    def apply(self, z: Tensor) -> Tensor:
        """Return P z for a tensor of shape (..., d)."""
        return self.spread((z.double() * self.weights).to(z.dtype))

    def adjoint(self, g: Tensor) -> Tensor:
        """Return P' g for a tensor of shape (..., D)."""
        return (self.gather(g).double() * self.weights).to(g.dtype)


FORMS: dict[type[Projection], Callable[[Any, Tensor], Form]] = {BlocksProjection: Rows}
"""Families with a form for accelerators. A new form needs one line here and the laws of its test."""


class Operator:
    """A projection acting on tensors: its compiled kernels on the CPU, its form in `FORMS` elsewhere.

    A family without a form works on every device all the same: vectors are copied to the CPU, projected
    there and copied back, two transfers of D entries a training step. Either way P comes from the same
    integers; `digest` proves it of a device.

    Args:
        projection: the map.
        stored: use the form even on the CPU (what an accelerator would do).
    """

    def __init__(self, projection: Projection, *, stored: bool = False) -> None:
        """Keep the projection; tensors are stored when a device first needs them."""
        self.projection = projection
        self.stored = stored
        self._forms: dict[tuple[torch.device, torch.dtype], Form] = {}

    def apply(self, z: Tensor) -> Tensor:
        """Return P z for a tensor of shape (..., d), each row by itself."""
        form = self._form_for(z)
        return form.apply(z) if form else _through_numpy(self.projection.apply, z)

    def adjoint(self, g: Tensor) -> Tensor:
        """Return P' g for a tensor of shape (..., D), each row by itself."""
        form = self._form_for(g)
        return form.adjoint(g) if form else _through_numpy(self.projection.adjoint, g)

    def digest(self, device: torch.device | str = "cpu") -> str:
        """Compute the projection's fingerprint with the tensors that work on a device.

        Args:
            device: where. With a form (a device other than the CPU, or ``stored=True``) the probes are
                spread and gathered by its tensors, in float64, where they are exact integers.

        Returns:
            64 hexadecimal digits, equal to ``projection.digest()`` unless the tensors hold another map.
        """
        form = self._form_for(torch.empty(0, dtype=torch.float64, device=device))
        if form is None:
            return self.projection.digest()

        def on_device(function: Callable[[Tensor], Tensor], x: Int64Array) -> Int64Array:
            return function(torch.from_numpy(x).double().to(device)).long().cpu().numpy()

        # The projection's own digest, with the device's S and w in place of the compiled ones.
        borrowed = copy.copy(self.projection)
        replaced: dict[str, Any] = {
            "exact_images": lambda x, h: (on_device(form.spread, x), on_device(form.gather, h)),
            "column_weights": lambda: form.weights.cpu().numpy(),
        }
        for name, value in replaced.items():
            object.__setattr__(borrowed, name, value)
        return borrowed.digest()

    def _form_for(self, like: Tensor) -> Form | None:
        make = FORMS.get(type(self.projection))
        if make is None or (like.device.type == "cpu" and not self.stored):
            return None
        where = (like.device, like.dtype)
        if where not in self._forms:
            self._forms = {where: make(self.projection, like)}  # one at a time: the size of the model
        return self._forms[where]


def project(x: Tensor, operator: Operator, *, transposed: bool = False) -> Tensor:
    """Return P x, or P' x if ``transposed``, as a differentiable function of x.

    Works under `torch.func.grad`, `jvp` and `vmap`; rows of a batch are projected one after another by
    the compiled kernels, and at once by the form of an accelerator.

    Args:
        x: tensor of shape (..., d), or (..., D) if ``transposed``.
        operator: the projection acting on tensors.
        transposed: apply the adjoint instead.

    Returns:
        Tensor of shape (..., D), or (..., d) if ``transposed``.
    """
    result: Tensor = _Linear.apply(x, operator, transposed)  # type: ignore[no-untyped-call]
    return result


class _Linear(torch.autograd.Function):
    """z -> P z (or g -> P' g) with the other one as its derivative, so derivatives of any order exist."""

    @staticmethod
    def forward(x: Tensor, operator: Operator, transposed: bool) -> Tensor:
        return operator.adjoint(x) if transposed else operator.apply(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, ctx.operator, ctx.transposed = inputs

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return project(grads[0], ctx.operator, transposed=not ctx.transposed), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        return project(tangents[0], ctx.operator, transposed=ctx.transposed)

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Tensor, operator: Operator, transposed: bool) -> tuple[Tensor, int]:
        return project(x.movedim(in_dims[0], 0), operator, transposed=transposed), 0


def _through_numpy(function: Callable[[Any], Any], x: Tensor) -> Tensor:
    values = x.detach().cpu().numpy()
    if values.ndim == 1:
        return torch.from_numpy(function(values)).to(x.device)
    rows = [function(row) for row in np.ascontiguousarray(values).reshape(-1, values.shape[-1])]
    return torch.from_numpy(np.stack(rows).reshape(*values.shape[:-1], -1)).to(x.device)
