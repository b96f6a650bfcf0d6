"""What all runs of a study have in common: model, data, subspace, training and what is measured."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from numbers import Integral, Real
from typing import Any, Literal

import torch
from torch import Tensor, nn

from idbounds.dimension.code import code_digest
from idbounds.dimension.examples import Parts, read
from idbounds.errors import InputError
from idbounds.models import build
from idbounds.projections.base import Scale
from idbounds.projections.options import Start
from idbounds.projections.said import Lambdas, Layer, Method
from idbounds.projections.spaces import SpaceName
from idbounds.projections.stream import Stream, permutation, words
from idbounds.projections.subspace import SubspaceModule, attach

Loss = Callable[[Any, Tensor], Tensor]
Metric = Callable[[Any, Tensor], Any]
Model = str | nn.Module | Callable[..., nn.Module]


_SUBSPACE = ("relative", "kind", "scale", "space", "rank", "method", "layers")


@dataclass(frozen=True)
class Training:
    """How every run of a study is trained: by Adam, on batches in an order of the run's own.

    d90 depends on all of it, so it is part of the study's identity.

    Attributes:
        steps: gradient steps.
        epochs: passes over the training part instead; None takes `steps`.
        batch: examples a step, at most as many as there are.
        schedule: "cosine" lets the learning rate fall to zero along half a cosine, "constant" keeps it.
        learning_rate: of runs in a subspace that bring none.
        full_learning_rate: of full-parameter runs that bring none.
    """

    steps: int = 2000
    epochs: float | None = None
    batch: int = 128
    schedule: Literal["cosine", "constant"] = "cosine"
    learning_rate: float = 0.03
    full_learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        """Refuse settings that cannot train."""
        for name in ("steps", "batch"):
            if isinstance(value := getattr(self, name), bool) or not isinstance(value, Integral):
                raise InputError(f"{name} = {value!r}: give a whole number")
            object.__setattr__(self, name, int(value))  # numpy's has no place in JSON
        for name in ("epochs", "learning_rate", "full_learning_rate"):
            value = getattr(self, name)
            if (value is not None or name != "epochs") and not isinstance(value, Real):
                raise InputError(f"{name} = {value!r}: give a number")
        if self.steps < 1 or self.batch < 1 or (self.epochs is not None and not 0 < self.epochs < 1e6):
            raise InputError(
                f"steps = {self.steps}, epochs = {self.epochs}, batch = {self.batch}: give positive numbers"
            )
        if self.schedule not in ("cosine", "constant"):
            raise InputError(f"schedule = {self.schedule!r}: allowed are cosine, constant")
        for name in ("learning_rate", "full_learning_rate"):
            if not 0 < getattr(self, name) <= 1000:
                raise InputError(f"{name} = {getattr(self, name)}: give a number in (0, 1000]")

    def fitted(self, n: int) -> Training:
        """The same for a training part of n examples: no batch beyond n, epochs turned into steps.

        Args:
            n: number of training examples.

        Returns:
            Settings with `epochs` None.
        """
        batch = min(self.batch, n)
        steps = self.steps if self.epochs is None else max(1, round(self.epochs * (n // batch)))
        return replace(self, batch=batch, steps=steps, epochs=None)


def cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """The default loss.

    Args:
        outputs: scores of the classes, (batch, classes).
        labels: class numbers, (batch,).

    Returns:
        Mean cross-entropy, nats.
    """
    return nn.functional.cross_entropy(outputs, labels)


def accuracy(outputs: Tensor, labels: Tensor) -> float:
    """The default score.

    Args:
        outputs: scores of the classes, (n, classes).
        labels: class numbers, (n,).

    Returns:
        Share of the examples whose label has the highest score.
    """
    return float((outputs.argmax(-1) == labels).double().mean())


@dataclass(frozen=True, eq=False)
class Trial:
    """One study's training, ready to be run for any d, seed and learning rate.

    Attributes:
        model: name in the menu of `idbounds.models`; a factory without arguments or of (shape, classes); or
            a module, which is copied.
        data: training data, of any kind that `examples.read` knows.
        valid: data to score on, or None for a share of the training data.
        test: data to report on, or None.
        held_out: that share.
        training: how to train.
        loss: of (outputs, labels), a scalar; outputs are the model's, or their `.logits` if they have any.
        score: of (outputs, labels) of a whole part, a number.
        start: "seed" draws the start weights from each run's seed; "module" takes the module's (pretrained).
        relative: move each tensor in proportion to its start, as certificates do; False moves all alike, as
            Li et al. 2018 do.
        kind: projection family, as `attach` takes it; so are `scale`, `space`, `rank`, `method` and `layers`.
        device: torch device, "auto" for a GPU where there is one.
    """

    model: Model
    data: Any
    valid: Any = None
    test: Any = None
    held_out: float = 0.1
    training: Training = field(default_factory=Training)
    loss: Loss = cross_entropy
    score: Metric = accuracy
    start: Start = "seed"
    relative: bool = True
    kind: str | None = None
    scale: Scale = "rms"
    space: SpaceName = "all"
    rank: int | None = None
    method: Method = "direct"
    layers: Layer = "tensor"
    device: str = "auto"

    @cached_property
    def parts(self) -> Parts:
        """The data, read once."""
        if isinstance(self.data, str) and self.valid is None and self.test is None:
            return _named(self.data, self.held_out)
        return read(self.data, valid=self.valid, test=self.test, held_out=self.held_out)

    @cached_property
    def settings(self) -> Training:
        """The training, fitted to the data."""
        return self.training.fitted(len(self.parts.train))

    @cached_property
    def place(self) -> torch.device:
        """Where runs are trained."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            return torch.zeros(1, device=self.device).device
        except (RuntimeError, AssertionError) as error:
            said = str(error).splitlines()[0]
            raise InputError(f"device {self.device!r}: {said}; give auto, cpu or cuda") from None

    @cached_property
    def D(self) -> int:  # noqa: N802 - the field's name for it
        """Dimension of the space that is projected into: all weights, unless `space` is another."""
        return self._whole()[0]

    @cached_property
    def least(self) -> int:
        """Smallest dimension: 1, or with SAID the factors of the layers and one coordinate."""
        return self._whole()[1]

    def _whole(self) -> tuple[int, int]:
        """D and the smallest d."""
        whole = attach(self.module(), d=None, seed=0, start=self.start, space=self.space, rank=self.rank)
        factors = len(Lambdas(whole.space.entries, self.layers)) if self.method == "said" else 0
        return whole.parameter_count, factors + 1

    def module(self) -> nn.Module:
        """A fresh copy of the model.

        Returns:
            The module, on the CPU or wherever the factory puts it.

        Raises:
            InputError: if the factory takes other arguments or makes no module.
        """
        shape, classes = self.parts.train.shape, self.parts.classes
        if isinstance(self.model, nn.Module):
            return copy.deepcopy(self.model)
        if isinstance(self.model, str):
            if classes is None:
                raise InputError("the labels are no class numbers: give a model of your own, not a name")
            with torch.random.fork_rng([]):  # its weights are not used, and the caller's generator is kept
                return build(self.model, shape, classes)
        takes_two = _takes_two(self.model)
        with torch.random.fork_rng([]):  # what a factory draws (a fixed random layer) is the same each time
            torch.manual_seed(0)
            made = self.model(shape, classes) if takes_two else self.model()
        if not isinstance(made, nn.Module):
            raise InputError(f"the factory made a {type(made).__name__}: it must make a torch module")
        return made

    def attached(self, module: nn.Module, d: int | None, seed: int) -> SubspaceModule:
        """The module in the random subspace of a run.

        Args:
            module: what `module` made.
            d: dimension; None for all weights, plainly.
            seed: of start and projection.

        Returns:
            The wrapped module; `module` itself is kept in it, not copied.

        Raises:
            InputError: for a dimension that the model does not have.
        """
        if d is None:
            return attach(module, d=None, seed=seed, start=self.start)
        if not 1 <= d <= self.D:
            raise InputError(f"d = {d}: the model has D = {self.D}; give 1 <= d <= D")
        return attach(
            module, d=d, seed=seed, start=self.start, relative=self.relative, kind=self.kind,
            scale=self.scale, space=self.space, rank=self.rank, method=self.method, layers=self.layers,
        )  # fmt: skip

    def batch_rows(self, seed: int, step: int, orders: dict[int, tuple[int, Tensor]]) -> Tensor:
        """Rows of one batch: a fresh order each epoch, the incomplete last batch left out.

        Args:
            seed: of the run.
            step: from 0.
            orders: the caller's memory of the present order, by seed.

        Returns:
            int64 tensor (batch,).
        """
        n, size = len(self.parts.train), self.settings.batch
        epoch, position = divmod(step, n // size)
        if orders.get(seed, (-1,))[0] != epoch:
            # The order of an epoch has a seed of its own, made of two words of the run's order stream.
            high, low = words(seed, Stream.ORDER, 2 * epoch, 2)
            order = permutation((int(high) >> 1 << 32) | int(low), Stream.ORDER, n)
            orders[seed] = (epoch, torch.from_numpy(order))
        return orders[seed][1][position * size : (position + 1) * size]

    def identity(self) -> dict[str, Any]:
        """What the results depend on, as JSON scalars: the study that a file of runs belongs to.

        Returns:
            Name to value. Callables and classes are known by digests of their code, fixed weights and buffers
            by that of the start of seed 0.
        """
        network = self.attached(self.module(), None, 0)
        named = isinstance(self.model, str)
        made = (
            [] if named else [self.model if not isinstance(self.model, nn.Module) else None, network.module]
        )
        code = {"model code": code_digest(*made, skip=_is_state)} if made else {}
        return {
            "data": self.parts.name, "data digest": self.parts.digest,
            "held out": len(self.parts.held_out), "n": len(self.parts.train),
            "model": self.model if isinstance(self.model, str) else str(network.module), "D": self.D,
            **code, "start digest": network.start_digest, **asdict(self.settings),
            "loss": _name(self.loss), "loss code": code_digest(self.loss),
            "score": _name(self.score), "score code": code_digest(self.score), "start": self.start,
            **{name: getattr(self, name) for name in _SUBSPACE},
        }  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: a named data set as its name, other data as arrays."""
        state = dict(self.__dict__)
        if isinstance(self.data, str) and self.valid is None and self.test is None:
            state.pop("parts", None)
        else:
            state |= {"parts": self.parts, "data": None, "valid": None, "test": None}
        state.pop("place", None)  # another machine has other devices
        return state


_OF_EVERY_MODULE = frozenset(vars(nn.Module())) - {"_modules"}


def _is_state(owner: Any, name: str) -> bool:
    """Whether an attribute is of a module's state, which the digest of the start has, or torch's own."""
    return isinstance(owner, nn.Module) and name in _OF_EVERY_MODULE


def _name(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))


@lru_cache(maxsize=1)
def _named(name: str, held_out: float) -> Parts:
    """A named data set, read once in each process however many runs come there."""
    return read(name, held_out=held_out)


def _takes_two(factory: Callable[..., Any]) -> bool:
    """Whether a factory takes (shape, classes)."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [
        p
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
    if len(needed) not in (0, 2):
        raise InputError(
            f"the factory takes {len(needed)} arguments: give one without, or of (shape, classes)"
        )
    return len(needed) == 2
