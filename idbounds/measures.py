"""Measure what the capacity bounds ask of a network: sizes, norms, margins.

A network is an `nn.Sequential` of layers of weights (Linear, Conv2d), ReLU, average pooling and reshaping;
batch norm in eval mode is folded into the weights before it. A convolution is measured as the linear map that
it is on its whole input, with padding and stride, and not by its reshaped kernel. All numbers are float64.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.catalogue import bounds
from idbounds.errors import InputError, MissingExtra
from idbounds.statement import Bound

try:
    import torch
    from torch import nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("measures need torch: pip install 'idbounds[torch]'") from error

WEIGHTS = (nn.Linear, nn.Conv2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d)
PLAIN = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.Dropout2d, *POOLS)
"""Parameter-free linear maps with weights >= 0; dropout does nothing in eval mode."""

EXPONENTS = range(-256, 256)
"""A norm is rounded up to the margin times 2 to one of these powers, which were fixed before any data."""

_BATCH = 1024  # unit vectors sent through a layer at once


@dataclass(frozen=True)
class Layer:
    """One layer of weights with the parameter-free linear maps around it.

    Attributes:
        parts: modules in order, in float64 and eval mode, batch norm folded in.
        place: index of the module with the weights.
        shape: of its input, one example.
        relu: whether ReLU follows.
    """

    parts: tuple[nn.Module, ...]
    place: int
    shape: tuple[int, ...]
    relu: bool

    @property
    def weights(self) -> Any:
        """The module with the weights."""
        return self.parts[self.place]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The affine map, without ReLU."""
        for part in self.parts:
            x = part(x)
        return x

    def linear(self, x: torch.Tensor) -> torch.Tensor:
        """The map without its bias."""
        return self(x) - self(torch.zeros_like(x[:1]))

    def bias(self) -> torch.Tensor:
        """What it gives for the input 0, of the shape of one output."""
        return self(torch.zeros(1, *self.shape, dtype=torch.float64))[0]


def layers(module: nn.Module, shape: tuple[int, ...]) -> list[Layer]:
    """The layers of weights of a network.

    Args:
        module: an `nn.Sequential`; it is not changed.
        shape: of one example.

    Returns:
        The layers in order.

    Raises:
        InputError: for a module that the theorems do not cover, with the reason.
    """
    found: list[Layer] = []
    x = torch.zeros(1, *shape, dtype=torch.float64)
    parts: list[nn.Module] = []
    start = tuple(shape)

    def close(relu: bool) -> None:
        nonlocal parts, start
        place = next((i for i, part in enumerate(parts) if isinstance(part, WEIGHTS)), None)
        if place is None:
            raise InputError(
                "no layer of weights before a ReLU, or none at all; a network of layers is wanted"
            )
        found.append(Layer(tuple(parts), place, start, relu))
        parts, start = [], tuple(x.shape[1:])

    with torch.no_grad():
        for part in _flat(copy.deepcopy(module).double().cpu().eval()):
            weighted = any(isinstance(p, WEIGHTS) for p in parts)
            if isinstance(part, nn.ReLU):
                close(relu=True)
                continue
            if isinstance(part, WEIGHTS) and weighted:
                close(relu=False)
            if isinstance(part, NORMS):
                if not parts or not isinstance(parts[-1], WEIGHTS):
                    raise InputError("batch norm is folded into the layer just before it; there is none here")
                _fold(parts[-1], part)
                continue
            if not isinstance(part, WEIGHTS + PLAIN):
                raise InputError(_refusal(part))
            parts.append(part)
            x = part(x)
        if parts or not found:
            close(relu=False)
    if found[-1].relu:
        raise InputError("the network ends with a ReLU; its scores are to come from a layer of weights")
    return found


def spectral_norm(layer: Layer, *, steps: int = 1000, tolerance: float = 1e-10) -> float:
    """Largest singular value of a layer's linear map, by power iteration; the transpose comes from autograd.

    Args:
        layer: of weights.
        steps: at most so many iterations.
        tolerance: relative change at which to stop.

    Returns:
        The value, approached from below.
    """
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(1, *layer.shape, dtype=torch.float64, generator=generator)
    value = 0.0
    for _ in range(steps):
        v = (v / v.norm()).requires_grad_()
        image = layer.linear(v)
        before, value = value, float(image.detach().norm())
        if value == 0 or abs(value - before) <= tolerance * value:
            break
        (v,) = torch.autograd.grad(image, v, image.detach())
    return value


def row_norms(layer: Layer, initial: Layer | None = None) -> NDArray[np.float64]:
    """Euclidean norm of the weights that lead to each unit, in the layer's whole linear map.

    Args:
        layer: of weights.
        initial: a layer of the same shape to subtract.

    Returns:
        One norm a unit, float64. Their Euclidean norm is the Frobenius norm, their sum the (2,1) norm of the
        transposed matrix.
    """
    total: Any = 0.0
    with torch.no_grad():
        for units in _unit_vectors(layer.shape):
            image = layer.linear(units) - (initial.linear(units) if initial else 0)
            total = total + image.square().sum(dim=0)
    return np.asarray(total.sqrt().reshape(-1), np.float64)


def frobenius_product(found: list[Layer]) -> float:
    """Product of the Frobenius norms of the layers.

    Args:
        found: the layers of a network.

    Returns:
        The product. Where there are biases, each layer is the matrix that also holds them, acting on an input
        that a constant 1 was joined to and passing the 1 on.
    """
    biased, product = has_biases(found), 1.0
    for i, layer in enumerate(found):
        square = float(np.sum(row_norms(layer) ** 2))
        if biased:
            with torch.no_grad():
                square += float(layer.bias().square().sum()) + (i + 1 < len(found))
        product *= math.sqrt(square)
    return product


def path_norm(found: list[Layer], power: int = 1) -> float:
    """Sum over all paths from an input or bias to a score of |product of the weights|^power, to 1 / power.

    Args:
        found: the layers of a network.
        power: 1 for the bound `path-norm`, 2 for the path norm of Neyshabur et al. (2015).

    Returns:
        The norm: what the network with all weights |w|^power gives for an input of ones.

    Raises:
        InputError: for another power than 1 and a network with average pooling.
    """
    x = torch.ones(1, *found[0].shape, dtype=torch.float64)
    with torch.no_grad():
        for part in (part for layer in found for part in layer.parts):
            if power != 1 and isinstance(part, POOLS):
                raise InputError("with average pooling the path norm is for power 1 only")
            x = _absolute(part, power)(x) if isinstance(part, WEIGHTS) else part(x)
    return float(math.pow(float(x.sum()), 1 / power))


def has_biases(found: list[Layer]) -> bool:
    """Whether any layer has a bias."""
    return any(layer.weights.bias is not None for layer in found)


def margins(module: nn.Module, x: Any, y: Any) -> NDArray[np.float64]:
    """Score of the right class minus the largest other score.

    Args:
        module: from (n, *shape) to (n, classes) scores, at least two classes.
        x: (n, *shape) examples.
        y: (n,) labels.

    Returns:
        (n,) margins, float64.

    Raises:
        InputError: when the network gives no vector of at least two scores.
    """
    network, inputs = copy.deepcopy(module).double().cpu().eval(), _tensor(x)
    labels = torch.as_tensor(np.asarray(y), dtype=torch.int64)
    with torch.no_grad():
        scores = torch.cat([network(part) for part in torch.split(inputs, _BATCH)])
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise InputError(
            f"scores of shape {tuple(scores.shape)}: give a network with one score for each class"
        )
    right = scores.gather(1, labels[:, None])[:, 0]
    others = scores.scatter(1, labels[:, None], -math.inf).max(dim=1).values
    return (right - others).numpy()


def measures(
    module: nn.Module,
    x: Any,
    y: Any,
    initial: nn.Module | None = None,
    *,
    bound: str | Bound | None = None,
    quantile: float = 0.1,
) -> dict[str, float]:
    """Everything that the capacity bounds ask of a network and its training set, but n and delta.

    The margin is a quantile of the positive margins, rounded down to a power of two; the product of Frobenius
    norms and the path norm are rounded up to powers of two. So their ratios were fixed beforehand, and
    `margins` says how many there were. Ties count as errors.

    Args:
        module: trained, an `nn.Sequential` (see the head of this module).
        x: (n, *shape) training examples, as the network takes them.
        y: (n,) labels from 0 to classes - 1.
        initial: the network as it was before training, for the measures of distance; 0 if not given.
        bound: a bound or its id: leave out what it does not take.
        quantile: which of the positive margins to take for the margin.

    Returns:
        Numbers by quantity name: `compare(**measures(...), n=...)`, or for one bound
        `bounds[id](**measures(..., bound=id), n=...)`.

    Raises:
        InputError: for a network that the theorems do not cover, or one that is never right.
    """
    inputs = _tensor(x)
    found = layers(module, tuple(inputs.shape[1:]))
    reference = layers(initial, tuple(inputs.shape[1:])) if initial else None
    gaps = margins(module, x, y)
    if not np.any(gaps > 0):
        raise InputError(
            "no example has a positive margin: the network is never right, and nothing can be said"
        )
    margin = 2.0 ** math.floor(math.log2(np.quantile(gaps[gaps > 0], quantile, method="lower")))
    spectral = _spectral(found, reference)
    biased = int(has_biases(found))
    squares = inputs.reshape(len(inputs), -1).square()
    classes = found[-1].bias().numel()
    known: dict[str, float] = {
        "train_error": float(np.mean(gaps <= 0)),
        "margin_train_error": float(np.mean(gaps <= margin)),
        "margin": margin,
        "margins": len(EXPONENTS),
        "classes": classes,
        "network_weights": sum(p.numel() for layer in found for p in layer.weights.parameters()),
        "network_layers": len(found),
        "network_units": sum(layer.bias().numel() for layer in found if layer.relu)
        + classes * (classes - 1) // 2,
        "network_width": max(n for layer in found for n in (math.prod(layer.shape), layer.bias().numel())),
        "network_inputs": math.prod(inputs.shape[1:]) + biased,
        "input_norm": math.sqrt(float(squares.sum(dim=1).mean()) + biased),
        "input_peak": math.sqrt(max(float(squares.mean(dim=0).max()), biased)),
        "input_bound": math.sqrt(float(squares.sum(dim=1).max()) + biased),
        "frobenius_product": _rounded_up(frobenius_product(found), margin),
        "path_norm": _rounded_up(path_norm(found), margin),
        **spectral,
    }
    if initial is not None:
        pairs = zip(module.parameters(), initial.parameters(), strict=True)
        known["initial_distance"] = math.sqrt(
            sum(
                float((p.detach().double().cpu() - q.detach().double().cpu()).square().sum())
                for p, q in pairs
            )
        )
    if bound is None:
        return known
    wanted = (bound if isinstance(bound, Bound) else bounds[bound]).accepts
    return {name: value for name, value in known.items() if name in wanted}


def random_sign_fit(
    fit: Callable[[Any, NDArray[np.float64]], Any], x: Any, *, draws: int = 10, seed: int = 0
) -> float:
    """How well a class follows random signs: an estimate of its empirical Rademacher complexity from below.

    Args:
        fit: from (x, signs) to the outputs on x of a member of the class, trained to agree with the signs.
        x: (n, ...) examples.
        draws: how many vectors of signs to try.
        seed: of the signs.

    Returns:
        Mean over the draws of (1/n) sum of sign times output. The complexity has the supremum over the class
        in place of the trained member, so this is no upper bound and belongs in no certificate.
    """
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], (draws, len(x)))
    return float(np.mean([np.mean(s * np.asarray(fit(x, s))) for s in signs]))


def _spectral(found: list[Layer], reference: list[Layer] | None) -> dict[str, float]:
    """Product of spectral norms, sum of stable ranks, and spectral complexity of Bartlett et al. (2017)."""
    spectral = np.array([spectral_norm(layer) for layer in found])
    if not np.all(spectral > 0):
        raise InputError("a layer of weights is all zero: the network gives the same scores for every input")
    frobenius = np.array([np.linalg.norm(row_norms(layer)) for layer in found])
    starts = reference if reference is not None else [None] * len(found)
    distance = np.array([np.sum(row_norms(*pair)) for pair in zip(found, starts, strict=True)])
    return {
        "spectral_product": float(np.prod(spectral)),
        "stable_ranks": float(np.sum((frobenius / spectral) ** 2)),
        "spectral_complexity": float(np.prod(spectral) * np.sum((distance / spectral) ** (2 / 3)) ** 1.5),
    }


def _rounded_up(norm: float, margin: float) -> float:
    """A norm as the margin times a power of two, not below it."""
    exponent = math.ceil(math.log2(norm * (1 + 1e-9) / margin))
    if exponent not in EXPONENTS:
        raise InputError(f"norm {norm:g} and margin {margin:g} are further apart than 2^{EXPONENTS[-1]}")
    return margin * 2.0**exponent


def _flat(module: nn.Module) -> Iterator[nn.Module]:
    """The modules of nested sequences in order."""
    if isinstance(module, nn.Sequential):
        for child in module:
            yield from _flat(child)
    else:
        yield module


def _fold(weights: Any, norm: Any) -> None:
    """Put a batch norm in eval mode into the weights before it."""
    if norm.running_mean is None:
        raise InputError(
            "batch norm without running statistics is no fixed map; its output depends on the batch"
        )
    scale = (norm.running_var + norm.eps).rsqrt() * (1 if norm.weight is None else norm.weight)
    shift = -norm.running_mean * scale + (0 if norm.bias is None else norm.bias)
    weights.weight.mul_(scale.reshape(-1, *[1] * (weights.weight.ndim - 1)))
    weights.bias = nn.Parameter(shift if weights.bias is None else weights.bias * scale + shift)


def _refusal(part: nn.Module) -> str:
    name = type(part).__name__
    if "MaxPool" in name:
        return f"{name}: a unit that picks the largest input is not covered; use average pooling or a stride"
    allowed = ", ".join(m.__name__ for m in (nn.ReLU, *WEIGHTS, *NORMS, *PLAIN))
    return f"{name} is not covered; give an nn.Sequential of {allowed}"


def _absolute(weights: nn.Module, power: int) -> nn.Module:
    """A layer with |w|^power for every weight and bias."""
    out = copy.deepcopy(weights)
    for p in out.parameters():
        p.data = p.data.abs() ** power
    return out


def _unit_vectors(shape: tuple[int, ...]) -> Iterator[torch.Tensor]:
    """All unit vectors of a shape, some at a time."""
    size = math.prod(shape)
    for start in range(0, size, _BATCH):
        some = torch.arange(start, min(start + _BATCH, size))
        units = torch.zeros(len(some), size, dtype=torch.float64)
        units[torch.arange(len(some)), some] = 1
        yield units.reshape(-1, *shape)


def _tensor(x: Any) -> torch.Tensor:
    return torch.as_tensor(x if isinstance(x, torch.Tensor) else np.asarray(x)).detach().cpu().double()
