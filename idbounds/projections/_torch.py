"""torch, or a word on what is missing: the torch side of this room takes it from here."""

from idbounds.errors import MissingExtra

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("attach needs torch: pip install 'idbounds[torch]'") from error

__all__ = ["Tensor", "nn", "torch"]
