"""Points over an engine: each is done once, and one that kills its worker is found and left behind."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from idbounds.dimension import engines
from idbounds.errors import IdboundsError, InputError, MissingExtra

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Engine:
    """Where points are measured; the engines are those of `idbounds.dimension.engines`.

    On a cluster every machine needs this checkout on its Python path.

    Attributes:
        name: one of `engines.ENGINES`.
        workers: processes; None takes what there is.
        address: of a running Ray or Dask cluster; None takes the connected one, or starts one here.
    """

    name: str = "local"
    workers: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no engine can do, before anything is measured."""
        engines.check(self.name, self.workers, self.address)

    def spread(
        self,
        function: Callable[[Task], Result],
        tasks: Mapping[str, Task],
        lost: Callable[[Task, Exception], Result],
        home: str = "",
    ) -> Iterator[Result]:
        """Do tasks, each exactly once as far as the caller sees, and the others whatever becomes of one.

        Args:
            function: what to do with a task; any error it lets out counts as the engine's.
            tasks: what to do it with, by name.
            lost: makes the result of a task that kills its worker again and again.
            home: name of a module that the function needs and that workers may not have.

        Yields:
            The results in any order.

        Raises:
            IdboundsError: if its packages are missing, or it cannot do even a task that does nothing.
        """
        left = dict(tasks)
        function = function if self.name == "local" else _Packed(function, home)
        while left:
            try:
                for name, result in engines.spread(_Named(function), list(left.items()), **self._how):
                    del left[name]
                    yield result
            except IdboundsError:
                raise
            except Exception:  # whatever an engine raises when workers die again and again
                yield from self._alone(function, left, lost)

    @property
    def _how(self) -> dict[str, Any]:
        return {"engine": self.name, "workers": self.workers, "address": self.address}

    def _alone(
        self,
        function: Callable[[Task], Result],
        left: dict[str, Task],
        lost: Callable[[Task, Exception], Result],
    ) -> Iterator[Result]:
        """One at a time those that were under way, until the one that kills its worker is found."""
        # Tasks are handed out in order, so the guilty one is among the first that are left.
        for name in list(left)[: self.workers or os.cpu_count() or 1]:
            task, guilty = left[name], False
            try:
                ((_, result),) = engines.spread(_Named(function), [(name, task)], **self._how)
            except Exception as error:
                self._fit(error)
                result, guilty = lost(task, error), True
            del left[name]
            yield result
            if guilty:
                return

    def _fit(self, error: Exception) -> None:
        """A task is guilty only if the engine can do others."""
        try:
            list(engines.spread(_nothing, [None], **self._how))
        except Exception:
            said = f"{type(error).__name__}: {error}"
            raise InputError(
                f"engine {self.name!r} does nothing at all ({said}); is the cluster up, and this checkout on "
                "its Python path?"
            ) from error


class _Named:
    """A function that keeps the name of its task: results come back in any order."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, task: tuple[str, Any]) -> tuple[str, Any]:
        return task[0], self.function(task[1])


class _Packed:
    """A function that travels by value, so that the file of a stranger's study need not be on the cluster."""

    def __init__(self, function: Callable[[Any], Any], home: str) -> None:
        try:
            import cloudpickle  # type: ignore[import-untyped]
        except ImportError:
            raise MissingExtra("this engine needs cloudpickle: pip install joblib cloudpickle") from None
        module = sys.modules.get(home)
        # What lies in this package is found by every worker.
        strange = module is not None and Path(__file__).parent not in Path(module.__file__ or "/").parents
        with contextlib.ExitStack() as stack:
            if strange:
                cloudpickle.register_pickle_by_value(module)
                stack.callback(cloudpickle.unregister_pickle_by_value, module)
            self.bytes = cloudpickle.dumps(function)

    def __call__(self, task: object) -> Any:
        return pickle.loads(self.bytes)(task)  # noqa: S301 - our own bytes


def _nothing(_task: None) -> None:
    """The task that every engine can do."""
