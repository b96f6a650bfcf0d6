"""Decoders "documents-1" and "tokens-1": a language model in a random subspace, for the two kinds of claim.

Both say what "subspace-1" says, in the same codes, of architectures for rows of bytes. The name tells what is
claimed: the loss on a new document, or the average conditional risk along one text. Each is paid for with its
own 32 bits, so that no message backs a claim of the other kind.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial

from idbounds.data import Form
from idbounds.decoders import subspace
from idbounds.decoders.decoder import CUSTOM, Decoder, Maker, Network

MENU = (CUSTOM, "bytegpt")
"""Architectures by index; an index never changes meaning."""

DEVELOPED_ON = ("kjv", "imdb-documents")
"""Data sets that were looked at while these decoders were developed: said in every certificate of them."""


def _decode(payload: bytes, module: Maker, *, name: str) -> tuple[subspace.Model, Network, dict[str, int]]:
    """The model of a message; the first 63 bits of the message's SHA-256 draw the documents that are read."""
    model, network, parts = subspace.understood(payload, module, name, MENU)
    draw = int.from_bytes(hashlib.sha256(payload).digest()[:8], "big") >> 1
    return model, replace(network, draw=draw), parts


def _decoder(name: str, form: Form) -> Decoder:
    return Decoder(
        name=name, menu=MENU, developed_on=DEVELOPED_ON, states=subspace.STATES, form=form,
        encode=partial(subspace.written, name=name, menu=MENU), decode=partial(_decode, name=name),
    )  # fmt: skip


DOCUMENTS = _decoder("documents-1", "documents")
TOKENS = _decoder("tokens-1", "text")
