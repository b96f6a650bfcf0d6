"""How many threads the compiled kernels use; no result depends on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from idbounds.projections.stream import checked_integer

SMALL = 1 << 18  # below this many entries handing work to a thread costs more than it saves


class _State:
    count: int | None = None
    pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    _State.pool = None


if hasattr(os, "register_at_fork"):
    # A forked child inherits the pool object but not its threads, and would wait for them for ever.
    os.register_at_fork(after_in_child=_forget_pool)


def get_threads() -> int:
    """Return the number of threads in use: what `set_threads` was given, else at most 8 processors."""
    if _State.count is None:
        affinity = getattr(os, "sched_getaffinity", None)
        _State.count = min(8, len(affinity(0)) if affinity else os.cpu_count() or 1)
    return _State.count


def set_threads(count: int) -> None:
    """Set the number of threads of the compiled kernels.

    Args:
        count: 1 to 256.

    Raises:
        InputError: if it is not an integer in that range.
    """  # noqa: DOC502 - raised by checked_integer
    _State.count = checked_integer("threads", count, 1, 257)
    if _State.pool is not None:
        _State.pool.shutdown(wait=True)
    _State.pool = None


def split(count: int, parts: int) -> list[tuple[int, int]]:
    """Return at most ``parts`` consecutive (first, end) ranges of nearly equal length covering 0..count-1."""
    parts = max(1, min(parts, count))
    return [(i * count // parts, (i + 1) * count // parts) for i in range(parts)]


def run_all(tasks: Iterable[Callable[[], None]], *, entries: int) -> None:
    """Run the tasks, on several threads if the work is worth it; they must write to disjoint memory.

    Args:
        tasks: functions without arguments that release the interpreter lock.
        entries: size of the whole work, in array entries.
    """
    waiting = list(tasks)
    threads = get_threads() if entries >= SMALL else 1
    if threads == 1 or len(waiting) == 1:
        _run(waiting)
        return
    if _State.pool is None:
        _State.pool = ThreadPoolExecutor(threads - 1, thread_name_prefix="idbounds")
    # One parcel a thread, and one for the caller: waking a thread costs about as much as 10**5 entries.
    futures = [_State.pool.submit(_run, waiting[i::threads]) for i in range(1, threads)]
    try:
        _run(waiting[::threads])
    finally:
        for future in futures:
            future.result()


def _run(tasks: Iterable[Callable[[], None]]) -> None:
    for task in tasks:
        task()
