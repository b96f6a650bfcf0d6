"""Layers of low rank in place of dense ones: y = up (down x), which holds r (m + n) numbers, not m n."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from idbounds.dimension.utilised_layers import Site, read, write


class Factorised(nn.Module):
    """Two layers in place of one.

    Attributes:
        down: to r numbers, without a bias; it has the kernel of a convolution.
        up: to the outputs, with the bias.
    """

    def __init__(self, down: nn.Module, up: nn.Module) -> None:
        """Keep the two layers.

        Args:
            down: the first.
            up: the second.
        """
        super().__init__()
        self.down, self.up = down, up

    def forward(self, x: Tensor) -> Tensor:
        """One layer after the other.

        Args:
            x: as the dense layer takes it.

        Returns:
            What the dense layer with the product as its weight returns.
        """
        result: Tensor = self.up(self.down(x))
        return result

    @property
    def weight(self) -> Tensor:
        """The product, in the shape of the dense layer's weight: some models read it without a call."""
        up, down = self.up.get_parameter("weight"), self.down.get_parameter("weight")
        return (up.flatten(1) @ down.flatten(1)).reshape(len(up), *down.shape[1:])

    @property
    def bias(self) -> Tensor | None:
        """The bias, or None."""
        return self.up._parameters.get("bias")


class _Parts(nn.Module):
    """A weight made of one block or several, each of them dense or a product; a torch parametrisation."""

    def __init__(self, blocks: list[tuple[Tensor, ...]]) -> None:
        super().__init__()
        self._blocks = blocks
        self._sizes = [len(block) for block in blocks]

    def forward(self, *numbers: Tensor) -> Tensor:
        left = iter(numbers)
        blocks = ([next(left) for _ in range(size)] for size in self._sizes)
        return torch.cat([block[0] if len(block) == 1 else block[0] @ block[1] for block in blocks])

    def right_inverse(self, _weight: Tensor) -> tuple[Tensor, ...]:
        numbers = tuple(number for block in self._blocks for number in block)
        self._blocks = []
        return numbers


def install(model: nn.Module, found: Mapping[Site, tuple[Tensor, Tensor]]) -> nn.Module:
    """Replace matrices by products, in place; where a product has no fewer numbers, it is multiplied out.

    Attention of torch multiplies by its weights inside, so there the product is a parametrisation: it saves
    numbers, not time.

    Args:
        model: the module.
        found: for each site (up, down), float64, shapes (m, r) and (r, n).

    Returns:
        The model; another object only if the model itself is the layer.
    """
    for site, (up, down) in found.items():
        if not saves(up, down):
            write(site, up @ down)
        elif not isinstance(site.module, nn.MultiheadAttention):
            model = _exchanged(model, site.module, _pair(site, up, down))
    attention = {s.module: None for s in found if isinstance(s.module, nn.MultiheadAttention)}
    for module in attention:
        _parametrise(module, {s.part: f for s, f in found.items() if s.module is module and saves(*f)})
    return model


def saves(up: Tensor, down: Tensor) -> bool:
    """Whether the product has fewer numbers than the matrix.

    Args:
        up: shape (m, r).
        down: shape (r, n).

    Returns:
        Whether r (m + n) < m n.
    """
    return up.numel() + down.numel() < len(up) * down.shape[1]


def _exchanged(model: nn.Module, old: nn.Module, new: nn.Module) -> nn.Module:
    for parent in list(model.modules()):
        for key, child in parent._modules.items():
            if child is old:
                setattr(parent, key, new)
    return new if model is old else model


def _pair(site: Site, up: Tensor, down: Tensor) -> Factorised:
    module, (m, rank) = site.module, up.shape
    bias = module._parameters.get("bias")
    weight = module._parameters["weight"]
    assert weight is not None
    kind: dict[str, Any] = {"dtype": weight.dtype, "device": weight.device}
    if isinstance(module, _ConvNd):
        layer = type(module)
        first = layer(
            module.in_channels, rank, module.kernel_size, module.stride, module.padding, module.dilation,
            bias=False, padding_mode=module.padding_mode, **kind,
        )  # fmt: skip
        second: nn.Module = layer(rank, m, 1, bias=bias is not None, **kind)  # type: ignore[arg-type]
    else:
        first = nn.Linear(down.shape[1], rank, bias=False, **kind)  # type: ignore[assignment]
        second = nn.Linear(rank, m, bias=bias is not None, **kind)
    pair = Factorised(first, second)
    with torch.no_grad():
        for layer_of, matrix in ((first, down), (second, up)):
            target = layer_of.get_parameter("weight")
            target.copy_(matrix.reshape(target.shape))
        if bias is not None:
            second.get_parameter("bias").copy_(bias)
    return pair.train(module.training)


def _parametrise(module: nn.MultiheadAttention, factors: Mapping[str, tuple[Tensor, Tensor]]) -> None:
    """Give the weights of attention that have factors a parametrisation."""
    packed = ("q", "k", "v") if module._qkv_same_embed_dim else ()
    single: dict[str, tuple[nn.Module, str]] = {"out": (module.out_proj, "weight")}
    if not packed:
        single |= {part: (module, f"{part}_proj_weight") for part in ("q", "k", "v")}
    groups: list[tuple[nn.Module, str, tuple[str, ...]]] = [
        (*where, (part,)) for part, where in single.items()
    ]
    groups += [(module, "in_proj_weight", packed)] if packed else []
    for holder, key, parts in groups:
        if not any(part in factors for part in parts):
            continue
        like = holder.get_parameter(key)
        blocks = [
            tuple(f.to(like) for f in factors[part])
            if part in factors
            else (read(Site("", "attention", module, part)).to(like),)
            for part in parts
        ]
        parametrize.register_parametrization(holder, key, _Parts(blocks), unsafe=True)
