"""A normal posterior over all weights of a module, and a normal prior whose scale a group of weights shares.

Source: Blundell et al. (2015), Weight Uncertainty in Neural Networks; Kingma, Salimans and Welling (2015) for
the noise of outputs in place of the noise of weights.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from idbounds.decoders.draws import layout, weights_of
from idbounds.gibbs import linear_layers
from idbounds.projections.starts import roles

START_DEVIATION = 0.05
START_SCALE = 0.3
FIRST_MEAN = 2.0
LAST_MEAN = 0.03
SMALLEST_VARIANCE = 1e-12  # of the noise of an output: the slope of a square root is infinite at 0


class Posterior:
    """Means, deviations and prior scales of the weights of a module, as flat tensors.

    Weights start at normal draws of deviation 2 / sqrt(fan-in), of 0.03 in the last layer; the factors of
    normalisation layers start at 1, other vectors at 0.

    Attributes:
        body: the module, in eval mode.
        names: weight tensors in the module's order.
        shapes: their shapes.
        sizes: their numbers of entries.
        mean: float32, shape (D,).
        log_std: of the posterior, float32, shape (D,).
        log_scale: of the prior, float32, shape (groups,).
        log_temperature: of the scores in the loss; no decoder needs it.
        group: of each weight, int64, shape (D,).
        linear: the layers whose outputs carry the noise of their weights, by name of the weight.

    Args:
        body: the module; what needs a gradient in it is a weight.
        example: inputs, (batch, ...), that show how the module uses its layers.
        generator: draws the start.

    Raises:
        InputError: when the module has no weights.
    """

    def __init__(self, body: nn.Module, example: Tensor, generator: torch.Generator) -> None:
        """Draw the start."""
        weights = weights_of(body)
        self.body = body.eval()
        self.names = list(weights)
        self.shapes = [p.shape for p in weights.values()]
        sizes, group = layout(body)
        self.sizes, self.group = list(sizes), torch.from_numpy(group)
        self.linear = linear_layers(body, weights, example)
        kinds, pieces = roles(body, weights), []
        last = max((i for i, shape in enumerate(self.shapes) if len(shape) > 1), default=-1)
        for index, (name, shape) in enumerate(zip(self.names, self.shapes, strict=True)):
            deviation = LAST_MEAN if index == last else FIRST_MEAN / math.sqrt(max(1, math.prod(shape[1:])))
            drawn = torch.randn(shape, generator=generator).flatten() * deviation
            constant = torch.full_like(drawn, float(kinds[name] == "unit"))
            pieces.append(constant if kinds[name] in {"unit", "zero"} else drawn)
        self.mean = torch.cat(pieces)
        self.log_std = torch.full_like(self.mean, math.log(START_DEVIATION))
        self.log_scale = torch.full((int(self.group.max()) + 1,), math.log(START_SCALE))
        self.log_temperature = torch.zeros(())

    @property
    def trained(self) -> list[Tensor]:
        """What an optimiser moves."""
        return [self.mean, self.log_std, self.log_scale, self.log_temperature]

    def state(self, flat: Tensor) -> dict[str, Tensor]:
        """Flat weights as named tensors of the module's shapes."""
        pieces = torch.split(flat, self.sizes)
        return {n: p.view(s) for n, p, s in zip(self.names, pieces, self.shapes, strict=True)}

    def kl_bits(self) -> Tensor:
        """KL divergence of each weight's posterior from its prior, bits, shape (D,)."""
        log_prior = self.log_scale[self.group]
        ratio = 2 * (self.log_std - log_prior)
        square = (self.mean / log_prior.exp()) ** 2
        return (ratio.exp() + square - 1 - ratio) / (2 * math.log(2))

    def scores(self, x: Tensor, mean: Tensor, std: Tensor, generator: torch.Generator) -> Tensor:
        """Scores with a draw of the weights: one a batch, or one an example where a linear layer allows it.

        Args:
            x: inputs, (batch, ...).
            mean: of the weights, (D,).
            std: of the weights, (D,), 0 for those that are fixed.
            generator: draws the noise.

        Returns:
            Scores, (batch, classes).
        """
        means, deviations = self.state(mean), self.state(std)
        drawn = {
            name: means[name]
            if name in self.linear
            else means[name] + deviations[name] * torch.randn(means[name].shape, generator=generator)
            for name in self.names
        }

        def noisy(name: str) -> Any:
            def hook(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
                variance = (inputs[0] ** 2) @ (deviations[name] ** 2).T
                noise = torch.randn(output.shape, generator=generator)
                return output + (variance + SMALLEST_VARIANCE).sqrt() * noise

            return hook

        hooks = [module.register_forward_hook(noisy(name)) for name, module in self.linear.items()]
        try:
            out: Tensor = torch.func.functional_call(self.body, drawn, (x,))
        finally:
            for hook in hooks:
                hook.remove()
        return out
