"""Lengths of labels given inputs under a torch network: parameters in a message, or a posterior over them."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.billing import bill
from idbounds.mdl import VariationalLength, label_ideal_bits, variational_ideal_bits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

SPACINGS = (0.1, 0.2, 0.4, 0.8)
"""Steps of the grid in standard deviations of a tensor; which one is paid for."""

WIDTHS = (0.1, 0.3)
"""Standard deviations of the prior; which one is paid for."""


def network(inputs: int, classes: int, hidden: Sequence[int], seed: int) -> nn.Sequential:
    """A fully connected network with ReLU, from a seed.

    Args:
        inputs: features.
        classes: classes.
        hidden: units of each hidden layer; none for a linear classifier.
        seed: of torch's generator, for the start.

    Returns:
        Module from (n, inputs) to (n, classes) scores.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    sizes = [inputs, *hidden]
    parts = [part for a, b in itertools.pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*parts, nn.Linear(sizes[-1], classes))


def fitted(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    steps: int,
    seed: int,
    rate: float = 0.01,
    decay: float = 1e-3,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> nn.Module:
    """Train a network by AdamW on batches of 128, with a cosine rate.

    Args:
        net: changed in place.
        x: inputs (n, features).
        y: labels, or whatever the loss compares outputs with.
        steps: gradient steps.
        seed: of the order.
        rate: learning rate.
        decay: weight decay.
        loss: of outputs and labels, a scalar; cross-entropy if not given.

    Returns:
        The same network.
    """
    import torch

    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        rows = rng.integers(len(y), size=min(128, len(y)))
        optimiser.zero_grad()
        (loss or torch.nn.functional.cross_entropy)(net(x[rows]), y[rows]).backward()
        optimiser.step()
        schedule.step()
    return net


def probabilities(net: nn.Module, x: Tensor) -> NDArray[np.float64]:
    """What a network predicts.

    Args:
        net: the network.
        x: inputs (n, features).

    Returns:
        Probabilities (n, classes), float64.
    """
    import torch

    with torch.no_grad():
        return np.asarray(torch.softmax(net(x).double(), dim=-1).numpy())


def rounded(net: nn.Module, x: Tensor, y: Tensor) -> tuple[float, int]:
    """The shortest two-part length: a message of the rounded weights, then the labels under them.

    Args:
        net: the network; it is left as it is.
        x: inputs (n, features).
        y: labels.

    Returns:
        Bits, and how many of them are weights; the grid is chosen afterwards and paid for.
    """
    choice = math.log2(len(SPACINGS))
    found = []
    for spacing in SPACINGS:
        other, bits = on_grid(net, spacing)
        found.append((bits + choice + label_ideal_bits(probabilities(other, x), y.numpy()), bits))
    return min(found)


def on_grid(net: nn.Module, spacing: float) -> tuple[nn.Module, int]:
    """Round the weights of a network and write them in the adaptive code of the menu.

    Args:
        net: the network; it is left as it is.
        spacing: step of the grid, in standard deviations of each tensor.

    Returns:
        The network with rounded weights, and the bits of their message; the choice of the step is not in it.
    """
    import copy

    import torch

    weights = {name: value.detach().numpy() for name, value in net.named_parameters()}
    written = bill(weights, spacing=spacing, codes=("adaptive",))
    values = {tensor.name: tensor.layer.values for tensor in written.tensors}
    other = copy.deepcopy(net)
    with torch.no_grad():
        for name, parameter in other.named_parameters():
            parameter.copy_(torch.from_numpy(np.asarray(values[name])))
    return other, int(written.best.bits or 0)


def variational(net: nn.Module, x: Tensor, y: Tensor, *, steps: int, seed: int) -> VariationalLength:
    """The shortest variational length with independent Gaussians; the width of the prior is paid for.

    Args:
        net: where the means begin.
        x: inputs (n, features).
        y: labels.
        steps: gradient steps for each width of the prior.
        seed: of the draws.

    Returns:
        Its terms; the choice of the width is in the first.
    """
    found = [_variational(net, x, y, width, steps, seed) for width in WIDTHS]
    best = min(found, key=lambda one: one.ideal_bits)
    return VariationalLength(best.kl_bits + math.log2(len(WIDTHS)), best.data_ideal_bits, best.standard_error)


def posterior(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    width: float,
    steps: int,
    seed: int,
    centre: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit independent Gaussians over the parameters, for a Gaussian prior of each.

    Args:
        net: where the means begin.
        x: inputs (n, features).
        y: labels.
        width: standard deviation of the prior.
        steps: gradient steps.
        seed: of the draws.
        centre: means of the prior, in the order of the parameters; zeros if not given.

    Returns:
        Means and standard deviations, in the order of the network's parameters, float64.
    """
    import torch
    from torch.nn.utils import parameters_to_vector

    mean = parameters_to_vector(net.parameters()).detach().clone().requires_grad_()
    spread = torch.full_like(mean, math.log(0.1 * width)).requires_grad_()
    optimiser = torch.optim.Adam([mean, spread], lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    middle = 0 if centre is None else torch.from_numpy(centre).to(mean)
    rng, noise = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    for _ in range(steps):
        rows = rng.integers(len(y), size=min(256, len(y)))
        sigma = spread.exp()
        drawn = mean + sigma * torch.randn(len(mean), generator=noise)
        loss = torch.nn.functional.cross_entropy(scores(net, drawn, x[rows]), y[rows])
        kl = ((sigma**2 + (mean - middle) ** 2) / width**2 - 1).sum() / 2 - (spread - math.log(width)).sum()
        optimiser.zero_grad()
        (loss + kl / len(y)).backward()
        optimiser.step()
        schedule.step()
    found, around = (v.detach().double().numpy() for v in (mean, spread.exp()))
    return found, around


def scores(net: nn.Module, flat: Tensor, inputs: Tensor) -> Any:
    """What a network says with other parameters.

    Args:
        net: the network.
        flat: its parameters, one after another.
        inputs: (n, features).

    Returns:
        Scores (n, classes).
    """
    from torch.func import functional_call

    pieces, start = {}, 0
    for name, parameter in net.named_parameters():
        pieces[name] = flat[start : start + parameter.numel()].view(parameter.shape)
        start += parameter.numel()
    return functional_call(net, pieces, (inputs,))


def _variational(
    net: nn.Module, x: Tensor, y: Tensor, width: float, steps: int, seed: int
) -> VariationalLength:
    import torch

    def bits(flat: NDArray[np.float64]) -> float:
        with torch.no_grad():
            out = torch.log_softmax(scores(net, torch.from_numpy(flat).float(), x).double(), dim=-1)
        return float(-out[torch.arange(len(y)), y].sum()) / math.log(2)

    mean, sigma = posterior(net, x, y, width=width, steps=steps, seed=seed)
    return variational_ideal_bits(bits, mean, sigma, prior_sigma=width, draws=20, seed=seed)
