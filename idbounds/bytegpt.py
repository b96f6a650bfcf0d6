"""A small transformer that predicts each byte of a row from those before it; its vocabulary is the 256 bytes.

One block of causal attention and a perceptron, width 48. The heads see where a byte stands by fixed biases of
their scores: three look one, two and three places back, one further, the nearer the better. So no position
has to be learnt. Nothing in it was taken from a sample.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from idbounds.errors import InputError
from idbounds.text_units import BYTES

WIDTH, HEADS = 48, 4
LONGEST = 4096
NEAR, FAR = 2.0, 0.125
"""How much a score falls with each place away from the head's own, and with each place back for the last."""
BRANCH, SCORES = 0.5, 0.25
"""Factors of what a branch adds and of the last scores: a start that is near to the table of letters."""


SURPRISE = dict(zip("abcdefghijklmnopqrstuvwxyz", (
    22, 36, 31, 27, 19, 33, 33, 25, 24, 54, 41, 28, 32, 24, 23, 34, 58, 25, 24, 21, 31, 39, 32, 54, 34, 60,
), strict=True)) | {" ": 14, ".": 37, ",": 37, "'": 46, '"': 46, "-": 46, "\n": 46}  # fmt: skip
"""Minus the logarithm of how often a byte is expected, in eighths of a nat."""
_CAPITAL, _DIGIT, _PRINTABLE, _OTHER = 57, 63, 70, 92


def letters() -> Tensor:
    """Log-odds of the bytes before anything is learnt.

    Returns:
        (256,), multiples of 1/8, so that they are the same numbers on every machine.
    """
    found = []
    for byte in range(BYTES):
        sign = chr(byte)
        kind = _PRINTABLE if " " <= sign <= "~" else _OTHER
        kind = _CAPITAL if "A" <= sign <= "Z" else _DIGIT if "0" <= sign <= "9" else kind
        found.append(SURPRISE.get(sign, kind))
    return -torch.tensor(found) / 8


class Block(nn.Module):
    """Attention, then a perceptron; both normalise what they read and add to it."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        """Make the layers; the heads share the width."""
        super().__init__()
        self.before = nn.LayerNorm(width)
        self.heads = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.between = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.cut = (3, heads, width // heads)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Transform (batch, length, width); the scores' `bias` spreads to (batch, heads, length, length)."""
        batch, length, _ = x.shape
        cut = self.heads(self.before(x)).view(batch, length, *self.cut)
        queries, keys, values = cut.permute(2, 0, 3, 1, 4)
        scores = queries @ keys.transpose(-1, -2) / self.cut[-1] ** 0.5 + bias
        seen = (scores.softmax(-1) @ values).transpose(1, 2).reshape(x.shape)
        x = x + BRANCH * self.joined(seen)
        found: Tensor = x + BRANCH * self.down(nn.functional.gelu(self.up(self.between(x))))
        return found


class ByteGPT(nn.Module):
    """Scores of each byte of a row, from the bytes before it."""

    letters: Tensor

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.embedding = nn.Embedding(BYTES + 1, WIDTH)  # the last entry stands before the first byte
        self.block = Block()
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, BYTES)
        self.register_buffer("letters", letters())

    def forward(self, x: Tensor) -> Tensor:
        """Score the bytes of rows.

        Args:
            x: bytes b as b / 127.5 - 1, (batch, length).

        Returns:
            Log-odds of the 256 bytes at each place, (batch, length, 256).
        """
        text = bytes_of(x)
        before = nn.functional.pad(text[:, :-1], (1, 0), value=BYTES)
        hidden = self.embedding(before)
        hidden = self.block(hidden, biases(text.shape[1], hidden))
        found: Tensor = self.letters + SCORES * self.head(self.norm(hidden))
        return found


def bytes_of(x: Tensor) -> Tensor:
    """The bytes that `idbounds.decoders.scaled` turned into numbers in [-1, 1].

    Args:
        x: floating point, any shape.

    Returns:
        int64, the same shape.
    """
    return ((x + 1) * ((BYTES - 1) / 2)).round().long()


def biases(length: int, like: Tensor) -> Tensor:
    """Fixed biases of the attention scores.

    Args:
        length: of a row.
        like: a tensor of the type and device wanted.

    Returns:
        (HEADS, length, length): query, key; minus infinity for what comes later.
    """
    place = torch.arange(length, device=like.device)
    back = (place[:, None] - place[None, :]).to(like.dtype)
    near = [-NEAR * (back - offset).abs() for offset in range(1, HEADS)]
    return torch.stack([*near, -FAR * back]).masked_fill(back < 0, float("-inf"))


def bytegpt(shape: Sequence[int], classes: int) -> nn.Module:
    """One block of width 48 and four heads over rows of bytes.

    Args:
        shape: of one row, (length,), of 2 to 4096 bytes.
        classes: not used; the vocabulary is the 256 bytes.

    Returns:
        Module from (batch, length) to (batch, length, 256) scores; 53,056 parameters.

    Raises:
        InputError: for rows of another shape.
    """
    if len(shape) != 1 or not 2 <= shape[0] <= LONGEST:
        raise InputError(
            f"a language model reads rows of 2 to {LONGEST} bytes; an example has shape {tuple(shape)}"
        )
    return ByteGPT()
