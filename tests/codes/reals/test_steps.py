import csv
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from idbounds.codes import MixtureVector
from idbounds.codes.reals.quantisers import UniformQuantiser
from idbounds.codes.reals.random_coding import ideal_relative_entropy_bits
from idbounds.codes.reals.steps import STEPS, ideal_two_part_bits, nearest_step, rissanen_step, step_size
from idbounds.codes.symbols.indices import EvenIndices
from idbounds.errors import InputError

VECTORS = {
    (row["code"], row["input"]): float(row["bits"])
    for row in csv.DictReader((Path(__file__).parent / "vectors-reals.csv").open())
}


def test_steps_are_the_correctly_rounded_roots():
    assert STEPS == 64
    for i in range(STEPS):
        assert step_size(i) == pytest.approx(2 ** ((i - 40) / 4), rel=1e-15)
        for factor in (0.92, 1, 1.09):
            assert nearest_step(factor * step_size(i)) == i
    assert (nearest_step(1e-300), nearest_step(1e300)) == (0, 63)


@pytest.mark.parametrize("index", [-1, 64, 2.5, None])
def test_no_such_step(index):
    with pytest.raises(InputError, match="index of the step"):
        step_size(index)


@pytest.mark.parametrize("size", [0, -1.0, math.nan, math.inf])
def test_no_such_size(size):
    with pytest.raises(InputError, match="positive number"):
        nearest_step(size)


@pytest.mark.parametrize("n", [1, 100, 10**6])
@pytest.mark.parametrize("information", [0.01, 1.0, 50.0])
def test_rissanens_step_minimises_the_two_part_length(n, information):
    def length(step):
        return math.log2(3 / step) + n * information * step**2 / (24 * math.log(2))

    best = float(rissanen_step(n, information))
    assert length(best) == pytest.approx(ideal_two_part_bits(n, information, 3), abs=1e-12)
    assert all(length(best * factor) > length(best) for factor in (0.99, 1.01))


def test_what_a_two_part_code_loses_to_a_mixture():
    """The Bayes mixture under a uniform prior takes (1/2) log2(n I / (2 pi)) + log2 width bits."""
    n, information, width = 1000, 2.0, 5.0
    mixture = 0.5 * math.log2(n * information / (2 * math.pi)) + math.log2(width)
    loss = ideal_two_part_bits(n, information, width) - mixture
    assert loss == pytest.approx(0.5 * math.log2(2 * math.pi * math.e / 12), abs=1e-12)


def test_rissanens_step_on_a_real_parameter():
    """The mean of n normal variables: rounding at the step costs half a nat of the data on average."""
    n = 400
    step = float(rissanen_step(n, 1.0))
    rng = np.random.default_rng(0)
    error = rng.uniform(-step / 2, step / 2, 100_000)
    assert np.mean(n * error**2 / 2) == pytest.approx(0.5, rel=0.01)


def test_many_parameters_at_once():
    information = np.array([1.0, 4.0, 9.0])
    assert rissanen_step(3, information) == pytest.approx(np.sqrt(4 / information))
    each = [ideal_two_part_bits(3, i, 2.0) for i in information]
    assert ideal_two_part_bits(3, information, 2.0) == pytest.approx(sum(each))
    assert math.isinf(rissanen_step(3, 0.0))


@pytest.mark.parametrize(
    ("n", "information"), [(0, 1.0), (-1, 1.0), (math.nan, 1.0), (1, -1.0), (1, math.inf)]
)
def test_bad_information(n, information):
    with pytest.raises(InputError, match="precision: n = "):
        rissanen_step(n, information)
    with pytest.raises(InputError):
        ideal_two_part_bits(n, information, 1.0)


@pytest.mark.parametrize(("information", "width"), [(0.0, 1.0), (1.0, 0.0), (1.0, -2.0), (1.0, math.nan)])
def test_bad_widths(information, width):
    with pytest.raises(InputError, match="two-part length"):
        ideal_two_part_bits(10, information, width)


def test_the_vectors():
    """Every row of the list that belongs here, by the functions and the codes of the package."""
    half_pi_e = 0.5 * math.log2(2 * math.pi * math.e)
    found = {("rec_bound", "KL=100 bits: KL+log2(KL+1)+4"): ideal_relative_entropy_bits(100)}
    found["highrate_entropy_N01", "step 0.5: 0.5log2(2 pi e)+1"] = half_pi_e - math.log2(step_size(36))
    p = [math.erf(0.5 / math.sqrt(2))]
    p += 2 * [
        0.5 * (math.erfc((m - 0.5) / math.sqrt(2)) - math.erfc((m + 0.5) / math.sqrt(2))) for m in range(1, 9)
    ]
    found["entropy_quantised_N01", "step 1.0"] = -math.fsum(q * math.log2(q) for q in p)
    # weights of one width, as real fields: two factors of a matrix, four cores of a tensor train
    factors = EvenIndices(np.full(256 * (768 + 3072), 8))
    found["low_rank", "m=768,d=3072,r=256,b=8: r(m+d)b"] = factors.length(np.zeros(256 * 3840, dtype=int))
    ranks = (1, 2, 4, 2, 1)
    cores = EvenIndices(np.full(sum(a * 4 * b for a, b in pairwise(ranks)), 16))
    found["tensor_train", "modes (4,4,4,4), ranks (1,2,4,2,1), 16-bit"] = cores.length(np.arange(80))
    # another bound on the same code, looser
    found["requential_step_bound", "KL=100: KL+2log2(1+KL)+5.21"] = 100 + 2 * math.log2(101) + 5.21
    assert ideal_relative_entropy_bits(100) < VECTORS["requential_step_bound", "KL=100: KL+2log2(1+KL)+5.21"]
    assert found.keys() == VECTORS.keys()
    for key, bits in found.items():
        assert bits == pytest.approx(VECTORS[key], abs=1e-9)


@pytest.mark.parametrize(("step", "key"), [(40, ("entropy_quantised_N01", "step 1.0")), (36, None)])
def test_real_messages_are_as_long_as_the_entropy_says(step, key):
    d = 40_000
    x = np.random.default_rng(0).standard_normal(d)
    entropy = VECTORS[key] if key else 3.0619692494
    message = UniformQuantiser(MixtureVector(d), step).encode(x)
    assert message.code_bits == pytest.approx(d * entropy, abs=3 * math.sqrt(d))
