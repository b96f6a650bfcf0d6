"""Adult: every column by fixed vocabularies and thresholds."""

from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import adult
from idbounds.errors import DataError

from .helpers import cut_off

ROW = (
    "39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, "
    "United-States, <=50K"
)


def presences(row: str) -> np.ndarray:
    return adult.features([field.strip() for field in row.split(",")])


def test_a_row() -> None:
    made = presences(ROW)
    names = sum(len(values) for values in adult.NAMED.values())
    assert made.shape == (names + sum(len(t) for t in adult.NUMBERS.values()),) == (137,)
    assert set(made) == {0, 1}
    ages, schools, gains, losses, hours = 4, 12, 3, 0, 4  # thresholds that 39, 13, 2174, 0 and 40 reach
    assert made.sum() == len(adult.NAMED) + ages + schools + gains + losses + hours


def test_each_column_matters() -> None:
    fields = ROW.split(", ")
    other = {0: "60", 1: "?", 4: "9", 5: "Divorced", 6: "Sales", 7: "Wife", 8: "Black", 9: "Female", 10: "0",
             11: "2000", 12: "20", 13: "Hong"}  # fmt: skip
    for column, value in other.items():
        changed = [*fields[:column], value, *fields[column + 1 :]]
        assert not np.array_equal(adult.features(changed), adult.features(fields)), column
    weight = [*fields[:2], "1", *fields[3:]]
    assert np.array_equal(adult.features(weight), adult.features(fields))


@pytest.mark.parametrize(
    "line", ["", "1, 2", ROW.replace("State-gov", "Nobody"), ROW.replace("39", "x"), ROW[:-1], ROW + "é"]
)
def test_other_content_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / adult.FILE).write_text(line, "utf-8")
    with pytest.raises(DataError, match=f"{adult.FILE} cannot be read"):
        adult.read(tmp_path / adult.FILE)


def test_another_file_of_that_name_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut_off(monkeypatch, tmp_path)
    (tmp_path / "IDBOUNDS_DATA" / adult.FILE).write_text(f"{ROW}\n" * (adult.TRAIN + 1), "ascii")
    with pytest.raises(DataError, match="expected b40b8ef63d131183"):
        data.load("adult")
