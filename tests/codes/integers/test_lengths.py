import csv
import math
import re
from pathlib import Path

import numpy as np
import pytest

from idbounds.codes import (
    Bitmap,
    Coo,
    EliasDelta,
    EliasGamma,
    EliasOmega,
    ExpGolomb,
    Golomb,
    LogStar,
    NOfM,
    Rice,
    Subset,
    Uniform,
    compare_lengths,
)
from idbounds.codes.integers.lengths import codes_from_one
from idbounds.codes.patterns.pattern import log2_choose
from idbounds.errors import InputError
from idbounds.kernels.floats import LOG_STAR_CONSTANT

ROWS = list(csv.DictReader((Path(__file__).parent / "vectors-integers.csv").open(encoding="utf-8")))
INTEGERS = {
    "elias_gamma": lambda n: EliasGamma().length(n),
    "elias_delta": lambda n: EliasDelta().length(n),
    "elias_omega": lambda n: EliasOmega().length(n),
    "rice": lambda n, k: Rice(k).length(n),
    "golomb": lambda n, M: Golomb(M).length(n),
    "exp_golomb": lambda n, k: ExpGolomb(k).length(n),
}


def spread(n, k):
    return np.arange(k, dtype=np.int64) * n // k


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['code']} {row['input']}")
def test_vectors(row):
    code, bits = row["code"], float(row["bits"])
    given = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)(?![.\d])", row["input"])}
    if code in INTEGERS:
        assert INTEGERS[code](**given) == bits
    elif code == "rissanen_logstar":
        # The table's 2.865064 is below c0, so that its lengths break Kraft's inequality by 4.4e-5.
        ideal = LogStar().ideal_length(given["n"])
        assert ideal - math.log2(LOG_STAR_CONSTANT / 2.865064) == pytest.approx(bits, abs=1e-9)
        assert LogStar().length(given["n"]) == math.ceil(ideal)
    elif code == "subset_enumerative":
        n, k = map(int, re.findall(r"\d+", row["input"])[1:])
        assert float(log2_choose(n, k)) == pytest.approx(bits, abs=1e-9)
        assert bits <= Subset(n, k).length(spread(n, k) if k else np.zeros(0, np.int64)) < bits + 2.05
    elif code == "subset_enumerative_with_k":
        assert math.log2(101) + float(log2_choose(100, 5)) == pytest.approx(bits, abs=1e-9)
        assert bits <= Subset(100).length(spread(100, 5)) < bits + 3
    elif code == "n_m_sparsity":
        codec = NOfM(4000, 2, 4)
        positions = np.flatnonzero(np.tile([0, 1, 0, 1], 1000))
        assert codec.ideal_length(positions) == pytest.approx(bits, abs=1e-9)
        assert bits <= codec.length(positions) < bits + 2
    elif code == "seed_choice":
        assert math.log2(1000) == pytest.approx(bits, abs=1e-9)
        assert Uniform(1000).length(0) == math.ceil(bits)
    elif (
        code == "prefix_2log"
    ):  # no code: the 2^-(2 log2 L) sum to pi^2 / 6 = 1.64; Elias gamma is one, and as short
        bare = given["L"]
        assert bare + 2 * math.log2(bare) == pytest.approx(bits, abs=1e-9)
        assert bare + EliasGamma().length(bare) == math.floor(bits)
    else:
        n, k, b = 300 * 784, given["k"], given["b"]
        positions = spread(n, k)
        if code == "bitmap":
            assert Bitmap(n).length(positions) + k * b == bits
        elif code == "coo_flat":
            assert Coo(n, k).length(positions) + k * b == bits
        else:
            assert code == "enumerative_sparse"
            assert math.log2(n + 1) + float(log2_choose(n, k)) + k * b == pytest.approx(bits, abs=1e-7)
            assert bits <= Subset(n).length(positions) + k * b < bits + 3


def test_a_column_for_each_code():
    table = compare_lengths([1, 2, 17, 1000, 2**40])
    assert list(table) == [codec.name for codec in codes_from_one()]
    assert table["elias-gamma"].tolist() == [1, 3, 9, 19, 81]
    assert table["unary"].tolist() == [1, 2, 17, 1000, math.inf]
    assert table["uniform(65536)-1"].tolist() == [16, 16, 16, 16, math.inf]


def test_codes_of_ones_own():
    table = compare_lengths(np.array([0, 3]), [Rice(1), EliasGamma()])
    assert {name: column.tolist() for name, column in table.items()} == {
        "rice(1)": [2, 3],
        "elias-gamma": [math.inf, 3],
    }
    assert compare_lengths([])["elias-delta"].shape == (0,)


@pytest.mark.parametrize("value", [1.5, float("nan"), "1", 2**65])
def test_only_integers(value):
    with pytest.raises(InputError, match="value"):
        compare_lengths([1, value])
