"""A data set of texts by name and a pretrained model, as `measure_d90` takes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from idbounds.data import load_texts
from idbounds.finetuning.pretrained import load_pretrained
from idbounds.finetuning.tokens import token_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from idbounds.data import Say


class Prepared(NamedTuple):
    """What `measure_d90(model, data, test=test)` takes.

    Attributes:
        model: with its pretrained weights.
        data: training part, arrays by name.
        test: test part, likewise.
    """

    model: nn.Module
    data: dict[str, Any]
    test: dict[str, Any]


def prepared(
    model: str | Path,
    dataset: str,
    *,
    longest: int | None = None,
    hold: Sequence[str] = (),
    say: Say | None = None,
) -> Prepared:
    """Load both and tokenise.

    Args:
        model: folder or name, as `load_pretrained` takes it.
        dataset: one of `idbounds.data.text_names()`.
        longest: tokens of an example at most; None cuts nothing.
        hold: what stays still, likewise.
        say: told of each slow step in one line; silent if not given.

    Returns:
        Model and parts.

    Raises:
        InputError: for another name, or a model and texts that do not fit together.
        DataError: if the data set is nowhere to be found.
    """  # noqa: DOC502 - raised further down
    texts = load_texts(dataset)
    made = load_pretrained(model, classes=texts.classes, hold=hold, say=say)
    train, test = (token_arrays(made, part, longest=longest) for part in (texts.train, texts.test))
    return Prepared(made.module, train, test)
