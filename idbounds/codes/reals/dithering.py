"""Dithered quantisation: an error that is uniform and independent of the vector, whatever the vector is."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import Uniform
from idbounds.codes.reals._given import Reals, integer_entries, over
from idbounds.codes.reals.noise import SEED, SEED_LIMIT, dither
from idbounds.codes.reals.quantisers import Quantiser
from idbounds.codes.reals.steps import STEPS, step_size


@final
class DitheredQuantiser(Quantiser):
    """Subtractive dither: x_i becomes the integer k_i nearest to x_i / step - u_i, put at step (k_i + u_i).

    The u_i are uniform in (-1/2, 1/2) and made from the seed (`noise.dither`), so that the error is uniform
    in (-step/2, step/2) over seeds. The step takes 6 bits; the seed, plus one, goes by Elias delta: seed 0 is
    one bit.

    Args:
        integers: Code of the integer vector, such as `MixtureVector(d)`.
        step: Index of the step (`step_size`); None in a quantiser that only reads.
        seed: 0 .. 2^63 - 1; None in a quantiser that only reads.

    Raises:
        InputError: If the menu has no such step or the seed is out of range.

    Source: Schuchman (1964), IEEE Transactions on Communication Technology 12(4).
    """

    kind = "dithered-quantiser"
    header = (("step", Uniform(STEPS), STEPS), ("seed", SEED, SEED_LIMIT))

    def __init__(
        self, integers: Codec[NDArray[np.int64]], step: int | None = None, seed: int | None = None
    ) -> None:
        """Fix the code of the integers, the step and the seed."""
        super().__init__(integers, step, seed)

    def _rounded(self, vector: Reals, *settings: int) -> NDArray[np.int64]:
        step = step_size(settings[0])
        return integer_entries(np.rint(over(vector, step) - dither(settings[1], vector.size)), step)

    def _placed(self, integers: NDArray[np.int64], *settings: int) -> Reals:
        return (integers + dither(settings[1], integers.size)) * step_size(settings[0])
