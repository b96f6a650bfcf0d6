import pytest
from hypothesis import given
from hypothesis import strategies as st

from idbounds.codes import BitReader, Bits, BitWriter
from idbounds.errors import DecodeError, InputError

NUMBERS = st.lists(
    st.integers(0, 90).flatmap(lambda w: st.tuples(st.integers(0, 2**w - 1), st.just(w))), max_size=30
)


@given(NUMBERS)
def test_what_is_written_is_read(numbers):
    out = BitWriter()
    for value, width in numbers:
        out.write_uint(value, width)
    bits = out.bits()
    assert len(bits) == len(out) == sum(width for _, width in numbers)
    source = BitReader(bits)
    assert [source.read_uint(width) for _, width in numbers] == [value for value, _ in numbers]
    source.finish()
    with pytest.raises(DecodeError, match="truncated"):
        source.read_bit()


@given(st.text("01", max_size=100), st.integers(0, 100))
def test_single_bits_arrays_and_strings_agree(text, cut):
    bits = Bits.from_string(text)
    assert str(bits) == text
    one, array, whole = BitWriter(), BitWriter(), BitWriter()
    for digit in text:
        one.write_bit(int(digit))
    array.write_array(bits.to_array())
    whole.extend(bits)
    assert one.bits() == array.bits() == whole.bits() == bits
    source = BitReader(bits)
    cut = min(cut, len(text))
    head = source.read_array(cut)
    tail = [source.read_bit() for _ in range(source.remaining)]
    assert "".join(map(str, [*head, *tail])) == text
    assert source.position == len(text)


def test_most_significant_bit_first():
    assert Bits.from_string("10100000" + "1") == Bits(b"\xa0\x80", 9)


@pytest.mark.parametrize(("data", "length"), [(b"", 1), (b"\0\0", 8), (b"\0", 0), (b"", -1)])
def test_wrong_number_of_bytes(data, length):
    with pytest.raises(InputError, match="bytes given"):
        Bits(data, length)


def test_padding_must_be_zero():
    with pytest.raises(DecodeError, match="padding"):
        Bits(b"\x81", 7)


@pytest.mark.parametrize(("value", "width"), [(4, 2), (-1, 3), (1, 0), (0, -1)])
def test_numbers_that_do_not_fit(value, width):
    with pytest.raises(InputError):
        BitWriter().write_uint(value, width)


def test_reading_past_the_end_changes_nothing():
    source = BitReader(Bits.from_string("101"))
    for read in (source.read_uint, source.read_array, source.skip):
        with pytest.raises(DecodeError, match="truncated"):
            read(4)
    with pytest.raises(InputError):
        source.skip(-1)
    assert source.position == 0
    assert source.read_uint(3) == 5


def test_leftover_is_refused():
    with pytest.raises(DecodeError, match="left over"):
        BitReader(Bits.from_string("0")).finish()
    with pytest.raises(InputError):
        Bits.from_string("012")
    with pytest.raises(InputError):
        BitWriter().write_bit(2)
    with pytest.raises(InputError):
        BitWriter().write_array(Bits.from_string("01").to_array() + 1)
