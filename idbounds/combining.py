"""The smallest of several bounds, at its honest price; and where one bound beats another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.assumptions import earlier_stages
from idbounds.catalogue import bounds
from idbounds.errors import InputError
from idbounds.functions import minimum
from idbounds.quantities import QUANTITIES, delta, mc_delta
from idbounds.statement import Bound

if TYPE_CHECKING:
    import pandas as pd

_LOG_LEVELS = (-5.0, 1.0)  # complexity per example, in powers of ten, over which `dominates` looks


def minimum_of(*given: str | Bound) -> Bound:
    """The bound that takes the smallest of several, each at its share of delta.

    Bounds that the event of another one implies (its `weaker`) are never smaller than that one and take no
    share: the least of `occam-binomial`, `occam-kl` and `occam-hoeffding` is `occam-binomial` itself. The k
    that are left hold together with probability 1 - delta when each holds at delta / k.

    Args:
        *given: ids, or bounds of your own.

    Returns:
        A bound with the quantities of all of them; the bound itself where only one is left.

    Raises:
        InputError: for no bound, one that is no certificate, or one without delta.
    """
    chosen = {b.id: b for b in (bounds[b] if isinstance(b, str) else b for b in given)}
    if not chosen:
        raise InputError("minimum_of: name at least one bound")
    for b in chosen.values():
        if not b.certifies or delta not in b.takes:
            raise InputError(f"minimum_of: {b.id} is {b.standing}; give certificates that take delta")
        if earlier_stages in b.assumes:
            raise InputError(
                f"minimum_of: {b.id} builds on earlier stages, whose delta was spent before; give others"
            )
    bounded = {(b.left, b.unit): b.id for b in chosen.values()}
    if len(bounded) > 1:
        what = "; ".join(f"{name}: {left} ({unit})" for (left, unit), name in bounded.items())
        raise InputError(f"minimum_of: these do not bound the same thing: {what}")
    implied = {weaker for b in chosen.values() for weaker in b.weaker}
    kept = [b for b in chosen.values() if b.id not in implied]
    return kept[0] if len(kept) == 1 else _minimum(kept)


def _minimum(kept: list[Bound]) -> Bound:
    nouns = {q.name: q for b in kept for q in b.takes if q is not delta}
    takes = (*nouns.values(), delta)

    def says(*symbols: Any) -> Any:
        known = dict(zip((q.name for q in takes), symbols, strict=True))
        known["delta"] = known["delta"] / len(kept)
        return reduce(minimum, (b.says(*(known[q.name] for q in b.takes)) for b in kept))

    def nothing(*symbols: Any) -> Any:
        known = dict(zip((q.name for q in takes), symbols, strict=True))
        return kept[0].trivial(*(known[q.name] for q in kept[0].takes)) if kept[0].trivial else 1

    trivial = nothing if kept[0].trivial else None
    sampled = "; the failure probability of sampled hypotheses is added" if mc_delta in takes else ""
    return Bound(
        id=f"minimum-of({','.join(b.id for b in kept)})",
        title=f"Smallest of {len(kept)} bounds, each at delta / {len(kept)}",
        family="minimum",
        takes=takes,
        says=says,
        assumes=tuple({a.name: a for b in kept for a in b.assumes}.values()),
        source=kept[0].source,
        holds=f"all {len(kept)} at once with probability at least 1 - delta, by the union bound" + sampled,
        left=kept[0].left,
        unit=kept[0].unit,
        trivial=trivial,
        unless=tuple({name: None for b in kept for name in b.unless}),
    )


def dominates(
    a: str | Bound, b: str | Bound, *, points: int = 100, known: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Where one bound beats another: over the error rate and the complexity per example.

    Args:
        a: id or bound whose error is a rate or a count, and whose complexity is in bits or nats.
        b: another one, comparable: bits and nats are converted into each other.
        points: number of values along each axis.
        known: the other quantities; n defaults to 60,000, the rest to their defaults.

    Returns:
        Table with columns error, nats_per_example, a, b (the two values) and difference (a - b; negative
        where the first is tighter), points x points rows. A bound without an error or without a complexity
        raises InputError.
    """
    fixed = {"n": 60_000, **(known or {})}
    error, cost = _plane(points)
    values = [_below_one(x, error, cost, fixed) for x in (a, b)]
    import pandas as pd

    columns = {"error": error, "nats_per_example": cost, "a": values[0], "b": values[1]}
    return pd.DataFrame({**columns, "difference": values[0] - values[1]})


def race(
    *given: str | Bound, points: int = 100, known: Mapping[str, Any] | None = None, tie: float = 1e-9
) -> pd.DataFrame:
    """Which of several bounds is the smallest: over the error rate and the complexity per example.

    Args:
        *given: two or more bounds or ids, as for `dominates`; the first named wins a tie.
        points: number of values along each axis.
        known: the other quantities; n defaults to 60,000, the rest to their defaults.
        tie: differences up to it do not count: they are rounding.

    Returns:
        Table with columns error, nats_per_example, winner (an id; empty where all are vacuous) and value (of
        the smallest, at most 1), points x points rows.

    Raises:
        InputError: for fewer than two bounds, or one that cannot be mapped.
    """
    import pandas as pd

    if len(given) < 2:
        raise InputError(f"race: {len(given)} bound given; name at least two")
    fixed = {"n": 60_000, **(known or {})}
    error, cost = _plane(points)
    values = np.stack([_below_one(x, error, cost, fixed) for x in given])
    least = values.min(axis=0)
    names = np.array([x if isinstance(x, str) else x.id for x in given], dtype=object)
    winner = names[np.argmax(values <= least + tie, axis=0)]
    winner[least >= 1] = ""
    return pd.DataFrame({"error": error, "nats_per_example": cost, "winner": winner, "value": least})


def _plane(points: int) -> Any:
    grid = np.meshgrid(np.linspace(0, 1, points), np.logspace(*_LOG_LEVELS, points), indexing="ij")
    return (part.ravel() for part in grid)


def _below_one(given: str | Bound, error: Any, cost: Any, fixed: Mapping[str, Any]) -> Any:
    bound = bounds[given] if isinstance(given, str) else given
    return np.minimum(bound(**_at(bound, error, cost, fixed)), 1.0)


def _at(bound: Bound, error: Any, cost: Any, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The quantities of a bound at rates of error and at nats per example."""
    size = next((q.name for q in bound.takes if q.name in ("n", "bound_n")), "")
    nats = cost * float(fixed["n"])
    lengths = {
        q.name: nats / np.log(2) if q.unit == "bits" else nats for q in bound.takes if _is_length(q.name)
    }
    rates = {q.name: error for q in bound.takes if q.unit == "rate" and not q.part_of}
    counts = {
        q.name: np.ceil(error * float(fixed["n"])) for q in bound.takes if q.part_of == size and q.integer
    }
    if not size or len(lengths) != 1 or len({**rates, **counts}) != 1:
        names = ", ".join(q.name for q in bound.takes)
        raise InputError(
            f"{bound.id} takes {names}: needs n, one error and one length in bits or nats to be mapped"
        )
    others = {k: v for k, v in fixed.items() if k in bound.accepts}
    return {**others, size: fixed["n"], **lengths, **rates, **counts}


def _is_length(name: str) -> bool:
    return QUANTITIES[name].unit in ("bits", "nats") and QUANTITIES[name].default is None
