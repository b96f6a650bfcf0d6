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
from idbounds.codes.blocks import Blocks
from idbounds.codes.candidates import Plan
from idbounds.codes.clusters import lloyd
from idbounds.codes.codebooks import Codebook, Levels
from idbounds.codes.codec import Codec, Message, MessageBuilder, Part
from idbounds.codes.compressors import Compressor, ShortestCompressor, compressor, kolmogorov_bound
from idbounds.codes.ctw import ContextTree, ContextTreeRun
from idbounds.codes.dithering import DitheredQuantiser
from idbounds.codes.each import EachInteger, RiceVector
from idbounds.codes.fast import FastRun, decode_fast, encode_fast
from idbounds.codes.gaps import Delta, Gaps
from idbounds.codes.golomb import ExpGolomb, Golomb, Rice, Unary, best_golomb
from idbounds.codes.huffman import HuffmanRun, huffman_lengths
from idbounds.codes.integers import EliasDelta, EliasGamma, EliasOmega, Shifted, Uniform, Zigzag
from idbounds.codes.laws import check_codec
from idbounds.codes.lengths import compare_lengths
from idbounds.codes.log_star import LogStar
from idbounds.codes.means import conditional_means
from idbounds.codes.mixture import MixtureGroups, MixtureVector
from idbounds.codes.patterns import Pattern
from idbounds.codes.quantisers import DeadZoneQuantiser, UniformQuantiser
from idbounds.codes.random_coding import (
    RandomCode,
    RelativeEntropyCode,
    ideal_relative_entropy_bits,
    random_code,
    relative_entropy_code,
)
from idbounds.codes.rounding import lagrangian, optimised_rounding
from idbounds.codes.serial import CompressedVector, serialise
from idbounds.codes.signs import SignScale
from idbounds.codes.sparse import Coo, Csc, Csr
from idbounds.codes.steps import ideal_two_part_bits, nearest_step, rissanen_step, step_size
from idbounds.codes.storing import crossovers, storage
from idbounds.codes.subsets import Bitmap, NOfM, Subset
from idbounds.codes.symbols import EnumerativeRun, HistogramRun, ParametricVector, RangedVector
from idbounds.codes.vectors import AdaptiveVector

__all__ = [
    "AdaptiveRun",
    "AdaptiveVector",
    "BitReader",
    "BitWriter",
    "Bitmap",
    "Bits",
    "Blocks",
    "Codebook",
    "Codec",
    "CompressedVector",
    "Compressor",
    "ContextTree",
    "ContextTreeRun",
    "Coo",
    "Csc",
    "Csr",
    "DeadZoneQuantiser",
    "Delta",
    "DitheredQuantiser",
    "EachInteger",
    "EliasDelta",
    "EliasGamma",
    "EliasOmega",
    "EnumerativeRun",
    "ExpGolomb",
    "FastRun",
    "Gaps",
    "Golomb",
    "HistogramRun",
    "HuffmanRun",
    "Levels",
    "LogStar",
    "Message",
    "MessageBuilder",
    "MixtureGroups",
    "MixtureVector",
    "NOfM",
    "ParametricVector",
    "Part",
    "Pattern",
    "Plan",
    "RandomCode",
    "RangedVector",
    "RelativeEntropyCode",
    "Rice",
    "RiceVector",
    "Shifted",
    "ShortestCompressor",
    "SignScale",
    "StaticRun",
    "Subset",
    "Unary",
    "Uniform",
    "UniformQuantiser",
    "Zigzag",
    "best_golomb",
    "check_codec",
    "compare_lengths",
    "compressor",
    "conditional_means",
    "crossovers",
    "decode_adaptive",
    "decode_fast",
    "decode_static",
    "encode_adaptive",
    "encode_fast",
    "encode_static",
    "huffman_lengths",
    "ideal_relative_entropy_bits",
    "ideal_two_part_bits",
    "kolmogorov_bound",
    "lagrangian",
    "lloyd",
    "nearest_step",
    "optimised_rounding",
    "random_code",
    "relative_entropy_code",
    "rissanen_step",
    "serialise",
    "step_size",
    "storage",
]
