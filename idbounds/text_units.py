"""What losses of language models are counted in, and the settings declared beforehand."""

from __future__ import annotations

from typing import Final

BYTES: Final = 256
"""Size of the vocabulary."""

LOSS_UNIT: Final = 1 << 20
"""Units in a bit of loss."""

PSI_UNIT: Final = 1 << 30
"""Units in a nat of psi, of `language-tokens-freedman`."""

SMOOTHINGS: Final = 8
"""Shares of the uniform guess: alpha = 2^-j for j = 1 .. 8."""

SHARES: Final = 15
"""Of s: i / 16 for i = 1 .. 15."""
