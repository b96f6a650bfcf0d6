import base64
import tracemalloc

import numpy as np
import pytest

from idbounds.checkpoints import BLOCK, read_tensors
from idbounds.checkpoints.tensor import LARGEST_HEADER
from idbounds.errors import InputError
from tests.checkpoints.files import NAMES, entries, entry, framed, safetensors

# safetensors.torch.save of safetensors 0.8.0: bfloat16 [[1.5, -2], [0.25, 3]], float16 [1, -0.5], int64 7,
# float32 [0.1, 2e5], with metadata and a padded header.
WRITTEN_BY_THE_LIBRARY = (
    "EAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJzdGVwcyI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZX"
    "RzIjpbMCw4XX0sImYiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls4LDE2XX0sImEud2VpZ2h0Ijp7ImR0eXBlIjoi"
    "QkYxNiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRzIjpbMTYsMjRdfSwiYS5iaWFzIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV"
    "9vZmZzZXRzIjpbMjQsMjhdfX0gICAgIAcAAAAAAAAAzczMPQBQQ0jAPwDAgD5AQAA8ALg="
)


def read(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    return {tensor.name: tensor for tensor in read_tensors(path)}


def test_a_file_of_the_library(tmp_path):
    found = read(tmp_path, base64.b64decode(WRITTEN_BY_THE_LIBRARY))
    assert list(found) == ["a.bias", "a.weight", "f", "steps"]
    assert {name: t.dtype for name, t in found.items()} == {
        "a.bias": "float16", "a.weight": "bfloat16", "f": "float32", "steps": "int64",
    }  # fmt: skip
    assert entries(found["a.weight"]).tolist() == [[1.5, -2.0], [0.25, 3.0]]
    assert entries(found["a.bias"]).tolist() == [1.0, -0.5]
    assert entries(found["f"]).tolist() == [float(np.float32(0.1)), 2e5]
    assert (found["steps"].shape, entries(found["steps"]).item()) == ((), 7)


@pytest.mark.parametrize("dtype", NAMES)
def test_every_type(tmp_path, dtype):
    values = np.array([[0, 1, 1], [0, 1, 0]]) if dtype == "bool" else np.array([[0, 1, 2], [100, 7, 3]])
    found = read(tmp_path, safetensors({"x": values.astype(dtype)}))["x"]
    assert found.whole == (not dtype.startswith("float"))
    assert entries(found).dtype == (np.int64 if found.whole else np.float64)
    assert np.array_equal(entries(found), values)


def test_long_tensors_come_in_blocks(tmp_path):
    values = np.arange(2 * BLOCK + 5, dtype=np.int32)
    tensor = read(tmp_path, safetensors({"pad": np.ones(3, np.int8), "x": values}))["x"]
    assert [block.size for block in tensor.blocks()] == [BLOCK, BLOCK, 5]
    assert np.array_equal(entries(tensor), values)
    tracemalloc.start()
    for _ in tensor.blocks():
        pass
    assert tracemalloc.get_traced_memory()[1] < 40 * BLOCK
    tracemalloc.stop()


GOOD = {"x": entry(0, 4, [1])}
BAD = {
    "empty": (b"", "neither"),
    "short": (b"\x08\0\0\0\0\0\0\0{", "8 bytes claimed, 1 are there"),
    "longer than the file": (framed(GOOD, bytes(4), length=10**6), "1000000 bytes claimed"),
    "huge header": (framed(GOOD, bytes(4), length=2**63), f"{LARGEST_HEADER} allowed"),
    "no JSON": (framed(b"{nonsense"), "no JSON"),
    "no UTF-8": (framed(b'{"\xff": 1}'), "no JSON"),
    "deep": (framed(b"{" + b'"a":[' * 100_000), "no JSON"),
    "long number": (framed(b'{"x":' + b"9" * 10_000 + b"}"), "no JSON"),
    "twice": (framed(b'{"x":1,"x":2}'), "twice"),
    "nothing": (framed({}), "no tensors"),
    "only metadata": (framed({"__metadata__": {"a": "b"}}), "no tensors"),
    "entry is a list": (framed({"x": []}), "wanted in the header"),
    "no shape": (framed({"x": {"dtype": "F32", "data_offsets": [0, 4]}}, bytes(4)), "wanted in the header"),
    "more": (framed({"x": {**GOOD["x"], "code": "rm"}}, bytes(4)), "wanted in the header"),
    "three offsets": (framed({"x": {**GOOD["x"], "data_offsets": [0, 2, 4]}}, bytes(4)), "two data_offsets"),
    "float offsets": (framed({"x": {**GOOD["x"], "data_offsets": [0, 4.0]}}, bytes(4)), "two data_offsets"),
    "true offsets": (framed({"x": entry(False, 4, [1])}, bytes(4)), "two data_offsets"),
    "negative offset": (framed({"x": entry(-4, 0, [1])}, bytes(4)), "data_offsets"),
    "backwards": (framed({"x": entry(4, 0, [1])}, bytes(4)), "data_offsets"),
    "unknown dtype": (framed({"x": entry(0, 4, [4], "F8_E4M3")}, bytes(4)), "F8_E4M3"),
    "dtype a list": (framed({"x": entry(0, 4, [1], ["F32"])}, bytes(4)), "dtype"),
    "negative size": (framed({"x": entry(0, 4, [-1])}, bytes(4)), "whole numbers"),
    "float size": (framed({"x": entry(0, 4, [1.0])}, bytes(4)), "whole numbers"),
    "shape a number": (framed({"x": {**GOOD["x"], "shape": 1}}, bytes(4)), "no shape"),
    "empty tensor": (framed({"x": entry(0, 0, [3, 0])}), "empty tensor"),
    "too many dimensions": (framed({"x": entry(0, 4, [1] * 33)}, bytes(4)), "up to 32"),
    "huge claim": (framed({"x": entry(0, 4 * 2**40, [2**40])}, bytes(4)), "up to 268435456 entries"),
    "huge product": (framed({"x": entry(0, 4, [2**62] * 30)}, bytes(4)), "up to 268435456 entries"),
    "wrong size": (framed({"x": entry(0, 4, [2])}, bytes(4)), "2 entries of F32 have 8 bytes"),
    "truncated": (framed({"x": entry(0, 8, [2])}, bytes(7)), "8 bytes, the file has 7"),
    "bytes left over": (framed(GOOD, bytes(5)), "4 bytes, the file has 5"),
    "overlap": (framed({"x": entry(0, 8, [2]), "y": entry(4, 12, [2])}, bytes(12)), "overlap at byte 4"),
    "same place": (framed({"x": entry(0, 4, [1]), "y": entry(0, 4, [1])}, bytes(4)), "overlap at byte 0"),
    "gap": (framed({"x": entry(0, 4, [1]), "y": entry(8, 12, [1])}, bytes(12)), "gap at byte 4"),
    "late": (framed({"x": entry(4, 8, [1])}, bytes(8)), "gap at byte 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_the_format_forbids(tmp_path, name):
    content, words = BAD[name]
    tracemalloc.start()
    with pytest.raises(InputError, match=words) as caught:
        read(tmp_path, content)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_many_tensors_claim_too_much_together(tmp_path):
    # Headers are checked before entries: a sparse file of a few bytes on the disk may be long.
    size = 2**28
    header = framed({"x": entry(0, size, [size], "I8"), "y": entry(size, 2 * size, [size], "I8")})
    path = tmp_path / "sparse.safetensors"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + 2 * size)
    with pytest.raises(InputError, match="536870912 entries in all"):
        read_tensors(path)


def test_names_are_fit_to_be_printed(tmp_path):
    found = read(tmp_path, safetensors({"\x1b[31m" + "x" * 200: np.ones(2, np.float32)}))
    (name,) = found
    assert name.startswith("?[31mxxx")
    assert len(name) == 80


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_only_finite_weights(tmp_path, dtype, bad):
    tensor = read(tmp_path, safetensors({"w": np.array([1, bad, 2], dtype)}))["w"]
    with pytest.raises(InputError, match="w: an entry is NaN or infinite"):
        list(tensor.blocks())


def test_bfloat16_may_be_infinite_too(tmp_path):
    content = framed({"w": entry(0, 2, [1], "BF16")}, b"\x80\x7f")
    with pytest.raises(InputError, match="NaN or infinite"):
        list(read(tmp_path, content)["w"].blocks())


def test_whole_numbers_beyond_int64(tmp_path):
    tensor = read(tmp_path, safetensors({"w": np.array([2**63], np.uint64)}))["w"]
    with pytest.raises(InputError, match="9223372036854775808 given"):
        list(tensor.blocks())


def test_a_file_that_shrinks_after_its_header_was_read(tmp_path):
    tensor = read(tmp_path, safetensors({"w": np.ones(100, np.float32)}))["w"]
    path = tmp_path / "x.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="truncated"):
        list(tensor.blocks())
