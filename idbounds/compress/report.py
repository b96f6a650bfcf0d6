"""What became of each tensor: its form, its bits by part, and which steps left it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from idbounds.codes import Message
from idbounds.compress.drafts import Draft
from idbounds.decoders.values import Floats, Values, scheme_name


@dataclass(frozen=True)
class Row:
    """One tensor.

    Attributes:
        name: of the parameter or buffer.
        shape: its dimensions.
        kind: its layer type.
        form: how it is made.
        numbers: how many numbers are written.
        schemes: how they are written.
        bits: by part: form, pattern, values.
        dense_bits: of its float32 entries.
        notes: which steps left it alone, and why.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    form: str
    numbers: int
    schemes: tuple[str, ...]
    bits: dict[str, int]
    dense_bits: int
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """JSON-ready dictionary."""
        return asdict(self)


def rows(drafts: Sequence[Draft], message: Message) -> tuple[Row, ...]:
    """A row for each tensor.

    Args:
        drafts: as they were encoded.
        message: of them.

    Returns:
        Rows in the order of the message.
    """
    bits: dict[str, dict[str, int]] = {draft.slot.name: {} for draft in drafts}
    for part in message.parts:
        name, _, role = part.name.rpartition(", ")
        if name:
            roles = bits[name]
            role = role.split(" ")[0]
            roles[role] = roles.get(role, 0) + part.bits
    return tuple(
        Row(
            draft.slot.name, draft.slot.shape, draft.kind, draft.coded.form.kind,
            sum(values.entries.size for values in draft.coded.values),
            tuple(map(_scheme, draft.coded.values)), bits[draft.slot.name], 32 * draft.slot.size, draft.notes,
        )
        for draft in drafts
    )  # fmt: skip


def dense_bits(drafts: Sequence[Draft]) -> int:
    """Bits of all weights as float32.

    Args:
        drafts: of every tensor.

    Returns:
        32 for each weight.
    """
    return sum(32 * draft.slot.size for draft in drafts)


def _scheme(values: Values) -> str:
    name = scheme_name(values.scheme)
    return name if isinstance(values.scheme, Floats) else f"{name}, {values.scheme.coder}"
