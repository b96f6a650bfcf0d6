import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, Blocks
from idbounds.errors import DecodeError, InputError
from tests.codes.patterns.test_pattern import drawn


def by_hand(mask, height, width):
    """The bits, block by block, and the number of cells in blocks that hold anything."""
    tiles = [
        mask[r : r + height, c : c + width]
        for r in range(0, mask.shape[0], height)
        for c in range(0, mask.shape[1], width)
    ]
    inside = [tile for tile in tiles if tile.any()]
    text = "".join("01"[int(tile.any())] for tile in tiles)
    return text + "".join("01"[int(cell)] for tile in inside for cell in tile.flat), sum(
        t.size for t in inside
    )


@settings(max_examples=150, deadline=None)
@given(*[st.integers(1, 13)] * 4, st.data())
def test_same_bits_as_written_by_hand(rows, columns, height, width, data):
    positions = drawn(rows * columns, data.draw(st.integers(0, rows * columns)))
    mask = np.zeros((rows, columns), dtype=bool)
    mask.flat[positions] = True
    codec = Blocks((rows, columns), (height, width))
    text, _ = by_hand(mask, height, width)
    assert str(codec.encode(positions).bits) == text
    assert codec.ideal_length(positions) == len(text)
    assert np.array_equal(codec.decode(Bits.from_string(text)), positions)


def test_the_expected_cells_are_those_of_random_sets():
    codec = Blocks((37, 50), (4, 8))
    for k in (1, 30, 400, 1850):
        cells = [codec.length(drawn(1850, k, seed)) - 10 * 7 for seed in range(200)]
        error = 4 * np.std(cells) / np.sqrt(len(cells)) + 1e-9
        assert float(codec.expected_cells(k)) == pytest.approx(np.mean(cells), abs=error)
    assert codec.expected_cells([0, 1850]) == pytest.approx([0, 1850], abs=1e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1000" + "0000", "without a position"),
        ("1001" + "0110" + "0000", "without a position"),
        ("100", "truncated"),
        ("1001" + "0110" + "010", "truncated"),
        ("0000" + "1", "left over"),
    ],
)
def test_what_no_encoder_writes_is_refused(text, words):
    with pytest.raises(DecodeError, match=words):
        Blocks((4, 4), (2, 2)).decode(Bits.from_string(text))


def test_a_known_count_is_held_to():
    with pytest.raises(DecodeError, match="1 positions, not 2"):
        Blocks((4, 4), (2, 2), 2).decode(Bits.from_string("1000" + "0100"))


@pytest.mark.parametrize(
    ("shape", "block", "words"),
    [
        (16, (2, 2), "two sides"),
        ((4, 4), 2, "two sides"),
        ((4, 4, 4), (2, 2), "two sides"),
        ((4, 4), (0, 2), "side of a block"),
        ((4, 4), (2, 1.5), "side of a block"),
    ],
)
def test_bad_parameters(shape, block, words):
    with pytest.raises(InputError, match=words):
        Blocks(shape, block)
