"""What symbol codes cost above the code that knows the source: draws, means, and the committed table.

    python -m tests.codes.symbols.excess

writes tests/codes/symbols/excess.csv again: mean bits of real messages over 50 draws of each source.
"""

import csv
from pathlib import Path

import numpy as np
from scipy import stats

from idbounds.codes import (
    AdaptiveVector,
    EnumerativeRun,
    HistogramRun,
    HuffmanRun,
    MixtureVector,
    ParametricVector,
    RangedVector,
)

TABLE = Path(__file__).with_name("excess.csv")
SIZES = (100, 300, 1000, 3000)
DRAWS = 50
STEP_BITS = 5  # the index of the step in a menu of 32, which the excess of the mixture includes
LIMITS = dict(zip(SIZES, (16, 17, 19, 20), strict=True))  # bits above the oracle, on normal draws
SOURCES = {  # distribution, scale in steps, share of entries set to zero
    "normal, step 0.5": (stats.norm, 2.0, 0.0),
    "normal, step 1": (stats.norm, 1.0, 0.0),
    "Laplace": (stats.laplace, 2.0, 0.0),
    "Student-t, 2 degrees of freedom": (stats.t(2), 2.0, 0.0),
    "70% zeros, else normal": (stats.norm, 3.0, 0.7),
}
CODES = {
    "mixture": MixtureVector,
    "parametric": ParametricVector,
    "adaptive": AdaptiveVector,
    "enumerative": lambda d: RangedVector(EnumerativeRun, d),
    "histogram": lambda d: RangedVector(HistogramRun, d),
    "huffman": lambda d: RangedVector(HuffmanRun, d),
}


def draw(source, d, seed):
    """A vector of d rounded draws, its scale off every grid, and -log2 P(x) under the true source."""
    distribution, scale, zeros = SOURCES[source]
    rng = np.random.default_rng([d, seed])
    scale *= 2 ** rng.uniform(-0.5, 0.5)
    keep = rng.random(d) >= zeros
    x = np.rint(scale * distribution.rvs(size=d, random_state=rng) * keep).astype(np.int64)
    a, b = (np.abs(x) - 0.5) / scale, (np.abs(x) + 0.5) / scale
    p = (1 - zeros) * (distribution.sf(a) - distribution.sf(b)) + zeros * (x == 0)
    return x, -np.log2(p).sum()


def measure(source, d, draws=DRAWS, codes=tuple(CODES)):
    """Mean bits under the true source and under each code."""
    vectors = [draw(source, d, seed) for seed in range(draws)]
    lengths = {name: [CODES[name](d).length(x) for x, _ in vectors] for name in codes}
    means = {"oracle": np.mean([oracle for _, oracle in vectors])}
    return means | {name: np.mean(bits) for name, bits in lengths.items()}


def main():
    with TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["source", "d", "draws", "oracle", *CODES, "excess_with_step"])
        for source in SOURCES:
            for d in SIZES:
                bits = measure(source, d)
                excess = bits["mixture"] + STEP_BITS - bits["oracle"]
                table.writerow([source, d, DRAWS, *(f"{b:.2f}" for b in (*bits.values(), excess))])


if __name__ == "__main__":
    main()
