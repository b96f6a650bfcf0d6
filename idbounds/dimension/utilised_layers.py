"""Where the weight matrices of a module are, and which vectors each of them meets.

A weight matrix is read as y = W x with W of shape (m, n). A convolution is one: x is a patch, n = channels x
kernel. Attention of torch holds four (query, key, value, output); that of Hugging Face is made of linear
layers, as is everything else there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.lazy import LazyModuleMixin

_BLOCK = 2**24  # numbers of patches at a time
_ATTENTION = {"q": "query", "k": "key", "v": "value"}


@dataclass(frozen=True)
class Site:
    """One weight matrix.

    Attributes:
        name: of the layer, dotted.
        kind: "linear", "linear, transposed" (the Conv1D of Hugging Face), "convolution" or "attention".
        module: that holds it.
        part: "weight"; in attention "q", "k", "v" or "out".
    """

    name: str
    kind: str
    module: nn.Module
    part: str = "weight"


def find(model: nn.Module) -> tuple[list[Site], dict[str, str]]:
    """The weight matrices of a model, and the layers that are left out.

    Args:
        model: any module.

    Returns:
        The sites in the order of the module, and the reason for each layer with a matrix that is no site.
    """
    owners: dict[int, list[str]] = {}
    for name, module in model.named_modules():
        for key, parameter in module._parameters.items():
            if parameter is not None:
                owners.setdefault(id(parameter), []).append(f"{name}.{key}".lstrip("."))
    sites: list[Site] = []
    skipped: dict[str, str] = {}
    inside: set[nn.Module] = set()  # output layers of attention, which torch does not call as modules
    for name, module in model.named_modules():
        if module in inside or ".parametrizations" in f".{name}":
            continue
        here = _sites(name, module)
        inside |= {s.module.out_proj for s in here if isinstance(s.module, nn.MultiheadAttention)}
        reason = _obstacle(module, owners, here)
        if reason:
            skipped[name or "the model"] = reason
        else:
            sites += here
    return sites, skipped


def _sites(name: str, module: nn.Module) -> list[Site]:
    if isinstance(module, nn.MultiheadAttention):
        inner = [Site(f"{name}.{part}".lstrip("."), "attention", module, part) for part in _ATTENTION]
        return [*inner, Site(f"{name}.out_proj".lstrip("."), "attention", module, "out")]
    if isinstance(module, _ConvNd) and not isinstance(module, _ConvTransposeNd):
        return [Site(name, "convolution", module)]
    if isinstance(module, nn.Linear):
        return [Site(name, "linear", module)]
    # Without importing transformers: the layer of GPT-2, whose weight is (n, m).
    if type(module).__name__ == "Conv1D" and hasattr(module, "nf"):
        return [Site(name, "linear, transposed", module)]
    return []


def _obstacle(module: nn.Module, owners: Mapping[int, list[str]], here: list[Site]) -> str:
    """Why a layer cannot be projected; "" if it can, or has no matrix."""
    if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params():
        return "its weight has no shape yet; call the model once before"
    own = {key: p for key, p in module._parameters.items() if p is not None}
    if not here:
        if not any(p.ndim >= 2 for p in own.values()):
            return ""
        if isinstance(module, nn.Embedding):
            return "an embedding: it looks rows up and multiplies nothing"
        return f"{type(module).__name__}: not a linear, convolution or attention layer"
    if getattr(module, "groups", 1) != 1:
        return f"{module.groups} groups: its weight is not one matrix"
    for site in here:
        weight, _ = _holder(site)
        if weight is None:
            return "its weight is computed from others (weight_norm, a parametrisation)"
        if not weight.is_floating_point():
            return f"its weight is {weight.dtype}; a floating-point weight is needed"
        if len(owners.get(id(weight), [])) > 1:
            return f"its weight is tied: {' = '.join(owners[id(weight)])}"
    return ""


def _holder(site: Site) -> tuple[nn.Parameter | None, slice]:
    """The parameter that holds the matrix, and its rows in it."""
    module = site.module
    if isinstance(module, nn.MultiheadAttention):
        if site.part == "out":
            return module.out_proj._parameters.get("weight"), slice(None)
        if not module._qkv_same_embed_dim:
            return module._parameters.get(f"{site.part}_proj_weight"), slice(None)
        size, place = module.embed_dim, list(_ATTENTION).index(site.part)
        return module._parameters.get("in_proj_weight"), slice(place * size, (place + 1) * size)
    return module._parameters.get("weight"), slice(None)


def read(site: Site) -> Tensor:
    """The matrix of a site.

    Args:
        site: the place.

    Returns:
        W in float64 on the CPU, shape (m, n).
    """
    parameter, part = _holder(site)
    assert parameter is not None
    held = parameter.detach()[part].cpu().double()
    return held.T.contiguous() if site.kind == "linear, transposed" else held.flatten(1)


def write(site: Site, matrix: Tensor) -> None:
    """Put another matrix in its place.

    Args:
        site: the place.
        matrix: shape (m, n); rounded to the type of the weight.
    """
    parameter, part = _holder(site)
    assert parameter is not None
    with torch.no_grad():
        target = parameter[part]
        target.copy_((matrix.T if site.kind == "linear, transposed" else matrix).reshape(target.shape))


def vectors(sites: list[Site], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """The vectors that the matrices of one module meet in one call.

    Args:
        sites: all of the same module.
        args: of the call.
        kwargs: of the call.

    Yields:
        A site's name and vectors as rows, shape (any, n); the patches of a convolution come in blocks.
    """
    module = sites[0].module
    if isinstance(module, nn.MultiheadAttention):
        given = dict(zip(_ATTENTION.values(), args, strict=False)) | kwargs
        met = {part: given[argument] for part, argument in _ATTENTION.items()}
        met["out"] = _mixed(module, args, kwargs)
        yield from ((site.name, met[site.part].flatten(0, -2)) for site in sites)
        return
    x = args[0] if args else next(iter(kwargs.values()))
    if not isinstance(module, _ConvNd):
        yield sites[0].name, x.reshape(-1, x.shape[-1])
        return
    if x.ndim == len(module.kernel_size) + 1:
        x = x[None]
    numbers = x[0].numel() * math.prod(module.kernel_size)  # of the patches of one example, about
    for block in x.split(max(1, _BLOCK // max(1, numbers))):
        yield sites[0].name, _patches(module, block)


def _mixed(module: nn.MultiheadAttention, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """What the output layer of attention meets: the output of attention with the identity in its place."""
    weight = module.out_proj.weight
    plain = {"out_proj.weight": torch.eye(len(weight), dtype=weight.dtype, device=weight.device)}
    if module.out_proj.bias is not None:
        plain["out_proj.bias"] = torch.zeros_like(module.out_proj.bias)
    mixed: Tensor = torch.func.functional_call(module, plain, args, kwargs)[0]
    return mixed


def _patches(module: _ConvNd, x: Tensor) -> Tensor:
    """Each patch that the kernel meets, as a row in the order of the weight: channel first, then kernel."""
    kernel = module.kernel_size
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    x = nn.functional.pad(x, module._reversed_padding_repeated_twice, mode=mode)
    for axis, (size, stride, dilation) in enumerate(zip(kernel, module.stride, module.dilation, strict=True)):
        x = x.unfold(axis + 2, dilation * (size - 1) + 1, stride)[..., ::dilation]
    places = range(2, 2 + len(kernel))
    x = x.permute(0, *places, 1, *(axis + len(kernel) for axis in places))
    return x.flatten(0, len(kernel)).flatten(1)
