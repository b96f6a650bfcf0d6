"""Fine-tune in d dimensions, round, count, and state the bound that the message buys."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.catalogue import bounds
from idbounds.codes import nearest_step, step_size
from idbounds.errors import InputError
from idbounds.finetuning.task import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

    from idbounds.dimension.examples import Examples
    from idbounds.dimension.many import Group

SPACINGS = (0.5, 1.0, 2.0, 3.0)
"""Steps of the grid that are tried, in standard deviations of the coordinates; the message names the step."""

TRIED_ON = 500
"""Training examples on which the steps are compared; the chosen one is counted on all of them."""


@dataclass(frozen=True, eq=False)
class FineTuned:
    """A fine-tuned task and what it gets right.

    Attributes:
        task: as a file would hold it.
        errors: of the rounded model on all training examples, those held out among them; a tie is an error.
        n: number of those.
        test_errors: on the test part; None without one.
        test_n: number of test examples.
        delta: failure probability of the bound, a decimal string.
    """

    task: Task
    errors: int
    n: int
    test_errors: int | None
    test_n: int
    delta: str

    @property
    def bound(self) -> str:
        """Upper limit on the error on new data, relative to the pretrained model (`occam-binomial`).

        It holds with probability at least 1 - delta over the training sample, if the pretrained weights did
        not depend on that sample. Errors were counted in floating point here: it is no certificate.
        """
        case = {"errors": self.errors, "n": self.n, "code_bits": self.task.code_bits, "delta": self.delta}
        return str(bounds["occam-binomial"].upper(**case))


def fine_tune(
    model: nn.Module,
    data: Any,
    *,
    d: int,
    seed: int = 0,
    learning_rate: float | None = None,
    delta: str = "0.05",
    advance: Callable[[int, int], None] | None = None,
    **options: Any,
) -> FineTuned:
    """Fine-tune a pretrained model in d random dimensions and compress what was learnt.

    Args:
        model: with its pretrained weights; not changed.
        data: training data, as `measure_d90` takes it.
        d: dimension of the subspace.
        seed: of projection and order of the data.
        learning_rate: of Adam; None takes `Training`'s.
        delta: failure probability of the bound, a decimal string.
        advance: called with (steps done, steps in all).
        **options: of `Trial` (test, held_out, loss, method, space, rank, layers, kind, device, ...) and of
            `Training` (steps, epochs, batch, schedule).

    Returns:
        The task with its counts and bound.

    Raises:
        InputError: for an unknown option, one outside its domain, or training that diverged.
    """
    from idbounds.dimension.many import Group, enough_memory
    from idbounds.dimension.measuring import trial_of
    from idbounds.dimension.protocol import Run

    fixed = {"start": "module", "relative": True, "scale": "rms"}
    for name, value in fixed.items():
        if options.get(name, value) != value:
            raise InputError(f"{name} = {options[name]!r}: a task file has {name} = {value!r}; leave it out")
    trial, searching = trial_of(model, data, {**options, **fixed, "d_start": d})
    if left := set(searching) - {"d_start", "d_min", "d_max", "learning_rates", "best", "chance"}:
        raise InputError(f"fine_tune has no option {sorted(left)[0]!r}")
    with enough_memory(trial):
        group = Group(trial, [Run(d, seed, learning_rate)])
        steps = trial.settings.steps
        for step in range(steps):
            group.step(step)
            if advance is not None:
                advance(step + 1, steps)
        if not group.alive().all():
            raise InputError(
                f"training diverged at {group.told(group.runs[0])}: give a smaller learning_rate"
            )
        return rounded(group, delta)


def rounded(group: Group, delta: str = "0.05") -> FineTuned:
    """Round the coordinates of a group of one trained run, and count.

    Args:
        group: whose only run is trained; its coordinates are the same afterwards.
        delta: failure probability of the bound, a decimal string.

    Returns:
        The task and its counts. Of the steps in `SPACINGS` it has the one whose bound would be the smallest,
        were the errors on all training examples as frequent as on the first `TRIED_ON`.
    """
    parts, network = group.trial.parts, group.network
    some = parts.train.take(np.arange(min(TRIED_ON, len(parts.train))))
    exact = network.z.detach().clone()
    n = len(parts.train) + len(parts.held_out)
    start = network.start_digest

    def expected(task: Task) -> float:
        wrong = math.ceil(_errors_at(group, task, some) / len(some) * n)
        return float(FineTuned(task, wrong, n, None, 0, delta).bound)

    tried = {task.step: task for task in (_task(group, spacing, start) for spacing in SPACINGS)}
    task = min(tried.values(), key=expected)
    errors = sum(_errors_at(group, task, part) for part in (parts.train, parts.held_out))
    tested = None if parts.test is None else _errors_at(group, task, parts.test)
    _place(group, exact)
    return FineTuned(task, errors, n, tested, 0 if parts.test is None else len(parts.test), delta)


def _task(group: Group, spacing: float, start: str) -> Task:
    network, (run,) = group.network, group.runs
    exact = network.z.detach().double().cpu().numpy()
    size = float(np.sqrt(np.mean(exact**2)))
    step = nearest_step(max(spacing * size, 1e-6) if math.isfinite(size) else 1.0)
    symbols = np.rint(exact / step_size(step)).astype(np.int64)
    options = network.options
    return Task(
        start, run.seed, step, symbols, options.method, options.layers, options.space, options.rank,
        options.family,
    )  # fmt: skip


def _place(group: Group, z: Tensor) -> None:
    import torch

    with torch.no_grad():
        group.network.z.copy_(z)


def _errors_at(group: Group, task: Task, part: Examples) -> int:
    import torch

    _place(group, torch.from_numpy(task.symbols * step_size(task.step)))
    return errors_of(group, part)


def errors_of(group: Group, part: Examples) -> int:
    """Count errors of a group of one run: an example is right if its class alone has the highest score.

    Args:
        group: of one run.
        part: examples with class numbers.

    Returns:
        Errors.
    """
    import torch

    (outputs,) = group.outputs(part)
    labels = torch.from_numpy(part.labels).to(outputs.device)[:, None]
    others = outputs.scatter(1, labels, -math.inf).amax(1, keepdim=True)
    return int((~(outputs.gather(1, labels) > others)).sum())
