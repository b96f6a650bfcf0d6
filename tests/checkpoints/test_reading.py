import os
import pickle

import numpy as np
import pytest

from idbounds.checkpoints import LARGEST_TENSOR, read_tensors
from idbounds.errors import InputError
from tests.checkpoints.files import entries, safetensors


def test_the_first_bytes_say_what_a_file_is(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", x=values)
    (tmp_path / "a.safetensors").write_bytes(safetensors({"x": values}))
    for suffix in ("npy", "npz", "safetensors"):
        other = (tmp_path / f"a.{suffix}").rename(tmp_path / f"{suffix}.bin")
        for path in (other, str(other)):
            (tensor,) = read_tensors(path)
            assert np.array_equal(entries(tensor), values)


def test_arrays():
    values = np.arange(6.0).reshape(2, 3)
    (tensor,) = read_tensors(values.T)
    assert (tensor.name, tensor.shape) == ("array", (3, 2))
    assert np.array_equal(entries(tensor), values.T)
    found = read_tensors({"b": values, "a": np.array(3), "c": [1.5, 2]})
    assert [(t.name, t.shape, t.whole) for t in found] == [
        ("a", (), True),
        ("b", (2, 3), False),
        ("c", (2,), False),
    ]


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    found = read_tensors(torch.nn.Linear(3, 2).state_dict())
    assert [(t.name, t.shape) for t in found] == [("bias", (2,)), ("weight", (2, 3))]
    with pytest.raises(InputError, match="detach"):
        read_tensors({"w": torch.nn.Parameter(torch.ones(2))})
    with pytest.raises(InputError, match="w: no array"):
        read_tensors({"w": torch.ones(2, dtype=torch.bfloat16)})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "no tensors"),
        (np.zeros(0), "empty tensor"),
        (np.zeros((2, 0)), "empty tensor"),
        (np.array([1j]), "complex128 given"),
        (np.array(["a"]), "given"),
        (np.array([object()]), "object given"),
        (np.zeros(3, np.longdouble), "given"),
        ({"x": [[1], [1, 2]]}, "x: no array"),
        (np.broadcast_to(np.zeros(1), (LARGEST_TENSOR + 1,)), "entries are allowed"),
        ({str(i): np.broadcast_to(np.zeros(1), (LARGEST_TENSOR // 2,)) for i in range(3)}, "entries in all"),
        (3, None),
    ],
)
def test_bad_arrays(value, words):
    if words is None:
        assert read_tensors(value)[0].shape == ()
        return
    with pytest.raises(InputError, match=words):
        read_tensors(value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither"),
        (b"hello, I am text", "neither"),
        (pickle.dumps({"a": 1}), "pickle, which could execute"),
        (pickle.dumps([1.0] * 100, protocol=2), "pickle, which could execute"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "neither"),
    ],
)
def test_other_files(tmp_path, content, words):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_tensors(path)


def test_places_that_are_no_files(tmp_path):
    with pytest.raises(InputError, match="a directory; give a safetensors"):
        read_tensors(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        read_tensors(tmp_path / "nowhere.npy")
    with pytest.raises(InputError, match="null"):
        read_tensors("a\0b")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="not a plain file"):
            read_tensors(tmp_path / "pipe")
