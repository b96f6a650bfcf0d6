"""CIFAR-10 as JPEG: decoded from a packed file, refused when it is another, skipped when it is absent."""

import io
from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import cifar, loading
from idbounds.errors import DataError

from .helpers import cut_off

Image = pytest.importorskip("PIL.Image")
NAME = "cifar-10-jpeg"


def jpegs(count: int) -> list[bytes]:
    """Images of one quality: their tables, and so their headers, are the same."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        file = io.BytesIO()
        pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file, "JPEG", quality=75)
        made.append(file.getvalue())
    return made


def pack(path: Path, train: list[bytes], test: list[bytes], **changes: np.ndarray) -> None:
    size = next(i for i, pair in enumerate(zip(*train, *test, strict=False)) if len(set(pair)) > 1)
    arrays = {"header": np.frombuffer(train[0][:size], np.uint8)}
    for part, images in (("train", train), ("test", test)):
        scans = [image[size:-2] for image in images]
        arrays[f"{part}_scan"] = np.frombuffer(b"".join(scans), np.uint8)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, scans)]).astype(np.uint32)
        arrays[f"{part}_labels"] = np.arange(len(images), dtype=np.uint8)
    np.savez(path, **arrays | changes)


def test_images_come_out_as_they_were_packed(tmp_path: Path) -> None:
    images = jpegs(5)
    assert all(image.endswith(cifar.END) for image in images)
    pack(tmp_path / cifar.FILE, images[:3], images[3:])
    arrays = cifar.read(tmp_path / cifar.FILE)
    assert arrays.train_x.shape == (3, 3, 32, 32)
    assert arrays.test_y.tolist() == [0, 1]
    for image, array in zip(images, (*arrays.train_x, *arrays.test_x), strict=True):
        assert (np.asarray(Image.open(io.BytesIO(image))) == array.transpose(1, 2, 0)).all()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    cut_off(monkeypatch, tmp_path)
    return tmp_path / "IDBOUNDS_DATA"


def test_another_file_of_that_name_is_refused(folder: Path) -> None:
    images = jpegs(4)
    pack(folder / cifar.FILE, images[:3], images[3:])
    assert data.available(NAME) == (True, str(folder / cifar.FILE))
    with pytest.raises(DataError, match="expected bdee2e723c3e77e9"):
        data.load(NAME)


@pytest.mark.parametrize("change", ["no archive", "no labels", "cut scan"])
def test_damaged_files_are_refused(folder: Path, change: str) -> None:
    path, images = folder / cifar.FILE, jpegs(4)
    if change == "no archive":
        path.write_bytes(b"nothing")
    elif change == "no labels":
        np.savez(path, header=np.zeros(3, np.uint8))
    else:
        pack(path, images[:3], images[3:], test_scan=np.zeros(7, np.uint8))
    with pytest.raises(DataError, match=f"{cifar.FILE} (cannot be read|has SHA-256)"):
        data.load(NAME)


def test_absent_it_says_where_it_would_be(folder: Path) -> None:
    with pytest.raises(DataError, match=rf"{cifar.FILE} \(absent\).*set IDBOUNDS_DATA") as caught:
        data.load(NAME)
    assert "\n" not in str(caught.value)
    assert data.fallbacks(NAME) == ["fashion-mnist", "mnist", "digits"]
    assert data.load_or_fallback(NAME).name == "digits"


def test_the_card_says_what_it_is() -> None:
    card = loading.card(NAME)
    assert "JPEG" in card.title
    assert any("not with published numbers" in caveat for caveat in card.caveats)
