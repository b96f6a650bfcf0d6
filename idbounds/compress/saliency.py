"""How much the loss would rise if a weight became zero, to second order: OBD and Fisher saliencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from idbounds.batches import evaluating
from idbounds.compress.drafts import Draft
from idbounds.compress.inverse_saliency import INVERSE, inverse_saliencies
from idbounds.compress.looking import drawn, weights_now
from idbounds.compress.pipeline import Bench
from idbounds.decoders.values import Reals
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

SALIENCIES: Final = ("magnitude", "fisher", "obd", *INVERSE)

_FLOATS = 2**24  # gradients held at a time: 128 MiB


def saliencies(drafts: Sequence[Draft], bench: Bench, kind: str, examples: int, seed: int) -> list[Reals]:
    """The saliency of each weight of some tensors: h w^2 / 2, with h the curvature of the mean loss along it.

    Under "fisher" h is the mean over examples of g^2, with g the derivative of -log p(label) by the weight
    (the empirical Fisher). Under "obd" it is the mean of the sum over classes c of p(c) times the square of
    the derivative of log p(c): the diagonal of the Gauss-Newton matrix of the cross-entropy. Where every
    score is piecewise linear in a single weight (ReLU, maximum and average pooling), that is the diagonal of
    the Hessian itself; elsewhere it is the approximation that LeCun, Denker and Solla name, too, because it
    is never negative. The squares are those of single examples, so a gradient of a batch would not do. The
    others of `SALIENCIES` are those of `inverse_saliency`.

    Args:
        drafts: the tensors.
        bench: network, data, and the weights of all tensors as they are now.
        kind: one of `SALIENCIES`.
        examples: of the training part that are looked at, at most all.
        seed: of their choice.

    Returns:
        One array a tensor, float64, shape (N,), in nats; for "magnitude", the magnitudes.

    Raises:
        InputError: when the network cannot be differentiated example by example.

    Source: LeCun, Denker and Solla (1990), Optimal brain damage; Martens (2020), New insights and
        perspectives on the natural gradient method (that the two sums over classes are one matrix).
    """
    if kind == "magnitude":
        return [np.abs(draft.coded.weights).ravel() for draft in drafts]
    if kind in INVERSE:
        return inverse_saliencies(drafts, bench, kind, examples, seed)
    import torch

    assert bench.sample is not None
    module = bench.module
    moving, given = weights_now(drafts, bench)

    def log_chance(weights: dict[str, Tensor], x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        logs = torch.log_softmax(torch.func.functional_call(module, given | weights, (x[None],))[0], 0)
        chosen = logs.gather(0, c[None])[0]
        return chosen, chosen.detach().exp()

    each = torch.func.vmap(torch.func.grad(log_chance, has_aux=True), in_dims=(None, 0, 0))
    images, labels = drawn(bench, examples, seed)
    rows, classes = _pairs(labels, kind, bench.sample.classes)
    sums = {name: torch.zeros_like(tensor) for name, tensor in moving.items()}
    chunk = max(1, _FLOATS // sum(tensor.numel() for tensor in moving.values()))
    with evaluating(module):
        for start in range(0, len(rows), chunk):
            part = slice(start, start + chunk)
            try:
                found, chances = each(moving, images[rows[part]], classes[part])
            except RuntimeError as error:
                raise InputError(
                    f"saliency = {kind!r}: torch cannot differentiate this network example by example "
                    f"({str(error).partition(chr(10))[0][:120]}); give 'magnitude'"
                ) from None
            shares = chances if kind == "obd" else torch.ones_like(chances)
            for name, gradient in found.items():
                sums[name] += torch.einsum("b,b...->...", shares, gradient.square_())
            if bench.advance is not None:
                bench.advance(min(start + chunk, len(rows)), len(rows))
    made = [(sums[name] * moving[name].square() / (2 * len(images))).numpy().ravel() for name in moving]
    if not all(np.isfinite(saliency).all() for saliency in made):
        raise InputError(f"saliency = {kind!r}: the loss has no finite curvature at these weights")
    return made


def _pairs(labels: Tensor, kind: str, classes: int) -> tuple[Tensor, Tensor]:
    """Pairs of an example and a class: its label, or each class in turn."""
    import torch

    rows = torch.arange(len(labels))
    if kind == "fisher":
        return rows, labels
    return rows.repeat_interleave(classes), torch.arange(classes).repeat(len(labels))
