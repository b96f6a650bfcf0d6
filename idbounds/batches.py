"""How a batch of any kind is put through a torch module: in eval mode, without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from idbounds.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

Forward = Callable[[Any, Any], Any]
"""Puts one batch through the model: (model, batch) -> output."""


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients; afterwards every part is in the mode in which it was.

    Attention takes its plain path meanwhile: the fused one does not call the layers inside.

    Args:
        model: the module.

    Yields:
        Nothing.
    """
    import torch

    modes = {part: part.training for part in model.modules()}
    fused = torch.backends.mha.get_fastpath_enabled()
    try:
        model.eval()
        torch.backends.mha.set_fastpath_enabled(False)
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for part, mode in modes.items():
            part.training = mode


def put_through(model: nn.Module, batch: Any) -> Any:
    """The output of a module for a batch, moved to the module's device.

    Args:
        model: the module.
        batch: a tensor; a pair whose first entry is the input, the rest (labels) being left out; or a mapping
            of keyword arguments, as Hugging Face models take.

    Returns:
        What the module returns.

    Raises:
        InputError: If the batch is none of these.
    """
    import torch

    here = next((p.device for p in model.parameters()), torch.device("cpu"))
    if isinstance(batch, Mapping):
        return model(**{key: _moved(value, here) for key, value in batch.items()})
    given = batch[0] if isinstance(batch, (tuple, list)) and len(batch) else batch
    if not isinstance(given, torch.Tensor):
        raise InputError(
            f"a batch is a {type(given).__name__}; a tensor, a pair (inputs, labels) or a mapping of keyword "
            "arguments is allowed; for any other kind give forward, a function of (model, batch)"
        )
    return model(given.to(here))


def _moved(value: Any, device: torch.device) -> Any:
    import torch

    return value.to(device) if isinstance(value, torch.Tensor) else value
