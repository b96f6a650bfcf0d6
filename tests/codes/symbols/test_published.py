"""Published and independently computed lengths of symbol codes: vectors-symbols.csv, every row."""

import csv
import math
import re
from pathlib import Path

import numpy as np
import pytest

from idbounds.codes import AdaptiveRun, EnumerativeRun, StaticRun, huffman_lengths
from idbounds.codes.symbols import tables, tree
from tests.codes.symbols.test_tree import mixed

ROWS = list(csv.DictReader((Path(__file__).parent / "vectors-symbols.csv").open(encoding="utf-8")))
LINES = 2e-4  # bits: tails between knots are straight lines


def counts(row):
    return [int(k) for k in re.search(r"counts[ =]\(?([\d, ]+)\)?", row["input"])[1].split(",")]


def symbols(row):
    return np.repeat(np.arange(len(counts(row))), counts(row))


def vector(row):
    return np.array([int(x) for x in re.search(r"\[(.*)\]", row["input"])[1].split(",")])


def grid19(x):
    """-log2 P under each Gaussian with scale 2^(k/2 - 1), k = 0 .. 18."""
    columns = range(6, 25)  # the scales of fineness 1 are 2^(i/2 - 4)
    return np.array([tree.ideal_bits(x, mixed([(1, c)])) for c in columns])


def entropy_of_magnitudes(family, scale):
    """Entropy of a rounded variable in bits, from the odds of the table of fineness 0."""
    column = tables.FAMILIES.index(family) * tables.scale_count(0) + scale - tables.LOWEST_OCTAVE
    mixture = mixed([(0, column)])
    bits = np.array([tree.ideal_bits(np.array([m]), mixture) for m in range(12)])
    weight = np.where(np.arange(12) > 0, 2, 1)  # both signs
    return float((weight * 2**-bits * bits).sum())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['code']} {row['input']}")
def test_row(row):
    code, bits = row["code"], float(row["bits"])
    if code == "type_count":
        got = math.log2(math.comb(12, 2))
    elif code in ("kt_dirichlet_half", "laplace_dirichlet_one", "laplace_equals_enumerative"):
        run = AdaptiveRun if code == "kt_dirichlet_half" else EnumerativeRun
        got = run(3, n=10).ideal_length(symbols(row))
    elif code == "kt_binary":
        text = "0" * 1000 if "zeros" in row["input"] else row["input"]
        got = AdaptiveRun(2, n=len(text)).ideal_length(np.array(list(text), dtype=np.int64))
    elif code == "empirical_entropy":
        got = StaticRun(counts(row), n=10).ideal_length(symbols(row))
    elif code == "huffman_total":
        got = np.dot(huffman_lengths(counts(row)), counts(row))
    elif code == "arithmetic_block":
        assert StaticRun(counts(row), n=10).length(symbols(row)) <= bits
        return
    elif code == "tight_pac_bayes_message_len":
        n, size = sum(counts(row)), len(counts(row))
        run = StaticRun(counts(row), n=n)
        table = size * (16 + n.bit_length())  # levels as float16, and counts
        got = table + math.ceil(run.ideal_length(symbols(row))) + 1
        assert table + run.length(symbols(row)) <= bits
        assert AdaptiveRun(size, n=n).length(symbols(row)) < bits - 100  # no table of counts, and no levels
    elif code == "entropy_quantised_N01":
        got = entropy_of_magnitudes("gauss", 0)
    elif code == "discretised_gaussian":
        got = grid19(vector(row))[4]  # scale 2
    elif code == "discretised_laplace":
        got = tree.ideal_bits(vector(row), mixed([(0, tables.scale_count(0) + 4)]))  # scale 1
    elif code == "two_part_gaussian_grid19":
        got = math.log2(19) + grid19(vector(row)).min()
    else:
        assert code == "bayes_mixture_gaussian_grid19"
        got = tree.ideal_bits(vector(row), mixed([(1, c) for c in range(6, 25)]))
        assert got == pytest.approx(-math.log2((2 ** -grid19(vector(row))).mean()), abs=1e-6)
    exact = code.startswith(("type", "kt", "laplace", "empirical", "huffman"))
    assert got == pytest.approx(bits, abs=1e-9 if exact else LINES)
