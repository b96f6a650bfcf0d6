"""What a step that looks at data sees: the network as it is now, and some examples of the training part."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from idbounds.compress.drafts import Draft
from idbounds.compress.pipeline import Bench, Step
from idbounds.decoders import CUSTOM, layers, scaled
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn


def check_drawn(step: Step, examples: int, seed: int) -> None:
    """Refuse a choice of examples that is none.

    Args:
        step: that looks at them.
        examples: how many, at least 1.
        seed: of their choice, at least 0.

    Raises:
        InputError: if one of them is no whole number in range.
    """
    whole = type(examples) is int and type(seed) is int
    if not (whole and examples >= 1 and seed >= 0):
        raise InputError(f"{step}: give whole numbers, examples >= 1 and seed >= 0")


def weights_now(drafts: Sequence[Draft], bench: Bench) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The network as a step finds it.

    Args:
        drafts: the tensors that the step asks about.
        bench: network, and drafts of all tensors.

    Returns:
        Those tensors by name, and all others, float64.
    """
    model = layers.Model(CUSTOM, tuple(draft.coded for draft in bench.drafts))
    others = layers.state(model, bench.module)
    return {draft.slot.name: others.pop(draft.slot.name) for draft in drafts}, others


def network_now(drafts: Sequence[Draft], bench: Bench) -> nn.Module:
    """The network as a step finds it, as a module of its own.

    Args:
        drafts: some tensors.
        bench: network, and drafts of all tensors.

    Returns:
        A copy in float64 and in eval mode.
    """
    asked, others = weights_now(drafts, bench)
    module = copy.deepcopy(bench.module).double().eval()
    module.load_state_dict(others | asked, strict=False)  # a tied tensor has one name only
    return module


def drawn(bench: Bench, examples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Some of the training part.

    Args:
        bench: data.
        examples: how many, at most all.
        seed: of their choice.

    Returns:
        Scaled images, float64, and labels, in the order of the sample.
    """
    import torch

    sample = bench.sample
    assert sample is not None
    rows = np.sort(np.random.default_rng(seed).permutation(len(sample.train_y))[:examples])
    images = torch.from_numpy(scaled(sample.train_x[rows], sample.levels))
    return images, torch.from_numpy(sample.train_y[rows])
