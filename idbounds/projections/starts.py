"""Where the weights start, theta0, and in what proportion they move, sigma: from the integer stream alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from idbounds.errors import InputError
from idbounds.projections._torch import Tensor, nn
from idbounds.projections.base import Float64Array
from idbounds.projections.stream import Stream, uniform_symmetric

Role = Literal["unit", "zero", "embedding", "matrix"]

NORMALISATIONS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")
VECTOR_MOVEMENT = 0.1  # sigma of norm parameters and biases with relative=True: they start at 1 or 0


def survey(module: nn.Module) -> list[tuple[str, int, str]]:
    """List every parameter name once, with its size and whether and why not it is trainable.

    Args:
        module: any module.

    Returns:
        (name, number of entries, ``"counted"`` or the reason why not) for every parameter.

    Raises:
        InputError: if a parameter is complex, or lazy and without a shape.
    """
    first_name: dict[int, str] = {}
    found = []
    for name, p in module.named_parameters(remove_duplicate=False):
        if isinstance(p, nn.parameter.UninitializedParameter):
            raise InputError(f"parameter {name} is lazy and has no shape yet: run the module once first")
        if p.is_complex():
            raise InputError(f"parameter {name} is complex: only real parameters can be projected")
        if id(p) in first_name:
            why = f"tied to {first_name[id(p)]}"
        elif not p.is_floating_point():
            why = "not floating point"
        else:
            why = "counted" if p.requires_grad else "requires_grad=False"
        first_name.setdefault(id(p), name)
        found.append((name, p.numel(), why))
    return found


def owners(module: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, list[tuple[nn.Module, str]]]:
    """Find the submodules that hold each parameter, and under what name; a tied one has several.

    Args:
        module: the module.
        tensors: parameter name -> parameter.

    Returns:
        Parameter name -> list of (submodule, name within it).
    """
    found: dict[int, list[tuple[nn.Module, str]]] = {}
    for child in module.modules():
        for leaf, p in child.named_parameters(recurse=False, remove_duplicate=False):
            found.setdefault(id(p), []).append((child, leaf))
    return {name: found[id(p)] for name, p in tensors.items()}


def is_normalisation(module: nn.Module) -> bool:
    """Say whether a module normalises: by class name, so that the many RMSNorm classes are known too."""
    return any(word in cls.__name__ for word in NORMALISATIONS for cls in type(module).__mro__)


def roles(module: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Role]:
    """Say how each parameter starts; every owner of a tied one has a say.

    Args:
        module: the module.
        tensors: parameter name -> parameter.

    Returns:
        Parameter name -> its role.
    """
    held = owners(module, tensors)
    return {name: _role(p, held[name]) for name, p in tensors.items()}


def _role(p: Tensor, held_by: list[tuple[nn.Module, str]]) -> Role:
    for child, leaf in held_by:
        if is_normalisation(child):
            return "unit" if leaf == "weight" else "zero"
        if isinstance(child, nn.Embedding | nn.EmbeddingBag) and leaf == "weight":
            return "embedding"
    return "matrix" if p.ndim >= 2 else "zero"


def variance(role: Role, p: Tensor) -> float:
    """Return the variance of the entries of a drawn tensor: 2 / fan-in, for embeddings 1 / dimension.

    Args:
        role: ``"matrix"`` or ``"embedding"``.
        p: tensor of that shape; fan-in is the product of its dimensions after the first.

    Returns:
        The variance.
    """
    fan_in = max(1, math.prod(p.shape[1:]))
    return (1.0 if role == "embedding" else 2.0) / fan_in


def drawn(tensors: Mapping[str, Tensor], kinds: Mapping[str, Role], seed: int) -> Float64Array:
    """Return theta0 for ``start="seed"``: entry i of a drawn tensor uses word i of the whole vector.

    Args:
        tensors: parameter name -> parameter, for the shapes.
        kinds: parameter name -> role.
        seed: integer in [0, 2**63).

    Returns:
        float64 array, all tensors one after another.
    """
    theta0 = np.zeros(sum(p.numel() for p in tensors.values()))
    offset = 0
    for name, p in tensors.items():
        size, role = p.numel(), kinds[name]
        piece = theta0[offset : offset + size]
        if role == "unit":
            piece[:] = 1.0
        elif role in {"matrix", "embedding"}:
            uniform = uniform_symmetric(seed, Stream.INIT, size, start=offset)
            np.multiply(uniform, math.sqrt(3 * variance(role, p)), out=piece)
        offset += size
    return theta0


def movement(p: Tensor, role: Role) -> float:
    """Return sigma of one tensor with ``relative=True``: its start's std, or 0.1 for a vector.

    Args:
        p: the tensor, for its shape.
        role: its role.

    Returns:
        The factor of each of its entries.
    """
    return math.sqrt(variance(role, p)) if role in {"matrix", "embedding"} else VECTOR_MOVEMENT


def digest(tensors: Mapping[str, Tensor]) -> str:
    """Return SHA-256 over names, shapes and values, the latter as float64 if they are floating point.

    Args:
        tensors: name -> tensor.

    Returns:
        64 hexadecimal digits.
    """
    state = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        if tensor.is_floating_point():
            tensor = tensor.double()  # exact, so that moving a module to a wider type changes no digest
        state.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        state.update(tensor.numpy().tobytes())
    return state.hexdigest()
