import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from idbounds.checkpoints import BLOCK, read_tensors
from idbounds.checkpoints.numpy_files import LARGEST_FORTRAN
from idbounds.errors import InputError
from tests.checkpoints.files import entries, npy

TYPES = [
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
]


def saved(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def archive(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def read(tmp_path, content):
    path = tmp_path / "some array.npy"
    path.write_bytes(content)
    return read_tensors(path)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", [*TYPES, ">f4", ">i2"])
def test_every_type_and_order(tmp_path, dtype, order):
    values = np.arange(24).reshape(2, 3, 4) % (2 if dtype == "bool" else 100)
    (tensor,) = read(tmp_path, saved(np.asarray(values.astype(dtype), order=order)))
    assert (tensor.name, tensor.shape) == ("some array", (2, 3, 4))
    assert tensor.dtype == np.dtype(dtype).name
    assert np.array_equal(entries(tensor), values)


def test_a_single_number(tmp_path):
    (tensor,) = read(tmp_path, saved(np.float32(2.5)))
    assert (tensor.shape, entries(tensor).item()) == ((), 2.5)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version(tmp_path, version):
    header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n"
    (tensor,) = read(tmp_path, npy(header, b"\1\0\2\0", version=version))
    assert entries(tensor).tolist() == [1, 2]
    assert np.load(tmp_path / "some array.npy").tolist() == [1, 2]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives(tmp_path, save):
    arrays = {
        "b": np.arange(BLOCK + 7, dtype=np.float32),
        "a": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    save(tmp_path / "x.npz", **arrays)
    found = read_tensors(tmp_path / "x.npz")
    assert [t.name for t in found] == ["a", "b"]
    assert [b.size for b in found[1].blocks()] == [BLOCK, 7]
    for tensor in found:
        assert np.array_equal(entries(tensor), arrays[tensor.name])


class Evil:
    def __reduce__(self):
        return print, ("executed",)


def test_pickles_are_never_read(tmp_path, capsys):
    objects = np.array([Evil()], dtype=object)
    for content in (saved(objects), archive({"x.npy": saved(objects)})):
        with pytest.raises(InputError, match="pickled objects, which could execute anything"):
            read(tmp_path, content)
    with pytest.raises(InputError, match="pickled torch checkpoint"):
        read(tmp_path, archive({"model/data.pkl": b"\x80\x02.", "model/version": b"3"}))
    assert capsys.readouterr().out == ""


def header(shape="(1,)", descr="'<f4'", order="False", more=""):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {more}}}\n"


BAD = {
    "magic only": (b"\x93NUMPY", "truncated"),
    "version 9": (npy(header(), bytes(4), version=9), "version 1 to 3"),
    "cut header": (npy(header(), length=500), "truncated"),
    "huge header": (npy(header(), length=2**32 - 1, version=2), "4294967295 bytes claimed"),
    "no header": (npy("", bytes(4)), "no header"),
    "not a dictionary": (npy("[1, 2]\n", bytes(4)), "no header"),
    "an expression": (npy(header("(__import__('os'),)"), bytes(4)), "no header"),
    "more fields": (npy(header(more="'code': 1"), bytes(4)), "no header"),
    "a field twice": (npy(header(more="'shape': (1,)"), bytes(4)), "no header"),
    "a shape of names": (npy(header("(a,)"), bytes(4)), "no header"),
    "a number that ends in a letter": (npy(header(f"({'1' * 60}x,)"), bytes(4)), "no header"),  # at once
    "a number of many digits": (npy(header(f"({'1' * 60},)"), bytes(4)), "whole numbers"),
    "a negative size": (npy(header("(-1,)"), bytes(4)), "no header"),
    "a float size": (npy(header("(1.0,)"), bytes(4)), "no header"),
    "records": (npy(header(descr="[('a', '<f4')]"), bytes(4)), "no header"),
    "an empty array": (npy(header("(0,)")), "empty tensor"),
    "a huge claim": (npy(header("(1000000000000,)"), bytes(4)), "entries are allowed"),
    "a huge product": (npy(header(str((9 * 10**17,) * 30)), bytes(4)), "entries are allowed"),
    "a huge claim in Fortran order": (
        npy(header(f"({LARGEST_FORTRAN}, 2)", order="True"), bytes(4)),
        "Fortran",
    ),
    "truncated": (npy(header(), bytes(3)), "has"),
    "bytes left over": (npy(header(), bytes(5)), "has"),
    "text": (saved(np.array(["a"])), "dtype"),
    "bytes": (saved(np.array([b"a"])), "dtype"),
    "complex": (saved(np.array([1j])), "dtype"),
    "dates": (saved(np.array(["2020-01-01"], "datetime64[D]")), "dtype"),
    "structured": (saved(np.zeros(1, [("a", "f4")])), "no header"),
    "empty": (saved(np.zeros((3, 0))), "empty tensor"),
    "empty archive": (archive({}), "no tensors"),
    "archive of text": (archive({"readme.txt": b"hi"}), "not an array"),
    "archive with a truncated array": (archive({"x.npy": saved(np.ones(9))[:-1]}), "are there; altered"),
    "archive with no array": (archive({"x.npy": b"nothing"}), "truncated|not an npy"),
    "archive by bz2": (
        archive({"x.npy": saved(np.ones(9))}, compression=zipfile.ZIP_BZIP2),
        "unusual compression",
    ),
    "archive by lzma": (
        archive({"x.npy": saved(np.ones(9))}, compression=zipfile.ZIP_LZMA),
        "unusual compression",
    ),
    "cut archive": (archive({"x.npy": saved(np.ones(9))})[:-30], "archive"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_array_of_numbers(tmp_path, name):
    content, words = BAD[name]
    tracemalloc.start()
    with pytest.raises(InputError, match=words) as caught:
        read(tmp_path, content)
    assert tracemalloc.get_traced_memory()[1] < 2**23
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_may_occur_once(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for _ in range(2):
            made.writestr("x.npy", saved(np.ones(2)))
    with pytest.raises(InputError, match="twice"):
        read(tmp_path, file.getvalue())


def test_encrypted_members(tmp_path):
    content = bytearray(archive({"x.npy": saved(np.ones(9))}))
    directory = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[directory + 8] |= 1
    with pytest.raises(InputError, match="numpy does not write"):
        read(tmp_path, bytes(content))


def test_altered_entries_of_an_archive(tmp_path):
    content = bytearray(archive({"x.npy": saved(np.ones(1000))}, compression=zipfile.ZIP_STORED))
    content[3000] ^= 1
    (tensor,) = read(tmp_path, bytes(content))
    with pytest.raises(InputError, match="broken archive"):
        list(tensor.blocks())


def test_a_small_archive_expands_block_by_block(tmp_path):
    zeros = npy(header("(64, 1048576)"), bytes(4 * 64 * 2**20))
    content = archive({"x.npy": zeros}, compression=zipfile.ZIP_DEFLATED)
    assert len(content) < 10**6
    (tensor,) = read(tmp_path, content)
    tracemalloc.start()
    assert sum(block.size for block in tensor.blocks()) == 2**26
    assert tracemalloc.get_traced_memory()[1] < 40 * BLOCK
    tracemalloc.stop()


def test_an_archive_whose_list_is_too_long(tmp_path):
    # A list of members of 32 MiB, claimed by the end of the archive and present in the file as a hole.
    path = tmp_path / "long.npz"
    size = 2**25
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(4 + size)
        file.seek(4 + size)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 4, 0))
    tracemalloc.start()
    with pytest.raises(InputError, match="list of members"):
        read_tensors(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
