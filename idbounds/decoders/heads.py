"""How a tensor begins in a message of "layers-1": its form with its integers, and its vectors' schemes."""

from __future__ import annotations

import math
from dataclasses import astuple
from typing import Any, ClassVar, final

from idbounds.codes import BitReader, BitWriter, Codec
from idbounds.decoders.decoder import ENTRY
from idbounds.decoders.form import Form, Slot
from idbounds.decoders.forms import FORMS
from idbounds.decoders.values import Scheme, SchemeCode
from idbounds.errors import DecodeError, InputError

Head = tuple[Form, tuple[Scheme, ...]]
"""What goes before the positions and the entries of a tensor."""


@final
class HeadCode(Codec[Head]):
    """Code of a form and the schemes of its vectors: its index, its integers, the schemes.

    Args:
        slot: The tensor, known to the decoder.
    """

    overhead: ClassVar[float] = 2 * SchemeCode.overhead

    def __init__(self, slot: Slot) -> None:
        """Fix the tensor."""
        self._slot = slot

    @property
    def name(self) -> str:
        """Name of the code with the shape of the tensor."""
        return f"form({'x'.join(map(str, self._slot.shape))})"

    def write(self, value: Head, out: BitWriter) -> None:
        """Append form and schemes."""
        form, schemes = value
        for number, codec in self._integers(form):
            codec.write(number, out)
        self._check(form, schemes)
        for scheme in schemes:
            SchemeCode().write(scheme, out)

    def read(self, source: BitReader) -> Head:
        """Read form and schemes; DecodeError for one that is not in the menu."""
        index = ENTRY.read(source)
        if index >= len(FORMS):
            raise DecodeError(f"form {index}: the menu has {len(FORMS)} entries")
        kind: Any = FORMS[index]
        form: Form = kind(*(codec.read(source) for codec in kind.fields(self._slot)))
        return form, tuple(SchemeCode().read(source) for _ in range(form.vectors))

    def ideal_length(self, value: Head) -> float:
        """The bits of all its parts."""
        form, schemes = value
        self._check(form, schemes)
        ideal = math.fsum(codec.ideal_length(number) for number, codec in self._integers(form))
        return ideal + math.fsum(map(SchemeCode().ideal_length, schemes))

    def _integers(self, form: Form) -> list[tuple[int, Codec[int]]]:
        numbers: Any = form
        codecs = (ENTRY, *form.fields(self._slot))
        return list(zip((FORMS.index(type(form)), *astuple(numbers)), codecs, strict=True))

    def _check(self, form: Form, schemes: tuple[Scheme, ...]) -> None:
        if len(schemes) != form.vectors:
            raise InputError(
                f"{form.kind}: {len(schemes)} vectors of numbers given; {form.vectors} are allowed"
            )
