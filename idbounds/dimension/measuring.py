"""`measure_d90`: the intrinsic dimension of a torch model, or of a function that trains and scores."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cached_property, partial
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idbounds.dimension import search
from idbounds.dimension.code import code_digest
from idbounds.dimension.engines import check, spread
from idbounds.dimension.protocol import Run, Runner, Score, as_runner
from idbounds.dimension.result import IntrinsicDimension
from idbounds.dimension.store import Kept, Store
from idbounds.errors import InputError, MissingExtra

if TYPE_CHECKING:  # torch is slow to import, and a plain function does not need it
    from torch import nn

    from idbounds.dimension.many import Advance
    from idbounds.dimension.trial import Trial

LEARNING_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""The ladder from which a rate is chosen for each d and for full training, unless another one is given."""


class ModelRunner:
    """Trains a model for each run, some together, wherever the engine puts them: a `Runner`.

    Args:
        trial: what the runs have in common.
        engine: one of `engines.ENGINES`.
        workers: processes of another engine than "local".
        address: of a Ray or Dask cluster.
        together: runs trained together on one device; None chooses (`many.group_size`) in this process, and
            one by one elsewhere, where the workers are what works side by side.
        advance: called with (steps done, steps in all) of the group at hand; in this process only.
    """

    def __init__(
        self,
        trial: Trial,
        *,
        engine: str = "local",
        workers: int | None = None,
        address: str | None = None,
        together: int | None = None,
        advance: Advance | None = None,
    ) -> None:
        """Check what can be checked before anything is trained."""
        check(engine, workers, address)
        if together is not None and together < 1:
            raise InputError(f"together = {together}: give 1 or more runs, or None to have it chosen")
        self.trial, self.together = trial, together
        self.engine, self.workers, self.address = engine, workers, address
        self.advance = advance if engine == "local" else None

    @cached_property
    def size(self) -> int:
        """Runs trained together; InputError if more than one are asked of a model that cannot."""
        from idbounds.dimension.many import group_size, why_alone

        if self.together is None:
            return group_size(self.trial) if self.engine == "local" else 1
        if self.together > 1 and (why := why_alone(self.trial)):
            raise InputError(f"together = {self.together}: vmap cannot carry this model ({why}); give 1")
        return self.together

    def batches(self, runs: Sequence[Run]) -> Iterator[list[Score]]:
        """Do runs.

        Args:
            runs: all different.

        Yields:
            The scores of runs that were trained together, together. All groups but the last have the same
            size: a study that was killed and goes on groups what is left as it would have been.
        """
        from idbounds.dimension.many import train

        groups = [runs[i : i + self.size] for i in range(0, len(runs), self.size)]
        work = partial(train, self.trial, advance=self.advance)
        yield from spread(work, groups, engine=self.engine, workers=self.workers, address=self.address)

    def __call__(self, runs: Sequence[Run], /) -> Iterator[Score]:
        """Do runs.

        Args:
            runs: all different.

        Yields:
            One score each.
        """
        for scores in self.batches(runs):
            yield from scores


def measure_d90(
    model: Runner | Callable[..., float] | str | nn.Module | Callable[..., nn.Module],
    data: Any = None,
    *,
    output: str | Path | None = None,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    together: int | None = None,
    advance: Advance | None = None,
    **options: Any,
) -> IntrinsicDimension:
    """Measure the intrinsic dimension of a model on data, or of a function that trains and scores.

    With data, each run trains the model in a random subspace of d dimensions (or all of it) and scores it on
    a held-out part of the training data. The learning rate is chosen for each d from a ladder.

    Args:
        model: a torch module, a factory without arguments or of (shape, classes), or the name of an
            architecture; without data a `Runner`, or a function of (d, seed) or (d, seed, learning_rate).
        data: the name of a data set, arrays (inputs, labels), a torch Dataset or a DataLoader.
        output: file of finished runs; one that is there is gone on with. None keeps nothing.
        engine: "local", "processes", "ray" or "dask".
        workers: processes of another engine than "local".
        address: of a Ray or Dask cluster.
        together: runs trained together on one device; None chooses.
        advance: called with (steps done, steps in all) of the runs at hand, with engine "local".
        **options: of the search (`search.measure_d90`: threshold, criterion, budget, seed, ...), of the study
            (`trial.Trial`: valid, test, loss, score, start, relative, device, ...) and of the training
            (`trial.Training`: steps, epochs, batch, schedule, ...).

    Returns:
        d90 with its interval, the curve, and the cost.

    Raises:
        InputError: for an unknown option, or one outside its domain, before anything is trained.
    """
    if data is None:
        used = (engine != "local", workers, address, together, advance)
        if not callable(model) or hasattr(model, "parameters") or any(used):
            raise InputError("give data=, or a function that trains and scores, without engine and together")
        _known(options, _searching())
        function: Any = model
        return _kept(as_runner(function), output, identity(model), options)
    study, wanted = trial_of(model, data, options)
    runner = ModelRunner(
        study, engine=engine, workers=workers, address=address, together=together, advance=advance
    )
    return _kept(runner, output, study.identity() if output is not None else {}, wanted)


def trial_of(model: Any, data: Any, options: dict[str, Any]) -> tuple[Trial, dict[str, Any]]:
    """Divide options between the study and the search.

    Args:
        model: as `measure_d90` takes it.
        data: likewise.
        options: likewise.

    Returns:
        The study, and what the search is given: its own options and, unless they are among them, d_max, the
        ladder of learning rates and what accuracy implies (chance and best).

    Raises:
        MissingExtra: without torch.
        InputError: for a d outside the model's range; or parts of the study that do not fit together.
    """  # noqa: DOC502 - raised further down
    try:
        from idbounds.dimension.many import rehearse
        from idbounds.dimension.trial import Training, Trial, accuracy
    except ImportError:
        raise MissingExtra("measuring a model needs torch: pip install 'idbounds[measure]'") from None
    of_training = {field.name for field in fields(Training)}
    of_trial = {field.name for field in fields(Trial)} - {"model", "data", "training"}
    _known(options, of_training | of_trial | _searching())
    training = Training(**{k: v for k, v in options.items() if k in of_training})
    study = Trial(model, data, training=training, **{k: v for k, v in options.items() if k in of_trial})
    wanted = {k: v for k, v in options.items() if k not in of_training | of_trial}
    counts = study.score is accuracy
    _ = study.place  # an unknown device is refused now
    rehearse(study)
    standard = {
        "d_max": study.D, "d_min": study.least, "d_start": min(max(16, study.least), study.D),
        "learning_rates": LEARNING_RATES, "best": 1.0 if counts else None,
        "chance": study.parts.chance if counts else None,
    }  # fmt: skip
    wanted = dict[str, Any](standard) | wanted
    _check_range(study, wanted)
    study.attached(study.module(), wanted["d_start"], 0)  # a wrong subspace too, not after full training
    return study, wanted


def _check_range(study: Trial, wanted: dict[str, Any]) -> None:
    """Refuse dimensions that the model does not have; numpy's integers become Python's."""
    for name in ("d_min", "d_start", "d_max"):
        if isinstance(value := wanted[name], bool) or not isinstance(value, Integral):
            raise InputError(f"{name} = {value!r}: give a whole number")
        wanted[name] = int(value)
        if not study.least <= int(value) <= study.D:
            why = (
                "" if study.least == 1 else f" ({study.least - 1} factors of SAID and a coordinate at least)"
            )
            raise InputError(f"{name} = {value}: give {study.least} to {study.D}{why}")
    if not wanted["d_min"] <= wanted["d_start"] <= wanted["d_max"]:
        raise InputError(
            f"d_min = {wanted['d_min']}, d_start = {wanted['d_start']}, d_max = {wanted['d_max']}: they must "
            "not fall"
        )


def _kept(
    runner: Any, output: str | Path | None, study: dict[str, Any], wanted: dict[str, Any]
) -> IntrinsicDimension:
    """Search, with a file of finished runs if one is named."""
    if output is None:
        return search.measure_d90(runner, **wanted)
    batches = getattr(runner, "batches", None) or (lambda runs: ([score] for score in runner(runs)))
    with Store(output, study) as store:
        return search.measure_d90(Kept(store, batches), **wanted)


def _searching() -> set[str]:
    return set(inspect.signature(search.measure_d90).parameters) - {"run"}


def _known(options: dict[str, Any], allowed: set[str]) -> None:
    for name in options:
        if name not in allowed:
            raise InputError(f"measure_d90 has no option {name!r}; there are {', '.join(sorted(allowed))}")


def identity(run: Any) -> dict[str, Any]:
    """What a function that trains and scores is known by in a file of runs.

    Args:
        run: the function, or a `Runner`.

    Returns:
        Its name, and the digest of its code, defaults, closure and attributes.
    """
    name = str(getattr(run, "__qualname__", type(run).__name__))
    return {"run": name, "run code": code_digest(run)}
