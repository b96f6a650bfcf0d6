import os
import threading
from pathlib import Path

import numpy as np
import pytest

from idbounds.data import cache

from .helpers import small_arrays


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.npz"
    cache.write(path, small_arrays())
    read = cache.read(path)
    assert read is not None
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(read, small_arrays(), strict=True))
    assert [p.name for p in path.parent.iterdir()] == ["a.npz"]


def test_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    cache.write(path, small_arrays())
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for step in ("numpy.savez", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(step, fail)
            with pytest.raises(KeyboardInterrupt):
                cache.write(path, small_arrays())
        assert path.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["a.npz"], "no temporary file is left"


def test_readers_see_whole_files_while_others_write(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    cache.write(path, small_arrays())
    writers = [
        threading.Thread(target=lambda: [cache.write(path, small_arrays()) for _ in range(30)]) for _ in "ab"
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert cache.read(path) is not None
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_unwritable_cache_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="will download again"):
        cache.write(tmp_path / "file" / "a.npz", small_arrays())


def test_folder_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDBOUNDS_CACHE", str(tmp_path))
    assert cache.path_of("x", "0123456789abcdef") == tmp_path / "x-0123456789ab.npz"
    monkeypatch.delenv("IDBOUNDS_CACHE")
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    assert cache.folder() == tmp_path / ".cache" / "idbounds"


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **{key: np.array([{}], dtype=object) for key in small_arrays()._fields})
    assert cache.read(path) is None
