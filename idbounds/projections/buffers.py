"""Buffers that stay what they were: statistics learnt on the sample would be an unpaid part of the model."""

from __future__ import annotations

from idbounds.errors import InputError
from idbounds.projections._torch import Tensor, nn

RUNNING = {"running_mean": 0.0, "running_var": 1.0, "num_batches_tracked": 0.0}


def constants(module: nn.Module, *, initial: bool) -> dict[str, Tensor]:
    """Copy the buffers that a frozen module uses in every call.

    Args:
        module: the module.
        initial: running statistics as before any batch, rather than the present ones.

    Returns:
        Name -> tensor.
    """
    found = {name: value.detach().clone() for name, value in module.named_buffers()}
    for name, value in found.items():
        leaf = name.rpartition(".")[2]
        if initial and leaf in RUNNING:
            value.fill_(RUNNING[leaf])
    return found


def normalisations(module: nn.Module) -> list[nn.Module]:
    """Find the layers with running statistics, which a frozen module holds in eval mode.

    Args:
        module: the module.

    Returns:
        The layers.

    Raises:
        InputError: for a batch norm that has none, so that one prediction depends on other inputs.
    """
    found = []
    for name, child in module.named_modules():
        if getattr(child, "running_mean", None) is not None:
            found.append(child)
        elif isinstance(child, nn.modules.batchnorm._BatchNorm):
            raise InputError(
                f"{name} normalises by batch statistics even in eval mode (track_running_stats=False), "
                "so one prediction depends on other inputs; track them, or pass buffers='tracked'"
            )
    return found
