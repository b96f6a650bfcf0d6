"""Attacks on a classifier: the gradient sign method and projected gradient ascent, in the maximum norm.

Both look for an input near to the given one, no coordinate further than a radius, at which the cross-entropy
with the right label is larger. An accuracy under attack is an upper limit of the accuracy under the worst
inputs of that neighbourhood, never a guarantee.

Source: Goodfellow, Shlens and Szegedy (2015), Explaining and harnessing adversarial examples; Madry, Makelov,
Schmidt, Tsipras and Vladu (2018), Towards deep learning models resistant to adversarial attacks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from idbounds.batches import evaluating
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

Box = tuple[float, float]
"""Smallest and largest value of an input's coordinates."""

PIXELS: Box = (-1.0, 1.0)
"""As the decoders scale pixels: one step of 256 greys is 2 / 255."""


def fgsm(module: nn.Module, x: Tensor, labels: Tensor, radius: float, box: Box = PIXELS) -> Tensor:
    """The gradient sign method: one step of the whole radius.

    Args:
        module: from x to (batch, classes) scores; taken in eval mode.
        x: inputs, (batch, ...), floating point, in the box.
        labels: int64, (batch,).
        radius: of the neighbourhood in the maximum norm, in the unit of the inputs, at least 0.
        box: of valid inputs.

    Returns:
        Inputs of the same shape, in the box and the neighbourhood.

    Raises:
        InputError: for a radius or inputs out of range.
    """  # noqa: DOC502 - raised by pgd
    return pgd(module, x, labels, radius, steps=1, step=radius, box=box)


def pgd(
    module: nn.Module,
    x: Tensor,
    labels: Tensor,
    radius: float,
    *,
    steps: int = 10,
    step: float | None = None,
    box: Box = PIXELS,
) -> Tensor:
    """Projected gradient ascent from the given inputs, by the sign of the gradient.

    Args:
        module: from x to (batch, classes) scores; taken in eval mode.
        x: inputs, (batch, ...), floating point, in the box.
        labels: int64, (batch,).
        radius: of the neighbourhood in the maximum norm, in the unit of the inputs, at least 0.
        steps: how many, at least 1.
        step: length of one; None takes 2.5 radii over all steps, enough to reach the border.
        box: of valid inputs.

    Returns:
        Inputs of the same shape, in the box and the neighbourhood.

    Raises:
        InputError: for a number or inputs out of range.
    """
    import torch

    length = 2.5 * radius / steps if step is None and steps else step
    if not (0 <= radius < math.inf and steps >= 1 and length is not None and 0 <= length < math.inf):
        raise InputError(f"radius {radius}, steps {steps}, step {step}: give numbers >= 0, and steps >= 1")
    if not bool(((x >= box[0]) & (x <= box[1])).all()):
        raise InputError(f"x: inputs from {float(x.min()):g} to {float(x.max()):g}; {box} is allowed")
    low, high = (x - radius).clamp(min=box[0]), (x + radius).clamp(max=box[1])
    found = x.detach().clone()
    with evaluating(module), torch.enable_grad():
        for _ in range(steps):
            moved = found.requires_grad_()
            # The sum, so that an input's gradient does not depend on those beside it.
            loss = torch.nn.functional.cross_entropy(module(moved), labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, moved)
            found = torch.clamp(moved.detach() + length * gradient.sign(), low, high)
    return found
