"""The one way in which the losses of a language model are counted: in whole units, so that a replay agrees.

CPU, float64. The loss of a byte is its negative log2-likelihood under the smoothed prediction, rounded up to
2^-20 bits; psi of `language-tokens-freedman` is rounded up to 2^-30 nats. Machines differ by about 1e-12, so
that a count made elsewhere differs by less than one unit a byte: that unit is added to what a certificate
states, and paid for. A byte is an error unless its score is the highest by the margin of a near-tie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from idbounds.decoders import scaled
from idbounds.errors import InputError
from idbounds.evaluator import NEAR_TIE
from idbounds.text_units import BYTES, LOSS_UNIT, PSI_UNIT, SHARES

_BATCH = 8  # of whose scores the memory fits into the cache of a processor


@dataclass(frozen=True)
class Counts:
    """Sums over the bytes of some rows.

    Attributes:
        size: number of bytes.
        loss: of the smoothed model, in units of 2^-20 bits.
        psi: in units of 2^-30 nats.
        errors: bytes that were not the likeliest by a clear margin.
    """

    size: int
    loss: int
    psi: int
    errors: int


def smoothing_of(j: int) -> float:
    """Share of the uniform guess at a setting, 2^-j."""
    return 2.0**-j


def width(alpha: float) -> float:
    """Width in bits of the interval that holds the loss."""
    return float(np.log2(1 + (1 - alpha) * BYTES / alpha))


def count(
    module: torch.nn.Module,
    state: Mapping[str, Tensor],
    rows: NDArray[np.uint8],
    *,
    smoothing: int,
    share: int | None = None,
    advance: Callable[[int], Any] | None = None,
) -> Counts:
    """Sum the losses of a language model with given weights.

    Args:
        module: the network; its own weights and buffers are not used.
        state: CPU tensor of each parameter and buffer by name, float64 where it is floating point.
        rows: uint8, (n, length).
        smoothing: j of alpha = 2^-j.
        share: i of s = i / 16; without it psi is not counted.
        advance: called with the number of rows done, for progress.

    Returns:
        The sums.

    Raises:
        InputError: when the module does not give float64 scores of the 256 bytes at each place, or looks at
            bytes that come later or at other rows.
    """  # noqa: DOC502 - raised by likelihoods
    alpha, loss, psi, errors = smoothing_of(smoothing), 0, 0, 0
    for logs, text in likelihoods(module, state, rows):
        own = logs.gather(-1, text[..., None])
        bits = losses(own[..., 0], alpha)
        loss += int((bits * LOSS_UNIT).ceil().long().sum())
        if share is not None:
            psi += int((psi_of(bits, entropy(logs, alpha), alpha, share) * PSI_UNIT).ceil().long().sum())
        rest = logs.scatter(-1, text[..., None], -torch.inf).amax(-1)
        errors += int((own[..., 0] - rest < NEAR_TIE).sum())
        if advance is not None:
            advance(len(text))
    return Counts(rows.size, loss, psi, errors)


def losses(logs: Tensor, alpha: float) -> Tensor:
    """Losses of the smoothed model.

    Args:
        logs: log-likelihoods of bytes in nats, before smoothing, any shape, float64.
        alpha: share of the uniform guess.

    Returns:
        In bits, the same shape.
    """
    return -((1 - alpha) * logs.exp() + alpha / BYTES).log2()


def entropy(logs: Tensor, alpha: float) -> Tensor:
    """The loss that the smoothed model itself expects, before it sees the byte.

    Args:
        logs: log-likelihoods of all bytes in nats, before smoothing, (..., 256), float64.
        alpha: share of the uniform guess.

    Returns:
        In bits, (...).
    """
    chances = (1 - alpha) * logs.exp() + alpha / BYTES
    return -(chances * chances.log2()).sum(-1)


def psi_of(bits: Tensor, centre: Tensor, alpha: float, share: int) -> Tensor:
    """The function x - ln(1 + x) of s (Y - X) / Delta, with a centre Y of the loss X.

    Args:
        bits: losses X, any shape.
        centre: Y, known before the byte is read: the entropy.
        alpha: share of the uniform guess, which fixes Delta.
        share: i of s = i / 16.

    Returns:
        In nats, the same shape.
    """
    x = share / (SHARES + 1) * (centre - bits) / width(alpha)
    return x - torch.log1p(x)


def likelihoods(
    module: torch.nn.Module, state: Mapping[str, Tensor], rows: NDArray[np.uint8]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Log-likelihoods of rows, some rows at a time.

    Args:
        module: the network.
        state: its tensors.
        rows: uint8, (n, length).

    Yields:
        Log-likelihoods in nats, (batch, length, 256), float64, and the bytes, (batch, length), int64.

    Raises:
        InputError: as `count` says.
    """  # noqa: DOC502 - raised by _scores
    modes = {part: part.training for part in module.modules()}
    try:
        module.eval()
        with torch.no_grad():
            for start in range(0, len(rows), _BATCH):
                some = rows[start : start + _BATCH]
                scores = _scores(module, state, some)
                if not start:
                    _check_causal(module, state, some, scores)
                yield scores.log_softmax(-1), torch.from_numpy(some.astype(np.int64))
    finally:
        for part, mode in modes.items():
            part.training = mode


def _scores(module: torch.nn.Module, state: Mapping[str, Tensor], rows: NDArray[np.uint8]) -> Tensor:
    x = torch.from_numpy(scaled(rows, BYTES))
    scores = torch.func.functional_call(module, dict(state), (x,))
    wanted = (*rows.shape, BYTES)
    if not isinstance(scores, Tensor) or scores.dtype != torch.float64 or tuple(scores.shape) != wanted:
        given = (scores.dtype, tuple(scores.shape)) if isinstance(scores, Tensor) else type(scores).__name__
        raise InputError(f"the language model returns {given}; give float64 scores of shape {wanted}")
    if not scores.isfinite().all():
        raise InputError("the language model returns scores that are not finite; train with a smaller rate")
    return scores


def _check_causal(
    module: torch.nn.Module, state: Mapping[str, Tensor], rows: NDArray[np.uint8], scores: Tensor
) -> None:
    """A prediction is one only if it is made before the byte is seen, and in any company."""
    length = rows.shape[1]
    for cut in {0, 1, length // 2, length - 1}:
        changed = rows[-1:].copy()
        changed[:, cut:] ^= 0x55
        alone = _scores(module, state, changed)[0, : cut + 1]
        beside = scores[-1, : cut + 1]
        if (alone - beside).abs().max() > NEAR_TIE * max(1.0, float(beside.abs().max())):
            raise InputError(
                f"the language model's scores for byte {cut} or one before it change with the bytes from "
                f"{cut} on, or with other rows; they may depend on earlier bytes of the row alone"
            )
