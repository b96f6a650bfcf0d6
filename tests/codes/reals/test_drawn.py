"""Drawings and indices keep the laws of codes; the draws are those of every machine, made slowly or quickly."""

import hashlib
import time
import tracemalloc

import numpy as np
import pytest

from idbounds.codes import BitReader, Bits, BitWriter, EliasGamma, Uniform, check_codec
from idbounds.codes.reals import noise
from idbounds.codes.reals.drawn import Drawing, DrawingCode, DrawnIndices
from idbounds.errors import DecodeError, InputError

SIZES = (7, 0, 3, 40)


def drawing(**changes):
    return Drawing(**{"sizes": SIZES, "counts": (2, 0, 0, 6), "bits": 5, "seed": 3, **changes})


def test_laws_of_drawings():
    values = [
        drawing(counts=counts, bits=bits, seed=seed)
        for counts in ((0, 0, 0, 0), (7, 0, 3, 40), (1, 0, 2, 30))
        for bits in (1, 24)
        for seed in (0, 9, 2**63 - 1)
    ]
    check_codec(DrawingCode(SIZES), values)
    assert DrawingCode(SIZES).length(drawing(counts=(0, 0, 0, 0), seed=0)) == 5 + 1 + 4


def test_laws_of_indices():
    check_codec(DrawnIndices(2, 3), [np.array(pair) for pair in np.ndindex(8, 8)])
    check_codec(DrawnIndices(0, 9), [np.zeros(0, np.int64)])
    check_codec(DrawnIndices(3, 24), [np.array([0, 2**24 - 1, 5])])


def test_blocks_hold_each_entry_once_and_differ_by_one():
    for given in (drawing(), drawing(counts=(7, 0, 3, 40)), drawing(counts=(1, 0, 1, 7))):
        start = np.cumsum([0, *SIZES])
        filled = [i for i, count in enumerate(given.counts) if count]
        wanted = np.concatenate([np.arange(start[i], start[i + 1]) for i in filled])
        assert np.array_equal(np.sort(np.concatenate(given.blocks)), wanted)
        assert len(given.blocks) == given.total
        place = 0
        for i in filled:
            lengths = [len(block) for block in given.blocks[place : place + given.counts[i]]]
            assert max(lengths) - min(lengths) <= 1
            assert lengths == sorted(lengths, reverse=True)
            place += given.counts[i]


@pytest.mark.parametrize("counts", [(2, 0, 0, 6), (7, 0, 3, 40), (1, 0, 0, 1)])
def test_the_quick_way_makes_the_same_draws(counts):
    given = drawing(counts=counts, bits=9)
    for block in range(given.total):
        slow = given.drawn(block, np.arange(100, 400))
        assert np.array_equal(given.all_drawn(block, 100, 300), slow.astype(np.float32))
    assert slow.shape == (300, len(given.blocks[-1]))


def test_candidates_are_normal_and_do_not_repeat():
    given = Drawing((60,), (3,), 14)
    z = np.stack([given.drawn(block, np.arange(1 << 14)) for block in range(3)])
    assert len(np.unique(z.reshape(-1, 20), axis=0)) == 3 << 14
    assert z.mean() == pytest.approx(0, abs=4 / z.size**0.5)
    assert z.var() == pytest.approx((noise.normal_levels() ** 2).mean(), abs=6 / z.size**0.5)
    middle = np.corrcoef(z.transpose(0, 2, 1).reshape(60, -1))
    assert np.abs(middle - np.eye(60)).max() < 6 / (1 << 14) ** 0.5


def test_what_indices_name():
    given = drawing()
    indices = np.arange(8)
    vector = given.made(indices)
    for block, places in enumerate(given.blocks):
        assert np.array_equal(vector[places], given.drawn(block, indices[block : block + 1])[0])
    assert not vector[7:10].any()
    assert np.count_nonzero(vector) == 47


def test_frozen_draws():
    """The wire never changes; the numbers are those of every machine."""
    given = drawing(bits=16, seed=11)
    made = given.made(np.arange(8) * 8191 % 2**16)
    digest = hashlib.sha256(made.astype("<f8").tobytes()).hexdigest()
    assert digest == FROZEN
    assert str(DrawingCode(SIZES).encode(given).bits) == FROZEN_BITS


FROZEN = "e15ca2033f723933dbd2ca6a277a9d85c14998133c8d39cc7b9017c77d13541e"
FROZEN_BITS = "01111001001000111100111"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bits": 0}, "bits of a block"),
        ({"bits": 25}, "bits of a block"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"counts": (8, 0, 0, 0)}, "blocks of a vector"),
        ({"counts": (-1, 0, 0, 0)}, "blocks of a vector"),
        ({"counts": (1, 1, 0, 0)}, "blocks of a vector"),
        ({"counts": (1,)}, "1 counts"),
        ({"sizes": (2**24 + 1, 0, 0, 0)}, "entries of a vector"),
        ({"bits": 1.5}, "bits of a block"),
    ],
)
def test_bad_drawings(changes, words):
    with pytest.raises(InputError, match=words):
        drawing(**changes)


@pytest.mark.parametrize(
    "given", [[0, 1], [0, 1, 8], [0, 1, -1], [[0, 1, 2]], [0.0, 1.0, 2.0], [True] * 3, "abc"]
)
def test_bad_indices(given):
    for call in (DrawnIndices(3, 3).encode, DrawnIndices(3, 3).length, DrawnIndices(3, 3).ideal_length):
        with pytest.raises(InputError):
            call(np.array(given))
    with pytest.raises(InputError):
        DrawnIndices(2**24 + 1, 3)
    with pytest.raises(InputError):
        DrawnIndices(1, 25)


def test_a_drawing_of_other_sizes():
    for call in (DrawingCode((7,)).encode, DrawingCode((7,)).length, DrawingCode((7,)).ideal_length):
        with pytest.raises(InputError, match="sizes"):
            call(drawing())


def test_more_blocks_than_entries_or_bits():
    out = BitWriter()
    Uniform(32).write(15, out)
    out.write_bit(1)
    EliasGamma().write(9, out)
    with pytest.raises(DecodeError, match="blocks of a vector"):
        DrawingCode((7,)).read(BitReader(out.bits()))
    tracemalloc.start()
    with pytest.raises(DecodeError, match="truncated"):
        DrawnIndices(2**24, 24).read(BitReader(Bits(bytes(100), 800)))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_one_long_block_does_not_slow_many_short_ones():
    # Cause: each candidate drew as many words as the longest block of all vectors has.
    given = Drawing((2**18, 2000), (1, 2000), 1)
    noise.normal_levels()
    start = time.process_time()
    given.made(np.zeros(2001, np.int64))
    assert time.process_time() - start < 3


def fuzz(count, seed):
    rng = np.random.default_rng(seed)
    read = 0
    for _ in range(count):
        source = BitReader(
            Bits.from_string("".join(rng.choice(["0", "1"], rng.integers(0, 60), p=[0.3, 0.7])))
        )
        try:
            value = DrawingCode(SIZES).read(source)
            indices = DrawnIndices(value.total, value.bits).read(source)
        except DecodeError:
            continue
        read += 1
        again = BitWriter()
        DrawingCode(SIZES).write(value, again)
        DrawnIndices(value.total, value.bits).write(indices, again)
        assert len(again) == source.position
        assert str(source.bits).startswith(str(again.bits()))
    return read


def test_any_bits():
    assert fuzz(500, 0) > 20


@pytest.mark.audit
def test_a_million_strings_of_any_bits():
    assert sum(fuzz(100_000, seed) for seed in range(10)) > 1000
