import contextlib
import itertools
import math
import resource

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.billing import MENU, Layer, Layers
from idbounds.billing.layers import blocks, cuts, narrow
from idbounds.billing.layout import Layout
from idbounds.checkpoints import BLOCK, LARGEST_TENSOR
from idbounds.codes import BitReader, BitWriter, EliasGamma, check_codec, step_size
from idbounds.errors import DecodeError, InputError, MissingExtra
from tests.codes.patterns.test_fuzz import strings


def layer(shape, step=0.5, scale=2.0, seed=0):
    draws = scale * np.random.default_rng(seed).standard_normal(math.prod(shape))
    return Layer(shape, step, np.rint(draws).astype(np.int64))


def works(code):
    """Whether the library of a code is there."""
    try:
        MENU[code].codec(1)
    except MissingExtra:
        return False
    return True


CODES = [code for code in MENU if works(code)]
MODELS = [
    (layer((3, 4)),),
    (layer((), 1.0), layer((5,), 0.3), layer((2, 1, 3), 0.3, seed=1)),
    (Layer((4,), 2.0**-60, np.zeros(4, np.int64)), layer((1,), step_size(40))),
]
STEPS = [1.0, step_size(0), step_size(63), 0.1, 1e-300, 1e300, 2.0**-1074]
SHAPES = [(), (1,), (3, 2), (LARGEST_TENSOR,), (1,) * 32]


@pytest.mark.parametrize("code", CODES)
def test_laws(code):
    check_codec(Layers(code), MODELS)


def test_laws_of_the_layout():
    pairs = [(shape, step) for shape in SHAPES for step in STEPS]
    check_codec(Layout(), [(pair,) for pair in pairs])
    few = [((3,), 1.0), ((3,), 0.1), ((2, 2), step_size(5))]
    check_codec(Layout(), itertools.product(few, repeat=3))


def test_the_layout_by_hand():
    # gamma(2) 3; (3, 2): gamma(3) 3, delta(3) 4, delta(2) 4, kind 2, index 6; (): gamma(1) 1, kind 2 (again).
    value = (((3, 2), step_size(7)), ((), step_size(7)))
    assert Layout().length(value) == 3 + (3 + 4 + 4 + 2 + 6) + (1 + 2)
    assert str(Layout().encode((((), 1.0),)).bits) == "1" + "1" + "00"
    assert Layout().length((((), 0.1),)) == 1 + 1 + 2 + 64


def test_a_step_has_one_spelling():
    def said(*fields):
        out = BitWriter()
        EliasGamma().write(len(fields), out)
        for kind, *rest in fields:
            out.write_bit(1)  # no dimensions
            out.write_uint(kind, 2)
            for value, width in rest:
                out.write_uint(value, width)
        return out.bits()

    def number(x):
        return int.from_bytes(np.array(x, ">f8").tobytes(), "big"), 64

    assert Layout().decode(said((2, (41, 6)), (1,))) == (((), step_size(41)),) * 2
    bad = [((1,),), ((2, (40, 6)),), ((0,), (1,)), ((2, (41, 6)), (2, (41, 6))), ((3, number(0.5)),)]
    bad += [((3, number(x)),) for x in (1.0, 0.0, -0.3, np.inf, np.nan)]
    for fields in bad:
        with pytest.raises(DecodeError, match="no encoder"):
            Layout().decode(said(*fields))


def test_a_layout_claims_no_more_than_allowed():
    out = BitWriter()
    EliasGamma().write(2, out)
    Layout().write((((LARGEST_TENSOR,), 1.0),), body := BitWriter())
    for _ in range(2):
        out.extend(BitReader(body.bits()).bits)
    with pytest.raises(DecodeError):
        Layout().decode(out.bits())
    twice = BitWriter()
    EliasGamma().write(2, twice)
    text = str(body.bits())[1:]  # without the count
    for digit in text * 2:
        twice.write_bit(int(digit))
    with pytest.raises(DecodeError, match="entries claimed"):
        Layout().decode(twice.bits())


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.booleans(), st.integers(1, 12))
def test_cuts_cover_everything_once(sizes, together, room):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("idbounds.billing.layers.BLOCK", room)
        found = list(cuts(sizes, together=together))
    flat = [(index, i) for block in found for index, piece in block for i in range(piece.start, piece.stop)]
    assert flat == [(index, i) for index, size in enumerate(sizes) for i in range(size)]
    lengths = [sum(piece.stop - piece.start for _, piece in block) for block in found]
    assert max(lengths) <= room
    if together:
        assert len(found) == -(-sum(sizes) // room)
    else:
        assert all(len(block) == 1 for block in found)
        assert len(found) == sum(-(-size // room) for size in sizes)


@pytest.mark.parametrize("code", ["adaptive", "zlib"])
def test_long_tensors_are_written_in_blocks(code):
    model = (layer((3,)), layer((BLOCK + 10,), seed=2), layer((2, 5), seed=3))
    message = Layers(code).encode(model)
    assert Layers(code).decode(message) == model
    assert message.code_bits < message.ideal_bits + 2 * 4
    together = MENU[code].together
    first = [3, BLOCK, 10, 10] if not together else [BLOCK, 23]
    assert [block.size for _, block in blocks(model, together=together)] == first


@given(st.lists(st.integers(-(2**62), 2**62), max_size=5))
def test_narrow(values):
    vector = np.array(values, dtype=np.int64)
    assert np.array_equal(narrow(vector), vector)
    assert narrow(vector).dtype.kind == "i"
    for kind in (np.int8, np.int16, np.int32):
        if np.array_equal(vector.astype(kind), vector):
            assert narrow(vector).dtype.itemsize <= np.dtype(kind).itemsize


def test_bad_layers():
    with pytest.raises(InputError, match="as many integers"):
        Layer((2, 2), 1.0, np.zeros(3, np.int64))
    with pytest.raises(InputError, match="as many integers"):
        Layer((2,), 1.0, np.zeros(2))
    for step in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="step"):
            Layout().encode((((2,), step),))
    with pytest.raises(InputError, match="more than"):
        Layout().encode((((LARGEST_TENSOR,), 1.0), ((), 1.0)))
    with pytest.raises(InputError, match="mixture"):
        Layers("gzip")
    with pytest.raises(InputError):
        Layers("mixture").encode(())
    with pytest.raises(InputError):
        Layers("mixture").encode((Layer((0,), 1.0, np.zeros(0, np.int64)),))
    assert layer((2,)) != "layer"
    assert layer((2,), 1.0) != layer((2,), 2.0)


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_every_flipped_bit_shows(seed):
    rng = np.random.default_rng(seed)
    codec = Layers("mixture")
    model = (layer((2, 3), 0.3, seed=seed), layer((4,), 0.3, seed=seed + 1))
    bits = codec.encode(model).bits
    where = int(rng.integers(bits.length))
    number = int(str(bits), 2) ^ (1 << where)
    out = BitWriter()
    out.write_uint(number, bits.length)
    with contextlib.suppress(DecodeError):
        assert codec.decode(out.bits()) != model


def fuzz(code, count, seed=0):
    """Read so many strings, half of them messages that were altered; how many were read to the end."""
    rng = np.random.default_rng([len(code), seed])

    def draw(rng):
        shapes = [(), (3,), (2, 2)]
        return tuple(
            layer(shapes[i], float(rng.choice(STEPS)), seed=int(rng.integers(99)))
            for i in rng.integers(3, size=2)
        )

    read = 0
    for bits in strings(draw, rng, Layers(code), count):
        try:
            found = Layers(code).read(BitReader(bits))
        except DecodeError:
            continue
        read += 1
        assert all(part.symbols.size == math.prod(part.shape) for part in found)
    return read


@pytest.mark.parametrize("code", ["adaptive", "rice", "zlib"])
def test_any_bits(code):
    assert fuzz(code, 400) > 0


@pytest.mark.audit
@pytest.mark.parametrize("part", range(10))
def test_a_million_strings_of_any_bits(part):
    fuzz("adaptive", 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz("adaptive", 100_000, 1 + part) > 0
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 * 1024
    )  # KiB: up to 2^28 entries may be zero
