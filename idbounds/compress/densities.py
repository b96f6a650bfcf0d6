"""How dense each layer stays when a network is pruned to a given density: uniform, or by Erdos and Renyi."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

RULES: Final = ("uniform", "er", "erk")


def densities(shapes: Sequence[tuple[int, ...]], density: float, rule: str) -> list[float]:
    """The density of each layer.

    Under "er" it is proportional to (outputs + inputs) / (outputs x inputs); under "erk" the sides of a
    kernel are added and multiplied, too. The factor is such that all layers together have the density asked
    for; where one would be above 1, that layer is dense and the factor is found anew for the others.

    Args:
        shapes: of the weights, outputs first.
        density: share of all weights that stays, in (0, 1).
        rule: one of `RULES`.

    Returns:
        Densities, in [0, 1].

    Source: Mocanu et al. 2018 (ER); Evci et al. 2020, Rigging the lottery, section 3 (ERK).
    """
    if rule == "uniform":
        return [density] * len(shapes)
    sizes = [math.prod(shape) for shape in shapes]
    raw = [sum(s := shape[:2] if rule == "er" else shape) / math.prod(s) for shape in shapes]
    dense: set[int] = set()
    while True:
        others = [i for i in range(len(shapes)) if i not in dense]
        left = density * sum(sizes) - sum(sizes[i] for i in dense)  # a layer made dense wanted more: positive
        factor = left / math.fsum(raw[i] * sizes[i] for i in others)
        above = [i for i in others if factor * raw[i] > 1]
        if not above:
            return [1.0 if i in dense else factor * raw[i] for i in range(len(shapes))]
        dense.add(max(above, key=lambda i: raw[i]))
