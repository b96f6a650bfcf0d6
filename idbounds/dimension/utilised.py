"""Utilised rank: how many directions of each weight matrix the data and the weight both use.

For y = W x with W of shape (m, n) and inputs x of second moment C = E[x x^T], let V_S be the leading
eigenvectors of C that hold an energy e (a share of the trace), and V_T those of the output's W C W^T. With
P = V V^T,

    W' = P_T W P_S,      utilised rank r = min(k_S, k_T),      utilisation r / min(m, n).

The rank depends strongly on e, so it is a curve and never one number. The loss is exact algebra: the share of
E|Wx|^2 that W' loses is |(I - P_T) A|^2 + |P_T A_S|^2 over |A|^2, where A = W C^(1/2) and A_S its columns
outside of S. The two terms add up because their ranges are orthogonal.

Source: Garg et al. (2024), arXiv 2407.04797.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from idbounds.batches import Forward, evaluating, put_through
from idbounds.dimension.utilised_layers import Site, find, read, vectors
from idbounds.dimension.utilised_report import WHOLE, Floats, LayerUse, UtilisedRank
from idbounds.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["ENERGIES", "WHOLE", "LayerUse", "UtilisedRank", "utilised_rank"]

ENERGIES: Final = (0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999)
_ROWS = 2**16  # vectors converted to float64 at a time


def utilised_rank(
    model: nn.Module,
    batches: Iterable[Any],
    *,
    energies: Sequence[float] = ENERGIES,
    forward: Forward = put_through,
    advance: Callable[[int], Any] | None = None,
) -> UtilisedRank:
    """Measure the utilised rank of every linear, convolution and attention layer of a model.

    A handful of batches is enough: what is estimated is one n x n matrix a layer (n^2 numbers of 8 bytes are
    held), from every token and every patch. It is summed in float64, so that the rounding of the sum lies
    below the squared rounding of float32 inputs.

    Args:
        model: any torch module; it is put into eval mode for the while.
        batches: training inputs: tensors, pairs whose first entry is the input, or keyword mappings.
        energies: shares of the energy to keep, each in (0, 1).
        forward: for batches of another kind, a function of (model, batch).
        advance: called with the number of batches done.

    Returns:
        The report.

    Raises:
        InputError: If an energy is out of range, there is no batch or no layer, or an input is not finite.
    """
    kept = tuple(sorted({float(e) for e in energies}))
    if not kept or not (kept[0] > 0 and kept[-1] < 1):
        raise InputError(f"energies: {list(energies)} given; numbers above 0 and below 1 are allowed")
    sites, skipped = find(model)
    moments: dict[str, tuple[Tensor, int]] = {}
    by_module: dict[nn.Module, list[Site]] = {}
    for site in sites:
        by_module.setdefault(site.module, []).append(site)
    hooks = [
        module.register_forward_pre_hook(partial(_met, here, moments, set()), with_kwargs=True)
        for module, here in by_module.items()
    ]
    done = 0
    try:
        with evaluating(model):
            for batch in batches:
                forward(model, batch)
                done += 1
                if advance is not None:
                    advance(done)
    finally:
        for hook in hooks:
            hook.remove()
    if not done:
        raise InputError("batches: none given; a handful of batches of training inputs is needed")
    layers = []
    for site in sites:
        if site.name not in moments:
            skipped[site.name] = "no batch reached it"
            continue
        moment, count = moments[site.name]
        if not torch.isfinite(moment).all():
            raise InputError(
                f"layer {site.name!r} met an input that is not finite; finite numbers are allowed"
            )
        use = _use(site, (moment / count).cpu().numpy(), count, kept)
        if use is None:
            skipped[site.name] = "its inputs or its outputs are all zero"
        else:
            layers.append(use)
    if not layers:
        reasons = "; ".join(f"{name}: {why}" for name, why in skipped.items()) or "it has no weight matrix"
        raise InputError(f"the model has no layer to measure ({reasons})")
    return UtilisedRank(tuple(layers), skipped, kept, done)


def _met(
    sites: list[Site], moments: dict[str, tuple[Tensor, int]], busy: set[int], module: nn.Module,
    args: tuple[Any, ...], kwargs: dict[str, Any],
) -> None:  # fmt: skip
    """Add what a module meets in a call to the moments; a forward pre-hook."""
    if busy:  # attention calls itself once more to show what its output layer meets
        return
    busy.add(id(module))
    try:
        for name, rows in vectors(sites, args, kwargs):
            # float64 does not exist on every accelerator.
            rows = rows.cpu() if rows.device.type == "mps" else rows
            size = rows.shape[1]
            before = moments.get(name)
            total = rows.new_zeros(size, size, dtype=torch.float64) if before is None else before[0]
            for block in torch.split(rows.detach(), _ROWS):
                wide = block.double()
                total.addmm_(wide.T, wide)
            moments[name] = (total, len(rows) + (0 if before is None else before[1]))
    finally:
        busy.clear()


def _use(site: Site, moment: Floats, count: int, energies: tuple[float, ...]) -> LayerUse | None:
    weight = read(site).numpy()
    values, basis = np.linalg.eigh(moment)
    values, basis = np.maximum(values[::-1], 0), basis[:, ::-1]
    shaped = (weight @ basis) * np.sqrt(values)  # A, in the eigenbasis of C: no square is ever formed
    target, singular, _ = np.linalg.svd(shaped, full_matrices=False)
    total = float((singular**2).sum())
    if not total > 0:
        return None
    input_ranks = tuple(_kept(values, e) for e in energies)
    output_ranks = tuple(_kept(singular**2, e) for e in energies)
    seen = (target.T @ shaped) ** 2
    errors = tuple(
        float(seen[t:].sum() + seen[:t, s:].sum()) / total
        for s, t in zip(input_ranks, output_ranks, strict=True)
    )
    parameter = next(p for p in site.module.parameters(recurse=True) if p.is_floating_point())
    spectrum = np.linalg.svd(weight, compute_uv=False)
    least = spectrum[0] * max(weight.shape) * torch.finfo(parameter.dtype).eps
    return LayerUse(
        site.name, site.kind, (weight.shape[0], weight.shape[1]), count, int((spectrum > least).sum()),
        values, singular**2, input_ranks, output_ranks, errors,
        basis[:, : max(input_ranks)].copy(), target[:, : max(output_ranks)].copy(),
    )  # fmt: skip


def _kept(values: Floats, energy: float) -> int:
    """The fewest leading values that hold an energy; what is lost is summed from the smallest up."""
    lost = np.cumsum(values[::-1])[::-1]  # lost[k]: by keeping k
    return int((lost > (1 - energy) * lost[0]).sum())
