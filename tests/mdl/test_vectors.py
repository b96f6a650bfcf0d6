"""Independent values: exact rationals, brute force over compositions, or mpmath (see the last column)."""

import csv
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from idbounds.codes import AdaptiveRun, EnumerativeRun, StaticRun
from idbounds.mdl import (
    bic_approximate_bits,
    fisher_multinomial,
    label_ideal_bits,
    mixture_ideal_bits,
    multinomial_regret_bits,
    nml_multinomial_ideal_bits,
    uniform_label_ideal_bits,
)

with Path(__file__).with_name("vectors.csv").open() as file:
    ROWS = list(csv.DictReader(file))


def numbers(text):
    return [int(x) for x in re.findall(r"-?\d+", text)]


def symbols(counts):
    return np.repeat(np.arange(len(counts)), counts)


def grid_lengths(text):
    """Length of the integers under a discretised Gaussian at each of the 19 scales."""
    x = np.array(numbers(text.partition("]")[0]))
    sigmas = 2.0 ** (np.arange(19) / 2 - 1)
    cells = norm.cdf((x[:, None] + 0.5) / sigmas) - norm.cdf((x[:, None] - 0.5) / sigmas)
    return -np.log2(cells).sum(axis=0)


def kt_binary(text):
    bits = [0] * 1000 if "zeros" in text else [int(b) for b in text]
    return AdaptiveRun(2, n=len(bits)).ideal_length(np.array(bits))


CHECKS = {
    "kt_dirichlet_half": lambda t: AdaptiveRun(3, n=10).ideal_length(symbols(numbers(t))),
    "laplace_equals_enumerative": lambda t: EnumerativeRun(3, n=10).ideal_length(symbols(numbers(t)[:3])),
    "kt_binary": kt_binary,
    "multinomial_nml_regret": lambda t: multinomial_regret_bits(*numbers(t)[:2]),
    "empirical_entropy": lambda t: StaticRun(numbers(t), n=10).ideal_length(symbols(numbers(t))),
    "fisher_asymptotic_multinomial": lambda t: fisher_multinomial(numbers(t)[0]).penalty_approximate_bits(numbers(t)[1]),
    "bic_penalty": lambda t: bic_approximate_bits(0.0, k=numbers(t)[0], n=numbers(t)[1]),
    "two_part_gaussian_grid19": lambda t: math.log2(19) + grid_lengths(t).min(),
    "bayes_mixture_gaussian_grid19": lambda t: mixture_ideal_bits(grid_lengths(t)),
    "uniform_labels": lambda t: uniform_label_ideal_bits(60_000, 10),
    "prequential": lambda t: label_ideal_bits([[1/2, 1/2], [2/3, 1/3], [1/4, 3/4], [3/5, 2/5]], [0, 0, 0, 0]),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['code']}: {row['input']}")
def test_vector(row):
    assert CHECKS[row["code"]](row["input"]) == pytest.approx(float(row["bits"]), abs=2e-9)


def test_every_kind_of_row_is_met():
    assert {row["code"] for row in ROWS} == set(CHECKS)


# NML, its Fisher-information approximation and BIC, in bits, for K symbols and n data.
TABLE = [
    (15, 10**3, 53.55, 52.72, 69.8),
    (15, 10**6, 122.50, 122.48, 139.5),
    (1000, 10**6, 5714, 5699, 9956),
]


@pytest.mark.parametrize(("size", "n", "nml", "fia", "bic"), TABLE)
def test_nml_against_fia_and_bic(size, n, nml, fia, bic):
    places = 0.5 if nml > 1000 else 0.05
    assert multinomial_regret_bits(size, n) == pytest.approx(nml, abs=places)
    assert fisher_multinomial(size).penalty_approximate_bits(n) == pytest.approx(fia, abs=places)
    assert bic_approximate_bits(0.0, k=size - 1, n=n) == pytest.approx(bic, abs=places)


def test_one_symbol_only():
    # 15 symbols, 1000 times the same one: KT is near NML, Laplace's rule is not.
    assert AdaptiveRun(15, n=1000).ideal_length(np.zeros(1000, int)) == pytest.approx(59.8, abs=0.05)
    assert EnumerativeRun(15, n=1000).ideal_length(np.zeros(1000, int)) == pytest.approx(103.3, abs=0.05)
    assert nml_multinomial_ideal_bits([1000] + [0] * 14) == pytest.approx(53.6, abs=0.05)


def test_uniform_label_codes_of_the_published_table():
    assert uniform_label_ideal_bits(60_000, 10) == pytest.approx(199_315.7, abs=0.05)  # MNIST, 199 kbit
    assert uniform_label_ideal_bits(50_000, 10) == pytest.approx(166_096.4, abs=0.05)  # CIFAR-10, 166 kbit
    assert uniform_label_ideal_bits(1797, 10) == pytest.approx(5969.5, abs=0.05)  # small digits
