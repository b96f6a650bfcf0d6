"""Engines: every task once, whatever happens to the workers."""

import os
import signal
import time

import pytest

from idbounds.dimension import engines
from idbounds.dimension.engines import PATIENCE, check, spread
from idbounds.errors import InputError

NEEDS = {"processes": "joblib", "ray": "ray", "dask": "distributed"}


def worker(folder):
    """A task that notes that it ran; the first process that gets number 2 dies.

    Made here, so that it travels by value: workers cannot import a test.
    """

    def work(number):
        with (folder / f"ran-{number}").open("a") as file:
            file.write("x")
        if number == 2 and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number < 0:
            raise ValueError("the task itself")
        time.sleep(0.02)
        return number * number

    return work


@pytest.fixture(params=["processes", pytest.param("ray", marks=pytest.mark.slow), "dask"])
def engine(request, light):
    pytest.importorskip(NEEDS[request.param])
    pytest.importorskip("joblib")
    yield request.param
    if request.param == "ray":
        import ray

        ray.shutdown()
    if request.param == "dask":
        import distributed

        client = distributed.get_client()
        cluster = client.cluster
        client.close()
        cluster.close()


def test_a_killed_worker_loses_nothing_and_nothing_comes_twice(engine, tmp_path):
    found = list(spread(worker(tmp_path), range(5), engine=engine, workers=2))
    assert sorted(found) == [0, 1, 4, 9, 16]
    assert (tmp_path / "died").exists()
    assert len((tmp_path / "ran-2").read_text()) >= 2  # begun, killed, and done again


def test_an_error_of_a_task_is_its_own(engine, tmp_path):
    with pytest.raises(ValueError, match="the task itself"):
        list(spread(worker(tmp_path), [0, -1], engine=engine, workers=2))
    assert (tmp_path / "ran--1").read_text() == "x"  # not tried again


@pytest.mark.slow
def test_workers_that_always_die_end_the_study(light):
    pytest.importorskip("joblib")
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    assert PATIENCE < 5

    def dies(number):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(TerminatedWorkerError):
        list(spread(dies, [1, 2], engine="processes", workers=2))


def test_local_is_lazy_and_in_order(tmp_path):
    (tmp_path / "died").touch()
    results = spread(worker(tmp_path), range(3))
    assert next(results) == 0
    assert not (tmp_path / "ran-1").exists()
    assert list(results) == [1, 4]


@pytest.mark.parametrize(
    ("engine", "workers", "address"),
    [
        ("abacus", None, None),
        ("local", 2, None),
        ("processes", 0, None),
        ("processes", 2, "tcp://x"),
        ("local", None, "x"),
    ],
)
def test_what_no_engine_does(engine, workers, address):
    with pytest.raises(InputError):
        check(engine, workers, address)


@pytest.mark.parametrize("engine", NEEDS)
def test_a_missing_package_is_named(engine, monkeypatch):
    import sys

    from idbounds.errors import MissingExtra

    monkeypatch.setitem(sys.modules, NEEDS[engine], None)
    with pytest.raises(MissingExtra, match=r"pip install 'idbounds\["):
        list(spread(abs, [1], engine=engine, workers=1))


def test_a_dask_cluster_that_lost_its_workers_is_replaced(monkeypatch, light):
    # Cause: under load a killed worker was never started again, and the wait for the next result had no end.
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(engines, "LOST", 1.0)
    monkeypatch.setattr(engines, "LOOK", 0.2)
    clients = []
    try:
        assert list(spread(abs, [-1, -2], engine="dask", workers=1)) == [1, 2]
        clients.append(distributed.get_client())
        clients[0].cluster.scale(0)
        while clients[0].nthreads():
            time.sleep(0.1)
        assert sorted(spread(abs, [-3, -4], engine="dask", workers=1)) == [3, 4]
        clients.append(distributed.get_client())
        assert clients[0] is not clients[1]

        monkeypatch.setattr(engines, "_at_hand", lambda *_: clients[1])
        clients[1].cluster.scale(0)
        while clients[1].nthreads():
            time.sleep(0.1)
        with pytest.raises(ConnectionError, match="no worker"):
            next(engines._dask(1, None)(abs, {0: -1}))
    finally:
        for client in clients:
            cluster = client.cluster
            client.close()
            cluster.close()
