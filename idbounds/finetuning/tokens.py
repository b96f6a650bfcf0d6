"""Texts as the arrays that a model of `transformers` takes: tokens, attention mask, token types, labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.data import Texts
from idbounds.errors import InputError
from idbounds.finetuning.pretrained import Pretrained

Arrays = dict[str, NDArray[np.int64]]

NAMES = ("input_ids", "attention_mask", "token_type_ids")


def token_arrays(model: Pretrained, texts: Texts, *, longest: int | None = None) -> Arrays:
    """Tokenise texts; of a pair both are in one example, [CLS] a [SEP] b [SEP] where the model writes it so.

    Args:
        model: whose tokenizer is used.
        texts: a part of a data set.
        longest: tokens of an example at most; longer ones are cut, of a pair the longer text first. None cuts
            nothing, and refuses examples that are longer than the model.

    Returns:
        int64 arrays (n, width) by the names of the model's arguments, the width that of the longest example,
        and "labels" (n,).

    Raises:
        InputError: if nothing is given, an example or `longest` is longer than the model, or too short.
    """
    if not texts.first or len(texts.first) != len(texts.labels):
        raise InputError(
            f"{len(texts.first)} texts, {len(texts.labels)} labels: give as many, and at least one"
        )
    if longest is not None and not 8 <= longest <= model.longest:
        raise InputError(
            f"longest = {longest}: {model.name} takes 8 to {model.longest} tokens; give one of these"
        )
    pair = () if texts.second is None else (texts.second,)
    given: dict[str, Any] = model.tokenizer(
        texts.first, *pair, padding="longest", truncation=longest is not None, max_length=longest,
        return_tensors="np",
    )  # fmt: skip
    width = given["input_ids"].shape[1]
    if width > model.longest:
        sizes = np.asarray(given["attention_mask"]).sum(1)
        raise InputError(
            f"example {int(sizes.argmax())} has {int(sizes.max())} tokens and {model.name} takes at most "
            f"{model.longest}: give longest (--longest) = {model.longest} or less, and it is cut"
        )
    arrays = {name: np.asarray(given[name], dtype=np.int64) for name in NAMES if name in given}
    return arrays | {"labels": np.asarray(texts.labels, dtype=np.int64)}
