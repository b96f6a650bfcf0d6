import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, BitWriter, CompressedVector, Compressor, check_codec, compressor, serialise
from idbounds.codes.files.compressors import available
from idbounds.codes.files.serial import LARGEST_SIZE, header_bits
from idbounds.errors import DecodeError, InputError

INT64 = np.iinfo(np.int64)
EDGES = [0, -1, 127, -128, 128, -129, 2**15 - 1, -(2**15), 2**15, 2**31, -(2**31), INT64.min, INT64.max]


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ([], b""),
        ([0, 1, -1], b"\x00\x01\xff"),
        ([127, -128], b"\x7f\x80"),
        ([128], b"\x80\x00"),
        ([-129], b"\x7f\xff"),
        ([2**15, 1], b"\x00\x80\x00\x00\x01\x00\x00\x00"),
        ([2**31], b"\x00\x00\x00\x80\x00\x00\x00\x00"),
    ],
)
def test_the_canonical_bytes(values, data):
    assert serialise(np.array(values, dtype=np.int64)) == data


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(EDGES), st.integers(-3, 3)), max_size=20))
def test_round_trip(values):
    vector = np.array(values, dtype=np.int64)
    for name in available():
        codec = CompressedVector(name, vector.size)
        assert np.array_equal(codec.decode(codec.encode(vector)), vector)


@pytest.mark.parametrize("name", available())
def test_laws(name):
    vectors = [[0, 0, 0], [1, -128, 127], [128, 0, 0], [2**40, 0, 1], [-(2**15), 0, 0], [5, 5, 5]]
    check_codec(CompressedVector(name, 3), [np.array(v) for v in vectors])
    check_codec(CompressedVector(name, 0), [np.zeros(0, dtype=np.int64)])


@pytest.mark.parametrize("name", available()[:-1])
def test_what_of_the_length_is_no_stream(name):
    for vector in (np.zeros(1, np.int64), np.arange(100), np.arange(5000) % 300):
        bits = CompressedVector(name, vector.size).length(vector)
        payload = (bits - header_bits(vector, bits)) // 8
        assert bits == 2 + Compressor("stored").length(bytes(payload))


def test_a_wider_type_than_needed_is_refused():
    for index, data in ((1, b"\1\0\2\0"), (3, bytes(16))):
        out = BitWriter()
        out.write_uint(index, 2)
        compressor("stored").write(data, out)
        with pytest.raises(DecodeError, match="narrower"):
            CompressedVector("stored", 2).decode(out.bits())


def test_another_length_is_refused():
    message = CompressedVector("zlib", 3).encode(np.array([1, 2, 3])).bits
    with pytest.raises(DecodeError, match="do not make 4"):
        CompressedVector("zlib", 4).decode(message)
    with pytest.raises(DecodeError):
        CompressedVector("zlib", 3).decode(Bits.from_string("00"))


@pytest.mark.parametrize("size", [-1, LARGEST_SIZE + 1, 1.5])
def test_bad_sizes(size):
    with pytest.raises(InputError, match="size of the vector"):
        CompressedVector("zlib", size)


@pytest.mark.parametrize(
    "value", [np.array([0.5, 1]), np.array([1]), np.zeros((1, 2), int), np.array([0, 2**63], np.uint64)]
)
def test_bad_vectors(value):
    with pytest.raises(InputError, match="given"):
        CompressedVector("zlib", 2).encode(value)
