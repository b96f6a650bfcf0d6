"""Fine-tuning models of `transformers` in a few random dimensions: checkpoints, texts, tasks as files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "FineTuned": "tuning",
    "Prepared": "named",
    "Pretrained": "pretrained",
    "Task": "task",
    "fine_tune": "tuning",
    "load_pretrained": "pretrained",
    "load_task": "task",
    "next_token_accuracy": "language",
    "next_token_loss": "language",
    "prepared": "named",
    "token_arrays": "tokens",
    "upper_layers": "pooled",
}

__all__ = list(_HOMES)

if TYPE_CHECKING:
    from idbounds.finetuning.language import next_token_accuracy as next_token_accuracy
    from idbounds.finetuning.language import next_token_loss as next_token_loss
    from idbounds.finetuning.named import Prepared as Prepared
    from idbounds.finetuning.named import prepared as prepared
    from idbounds.finetuning.pooled import upper_layers as upper_layers
    from idbounds.finetuning.pretrained import Pretrained as Pretrained
    from idbounds.finetuning.pretrained import load_pretrained as load_pretrained
    from idbounds.finetuning.task import Task as Task
    from idbounds.finetuning.task import load_task as load_task
    from idbounds.finetuning.tokens import token_arrays as token_arrays
    from idbounds.finetuning.tuning import FineTuned as FineTuned
    from idbounds.finetuning.tuning import fine_tune as fine_tune


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'idbounds.finetuning' has no attribute {name!r}")
    value = getattr(import_module(f"idbounds.finetuning.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
