import gzip
from pathlib import Path

import numpy as np
import pytest

from idbounds.data import idx
from idbounds.errors import DataError

from .helpers import idx_bytes, small_arrays, write_folder


@pytest.mark.parametrize("zipped", [False, True])
def test_folder_round_trip(tmp_path: Path, zipped: bool) -> None:
    arrays = small_arrays()
    write_folder(tmp_path, arrays, zipped)
    read = idx.read_folder(tmp_path)
    assert [a.dtype for a in read] == [np.uint8, np.int64, np.uint8, np.int64]
    assert all(np.array_equal(a, b) for a, b in zip(arrays, read, strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:-1], "holds 3135 bytes"),
        (lambda b: b + b"\0", "holds 3137 bytes"),
        (lambda b: b[:10], "within its header"),
        (lambda b: b"\0\0\x0d\x03" + b[4:], "starts with 0x00000d03"),
        (lambda b: b"", "starts with"),
    ],
)
def test_damaged_file(tmp_path: Path, change: object, message: str) -> None:
    path = tmp_path / "images"
    path.write_bytes(change(idx_bytes(small_arrays().train_x)))  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        idx.read_idx(path, 3)


def test_labels_are_not_images(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(small_arrays().train_y))
    assert idx.read_idx(path, 1).shape == (4,)
    with pytest.raises(DataError, match="expected 0x00000803"):
        idx.read_idx(path, 3)


@pytest.mark.parametrize(
    "change", [lambda b: b[:-20], lambda b: b"no gzip" + b, lambda b: b[:20] + bytes(9) + b[29:]]
)
def test_damaged_gzip(tmp_path: Path, change: object) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(change(gzip.compress(idx_bytes(small_arrays().train_x))))  # type: ignore[operator]
    with pytest.raises(DataError, match="cannot be read"):
        idx.read_idx(path, 3)


def test_missing_file_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, small_arrays())
    (tmp_path / idx.STEMS[3]).unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte missing"):
        idx.read_folder(tmp_path)
