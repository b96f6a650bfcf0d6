"""The game of code lengths: what each code pays for not knowing the frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from idbounds.codes import AdaptiveRun
from idbounds.mdl import (
    TwoPartRun,
    bic_approximate_bits,
    fisher_multinomial,
    multinomial_regret_bits,
    nml_multinomial_ideal_bits,
)
from paper_figures.figure import Item

SIZE, SEED = 15, 0
LENGTHS = (30, 60, 125, 250, 500, 1000, 2000, 4000)


def table() -> pd.DataFrame:
    """Bits above the best code in hindsight, for the first n symbols of one sequence."""
    rng = np.random.default_rng(SEED)
    symbols = rng.choice(SIZE, size=max(LENGTHS), p=rng.dirichlet(np.ones(SIZE)))
    return pd.DataFrame([row for n in LENGTHS for row in _lengths(symbols[:n])])


def _lengths(symbols: Any) -> list[dict[str, object]]:
    n = len(symbols)
    counts = np.bincount(symbols, minlength=SIZE)
    fit = nml_multinomial_ideal_bits(counts) - multinomial_regret_bits(
        SIZE, n
    )  # n times the empirical entropy
    over = {
        "NML": multinomial_regret_bits(SIZE, n),
        "KT, real bits": AdaptiveRun(SIZE, n=n).encode(symbols).code_bits - fit,
        "two-part, real bits": TwoPartRun(SIZE, n=n).encode(symbols).code_bits - fit,
        "Fisher": fisher_multinomial(SIZE).penalty_approximate_bits(n),
        "BIC": bic_approximate_bits(0.0, k=SIZE - 1, n=n),
    }
    unit = "bits above the best code in hindsight"
    return [{"n": n, "name": name, "bits": float(bits), "unit": unit} for name, bits in over.items()]


ITEM = Item(
    "code_lengths",
    "The game of code lengths",
    table,
    f"One sequence of symbols out of {SIZE}: what each code pays above the shortest code that knows the "
    f"frequencies "
    "of this very sequence. Two are real messages, NML is the least in the worst case, and the other two are "
    "approximations, which no code need reach.",
    cites=("rissanen1983",),
    draw="lengths",
)
