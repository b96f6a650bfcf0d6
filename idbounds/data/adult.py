"""Adult (census income) as presences, from the file `adult.data` in the folder named by `IDBOUNDS_DATA`.

Every column is turned into zeros and ones by what is written here alone: a named value into its place in the
vocabulary that the file's description declares, a number into the thresholds that it reaches. The column
`fnlwgt` is the weight of a row in the census and is left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from idbounds.data.keel import split
from idbounds.data.model import Arrays, Card, Digests, Source
from idbounds.errors import DataError

FILE = "adult.data"
TRAIN = 28_561
"""Rows for training; the others, 4,000, test."""

NAMED: dict[int, tuple[str, ...]] = {
    1: ("Private", "Self-emp-not-inc", "Self-emp-inc", "Federal-gov", "Local-gov", "State-gov", "Without-pay",
        "Never-worked", "?"),
    5: ("Married-civ-spouse", "Divorced", "Never-married", "Separated", "Widowed", "Married-spouse-absent",
        "Married-AF-spouse"),
    6: ("Tech-support", "Craft-repair", "Other-service", "Sales", "Exec-managerial", "Prof-specialty",
        "Handlers-cleaners", "Machine-op-inspct", "Adm-clerical", "Farming-fishing", "Transport-moving",
        "Priv-house-serv", "Protective-serv", "Armed-Forces", "?"),
    7: ("Wife", "Own-child", "Husband", "Not-in-family", "Other-relative", "Unmarried"),
    8: ("White", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other", "Black"),
    9: ("Female", "Male"),
    13: ("United-States", "Cambodia", "England", "Puerto-Rico", "Canada", "Germany",
         "Outlying-US(Guam-USVI-etc)", "India", "Japan", "Greece", "South", "China", "Cuba", "Iran",
         "Honduras", "Philippines", "Italy", "Poland", "Jamaica", "Vietnam", "Mexico", "Portugal", "Ireland",
         "France", "Dominican-Republic", "Laos", "Ecuador", "Taiwan", "Haiti", "Columbia", "Hungary",
         "Guatemala", "Nicaragua", "Scotland", "Thailand", "Yugoslavia", "El-Salvador", "Trinadad&Tobago",
         "Peru", "Hong", "Holand-Netherlands", "?"),
}  # fmt: skip
"""Columns of names, by position in the row, with the declared values; "?" is a missing one."""

NUMBERS: dict[int, tuple[int, ...]] = {
    0: tuple(range(20, 81, 5)),
    4: tuple(range(2, 17)),
    10: (1, *(1000 * 2**k for k in range(7))),
    11: (1, *(250 * 2**k for k in range(5))),
    12: tuple(range(10, 91, 10)),
}
"""Columns of numbers (age, years of school, dollars gained and lost, hours a week) with their
thresholds."""

CLASSES = ("<=50K", ">50K")


def features(row: list[str]) -> npt.NDArray[np.uint8]:
    """One row as zeros and ones.

    Args:
        row: its fields, without spaces.

    Returns:
        uint8, shape (137,): in the order of the columns.
    """
    made: list[int] = []
    for column in sorted(NAMED.keys() | NUMBERS.keys()):
        if column in NAMED:
            place = NAMED[column].index(row[column])
            made += [int(place == other) for other in range(len(NAMED[column]))]
        else:
            made += [int(int(row[column]) >= threshold) for threshold in NUMBERS[column]]
    return np.array(made, dtype=np.uint8)


def read(path: Path) -> Arrays:
    """Read the file.

    Args:
        path: The file.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If the file is damaged or holds something else.
    """
    try:
        lines = [line for line in path.read_text("ascii").splitlines() if line]
        rows = [[field.strip() for field in line.split(",")] for line in lines]
        x = np.stack([features(row) for row in rows])
        y = np.array([CLASSES.index(row[14]) for row in rows], dtype=np.int64)
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    return split(Arrays(x, y, x[:0], y[:0]), TRAIN)


SOURCE = Source(
    name="adult",
    rank=-1,
    levels=2,
    card=Card(
        title="Adult, or census income (Kohavi 1996), as 137 presences: over $50,000 a year?",
        source=f"the UCI file {FILE}, here as kept in the repository shap/shap at commit df974a1",
        licence="CC BY 4.0 as the UCI repository states it (not verified); the copy's repository is MIT",
        sampling=(
            "Rows of the United States census of 1994 of people over 16 with some income and hours of "
            "work. The census samples households and weights its rows; the weights are left out here, so "
            "the draws are of the file's rows, not of the population. The split is by a permutation fixed "
            "here: 28,561 train, 4,000 test, all of the file that trains elsewhere; the separate file "
            "adult.test is not used."
        ),
        duplicates=(
            "24 of the file's 32,561 rows repeat another; as presences 9,001 of 28,561 training examples "
            "and 483 of 4,000 test examples repeat another of their part, 1,692 test examples are also in "
            "the training part, and 1,041 different examples occur with both labels (counted)"
        ),
        caveats=(
            "Thresholds of the numbers are fixed here and chosen by nothing in the sample.",
            "Used widely in studies of fairness; sex and race are among the columns.",
        ),
        train_counts=(21_731, 6830),
        test_counts=(2989, 1011),
    ),
    digests=Digests(
        "b40b8ef63d131183d553441634c212973dc30340ca56aeaa639152f9d66b44a5",
        "f11f8293a500ea8e41be5dea5989c5f5f64a343cc3c1730d1488155b723a46e6",
        "9ca689a664da3419cf55096f4edfc65943fa32bb79b57924abe703882c08c4a5",
    ),
    remedy=f"set IDBOUNDS_DATA to a folder with {FILE}",
    packed=FILE,
    unpack=read,
)
