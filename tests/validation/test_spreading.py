"""Studies on every engine: a worker that dies loses no point, and writers side by side spoil nothing."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest
from toy_study import POINTS, quiet, start, toy, wait_for_rows

from idbounds.errors import InputError
from validation import provenance, results, runner
from validation.spreading import Engine

NEEDS = {"processes": "joblib", "ray": "ray", "dask": "distributed"}


def deadly(folder, always):
    """A measurement whose point 2 kills its worker, once or always; made here, so that it travels by value."""

    def measure(point):
        import os
        import signal
        import time

        (folder / f"began-{point['d']}").touch()
        time.sleep(0.05)
        if point["d"] == 2 and (always or not (folder / "died").exists()):
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if point["d"] == 4:
            raise ValueError("no such thing")
        return [{"cost": point["d"] / 3}]

    return measure


@pytest.fixture(params=["processes", *(pytest.param(n, marks=pytest.mark.slow) for n in ("ray", "dask"))])
def engine(request, light):
    """An engine with two workers; ray and dask start a cluster on this machine, which goes with the test."""
    pytest.importorskip(NEEDS[request.param])
    yield Engine(request.param, 2)
    if request.param == "ray":
        import ray

        ray.shutdown()
    if request.param == "dask":
        import distributed

        client = distributed.get_client()
        cluster = client.cluster
        client.close()
        cluster.close()


@pytest.mark.parametrize("always", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_killed_worker_loses_no_point(engine, tmp_path, always):
    study = toy(deadly(tmp_path, always), points=6)
    summary = runner.run(study, "smoke", tmp_path, quiet(), engine)
    rows = results.of_study(tmp_path, "toy")
    assert (tmp_path / "died").exists()
    assert Counter(rows.d) == dict.fromkeys(range(6), 1), "each point once"
    failed = rows[rows.status == "failed"].set_index("d").reason
    assert set(failed.index) == ({2, 4} if always else {4})
    assert failed[4] == "ValueError: no such thing"
    assert "ended without a result" in failed.get(2, "it ended without a result")
    assert (summary.done, summary.failed) == (6 - len(failed), len(failed))
    # The next run tries those again, and only those.
    again = runner.run(toy(points=6), "smoke", tmp_path, quiet(), engine)
    assert (again.kept, again.done) == (6 - len(failed), len(failed))
    (first, _) = sorted((tmp_path / "toy").glob("run-*.json"))
    assert f'"name": "{engine.name}"' in first.read_text()
    assert '"machines": [\n    {' in first.read_text()


def test_a_killed_run_in_processes_goes_on(tmp_path, light):
    pytest.importorskip("joblib")
    log, path = tmp_path / "log", tmp_path / "toy" / "rows.jsonl"
    process = start(tmp_path, log, "0.2", "processes", path=light)
    wait_for_rows(process, path, 6)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    kept = set(results.of_study(tmp_path, "toy").d)
    assert 3 <= len(kept) < POINTS
    again = start(tmp_path, log, "0", "local")
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0, said
    rows = results.of_study(tmp_path, "toy")
    assert Counter(rows.d) == dict.fromkeys(range(POINTS), 2)
    assert rows.drop_duplicates(["d", "part"]).shape[0] == 2 * POINTS


def test_an_engine_that_does_nothing_is_not_blamed_on_the_points(tmp_path, monkeypatch):
    from idbounds.dimension import engines

    def down(*_arguments, **_how):
        raise ConnectionError("nobody there")
        yield

    monkeypatch.setattr(engines, "spread", down)
    with pytest.raises(InputError, match=r"'dask' does nothing at all \(ConnectionError: nobody there"):
        runner.run(toy(points=2), "smoke", tmp_path, quiet(), Engine("dask", 2, "tcp://nowhere"))
    assert results.of_study(tmp_path, "toy").empty


@pytest.mark.parametrize("how", [("abacus",), ("local", 2), ("processes", 0), ("processes", 1, "tcp://x")])
def test_impossible_engines_are_refused_before_anything_is_measured(how):
    with pytest.raises(InputError):
        Engine(*how)


def test_two_processes_that_run_one_study_do_each_point_once(tmp_path):
    log = tmp_path / "log"
    first, second = (start(tmp_path, log, "0.1", "local") for _ in range(2))
    said = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert sorted((first.returncode, second.returncode)) == [0, 1], said
    assert sum("another run of this study is under way" in text for text in said) == 1
    assert Counter(results.of_study(tmp_path, "toy").d) == dict.fromkeys(range(POINTS), 2)
    assert len(log.read_text().splitlines()) == POINTS


WRITER = """
import sys
from pathlib import Path
from validation import storage
name, path = sys.argv[1], Path(sys.argv[2])
for number in range(300):
    storage.append(path, [{"writer": name, "number": number, "part": p, "long": "x" * 5000} for p in (1, 2)])
"""


def test_two_processes_that_append_to_one_file_tear_no_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    environment = os.environ | {"PYTHONPATH": str(provenance.ROOT)}
    command = [sys.executable, "-c", WRITER]
    both = [subprocess.Popen([*command, name, str(path)], env=environment) for name in "ab"]
    assert [process.wait(60) for process in both] == [0, 0]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert Counter(row["writer"] for row in rows) == {"a": 600, "b": 600}
    # The rows of one point stay together, and each writer's are in order.
    assert all(rows[i]["number"] == rows[i + 1]["number"] for i in range(0, 1200, 2))
    for name in "ab":
        assert [r["number"] for r in rows if r["writer"] == name and r["part"] == 1] == list(range(300))
