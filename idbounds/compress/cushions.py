"""What the noise of compression meets in a network: cushions and contraction of Arora et al. (2018).

With x^i the output of the i-th linear layer A^i and phi what stands between two of them, over all examples:

* layer cushion mu_i: the least |x^i| / (|A^i| |phi(x^{i-1})|), |A| the Frobenius norm;
* interlayer cushion mu_ij, i < j: the least |x^j| / (|J| |x^i|), with J the derivative of x^j by x^i; the
  minimal one, mu_i-> , is the least of them over j, and of 1 / sqrt(h) for h outputs of layer i;
* activation contraction c: the largest |x^i| / |phi(x^i)|.

The paper has no biases, and so |A^i phi(x^{i-1})| and |J x^i| in place of |x^i| and |x^j|, which is the same
there. With biases its theorem says nothing; the ratios here are those that its proof would need.

Source: Arora, Ge, Neyshabur and Zhang (2018), Stronger generalization bounds for deep nets via a compression
    approach, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from idbounds.batches import evaluating
from idbounds.decoders.values import Reals
from idbounds.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

_FLOATS = 2**22  # numbers of Jacobians held at a time


@dataclass(frozen=True, eq=False)
class Cushions:
    """What was measured. Minima and maxima are over the examples given; the theorem wants the whole sample.

    Attributes:
        names: of the d linear layers.
        layer: |x^i| / (|A^i| |phi(x^{i-1})|) by example, shape (n, d); infinite where the input is zero.
        interlayer: |x^j| / (|J| |x^i|) by example, shape (n, d, d); infinite for j <= i.
        contraction: |x^i| / |phi(x^i)| by example, shape (n, d - 1).
        widths: outputs h of each layer.
        norms: |f(x)| by example, shape (n,).
        margins: score of the label minus the largest other score, shape (n,).
        skipped: reason for each layer with weights that was not measured.
        biased: whether a layer has a bias, for which the paper's theorem says nothing.
    """

    names: tuple[str, ...]
    layer: Reals
    interlayer: Reals
    contraction: Reals
    widths: tuple[int, ...]
    norms: Reals
    margins: Reals
    skipped: dict[str, str]
    biased: bool

    @property
    def minimal(self) -> Reals:
        """mu_i-> of each layer, shape (d,)."""
        least: Reals = self.interlayer.min(axis=(0, 2))
        capped: Reals = np.minimum(least, 1 / np.sqrt(np.asarray(self.widths, dtype=np.float64)))
        return capped

    @property
    def table(self) -> pd.DataFrame:
        """One row a layer: cushion, its median over the examples, minimal interlayer cushion, contraction."""
        import pandas as pd

        contraction = [*self.contraction.max(axis=0).tolist(), math.nan]
        columns = {
            "layer": self.names, "cushion": self.layer.min(axis=0),
            "median_cushion": np.median(self.layer, axis=0),
            "interlayer_cushion": self.minimal, "contraction": contraction,
        }  # fmt: skip
        return pd.DataFrame(columns)

    def margin_train_error(self, gamma: float) -> float:
        """The share of examples with a margin of at most gamma.

        Args:
            gamma: in the unit of the scores, at least 0.

        Returns:
            The rate.
        """
        return float((self.margins <= gamma).mean())

    def noise_stability(self, gamma: float) -> float:
        """c^2 d^2 max |f(x)|^2 (sum over i of 1 / (mu_i mu_i->)^2) / gamma^2.

        It goes into `arora-noise-stability`, which is no certificate: the paper's O~ has no constants.

        Args:
            gamma: the margin, in the unit of the scores, above 0.

        Returns:
            The number; infinite where a cushion is zero.

        Raises:
            InputError: if gamma is not positive, or a layer could not be measured.
        """
        if not 0 < gamma < math.inf:
            raise InputError(f"gamma: {gamma} given; a finite margin above 0 is allowed")
        if self.skipped:
            reasons = "; ".join(f"{name}: {why}" for name, why in self.skipped.items())
            raise InputError(f"the theorem is for fully connected networks ({reasons})")
        c = float(self.contraction.max(initial=1))
        with np.errstate(divide="ignore"):
            total = float((1 / (self.layer.min(axis=0) * self.minimal) ** 2).sum())
        value = (c * len(self.names) * float(self.norms.max()) / gamma) ** 2 * total
        return math.inf if math.isnan(value) else value  # infinity times a network that is zero


def cushions(
    network: nn.Sequential,
    inputs: Tensor,
    labels: Tensor,
    *,
    advance: Callable[[int, int], None] | None = None,
) -> Cushions:
    """Measure the cushions of a chain of layers.

    Args:
        network: linear layers with whatever has no weights between them; it is put into eval mode for the
            while. Layers before the first linear one are part of the input.
        inputs: training inputs, the whole sample for the paper's quantities; shape (n, ...).
        labels: classes, shape (n,).
        advance: called with (examples done, examples).

    Returns:
        The measurement.

    Raises:
        InputError: if the network is no chain, has no linear layer, or n does not fit.
    """
    import torch
    from torch import nn

    if not isinstance(network, nn.Sequential):
        raise InputError(f"{type(network).__name__} given; an nn.Sequential is allowed, layer after layer")
    if not len(inputs) or len(inputs) != len(labels):
        raise InputError(f"{len(inputs)} inputs and {len(labels)} labels given; one label each is allowed")
    parts = _flat(network)
    places = [i for i, (_, part) in enumerate(parts) if isinstance(part, nn.Linear)]
    if not places:
        raise InputError("the network has no linear layer; one or more are needed")
    skipped = {
        name: f"{type(part).__name__}: not a linear layer"
        for name, part in parts
        if not isinstance(part, nn.Linear) and any(True for _ in part.parameters())
    }
    linear = [part for _, part in parts if isinstance(part, nn.Linear)]
    widths = tuple(part.out_features for part in linear)
    largest = max([a * b for i, a in enumerate(widths) for b in widths[i + 1 :]], default=1)
    found = []
    with evaluating(network), torch.no_grad():
        chunk = max(1, _FLOATS // largest)
        for start in range(0, len(inputs), chunk):
            found.append(_measured([part for _, part in parts], places, inputs[start : start + chunk]))
            if advance is not None:
                advance(min(start + chunk, len(inputs)), len(inputs))
    layer, interlayer, contraction, scores = (torch.cat(column) for column in zip(*found, strict=True))
    chosen = scores.gather(1, labels[:, None])[:, 0]
    rest = scores.scatter(1, labels[:, None], -math.inf).amax(dim=1)
    return Cushions(
        tuple(parts[i][0] for i in places), _numpy(layer), _numpy(interlayer), _numpy(contraction), widths,
        _numpy(scores.norm(dim=1)), _numpy(chosen - rest), skipped,
        any(part.bias is not None for part in linear),
    )  # fmt: skip


def _measured(parts: list[nn.Module], places: list[int], x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Layer cushions, interlayer cushions, contraction and scores of some examples."""
    import torch

    met, given = [], []
    for i, part in enumerate(parts):
        if i in places:
            met.append(x)
        x = part(x)
        if i in places:
            given.append(x)
    weights = [part.get_parameter("weight") for part in (parts[i] for i in places)]
    layer = [_ratio(_norm(y), w.norm() * _norm(v)) for y, v, w in zip(given, met, weights, strict=True)]
    lengths = [(_norm(y), _norm(v)) for y, v in zip(given, met[1:], strict=False)]
    contraction = [torch.where(y > 0, y / v, 0) for y, v in lengths]
    d = len(places)
    interlayer = x.new_full((len(x), d, d), math.inf)
    for i in range(d):
        for j in range(i + 1, d):
            between = torch.nn.Sequential(*parts[places[i] + 1 : places[j] + 1])
            slopes = torch.func.vmap(torch.func.jacrev(lambda y, b=between: b(y[None])[0]))(given[i])
            steep = slopes.flatten(1).norm(dim=1)
            interlayer[:, i, j] = _ratio(_norm(given[j]), steep * _norm(given[i]))
    empty = x.new_zeros(len(x), 0)
    turned = torch.stack(contraction, dim=1) if contraction else empty
    return torch.stack(layer, dim=1), interlayer, turned, x


def _flat(network: nn.Sequential, before: str = "") -> list[tuple[str, nn.Module]]:
    """The layers of a chain of chains, with their names."""
    from torch import nn

    found: list[tuple[str, nn.Module]] = []
    for name, part in network.named_children():
        whole = f"{before}{name}"
        found += _flat(part, f"{whole}.") if isinstance(part, nn.Sequential) else [(whole, part)]
    return found


def _norm(x: Tensor) -> Tensor:
    lengths: Tensor = x.flatten(1).norm(dim=1)
    return lengths


def _ratio(top: Tensor, below: Tensor) -> Tensor:
    """The quotient; where nothing stands below, nothing is asked of it."""
    import torch

    return torch.where(below > 0, top / below, torch.full_like(top, math.inf))


def _numpy(x: Tensor) -> Reals:
    found: Reals = x.double().cpu().numpy()
    return found
