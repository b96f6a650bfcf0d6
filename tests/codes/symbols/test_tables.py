import hashlib

import numpy as np
import pytest
from scipy import stats

from idbounds.codes.symbols import tables

# The decoder of every mixture message rests on these bytes. They never change.
STAY = {
    0: "4be5ed4f8317574c52bb46bd451803776ca8cb46a5cfe312cdd1854d1e4ac3c1",
    1: "7fa230934909383da8b638c6fa04c4a6663404f988020106fb45d1da56d40ccd",
    2: "4d4137616077a5769467c017c0a44c71c32aae6e58490583f40768aa438b2483",
    3: "a0cada6c3e43c2c0906bb32dbaa057d88e58cf5f01c815f6a6ffd6506b700864",
    4: "6c654cf2eae77ee139e43bbbbcb3e77a93ed11bff0a01b2b430cfbc0d6d937bd",
    5: "1b322d344e1de15633ca9d813673d5d9ef71fb6ac5d6937bb4d333cbff473aa8",
    6: "d4c4c205944705d0c150a80df264a85d23d52dc02c38c243c0376ddd3d18b150",
}
MASS = "500fe788b7acf6272861c69e15e906352b8955c17deb481a949fdcf0d6484b4c"
KNOTS = "3c0714175e89a2c66eb2e0ebc82d2d176607069aec17016be6f0c6e86f4db4bd"
FAMILIES = {
    "gauss": stats.norm,
    "laplace": stats.laplace,
    "logistic": stats.logistic,
    "student3": stats.t(3),
}


def sha256(array, dtype):
    return hashlib.sha256(np.ascontiguousarray(array, dtype=dtype).tobytes()).hexdigest()


def digests():
    knots = np.stack([tables.knots(family) for family in tables.FAMILIES])
    stay = {fine: sha256(tables.stay(fine), "<u4") for fine in STAY}
    return stay, sha256(tables.mass(1), "<i8"), sha256(knots, "<i8")


def test_digests():
    assert digests() == (STAY, MASS, KNOTS)


@pytest.mark.parametrize("fine", range(tables.FINEST + 1))
def test_shapes_and_ranges(fine):
    stay, mass = tables.stay(fine), tables.mass(fine)
    assert stay.shape == mass.shape == (len(tables.nodes()), 4 * (12 * 2**fine + 1))
    assert stay.min() >= 1
    assert stay.max() <= 2**30 - 1
    assert mass.min() >= 0
    assert mass.max() == 2**32
    assert not stay.flags.writeable
    assert not mass.flags.writeable


def test_the_nodes_part_the_magnitudes():
    # Every magnitude below 63 is a leaf of its own; further out a leaf is a 64th of its bucket.
    leaves = {(0, 2**40)}
    for node in tables.nodes():
        whole = (node.low, node.high or 2**40)
        leaves.remove(whole)
        leaves |= {(node.low, node.middle), (node.middle, whole[1])}
    assert {(m, m + 1) for m in range(127)} <= leaves
    assert (1023, 1039) in leaves
    assert (4095, 8191) in leaves
    assert (2**20 - 1, 2**40) in leaves
    ends = sorted(leaves)
    assert [high for _, high in ends[:-1]] == [low for low, _ in ends[1:]]


def test_rows_of_the_halvings():
    nodes = tables.nodes()
    for bucket in range(1, tables.CUT):
        for heap in range(1, 2 ** tables.inner_levels(bucket)):
            level = heap.bit_length() - 1
            width = 2 ** (bucket - level)
            low = 2**bucket - 1 + (heap - 2**level) * width
            node = nodes[tables.inner_rows()[bucket] + heap]
            assert node == tables.Node(low, low + width // 2, low + width)


@pytest.mark.parametrize(
    ("size", "fine"),
    [(0, 0), (1, 0), (12, 0), (13, 1), (100, 2), (300, 3), (3000, 4), (12_784, 5), (12_785, 6), (10**7, 6)],
)
def test_fineness(size, fine):
    assert tables.fineness(size) == fine
    step = np.log(2) / 2**fine
    assert step**2 * size <= 6 or fine == tables.FINEST


@pytest.mark.parametrize("family", FAMILIES)
def test_straight_lines_cost_nothing(family):
    fine, tail = 3, FAMILIES[family].sf
    scales = 2.0 ** (np.arange(tables.scale_count(fine)) / 2**fine + tables.LOWEST_OCTAVE)
    first = tables.FAMILIES.index(family) * scales.size
    stay = tables.stay(fine)[:, first : first + scales.size] / 2**30
    mass = tables.mass(fine)[:, first : first + scales.size] / 2**32
    cost = np.zeros(scales.size)
    for row, node in enumerate(tables.nodes()):
        low, middle, high = (
            2 * tail((m - 0.5) / scales) if m else 1 for m in (node.low, node.middle, node.high or 2**60)
        )
        met, p = low - high, stay[row]
        q = np.divide(low - middle, met, out=np.full_like(met, 0.5), where=met > 1e-300)
        assert np.abs(mass[row] - met).max() < 2e-5
        terms = [x * np.log2(x / y, out=np.zeros_like(x), where=x > 0) for x, y in ((q, p), (1 - q, 1 - p))]
        cost += met * sum(terms)
    assert cost.max() < 1e-6  # bits a symbol
    assert cost.min() > -1e-12
