"""What counts as an error of a Gibbs predictor, which draws its weights for each example anew.

One trial is one example under one draw of all weights. Trials are independent given the sample, so that their
error rate, every example as often as the others, is as near to the posterior's training error as that of
coins (Hoeffding 1963, Theorem 1: independent, their means need not be equal). Where a linear layer sees one
vector an example, noise of its outputs takes the place of noise of its weights: it has the same law (Kingma,
Salimans and Welling 2015). The rule for near-ties is that of the reference evaluator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from idbounds.codes.reals import noise
from idbounds.decoders import Network, scaled
from idbounds.decoders.draws import weights_of
from idbounds.errors import InputError
from idbounds.evaluator import check_alone, check_classes, checked, scores_of, wrong
from idbounds.halves import halves
from idbounds.projections.starts import owners

BATCH = 500
NUMBERS = 1 << 24  # drawn at a time, at most


def normals(seed: int, trials: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Normal variables of some trials: a word of the stream gives the quantile at its upper 52 bits.

    Args:
        seed: of the stream.
        trials: which, (m,).
        count: of variables in a trial.

    Returns:
        Shape (m, count); equal on all machines up to the last bits of the quantile function.
    """
    from scipy.special import ndtri

    places: Any = trials.astype(np.uint64)[:, None] * np.uint64(count) + np.arange(count, dtype=np.uint64)
    upper = noise.words(seed, noise.Stream.POSTERIOR, places) >> np.uint64(12)
    return np.asarray(ndtri((upper.astype(np.float64) + 0.5) * 2.0**-52))


def count_errors(
    network: Network,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    levels: int,
    first: int,
    draws: int,
    advance: Callable[[int], Any] | None = None,
) -> int:
    """Errors in `draws` trials of each example.

    Args:
        network: with its spread.
        images: uint8, (n, *shape).
        labels: int64, (n,).
        levels: grey levels of the format.
        first: number of the first example, which tells its draws from those of others.
        draws: trials of an example.
        advance: called with the number of examples done, for progress.

    Returns:
        Number of errors among len(labels) * draws trials.

    Raises:
        InputError: when the module cannot be drawn for each example, or does not give one float64 score for
            each class.
    """  # noqa: DOC502 - raised by Drawn and checked
    module = network.module.eval()
    own = next(module.parameters()).dtype
    front, body = halves(module, torch.from_numpy(scaled(images[:2], levels)).to(own))
    state = network.state if front is None else _within("body.", network.state)
    fixed = _within("front.", network.state)
    spread = network.spread
    assert spread is not None
    deviations = spread.deviations if front is None else _within("body.", spread.deviations)

    def seen(start: int, stop: int) -> Tensor:
        x = torch.from_numpy(scaled(images[start:stop], levels))
        return x if front is None else torch.func.functional_call(front, fixed, (x,))

    errors = 0
    with torch.no_grad():
        x = torch.from_numpy(scaled(images[:2], levels))
        together = scores_of(module, network.state, x)
        check_classes(together, labels)
        check_alone(module, network.state, x, together)
        drawn = Drawn(body, state, deviations, seen(0, 2))
        batch = max(1, min(BATCH, NUMBERS // max(1, drawn.count)))
        for start in range(0, len(labels), batch):
            x, y = seen(start, start + batch), torch.from_numpy(labels[start : start + batch])
            for draw in range(draws):
                trials = (first + np.arange(start, start + len(y))) * draws + draw
                scores = drawn.scores(x, torch.from_numpy(normals(spread.seed, trials, drawn.count)))
                errors += int(wrong(checked(scores, len(y)), y).sum())
            if advance is not None:
                advance(len(y))
    return errors


class Drawn:
    """A module whose weights are drawn for each example of a batch anew.

    Attributes:
        count: normal variables of one trial.

    Args:
        module: in eval mode.
        state: means of its weights, and all its other tensors, float64.
        deviations: of its weights, by name.
        example: inputs, (batch, ...), that show how the module uses its layers.

    Raises:
        InputError: when weights are shared between layers, or a layer with weights holds others.
    """

    def __init__(
        self,
        module: nn.Module,
        state: Mapping[str, Tensor],
        deviations: Mapping[str, Tensor],
        example: Tensor,
    ) -> None:
        """Find out which layer takes its noise where."""
        self._module, self._state, self._deviations = module, dict(state), deviations
        weights = weights_of(module)
        layers = _by_layer(owners(module, weights))
        flat = linear_layers(module, weights, example, self._state)
        self._outputs: list[tuple[nn.Linear, list[tuple[str, str]]]] = []
        self._inside: list[tuple[nn.Module, list[tuple[str, str]]]] = []
        self.count = 0
        for layer, names in layers:
            if any(layer is one for one in flat.values()):
                assert isinstance(layer, nn.Linear)
                self._outputs.append((layer, names))
                self.count += layer.out_features
            else:
                self._inside.append((layer, names))
                self.count += sum(weights[name].numel() for name, _ in names)

    def scores(self, x: Tensor, numbers: Tensor) -> Tensor:
        """The module's outputs.

        Args:
            x: inputs, (batch, ...), float64.
            numbers: normal variables, (batch, count).

        Returns:
            Outputs, (batch, ...), example i under the weights that row i draws.
        """
        hooks, start = [], 0
        try:
            for linear, names in self._outputs:
                stop = start + linear.out_features
                hooks.append(linear.register_forward_hook(self._noisy(names, numbers[:, start:stop])))
                start = stop
            for layer, names in self._inside:
                drawn = {}
                for name, leaf in names:
                    mean, deviation = self._state[name], self._deviations[name]
                    stop = start + mean.numel()
                    drawn[leaf] = mean + deviation * numbers[:, start:stop].view(len(x), *mean.shape)
                    start = stop
                hooks.append(layer.register_forward_hook(_anew(drawn, len(x)), with_kwargs=True))
            out: Tensor = torch.func.functional_call(self._module, self._state, (x,))
        finally:
            for hook in hooks:
                hook.remove()
        return out

    def _noisy(self, names: list[tuple[str, str]], numbers: Tensor) -> Any:
        variances = {leaf: self._deviations[name] ** 2 for name, leaf in names}

        calls: list[int] = []

        def hook(_layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            calls.append(1)
            if output.shape != numbers.shape or len(calls) > 1:
                raise InputError(
                    f"call {len(calls)} of a linear layer gives {tuple(output.shape)} for {len(numbers)} "
                    "examples; it gave one vector an example, once, before; give a module that uses its "
                    "layers alike for all inputs"
                )
            variance = (inputs[0] ** 2) @ variances["weight"].T + variances.get("bias", 0.0)
            return output + variance.sqrt() * numbers

        return hook


def linear_layers(
    module: nn.Module,
    weights: Mapping[str, nn.Parameter],
    example: Tensor,
    state: Mapping[str, Tensor] | None = None,
) -> dict[str, nn.Linear]:
    """The layers whose outputs may carry the noise of their weights, by name of the weight.

    They are called once, with one vector an example, and their weight is theirs alone: only then has noise of
    the outputs, drawn anew for each example, the law of noise of the weights.

    Args:
        module: in eval mode.
        weights: its weights by name.
        example: inputs, (batch, ...), that show how it uses its layers.
        state: tensors to try it with; by default its own.

    Returns:
        Layer by name of its weight.
    """
    candidates = {
        name: child
        for name, ((child, leaf), *others) in owners(module, dict(weights)).items()
        if not others and leaf == "weight" and type(child) is nn.Linear
    }
    calls: Counter[str] = Counter()
    flat: set[str] = set()

    def seen(name: str) -> Any:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            calls[name] += 1
            if inputs[0].ndim == 2 and len(inputs[0]) == len(example):
                flat.add(name)

        return hook

    hooks = [child.register_forward_pre_hook(seen(name)) for name, child in candidates.items()]
    try:
        with torch.no_grad():
            torch.func.functional_call(module, dict(state or {}), (example,))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: child for name, child in candidates.items() if calls[name] == 1 and name in flat}


def _within(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): value for n, value in tensors.items() if n.startswith(prefix)}


def _by_layer(
    held: Mapping[str, list[tuple[nn.Module, str]]],
) -> list[tuple[nn.Module, list[tuple[str, str]]]]:
    """Layers with their weights, as (name in the module, name in the layer)."""
    layers: dict[int, tuple[nn.Module, list[tuple[str, str]]]] = {}
    for name, places in held.items():
        layer, leaf = places[0]
        if len(places) > 1 or next(layer.children(), None) is not None:
            raise InputError(
                f"weight {name}: a Gibbs certificate draws weights layer by layer; it takes none that "
                "several layers share, and no layer with weights of its own that holds other layers"
            )
        layers.setdefault(id(layer), (layer, []))[1].append((name, leaf))
    return list(layers.values())


def _anew(drawn: dict[str, Tensor], batch: int) -> Any:
    """A hook that computes a layer again, each example with weights of its own."""
    busy = False

    def hook(layer: nn.Module, inputs: tuple[Any, ...], kwargs: dict[str, Any], _output: Any) -> Any:
        nonlocal busy
        if busy:
            return None
        if kwargs or not all(isinstance(x, Tensor) and x.ndim and len(x) == batch for x in inputs):
            raise InputError(
                f"{type(layer).__name__}: a Gibbs certificate draws weights for each example, so a layer "
                "with weights must be called with tensors whose first dimension is the batch"
            )

        def one(weights: dict[str, Tensor], *parts: Tensor) -> Tensor:
            out: Tensor = torch.func.functional_call(layer, weights, tuple(x[None] for x in parts))
            return out[0]

        busy = True
        try:
            return torch.func.vmap(one)(drawn, *inputs)
        finally:
            busy = False

    return hook
