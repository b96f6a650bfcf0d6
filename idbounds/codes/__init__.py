"""Prefix-free codes whose lengths are real bits: what a description-length bound is charged."""

from idbounds.codes.arithmetic import (
    AdaptiveRun,
    StaticRun,
    decode_adaptive,
    decode_static,
    encode_adaptive,
    encode_static,
)
from idbounds.codes.bits import BitReader, Bits, BitWriter
from idbounds.codes.codec import Codec, Message, MessageBuilder, Part
from idbounds.codes.integers import EliasDelta, EliasGamma, EliasOmega, Shifted, Uniform
from idbounds.codes.laws import check_codec
from idbounds.codes.vectors import AdaptiveVector

__all__ = [
    "AdaptiveRun",
    "AdaptiveVector",
    "BitReader",
    "BitWriter",
    "Bits",
    "Codec",
    "EliasDelta",
    "EliasGamma",
    "EliasOmega",
    "Message",
    "MessageBuilder",
    "Part",
    "Shifted",
    "StaticRun",
    "Uniform",
    "check_codec",
    "decode_adaptive",
    "decode_static",
    "encode_adaptive",
    "encode_static",
]
