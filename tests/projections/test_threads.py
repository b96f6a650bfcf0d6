import multiprocessing

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.projections import get_threads, make_projection, set_threads
from idbounds.projections.threads import SMALL, split


@pytest.fixture(autouse=True)
def restore_threads():
    before = get_threads()
    yield
    set_threads(before)


@pytest.mark.parametrize(("kind", "d", "D"), [
    ("blocks", 100, 2 * SMALL + 77), ("dense", 40, SMALL // 8), ("orthonormal", 20, SMALL // 8),
    ("sparse", 40, SMALL // 4), ("srht", 100, SMALL + 77), ("fastfood", 100, SMALL - 77),
    ("tied", 100, SMALL + 77), ("kronecker", 40, SMALL // 4),
])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_thread_count_does_not_change_a_bit(kind, d, D, dtype):
    projection = make_projection(kind, seed=11, d=d, D=D)
    random = np.random.default_rng(0)
    z, g = random.normal(size=d).astype(dtype), random.normal(size=D).astype(dtype)
    results = []
    for count in (1, 2, 3):
        set_threads(count)
        results.append((projection.apply(z).tobytes(), projection.adjoint(g).tobytes()))
    assert len(set(results)) == 1


def _apply_in_child(queue):
    queue.put(make_projection("blocks", seed=1, d=3, D=SMALL * 2).apply(np.ones(3)).sum())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_does_not_wait_for_lost_threads():
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no fork here")
    set_threads(2)
    expected = make_projection("blocks", seed=1, d=3, D=SMALL * 2).apply(np.ones(3)).sum()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_apply_in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=20) == expected
    finally:
        child.kill()
        child.join()


def test_split_covers_everything_once():
    for count in (1, 2, 7, 8, 100):
        pieces = split(count, 8)
        assert [i for first, end in pieces for i in range(first, end)] == list(range(count))
        assert len(pieces) == min(8, count)


@pytest.mark.parametrize("count", [0, -1, 257, 1.5, True])
def test_errors(count):
    with pytest.raises(InputError, match="threads"):
        set_threads(count)
