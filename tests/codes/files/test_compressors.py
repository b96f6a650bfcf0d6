import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import (
    Bits,
    BitWriter,
    Compressor,
    EliasDelta,
    Shifted,
    ShortestCompressor,
    Uniform,
    check_codec,
    compressor,
    kolmogorov_bound,
)
from idbounds.codes.files import _streams
from idbounds.codes.files.compressors import COMPRESSORS, LARGEST_DATA, available
from idbounds.errors import DecodeError, InputError, MissingExtra

TEXTS = [b"", b"a", b"ab" * 100, bytes(range(256)), b"\0" * 5000, bytes(np.random.default_rng(0).bytes(300))]
LIBRARIES = COMPRESSORS[1:-1]


@pytest.fixture(params=COMPRESSORS)
def codec(request):
    if request.param not in available():
        pytest.skip(f"{request.param} is not installed")
    return compressor(request.param, largest=10**6)


def framed(stream, *, size=None):
    """A message around a stream."""
    out = BitWriter()
    Shifted(EliasDelta(largest=2**40), by=1).write(len(stream) if size is None else size, out)
    out.write_array(np.unpackbits(np.frombuffer(stream, dtype=np.uint8)))
    return out.bits()


def test_laws(codec):
    check_codec(codec, TEXTS)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200))
def test_every_compressor_gives_back_what_it_got(data):
    for name in available():
        made = compressor(name)
        assert made.decode(made.encode(data)) == data


def test_the_length_is_of_the_stream_and_its_size():
    stream = _streams.compress("zlib", b"hello hello hello")
    assert zlib.decompress(stream, -15) == b"hello hello hello"
    assert Compressor("zlib").length(b"hello hello hello") == EliasDelta().length(len(stream) + 1) + 8 * len(
        stream
    )
    assert Compressor("stored").length(bytes(100)) == EliasDelta().length(101) + 800


def test_nothing_of_a_container_is_paid():
    # The same data in the usual file formats: gzip or zlib 11 or 18 bytes, xz 60, zst 9 more.
    import lzma

    data = b"the quick brown fox " * 50
    assert Compressor("zlib").length(data) < 8 * len(zlib.compress(data, 9)) - 30
    assert Compressor("lzma").length(data) < 8 * len(lzma.compress(data)) - 300


def test_another_stream_of_the_same_data_is_read_too():
    # Other versions of a library make other streams; deflate at level 1 stands for them.
    data = b"the quick brown fox " * 50
    weak = zlib.compressobj(1, zlib.DEFLATED, -15)
    assert Compressor("zlib").decode(framed(weak.compress(data) + weak.flush())) == data


def test_a_small_message_expands_no_further_than_allowed(codec):
    if codec.name.startswith("context-tree"):
        pytest.skip("says its size first")
    message = Compressor(codec.name).encode(bytes(10**7)).bits
    reader = Compressor(codec.name, largest=10**5)
    tracemalloc.start()
    with pytest.raises(DecodeError, match="more than"):
        reader.decode(message)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**7  # the dictionary of LZMA alone has 8 MiB


def test_the_largest_is_allowed(codec):
    data = bytes(100)
    made = compressor(COMPRESSORS[-1] if "tree" in codec.name else codec.name, largest=100)
    assert made.decode(made.encode(data)) == data
    with pytest.raises(InputError, match="101 bytes given"):
        made.encode(bytes(101))


def test_every_cut_is_refused(codec):
    text = str(codec.encode(b"hello hello hello").bits)
    for cut in range(len(text)):
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:cut]))


@pytest.mark.parametrize("name", LIBRARIES)
def test_what_is_no_stream(name):
    if name not in available():
        pytest.skip(f"{name} is not installed")
    stream = _streams.compress(name, b"hello hello hello")
    for bad in (b"", stream[:-1], stream + b"\0", b"\xff" * 30, stream + stream):
        with pytest.raises(DecodeError, match=name):
            Compressor(name).decode(framed(bad))
    with pytest.raises(DecodeError, match="truncated"):
        Compressor(name).decode(framed(stream, size=len(stream) + 1))


def test_a_claimed_size_takes_no_memory():
    message = framed(b"", size=2**20)
    tracemalloc.start()
    with pytest.raises(DecodeError, match="truncated"):
        Compressor("bz2").decode(message)
    assert tracemalloc.get_traced_memory()[1] < 10**5
    tracemalloc.stop()


@pytest.mark.parametrize("value", ["text", bytearray(b"x"), None, 3, np.zeros(3, np.int8)])
def test_only_bytes(codec, value):
    with pytest.raises(InputError, match="bytes are allowed"):
        codec.encode(value)


@pytest.mark.parametrize("name", ["gzip", "", "ZLIB", None])
def test_unknown_compressors(name):
    with pytest.raises(InputError, match="zlib"):
        compressor(name)


@pytest.mark.parametrize("largest", [-1, LARGEST_DATA + 1, 0.5])
def test_bad_limits(largest):
    for make in (lambda: Compressor("zlib", largest=largest), lambda: ShortestCompressor(largest=largest)):
        with pytest.raises(InputError, match="largest"):
            make()


def test_a_missing_library_is_named(monkeypatch):
    message = Compressor("bz2").encode(b"a").bits
    chosen = BitWriter()
    Uniform(8).write(COMPRESSORS.index("bz2"), chosen)
    chosen.extend(message)
    for library in ("bz2", "zstandard", "brotli"):
        monkeypatch.setitem(sys.modules, library, None)
    assert available() == ("stored", "zlib", "lzma", "ctw")
    for name, library in (("bz2", "bz2"), ("zstd", "zstandard"), ("brotli", "brotli")):
        with pytest.raises(MissingExtra, match=rf"{library}.*idbounds\[compressors\]"):
            Compressor(name)
    with pytest.raises(MissingExtra, match="bz2"):
        ShortestCompressor().decode(chosen.bits())
    # The price of the choice stays that of the whole menu.
    assert kolmogorov_bound(b"") == 3 + 1


def test_the_menu_never_changes():
    assert COMPRESSORS[:7] == ("stored", "zlib", "bz2", "lzma", "zstd", "brotli", "ctw")
    for index, name in enumerate(COMPRESSORS):
        if name in available():
            out = BitWriter()
            out.write_uint(index, 3)
            compressor(name).write(b"hello", out)
            assert ShortestCompressor().decode(out.bits()) == b"hello"
    with pytest.raises(DecodeError, match="compressor 7"):
        ShortestCompressor().decode(Bits.from_string("1111"))


def test_the_shortest_is_taken():
    codec = ShortestCompressor()
    check_codec(codec, TEXTS)
    for text in TEXTS:
        lengths = codec.lengths(text)
        assert list(lengths) == list(available())
        assert codec.length(text) == kolmogorov_bound(text) == 3 + min(lengths.values())
        assert lengths == {name: compressor(name).length(text) for name in lengths}


def test_noise_costs_its_length_and_order_costs_little():
    noise = np.random.default_rng(1).bytes(1000)
    assert 8000 < kolmogorov_bound(noise) <= 3 + EliasDelta().length(1001) + 8000
    assert kolmogorov_bound(b"0123456789" * 1000) < 1200
