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
from idbounds.codes.files.compressors import Compressor, ShortestCompressor, compressor, kolmogorov_bound
from idbounds.codes.files.serial import CompressedVector, serialise
from idbounds.codes.integers.elias import EliasDelta, EliasGamma, EliasOmega, Shifted, Uniform, Zigzag
from idbounds.codes.integers.golomb import ExpGolomb, Golomb, Rice, Unary, best_golomb
from idbounds.codes.integers.lengths import compare_lengths
from idbounds.codes.integers.log_star import LogStar
from idbounds.codes.laws import check_codec
from idbounds.codes.patterns.blocks import Blocks
from idbounds.codes.patterns.gaps import Delta, Gaps
from idbounds.codes.patterns.pattern import Pattern
from idbounds.codes.patterns.sparse import Coo, Csc, Csr
from idbounds.codes.patterns.storing import crossovers, storage
from idbounds.codes.patterns.subsets import Bitmap, NOfM, Subset
from idbounds.codes.reals.candidates import Plan
from idbounds.codes.reals.clusters import lloyd
from idbounds.codes.reals.codebooks import Codebook, Levels
from idbounds.codes.reals.dithering import DitheredQuantiser
from idbounds.codes.reals.quantisers import DeadZoneQuantiser, UniformQuantiser
from idbounds.codes.reals.random_coding import (
    RandomCode,
    RelativeEntropyCode,
    ideal_relative_entropy_bits,
    random_code,
    relative_entropy_code,
)
from idbounds.codes.reals.rounding import lagrangian, optimised_rounding
from idbounds.codes.reals.signs import SignScale
from idbounds.codes.reals.steps import ideal_two_part_bits, nearest_step, rissanen_step, step_size
from idbounds.codes.symbols.adaptive import AdaptiveVector
from idbounds.codes.symbols.ctw import ContextTree, ContextTreeRun
from idbounds.codes.symbols.each import EachInteger, RiceVector
from idbounds.codes.symbols.fast import FastRun, decode_fast, encode_fast
from idbounds.codes.symbols.huffman import HuffmanRun, huffman_lengths
from idbounds.codes.symbols.means import conditional_means
from idbounds.codes.symbols.mixture import MixtureGroups, MixtureVector
from idbounds.codes.symbols.parametric import ParametricVector
from idbounds.codes.symbols.static import EnumerativeRun, HistogramRun, RangedVector

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
