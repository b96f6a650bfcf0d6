"""Coders of symbols against the entropy: bits above n H, and time, for n = 1e3 .. 1e7.

    OMP_NUM_THREADS=1 python benchmarks/codes.py [--largest 1e6] [SOURCE ...]

Sources: gauss-0.5 and gauss-1, a normal variable rounded to that step; sparse-90 and sparse-99, the same with
step 1 and that share of zeros put in. H is the entropy of the counts, so that n H is what the ideal code with
a known table needs. For each coder: bits above n H, the same in percent, and nanoseconds of processor time a
symbol to encode and to decode (least of several runs, one thread). Coders marked * get no table: what they
need above n H includes learning it, or sending it. General compressors get one byte a symbol. Each decoded
array is compared with the original. At the end: what is promised of the exact and of the fast coder.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import (
    AdaptiveRun,
    BitReader,
    BitWriter,
    Codec,
    CompressedVector,
    FastRun,
    HuffmanRun,
    MixtureVector,
    StaticRun,
)
from idbounds.codes.files.compressors import COMPRESSORS, available

Symbols = NDArray[np.int64]
SOURCES = ("gauss-0.5", "gauss-1", "sparse-90", "sparse-99")
SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
SLOW = {"mixture *": 10**5, "huffman *": 10**5}
"""Longest array that a slow decoder is given."""


@dataclass(frozen=True)
class Row:
    """One coder on one array: bits above n H, and ns a symbol to encode and to decode (NaN: too slow)."""

    coder: str
    n: int
    excess: float
    encode: float
    decode: float


def draw(source: str, n: int) -> Symbols:
    """Symbols 0 .. K - 1 of a source, shape (n,)."""
    rng = np.random.default_rng(n)
    step = 0.5 if source == "gauss-0.5" else 1.0
    zeros = {"sparse-90": 0.9, "sparse-99": 0.99}.get(source, 0.0)
    values = np.rint(rng.standard_normal(n) / step) * (rng.random(n) >= zeros)
    symbols = values.astype(np.int64)
    return symbols - symbols.min()


def entropy_bits(counts: NDArray[np.int64]) -> float:
    used = counts[counts > 0]
    return float(used @ np.log2(used.sum() / used))


def seconds(job: Callable[[], Any], n: int) -> tuple[float, Any]:
    """Least processor time of several runs, and what the job gives."""
    least, result = float("inf"), None
    for _ in range(20 if n <= 10**4 else 5 if n <= 10**5 else 3 if n <= 10**6 else 2):
        start = time.process_time()
        result = job()
        least = min(least, time.process_time() - start)
        if least > 2:
            break
    return least, result


def encoded(codec: Codec[Symbols], symbols: Symbols) -> Any:
    """The packed bits of a codeword."""
    out = BitWriter()
    codec.write(symbols, out)
    return out.bits()


def ours(
    codec: Codec[Symbols], symbols: Symbols
) -> tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], int]]:
    return partial(encoded, codec, symbols), lambda bits: codec.read(BitReader(bits)), len


def constriction(kind: str, symbols: Symbols, counts: NDArray[np.int64]) -> Any:
    """The library as its users call it: 32-bit symbols, a table of floats, words of 32 bits."""
    from constriction import stream

    model = stream.model.Categorical(counts / counts.sum(), perfect=False)
    short = symbols.astype(np.int32)

    def encode() -> Any:
        if kind == "range":
            coder = stream.queue.RangeEncoder()
            coder.encode(short, model)
        else:
            coder = stream.stack.AnsCoder()
            coder.encode_reverse(short, model)
        return coder.get_compressed()

    def decode(words: Any) -> Any:
        made = stream.queue.RangeDecoder(words) if kind == "range" else stream.stack.AnsCoder(words)
        return made.decode(model, symbols.size)

    return encode, decode, lambda words: 32 * words.size


def coders(symbols: Symbols) -> Iterator[tuple[str, Any]]:
    """Each coder by name: how to encode, how to decode, how many bits."""
    n, counts = symbols.size, np.bincount(symbols)
    yield "exact, static table", ours(StaticRun(counts, n=n), symbols)
    if n <= 2**24:
        yield "fast (constriction inside)", ours(FastRun(counts, n=n), symbols)
    yield "constriction, range", constriction("range", symbols, counts)
    yield "constriction, ANS", constriction("ans", symbols, counts)
    yield "adaptive *", ours(AdaptiveRun(counts.size, n=n), symbols)
    if n <= SLOW["mixture *"]:
        centred = symbols - int(counts.argmax())
        encode, decode, length = ours(MixtureVector(n), centred)
        yield "mixture *", (encode, lambda bits: decode(bits) + int(counts.argmax()), length)
    yield "huffman *", ours(HuffmanRun(counts.size, n=n), symbols)
    for name in COMPRESSORS[1:-1]:
        if name in available() and n <= 2**22:
            yield f"{name} *", ours(CompressedVector(name, n), symbols)
        elif name in available():
            yield f"{name} *", in_pieces(name, symbols)


def in_pieces(name: str, symbols: Symbols) -> Any:
    """A long array through a compressor, 2^20 symbols at a time, as `idbounds code` does it."""
    pieces = np.array_split(symbols, -(-symbols.size // 2**20))
    codecs = [CompressedVector(name, piece.size) for piece in pieces]

    def encode() -> Any:
        return [encoded(codec, piece) for codec, piece in zip(codecs, pieces, strict=True)]

    def decode(messages: Any) -> Any:
        return np.concatenate([c.read(BitReader(bits)) for c, bits in zip(codecs, messages, strict=True)])

    return encode, decode, lambda messages: sum(map(len, messages))


def measured(source: str, n: int) -> Iterator[Row]:
    """Print and give the rows of one array."""
    symbols = draw(source, n)
    ideal = entropy_bits(np.bincount(symbols))
    print(f"\n{source}, n = {n:.0e}: {np.unique(symbols).size} symbols, n H = {ideal:,.1f} bits")
    print(f"  {'':<28} {'bits above':>12} {'':>8} {'encode ns':>10} {'decode ns':>10}")
    for name, (encode, decode, length) in coders(symbols):
        encode()  # compiles, fills caches
        spent, message = seconds(encode, n)
        if n <= SLOW.get(name, n):
            back, found = seconds(partial(decode, message), n)
            if not np.array_equal(found, symbols):
                raise SystemExit(f"{name}: decodes to something else")
        else:
            back = float("nan")
        excess = length(message) - ideal
        row = Row(name, n, excess, 1e9 * spent / n, 1e9 * back / n)
        print(
            f"  {name:<28} {excess:12,.1f} {excess / ideal:8.2%} {row.encode:10.1f} {row.decode:10.1f}",
            flush=True,
        )
        yield row


def promises(rows: list[Row], sizes: list[int]) -> None:
    """What the coders are to keep, at the worst source of each n."""
    print("\nPromises, over all sources")
    print(f"  {'':<46}" + "".join(f"{n:>9.0e}" for n in sizes))
    for what, coder, least, value in (
        ("exact: bits above n H, at most 3", "exact, static table", False, lambda row: row.excess),
        (
            "exact: million a second to encode, at least 10",
            "exact, static table",
            True,
            lambda row: 1e3 / row.encode,
        ),
        (
            "exact: million a second to decode, at least 10",
            "exact, static table",
            True,
            lambda row: 1e3 / row.decode,
        ),
        (
            "constriction: million to encode, at least 50",
            "constriction, range",
            True,
            lambda row: 1e3 / row.encode,
        ),
        (
            "FastRun: million to encode, at least 50",
            "fast (constriction inside)",
            True,
            lambda row: 1e3 / row.encode,
        ),
    ):
        columns = [[value(row) for row in rows if row.coder == coder and row.n == n] for n in sizes]
        worst = [(min if least else max)(column) for column in columns]
        print(f"  {what:<46}" + "".join(f"{x:>9.1f}" for x in worst))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE", help=f"of {', '.join(SOURCES)}; by default all"
    )
    parser.add_argument("--largest", type=float, default=max(SIZES), help="longest array")
    given = parser.parse_args()
    if set(given.sources) - set(SOURCES):
        parser.error(f"give some of {', '.join(SOURCES)}")
    sizes = [n for n in SIZES if n <= given.largest]
    rows = [row for source in given.sources or SOURCES for n in sizes for row in measured(source, n)]
    promises(rows, sizes)


if __name__ == "__main__":
    main()
