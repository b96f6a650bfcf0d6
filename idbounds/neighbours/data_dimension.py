"""Intrinsic dimension of data and of the representations in a network's layers, through scikit-dimension.

Three numbers, which differ by design: TwoNN (Facco et al. 2017) and the MLE of Levina and Bickel (2004) count
the directions of a manifold near each point; the participation ratio counts those of the linear span, weighed
by their variance: (sum l)^2 / sum l^2.

A local dimension depends on the scale, which the density of the points sets. So it is measured at several:
on all points, on halves, on quarters (the block analysis of Facco et al.). Where the number keeps changing
from row to row, no single one is the dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.batches import Forward, evaluating, put_through
from idbounds.errors import InputError, MissingExtra

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

Floats = NDArray[np.float64]


def data_dimension(
    points: ArrayLike, *, neighbours: int = 20, most: int = 8000, halvings: int = 3, seed: int = 0
) -> pd.DataFrame:
    """Estimate the intrinsic dimension of points, at several scales.

    Args:
        points: shape (N, n); points that occur twice are taken once, their distance says nothing.
        neighbours: of each point in the MLE.
        most: points that are used; the work grows with their square.
        halvings: how often the points are halved.
        seed: of the choice and the order of the points.

    Returns:
        One row a scale: `points` in a block, `blocks`, the means over the blocks `two_nn`, `mle` and
        `participation_ratio`, the standard deviations of the first two between blocks `two_nn_sd`, `mle_sd`
        (NaN for one block), and `duplicates` left out.

    Raises:
        InputError: If the points are too few, not finite, or of another shape.
        MissingExtra: If scikit-dimension is not installed.
    """  # noqa: DOC502 - raised by _library
    import pandas as pd

    estimators = _library()
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or not x.size or not np.isfinite(x).all():
        raise InputError(f"points: shape {x.shape} given; finite numbers of shape (N, n) are allowed")
    distinct = np.unique(x, axis=0)
    duplicates = len(x) - len(distinct)
    chosen = np.random.default_rng(seed).permutation(len(distinct))[:most]
    least = 2 * (neighbours + 1)
    if neighbours < 2 or len(chosen) >> halvings < least:
        raise InputError(
            f"{len(chosen)} distinct points in {2**halvings} blocks with {neighbours} neighbours given; at "
            f"least {least} points a block and 2 neighbours are allowed: give more points or fewer halvings"
        )
    rows = []
    for halving in range(halvings + 1):
        blocks = [
            _block(distinct[part], estimators, neighbours) for part in np.array_split(chosen, 2**halving)
        ]
        table = np.array(blocks)
        spread = table.std(axis=0, ddof=1) if len(blocks) > 1 else np.full(3, np.nan)
        two_nn, mle, ratio = table.mean(axis=0)
        rows.append(
            {
                "points": len(chosen) // len(blocks), "blocks": len(blocks), "two_nn": two_nn, "mle": mle,
                "participation_ratio": ratio, "two_nn_sd": spread[0], "mle_sd": spread[1],
                "duplicates": duplicates,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def layer_dimensions(
    model: nn.Module,
    batches: Iterable[Any],
    *,
    layers: Sequence[str] | None = None,
    forward: Forward = put_through,
    say: Callable[[str], Any] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Estimate the dimension of what each layer of a model gives out.

    Args:
        model: any torch module, put into eval mode for the while.
        batches: as for `put_through`; a point is one example, its representation flattened.
        layers: dotted names; if not given, every part without parts of its own.
        forward: for batches of another kind, a function of (model, batch).
        say: told each layer before it is measured.
        **options: of `data_dimension`.

    Returns:
        The rows of `data_dimension` for each layer, with the columns `layer` and `ambient` (its numbers) in
        front. A layer that gives no tensor, or one with fewer than two distinct values, has no rows.

    Raises:
        InputError: If a layer is unknown, none gives a tensor, or the points are too few.
        MissingExtra: If scikit-dimension is not installed.
    """  # noqa: DOC502 - raised by _library
    import pandas as pd

    _library()
    parts = dict(model.named_modules())
    names = [n for n, part in parts.items() if not any(part.children())] if layers is None else list(layers)
    unknown = [name for name in names if name not in parts]
    if unknown:
        raise InputError(f"layer {unknown[0]!r} given; {', '.join(filter(None, parts))} are allowed")
    seen: dict[str, list[Floats]] = {}
    hooks = [parts[name].register_forward_hook(_keeper(name, seen)) for name in names]
    try:
        with evaluating(model):
            for batch in batches:
                forward(model, batch)
    finally:
        for hook in hooks:
            hook.remove()
    tables = []
    for name, pieces in seen.items():
        points = np.concatenate(pieces)
        if len(np.unique(points, axis=0)) < 2:
            continue
        if say is not None:
            say(name)
        table = data_dimension(points, **options)
        table.insert(0, "ambient", points.shape[1])
        table.insert(0, "layer", name)
        tables.append(table)
    if not tables:
        raise InputError("no layer gave a tensor that varies; give batches that reach the layers")
    return pd.concat(tables, ignore_index=True)


def _keeper(name: str, seen: dict[str, list[Floats]]) -> Callable[..., None]:
    def keep(_module: Any, _inputs: Any, output: Any) -> None:
        if hasattr(output, "detach") and output.ndim >= 2 and output.is_floating_point():
            seen.setdefault(name, []).append(output.detach().flatten(1).cpu().double().numpy())

    return keep


def _library() -> Any:
    try:
        return import_module("skdim.id")
    except ImportError:
        raise MissingExtra(
            "data dimension needs scikit-dimension: pip install 'idbounds[neighbours]'"
        ) from None


def _block(x: Floats, estimators: Any, neighbours: int) -> tuple[float, float, float]:
    if x.shape[1] == 1:  # the library wants two columns; a constant one changes no distance
        x = np.column_stack([x, np.zeros(len(x))])
    two_nn = estimators.TwoNN(method="mle").fit(x).dimension_
    mle = estimators.MLE().fit(x, n_neighbors=neighbours).dimension_
    with np.errstate(divide="ignore", invalid="ignore"):  # it also divides neighbouring eigenvalues
        ratio = estimators.lPCA(ver="participation_ratio").fit(x).dimension_
    return float(two_nn), float(mle), float(ratio)
