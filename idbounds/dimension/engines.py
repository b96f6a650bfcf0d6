"""Where tasks run: in this process, in processes of this machine (by joblib), or on a Ray or Dask cluster.

Ray and Dask are asked directly: joblib's backend for Ray hands nothing out before the end of a call, and its
backend for Dask waits for ever for a task that Dask has given up (joblib 1.6).

A worker that dies costs its tasks another go, and nothing else: whatever has come back is done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from idbounds.errors import InputError, MissingExtra

Task = TypeVar("Task")
Result = TypeVar("Result")

ENGINES = ("local", "processes", "ray", "dask")
"""In this process; joblib's loky; Ray's tasks; Dask's futures."""

PATIENCE = 3
"""Times in a row that workers may die without one task being finished."""

LOOK, LOST = 5.0, 60.0
"""Seconds between two looks for workers of Dask, and how long there may be none."""


def spread(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
) -> Iterator[Result]:
    """Do tasks, each exactly once as far as the caller sees.

    Args:
        function: what to do with a task; it must travel to another process, with all it holds.
        tasks: what to do it with.
        engine: one of `ENGINES`.
        workers: processes; None takes the processors of this machine, or of the cluster.
        address: of a running Ray or Dask cluster; None takes the one this process is connected to, or starts
            one on this machine.

    Yields:
        The results, as soon as they are there, in any order.

    Raises:
        InputError: for an unknown engine or an impossible number of workers.
        Exception: the first that the function raised; or the engine's, when workers die again and again.
    """  # noqa: DOC501, DOC502 - what else is raised does not leave it
    check(engine, workers, address)
    if engine == "local":
        yield from map(function, tasks)
        return
    do = {"processes": _processes, "ray": _ray, "dask": _dask}[engine](workers, address)
    left, fruitless = dict(enumerate(tasks)), 0
    while left:
        try:
            for number, value, error in do(function, left):
                del left[number]
                fruitless = 0
                if error is not None:
                    raise _Failed(error)
                yield value
        except _Failed as failed:
            raise failed.error from None
        except (GeneratorExit, KeyboardInterrupt):
            raise
        except Exception:  # whatever the engine raises when a worker is gone
            fruitless += 1
            if fruitless >= PATIENCE:
                raise


def check(engine: str, workers: int | None, address: str | None) -> None:
    """Refuse what `spread` cannot do, before anything is trained.

    Args:
        engine: one of `ENGINES`.
        workers: at least 1, or None.
        address: for "ray" and "dask" only.

    Raises:
        InputError: otherwise.
    """
    if engine not in ENGINES:
        raise InputError(f"engine = {engine!r}: allowed are {', '.join(ENGINES)}")
    if workers is not None and (workers < 1 or engine == "local"):
        raise InputError(
            f"workers = {workers} with engine {engine!r}: give 1 or more, and another engine than local"
        )
    if address is not None and engine not in ("ray", "dask"):
        raise InputError(f"address = {address!r} with engine {engine!r}: only ray and dask have one")


class _Failed(Exception):  # noqa: N818 - carries the error of a task past the handler for dead workers
    def __init__(self, error: Exception) -> None:
        self.error = error


class _Call:
    """The function as workers run it: errors come back as values, so that they differ from dead workers."""

    def __init__(self, function: Callable[[Any], Any], threads: int | None) -> None:
        self.function, self.threads = function, threads

    def __call__(self, number: int, task: Any) -> tuple[int, Any, Exception | None]:
        if self.threads is not None:
            import torch

            torch.set_num_threads(self.threads)
        try:
            return number, self.function(task), None
        except Exception as error:
            return number, None, error


Outcome = tuple[int, Any, Exception | None]
Doing = Callable[[Callable[[Any], Any], dict[int, Any]], Iterator[Outcome]]


def _processes(workers: int | None, _address: str | None) -> Doing:
    try:
        import joblib
    except ImportError:
        raise MissingExtra("engine 'processes' needs joblib: pip install 'idbounds[measure]'") from None
    count = workers or os.cpu_count() or 1

    def do(function: Callable[[Any], Any], left: dict[int, Any]) -> Iterator[Outcome]:
        call = joblib.delayed(_Call(function, max(1, (os.cpu_count() or 1) // count)))
        with joblib.parallel_config(backend="loky", n_jobs=count):  # read by the constructor
            # One task at a time: a training run is long, and a batch of them would be lost together.
            parallel = joblib.Parallel(batch_size=1, return_as="generator_unordered")
        yield from parallel(call(*task) for task in left.items())

    return do


def _ray(workers: int | None, address: str | None) -> Doing:
    try:
        import ray as untyped
    except ImportError:
        raise MissingExtra("engine 'ray' needs ray: pip install 'idbounds[ray]'") from None
    ray: Any = untyped
    if not ray.is_initialized():
        where = (
            {"address": address} if address else {} if "RAY_ADDRESS" in os.environ else {"num_cpus": workers}
        )
        ray.init(include_dashboard=False, log_to_driver=False, **where)
    count = workers or int(ray.cluster_resources().get("CPU", 1))

    def do(function: Callable[[Any], Any], left: dict[int, Any]) -> Iterator[Outcome]:
        call = ray.put(_Call(function, None))
        # Ray's own second tries would hide deaths from PATIENCE.
        remote, waiting = ray.remote(max_retries=0)(_call), list(left.items())
        running: list[Any] = []
        try:
            while waiting or running:
                while waiting and len(running) < count:
                    running.append(remote.remote(call, *waiting.pop(0)))
                (done,), running = ray.wait(running, num_returns=1)
                yield ray.get(done)
        finally:
            for task in running:
                ray.cancel(task, force=True)

    return do


def _call(call: _Call, number: int, task: Any) -> Outcome:
    return call(number, task)


def _dask(workers: int | None, address: str | None) -> Doing:
    try:
        import dask
        import distributed as untyped
    except ImportError:
        raise MissingExtra("engine 'dask' needs dask: pip install 'idbounds[dask]'") from None
    distributed: Any = untyped
    client = _at_hand(distributed, address)
    if client is None:
        local = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        # Dask's own second tries would multiply PATIENCE.
        with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
            client = distributed.Client(address) if address else distributed.Client(**local)

    def first_done(running: set[Any]) -> tuple[set[Any], set[Any]]:
        """Those that have ended, one at least, and the others; Dask would wait for ever without a worker."""
        gone = 0.0
        while gone < LOST:
            try:
                done, left = distributed.wait(running, timeout=LOOK, return_when="FIRST_COMPLETED")
            except TimeoutError:
                gone = 0.0 if client.nthreads() else gone + LOOK
            else:
                return done, left
        raise ConnectionError(f"the cluster has had no worker for {LOST:.0f} s")

    def do(function: Callable[[Any], Any], left: dict[int, Any]) -> Iterator[Outcome]:
        call, waiting = _Call(function, None), list(left.items())
        count = workers or max(1, sum(client.nthreads().values()))
        running: set[Any] = set()
        try:
            while waiting or running:
                while waiting and len(running) < count:
                    running.add(client.submit(call, *waiting.pop(0), pure=False))
                done, running = first_done(running)
                for future in sorted(done, key=lambda one: one.status == "error"):  # what is done is not lost
                    yield future.result()
        finally:
            client.cancel(list(running))

    return do


def _at_hand(distributed: Any, address: str | None) -> Any:
    """The client of this process, if there is one; a local cluster that lost its last worker is closed."""
    try:
        client = distributed.get_client(address)
    except ValueError:  # no client in this process yet
        return None
    if address is None and client.cluster is not None:
        try:
            client.wait_for_workers(1, timeout=LOST)
        except TimeoutError:
            client.close()
            client.cluster.close()
            return None
    return client
