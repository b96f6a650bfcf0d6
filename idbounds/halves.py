"""A module cut into what has no weights, which is computed once, and what learns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from idbounds.decoders import scaled
from idbounds.decoders.draws import layout, weights_of
from idbounds.errors import InputError
from idbounds.projections.buffers import constants

BATCH = 500


def prepared(module: nn.Module) -> nn.Module:
    """A module as the decoder will use it, but in float32: in eval mode, with initial running statistics.

    Args:
        module: the network; changed in place.

    Returns:
        The same.
    """
    first = constants(module, initial=True)
    with torch.no_grad():
        for name, value in module.named_buffers():
            value.copy_(first[name])
    return module.float().eval()


def halves(module: nn.Module, example: Tensor) -> tuple[nn.Module | None, nn.Module]:
    """Its front, which has no weights, and its body; a module that is not made of these two is its own body.

    Args:
        module: the network, in eval mode.
        example: inputs, (batch, *shape), float32.

    Returns:
        Front or None, body.
    """
    parts = dict(module.named_children())
    if list(parts) != ["front", "body"]:
        return None, module
    front, body = parts["front"], parts["body"]
    if list(weights_of(module)) != [f"body.{name}" for name, p in body.named_parameters() if p.requires_grad]:
        return None, module
    with torch.no_grad():
        whole, apart = module(example), body(front(example))
    same = torch.equal(whole, apart) and np.array_equal(layout(module)[1], layout(body)[1])
    return (front, body) if same else (None, module)


def inputs_of(
    front: nn.Module | None, images: NDArray[np.uint8], levels: int, advance: Callable[[int, str], None]
) -> Tensor:
    """What the body sees of each example: the front's output in float16, or the pixels in float32.

    Args:
        front: the part without weights, or None.
        images: uint8, (n, *shape).
        levels: grey levels of the format.
        advance: called with (examples done, remark).

    Returns:
        Tensor (n, ...).

    Raises:
        InputError: when float16 does not hold the front's output.
    """
    if front is None:
        advance(len(images), "")
        return torch.from_numpy(scaled(images, levels).astype(np.float32))
    out: Tensor | None = None
    for start in range(0, len(images), BATCH):
        x = torch.from_numpy(scaled(images[start : start + BATCH], levels).astype(np.float32))
        with torch.no_grad():
            made = front(x).half()
        if not bool(made.isfinite().all()):
            raise InputError(
                "the front's output leaves the range of float16, +-65504; scale it inside the front"
            )
        if out is None:
            out = torch.empty(len(images), *made.shape[1:], dtype=torch.float16)
        out[start : start + len(x)] = made
        advance(start + len(x), f"{out.nbytes / 2**20:.0f} MiB" if start == 0 else "")
    assert out is not None
    return out
