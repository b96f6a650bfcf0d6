"""Value compression: the symbols of quantised numbers by the shortest code of a paid menu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from idbounds.compress.drafts import MATRICES, VECTOR, Draft
from idbounds.compress.pipeline import Bench, Stage, Step
from idbounds.compress.quantise import Quantise, is_quantised
from idbounds.decoders.values import CODERS, SchemeCode, Values, entries_codec
from idbounds.errors import InputError


@final
@dataclass(frozen=True)
class Encode(Step):
    """Each vector of symbols by the code that makes it shortest; which one it is, the message says.

    Attributes:
        coders: names in `idbounds.decoders.values.CODERS`; by default all.

    Raises:
        InputError: for a code that is not in the menu.
    """

    coders: tuple[str, ...] = tuple(CODERS)

    stage = Stage.CODES
    handles = MATRICES | {VECTOR}

    def __post_init__(self) -> None:
        """Refuse an unknown code."""
        if not self.coders or set(self.coders) - set(CODERS):
            raise InputError(f"coders = {self.coders}: give some of {', '.join(CODERS)}")

    def accepts(self, before: Sequence[Step]) -> str:
        """After a quantisation only."""
        quantised = any(isinstance(step, Quantise) for step in before)
        return "" if quantised else "there are no symbols to encode; put Quantise before it"

    def apply(self, drafts: Sequence[Draft], bench: Bench) -> list[Draft]:
        """Choose the codes.

        Args:
            drafts: matrices and vectors.
            bench: not used.

        Returns:
            The same numbers, by their shortest codes.
        """
        return [
            draft.remade(draft.coded.form, *(self._shortest(values) for values in draft.coded.values))
            if all(map(is_quantised, draft.coded.values))
            else draft.skipped("Encode: floats, and no symbols")
            for draft in drafts
        ]

    def _shortest(self, values: Values) -> Values:
        return min((values.coded(coder) for coder in self.coders), key=_bits)


def _bits(values: Values) -> int:
    return SchemeCode().length(values.scheme) + entries_codec(values.scheme, values.entries.size).length(
        values.entries
    )
