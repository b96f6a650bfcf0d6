"""The laws every codec keeps, checked on values of the caller's choice."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TypeVar

import numpy as np

from idbounds.codes.bits import Bits
from idbounds.codes.codec import Codec
from idbounds.errors import DecodeError, InputError

T = TypeVar("T")


def check_codec(codec: Codec[T], values: Iterable[T], *, slack: float = 1e-6) -> None:
    """Check the laws of a prefix-free code on some of its values.

    For each value x: decode(encode(x)) = x; the message is as long as `length` says;
    ideal <= length < ideal + overhead; a message short of one bit, or with one more, is refused. For all of
    them together: no codeword begins with another, and the sum of 2^-length is at most one. The first law
    that fails raises InputError with the name of the law and the value.

    Args:
        codec: The code.
        values: Values it can write; repetitions do no harm.
        slack: Tolerance of the two inequalities, in bits.
    """
    codewords: set[Bits] = set()
    for value in values:
        bits = codec.encode(value).bits
        _check_round_trip(codec, value, bits)
        _check_length(codec, value, bits, slack)
        _check_ends(codec, value, bits)
        codewords.add(bits)
    _check_prefix_free(codec, codewords)


def _law(codec: Codec[T], holds: bool, law: str, value: object) -> None:
    """Raise if a law does not hold."""
    if not holds:
        raise InputError(f"codec {codec.name}: {law} fails for {str(value)[:80]}")


def _check_round_trip(codec: Codec[T], value: T, bits: Bits) -> None:
    try:
        back = codec.decode(bits)
    except DecodeError as error:
        raise InputError(f"codec {codec.name}: cannot decode {str(value)[:80]} ({error})") from error
    if isinstance(value, np.ndarray):
        same = isinstance(back, np.ndarray) and bool(np.array_equal(back, value))
    else:
        same = bool(back == value)
    _law(codec, same, "decode(encode(x)) = x", value)


def _check_length(codec: Codec[T], value: T, bits: Bits, slack: float) -> None:
    ideal = codec.ideal_length(value)
    _law(codec, codec.length(value) == bits.length, "len(encode(x)) = length(x)", value)
    _law(codec, ideal <= bits.length + slack, "ideal_length(x) <= length(x)", value)
    _law(codec, bits.length < ideal + codec.overhead + slack, "length(x) < ideal_length(x) + overhead", value)


def _check_ends(codec: Codec[T], value: T, bits: Bits) -> None:
    text = str(bits)
    if text:
        _law(codec, _refuses(codec, text[:-1]), "refusal of a message short of one bit", value)
    for extra in "01":
        _law(codec, _refuses(codec, text + extra), "refusal of one bit too many", value)


def _refuses(codec: Codec[T], text: str) -> bool:
    try:
        codec.decode(Bits.from_string(text))
    except DecodeError:
        return True
    return False


def _check_prefix_free(codec: Codec[T], codewords: set[Bits]) -> None:
    texts = sorted(str(bits) for bits in codewords)
    for first, second in pairwise(texts):  # in sorted order a prefix is a neighbour
        _law(codec, not second.startswith(first), "prefix-freeness", first)
    longest = max((len(text) for text in texts), default=0)
    kraft = sum(1 << (longest - len(text)) for text in texts)
    _law(codec, kraft <= 1 << longest, "the Kraft inequality", f"{len(texts)} values")
