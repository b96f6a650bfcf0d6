"""Train runs, several of them together on one device: one forward and one backward pass for the group.

Each run has its own coordinates, start, projection, order of data and learning rate. `torch.func.vmap`
carries the group through the model; the sum of the losses has, for each run, the gradient that its own loss
has. A run in a group gives what it gives alone, up to the rounding of another order of sums.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from idbounds.dimension.examples import Examples
from idbounds.dimension.protocol import Run, Score
from idbounds.dimension.trial import Trial, accuracy, cross_entropy
from idbounds.errors import InputError
from idbounds.projections.stream import Stream, words

LARGEST_GROUP = 32
SMALL = 1 << 18
"""Weights up to which a group beats its runs one after another on a CPU (see `group_size`)."""

CONVOLUTIONS = (nn.modules.conv._ConvNd,)
MEMORY_SHARE = 0.4  # of what is free on the device: the allocator's slack and the caller need some, too
WEIGHT_BYTES = (
    48  # a weight: start, movement, weight, gradients, Adam's, and the index and sign of a stored row
)
SCORED = 512  # examples at a time when a part is scored

IGNORED = -100
"""The label that torch's cross-entropy leaves out."""

Advance = Callable[[int, int], None]


def train(trial: Trial, runs: Sequence[Run], *, advance: Advance | None = None) -> list[Score]:
    """Do runs together.

    Args:
        trial: what they have in common.
        runs: one or more; with one, no vmap is used.
        advance: called with (steps done, steps in all).

    Returns:
        One score a run, in their order; a run whose loss is no number any more has the status "failed".
    """
    with enough_memory(trial):
        return _trained(trial, runs, advance)


def _trained(trial: Trial, runs: Sequence[Run], advance: Advance | None) -> list[Score]:
    started = time.perf_counter()
    group = Group(trial, runs)
    steps = trial.settings.steps
    for step in range(steps):
        group.step(step)
        if advance is not None:
            advance(step + 1, steps)
        if step % 50 == 49 and not group.alive().any():
            break
    alive = group.alive().tolist()
    parts = trial.parts
    shown = parts.train.take(_first(len(parts.held_out), len(parts.train)))
    held_out, train_scores = group.scores(parts.held_out), group.scores(shown)
    test = group.scores(parts.test) if parts.test is not None else [None] * len(runs)
    seconds = round((time.perf_counter() - started) / len(runs), 3)
    return [
        Score(run, score, train_score, seconds, extra={} if on_test is None else {"test_score": on_test})
        if ok and math.isfinite(score)
        else Score(
            run, math.nan, None, seconds, "failed", f"the loss or the score is no number ({group.told(run)})"
        )
        for run, ok, score, train_score, on_test in zip(
            runs, alive, held_out, train_scores, test, strict=True
        )
    ]


@contextmanager
def enough_memory(trial: Trial) -> Iterator[None]:
    """Turn what torch raises when memory is short into an error that says which setting to lower.

    Args:
        trial: whose runs are trained inside.

    Yields:
        Nothing.

    Raises:
        InputError: if memory was short.
    """  # noqa: DOC501 - what else is raised goes through as it is
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = str(error).splitlines()[0] if str(error) else ""
        short = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not short and not any(words in said for words in ("not enough memory", "t allocate memory")):
            raise
        shapes = ", ".join(f"{name or 'input'} {x.shape[1:]}" for name, x in trial.parts.train.inputs.items())
        raise InputError(
            f"out of memory with batch = {trial.settings.batch} examples of {shapes} on {trial.place}: give "
            "a smaller batch (--batch), together = 1 (--together 1), or shorter texts (--longest)"
        ) from error


def _first(count: int, n: int) -> Any:
    return np.arange(min(count, n))


class Group:
    """Runs that are trained together.

    Args:
        trial: what they have in common.
        runs: one or more.
        part: to train on; None takes the training part.
    """

    def __init__(self, trial: Trial, runs: Sequence[Run], part: Examples | None = None) -> None:
        """Draw every run's start and projection."""
        self.trial, self.runs, place = trial, list(runs), trial.place
        module = trial.module().to(place)
        # All keep the same module: only its structure is used, the weights are passed in.
        self.networks = [trial.attached(module, run.d, run.seed).train() for run in runs]
        self.network = self.networks[0]
        self.z = [network.z for network in self.networks]
        # Clones: a module that writes to its buffers in training must find the first ones again.
        self.buffers: Mapping[str, Tensor] = self.network.get_extra_state()["buffers"]
        settings = trial.settings
        rates = [_rate(run, settings) for run in runs]
        self.optimiser = torch.optim.Adam(
            [{"params": [z], "lr": rate, "first": rate} for z, rate in zip(self.z, rates, strict=True)],
            fused=place.type == "cuda",
        )
        self.inputs, self.labels = _on(trial.parts.train if part is None else part, place)
        self.orders: dict[int, tuple[int, Tensor]] = {}
        self.finite = torch.ones(len(runs), dtype=torch.bool, device=place)

    def step(self, step: int) -> Tensor:
        """One gradient step of every run.

        Args:
            step: from 0.

        Returns:
            The loss of each run, (runs,).
        """
        settings = self.trial.settings
        factor = (
            0.5 * (1 + math.cos(math.pi * step / settings.steps)) if settings.schedule == "cosine" else 1.0
        )
        for options in self.optimiser.param_groups:
            options["lr"] = options["first"] * factor
        rows = [self.trial.batch_rows(run.seed, step, self.orders) for run in self.runs]
        index = torch.stack(rows).to(self.labels.device)
        inputs = {name: value[index] for name, value in self.inputs.items()}
        loss = self.losses(inputs, self.labels[index], step)
        self.optimiser.zero_grad()
        loss.sum().backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.finite &= loss.detach().isfinite()
        return loss.detach()

    def losses(self, inputs: Mapping[str, Tensor], labels: Tensor, step: int) -> Tensor:
        """The loss of each run on its own batch.

        Args:
            inputs: (runs, batch, ...) each.
            labels: (runs, batch, ...).
            step: seeds the draws of dropout, which a run alone may have.

        Returns:
            Losses, (runs,), with a graph.

        Raises:
            InputError: if the loss is no single number.
        """
        state = self.weights()

        def one(weights: dict[str, Tensor], x: dict[str, Tensor], y: Tensor) -> Tensor:
            return self.trial.loss(self._outputs(weights, x), y)

        if len(self.runs) > 1:
            found: Tensor = vmap(one)(state, dict(inputs), labels)
        else:
            with _seeded(self.runs[0].seed, step, labels.device):
                found = one(_only(state), _only(inputs), labels[0])[None]
        if found.ndim != 1:
            raise InputError("loss(outputs, labels) must give a tensor without dimensions: take the mean")
        return found

    def weights(self) -> dict[str, Tensor]:
        """The weights of each run, by name, (runs, *shape), with a graph."""
        states = [network.state(z) for network, z in zip(self.networks, self.z, strict=True)]
        if len(states) == 1:  # a view: copying all weights takes as long as some steps of training
            return {name: value[None] for name, value in states[0].items()}
        return {name: torch.stack([state[name] for state in states]) for name in states[0]}

    def scores(self, part: Examples) -> list[float]:
        """The score of each run on a part of the data.

        Args:
            part: examples.

        Returns:
            One number a run.
        """
        _, labels = _on(part, self.labels.device)
        return [_number(self.trial.score(outputs, labels)) for outputs in self.outputs(part)]

    @torch.no_grad()
    def outputs(self, part: Examples) -> list[Tensor]:
        """What the model of each run says of a part of the data, in eval mode.

        Args:
            part: examples.

        Returns:
            Outputs, (n, ...), one tensor a run.
        """
        state = self.weights()
        inputs, _ = _on(part, self.labels.device)
        self.network.eval()
        found: list[list[Any]] = [[] for _ in self.runs]
        for start in range(0, len(part), SCORED):
            x = {name: value[start : start + SCORED] for name, value in inputs.items()}
            for place, outputs in enumerate(self._scored(state, x)):
                found[place].append(outputs)
        self.network.train()
        return [torch.cat(outputs) for outputs in found]

    def alive(self) -> Tensor:
        """Which runs have had finite losses only, and finite coordinates now; bool, (runs,)."""
        return self.finite & torch.stack([z.detach().isfinite().all() for z in self.z])

    def told(self, run: Run) -> str:
        """The setting to change when a run diverges."""
        return f"learning rate {_rate(run, self.trial.settings):g}"

    def _scored(self, state: dict[str, Tensor], x: dict[str, Tensor]) -> Iterator[Tensor]:
        if len(self.runs) == 1:
            yield self._outputs(_only(state), x)
        else:
            yield from vmap(lambda weights: self._outputs(weights, x))(state)

    def _outputs(self, weights: dict[str, Tensor], x: Mapping[str, Tensor]) -> Any:
        held = {name: value.clone() for name, value in self.buffers.items()}
        args, kwargs = ((x[""],), {}) if "" in x else ((), dict(x))
        outputs = functional_call(self.network.module, weights | held, args, kwargs)
        return getattr(outputs, "logits", outputs)


def group_size(trial: Trial) -> int:
    """How many runs to train together by default.

    On a CPU a group saves what each operation costs beside its arithmetic, and loses what batched kernels
    are slower. Without convolutions it took 0.4 to 0.8 of the time of the runs one after another, up to
    200,000 weights; with convolutions 0.7 to 1.0 at 32 examples a step and 1.0 to 1.5 at 128
    (`benchmarks/many.py`). So: 8 runs for a model without convolutions and with at most `SMALL` weights, else
    1. On an accelerator as many as fit its free memory, 32 at most. A model that vmap cannot carry (it draws
    random numbers, say by dropout, or looks at values) is trained one run at a time.

    Args:
        trial: the study.

    Returns:
        1 to 32.
    """
    module = trial.module()
    on_cpu = trial.place.type == "cpu"
    if on_cpu and (trial.D > SMALL or any(isinstance(part, CONVOLUTIONS) for part in module.modules())):
        return 1
    reason = why_alone(trial)
    return 1 if reason else min(8 if on_cpu else LARGEST_GROUP, _fitting(trial))


def why_alone(trial: Trial) -> str:
    """Why the runs of a model cannot be trained together; "" if they can.

    Args:
        trial: the study.

    Returns:
        The first line of what torch says against it, after a trial step of two runs.
    """
    group = Group(trial, [Run(None, 0), Run(None, 1)])
    try:
        group.step(0)
        group.scores(trial.parts.held_out.take(_first(2, len(trial.parts.held_out))))
    except (RuntimeError, NotImplementedError) as error:
        return str(error).splitlines()[0]
    return ""


def rehearse(trial: Trial) -> None:
    """Try the model, the loss and the score before anything is trained, on two examples and one run.

    Args:
        trial: the study.

    Raises:
        InputError: if they and the data do not fit together.
    """
    parts = trial.parts
    pair = parts.train.take(_first(2, len(parts.train)))
    given = [f"{name or 'input'} {x.dtype} {x.shape}" for name, x in pair.inputs.items()]
    told = f"{', '.join(given)}, labels {pair.labels.dtype} {pair.labels.shape}"
    doing = "the model"
    try:
        group = Group(trial, [Run(None, 0)], pair)
        with torch.no_grad(), _seeded(0, 0, trial.place):
            outputs = group._outputs(_only(group.weights()), group.inputs)
        shown = (
            f"{outputs.dtype} {tuple(outputs.shape)}"
            if isinstance(outputs, Tensor)
            else type(outputs).__name__
        )
        told += f"; the model gives {shown}"
        if trial.loss is cross_entropy or trial.score is accuracy:
            _check_classes(trial, outputs, told)
        doing = "the loss"
        inputs = {name: value[None] for name, value in group.inputs.items()}
        group.losses(inputs, group.labels[None], 0).sum().backward()  # type: ignore[no-untyped-call]
        doing = "the score"
        try:
            group.scores(pair)
        except Exception:  # what needs more than two examples, say of both classes
            group.scores(parts.held_out)
    except InputError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"{doing} fails on two examples ({type(error).__name__}: {said}): {told}; outputs must be one "
            "tensor (or have .logits) that loss(outputs, labels) and score(outputs, labels) take"
        ) from error


def _check_classes(trial: Trial, outputs: Any, told: str) -> None:
    """The default loss and score: a score for each class, and labels that are class numbers."""
    if not isinstance(outputs, Tensor):
        raise InputError(f"{told}: give a model that returns one tensor, or an object with .logits")
    shape, crossed = tuple(outputs.shape), trial.loss is cross_entropy
    axis = 1 if crossed and len(shape) > 1 else -1
    each = shape[2:] if axis == 1 else shape[1:-1]
    for name in ("train", "held_out", "test"):
        part = getattr(trial.parts, name)
        if part is None:
            continue
        labels = part.labels
        shares = crossed and trial.score is not accuracy and labels.shape[1:] == shape[1:]
        if shares and labels.dtype.kind == "f":  # soft labels
            continue
        if len(shape) < 2 or shape[axis] < 2 or labels.dtype.kind != "i" or labels.shape[1:] != each:
            raise InputError(
                f"{told}: cross-entropy and accuracy want (n, classes) from the model and integer labels "
                "(n,); give labels.long().squeeze(), or loss= and score= of your own"
            )
        counted = labels[labels != IGNORED] if crossed else labels
        low, high = (int(counted.min()), int(counted.max())) if counted.size else (0, 0)
        if crossed and (low < 0 or high >= shape[1]):
            raise InputError(
                f"the labels of the {name} part go from {low} to {high}: the model has {shape[1]} outputs; "
                f"give labels from 0 to {shape[1] - 1}, or a model with more outputs"
            )


def _number(value: Any) -> float:
    """A score as a number."""
    if isinstance(value, str | bytes | bool) or value is None:
        raise InputError(f"score(outputs, labels) gave {value!r}: it must give a number")
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"score(outputs, labels) gave a {type(value).__name__}: it must give a number ({error})"
        ) from None


def _fitting(trial: Trial) -> int:
    """Runs whose weights and activations fit the free memory, at least 1."""
    group = Group(trial, [Run(None, 0)])
    held = 0

    def count(tensor: Tensor) -> Tensor:
        nonlocal held
        held += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        group.step(0)
    needed = 2 * held + WEIGHT_BYTES * trial.D
    return max(1, int(MEMORY_SHARE * _free_memory(trial.place) / needed))


def _free_memory(place: torch.device) -> float:
    """Bytes free on a device; on the CPU those that the system says are available."""
    if place.type == "cuda":
        return float(torch.cuda.mem_get_info(place)[0])
    try:
        import os

        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # pragma: no cover - not on every system
        return 2.0**31


def _only(stacked: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value[0] for name, value in stacked.items()}


def _rate(run: Run, settings: Any) -> float:
    if run.learning_rate is not None:
        return run.learning_rate
    return float(settings.full_learning_rate if run.d is None else settings.learning_rate)


def _on(part: Examples, place: torch.device) -> tuple[dict[str, Tensor], Tensor]:
    """A part as tensors on a device; copies, since shared arrays may be read-only."""
    inputs = {name: torch.tensor(value).to(place) for name, value in part.inputs.items()}
    return inputs, torch.tensor(part.labels).to(place)


class _seeded:  # noqa: N801 - used as a function
    """Torch's generator as a function of run and step, for dropout; the caller's state comes back after."""

    def __init__(self, seed: int, step: int, place: torch.device) -> None:
        self.fork = torch.random.fork_rng([place] if place.type == "cuda" else [])
        self.seed = int(words(seed, Stream.NOISE, step, 1)[0])

    def __enter__(self) -> None:
        self.fork.__enter__()
        torch.manual_seed(self.seed)

    def __exit__(self, *error: Any) -> None:
        self.fork.__exit__(*error)
