import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, Coo, Csc, Csr
from idbounds.errors import DecodeError, InputError
from tests.codes.patterns.test_pattern import drawn


def binary(number, width):
    return format(number, f"0{width}b") if width else ""


def width(choices):
    """ceil(log2 choices), from the definition."""
    return next(w for w in range(64) if 2**w >= choices)


def coo_by_hand(mask):
    rows, columns = mask.shape
    entries = [(r, c) for r in range(rows) for c in range(columns) if mask[r, c]]
    text = binary(len(entries), width(mask.size + 1))
    return text + "".join(binary(r, width(rows)) + binary(c, width(columns)) for r, c in entries)


def csr_by_hand(mask):
    """As scipy.sparse has it: indptr, then indices."""
    columns = mask.shape[1]
    indptr, indices = [0], []
    for row in mask:
        indices += [c for c in range(columns) if row[c]]
        indptr.append(len(indices))
    text = binary(len(indices), width(mask.size + 1))
    text += "".join(binary(start, width(len(indices) + 1)) for start in indptr)
    return text + "".join(binary(c, width(columns)) for c in indices)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_same_bits_as_written_by_hand(rows, columns, data):
    positions = drawn(rows * columns, data.draw(st.integers(0, rows * columns)))
    mask = np.zeros((rows, columns), dtype=bool)
    mask.flat[positions] = True
    assert str(Coo((rows, columns)).encode(positions).bits) == coo_by_hand(mask)
    assert str(Csr((rows, columns)).encode(positions).bits) == csr_by_hand(mask)
    assert str(Csc((rows, columns)).encode(positions).bits) == csr_by_hand(mask.T)


def test_a_small_matrix():
    # . 1 . 1     k = 3 of 8: 0011; three pointers of 2 bits: 0, 2, 3; columns of 2 bits: 1, 3, 0
    # 1 . . .
    assert str(Csr((2, 4)).encode([1, 3, 4]).bits) == "0011" + "001011" + "011100"
    assert str(Csc((2, 4)).encode([1, 3, 4]).bits) == "0011" + "0001101011" + "100"
    assert str(Coo(8).encode([1, 3, 4]).bits) == "0011" + "001" + "011" + "100"


@pytest.mark.parametrize(
    ("shape", "k"), [((1000, 1000), 10_000), ((300, 784), 2352), ((7, 1), 3), ((1, 7), 3)]
)
def test_closed_forms(shape, k):
    (rows, columns), n = shape, shape[0] * shape[1]
    positions = drawn(n, k)
    count = width(n + 1)
    assert Coo(n).length(positions) == count + k * width(n)
    assert Coo(shape).length(positions) == count + k * (width(rows) + width(columns))
    assert Csr(shape).length(positions) == count + (rows + 1) * width(k + 1) + k * width(columns)
    assert Csc(shape).length(positions) == count + (columns + 1) * width(k + 1) + k * width(rows)
    for codec in (Coo(n), Coo(shape), Csr(shape), Csc(shape)):
        assert codec.mean_ideal_length(k) == codec.length(positions)


@pytest.mark.parametrize("k", [2**j + i for j in range(20) for i in (-1, 0, 1)])
def test_pointers_are_as_wide_as_the_count(k):
    codec = Csr((1, 2**20), k)
    assert float(codec.mean_ideal_length(k)) == 2 * k.bit_length() + 20 * k


@pytest.mark.parametrize(
    ("codec", "text", "words"),
    [
        (Csr((2, 3), 2), "01" + "10" + "10" + "0001", "ascend from 0 to 2"),
        (Csr((2, 3), 2), "00" + "10" + "01" + "0001", "ascend from 0 to 2"),
        (Csr((2, 3), 2), "00" + "01" + "10" + "0011", "beyond its side of 3"),
        (Csr((2, 3), 2), "00" + "10" + "10" + "0100", "order"),
        (Csr((2, 3), 2), "00" + "10" + "10" + "0000", "repeats"),
        (Csc((3, 2), 2), "00" + "10" + "10" + "0100", "order"),
        (Coo((2, 3), 2), "001" + "000", "order"),
        (Coo((2, 3), 2), "011" + "100", "beyond its side of 3"),
        (Coo(6, 2), "010" + "110", "beyond its side of 6"),
        (Coo(6), "111", "more than the largest"),
        (Coo(6, 2), "010" + "11", "truncated"),
    ],
)
def test_what_no_encoder_writes_is_refused(codec, text, words):
    with pytest.raises(DecodeError, match=words):
        codec.decode(Bits.from_string(text))


@pytest.mark.parametrize("shape", [6, (6,), (1, 2, 3)])
@pytest.mark.parametrize("make", [Csr, Csc])
def test_lines_need_a_matrix(make, shape):
    with pytest.raises(InputError, match=r"\(rows, columns\)"):
        make(shape)


@pytest.mark.parametrize(
    ("codec", "digest"),
    [
        (Coo(10_000), "fceda9d5dbb02753"),
        (Coo((50, 200)), "6c87d987b3094406"),
        (Csr((50, 200)), "4c4fee36af4c443a"),
        (Csc((50, 200)), "14e4a644f16a6205"),
    ],
)
def test_the_bits_never_change(codec, digest):
    positions = np.unique((7919 * np.arange(500) ** 2 + 104_729 * np.arange(500)) % 10_000)
    bits = codec.encode(positions).bits
    assert hashlib.sha256(bits.length.to_bytes(8, "big") + bits.data).hexdigest()[:16] == digest
