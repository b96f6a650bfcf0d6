"""Runs resume: nothing is lost, nothing is done twice, and a bad point stops no other."""

import json
import signal

import pytest
from toy_study import POINTS, quiet, start, toy, two_rows, wait_for_rows

from idbounds.errors import InputError
from validation import provenance, results, runner, storage
from validation.storage import ResultsError
from validation.study import Study

TIMES = ["run", "started", "seconds"]


def table(folder):
    return results.of_study(folder, "toy")


def run(study, folder):
    return runner.run(study, "smoke", folder, quiet())


def test_a_run_measures_every_point_once_and_the_next_one_nothing(tmp_path):
    assert run(toy(), tmp_path) == runner.Summary(total=12, kept=0, done=12, failed=0, interrupted=False)
    before = (tmp_path / "toy" / "rows.jsonl").read_bytes()
    assert run(toy(), tmp_path) == runner.Summary(total=12, kept=12, done=0, failed=0, interrupted=False)
    assert (tmp_path / "toy" / "rows.jsonl").read_bytes() == before
    assert len(list((tmp_path / "toy").glob("run-*.json"))) == 1


def test_kill_and_resume_give_the_table_of_an_unbroken_run(tmp_path):
    log, path = tmp_path / "log", tmp_path / "toy" / "rows.jsonl"
    process = start(tmp_path, log, "0.2")
    wait_for_rows(process, path, 6)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    kept = len(set(table(tmp_path).point))
    assert 3 <= kept < POINTS
    # What a kill in the middle of the write leaves; the true moment is too short to hit.
    with path.open("ab") as file:
        file.write(b'{"schema": 1, "study": "toy", "ti')
    again = start(tmp_path, log, "0")
    said, _ = again.communicate(timeout=30)
    assert again.returncode == 0, said
    assert f"kept={kept}, done={POINTS - kept}" in said

    run(toy(), tmp_path / "unbroken")
    resumed = table(tmp_path).drop(columns=TIMES)
    assert resumed.equals(table(tmp_path / "unbroken").drop(columns=TIMES))
    # Only the point in progress when the kill came was started a second time.
    starts = log.read_text().splitlines()
    assert len(set(starts)) == POINTS
    assert len(starts) <= POINTS + 1


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    def measure(point):
        if point["d"] == 3:
            raise KeyboardInterrupt
        return two_rows(point)

    assert run(toy(measure), tmp_path) == runner.Summary(12, 0, 3, 0, interrupted=True)
    assert set(table(tmp_path).d) == {0, 1, 2}
    assert run(toy(), tmp_path).done == 9


def test_ctrl_c_that_training_turns_into_its_own_exception_still_stops_the_run(tmp_path):
    # Cause: idbounds.training.Interrupted is an Exception; it once would have been a failed point.
    def measure(point):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise RuntimeError("stopped at step 3") from None

    summary = run(toy(measure), tmp_path)
    assert summary.interrupted
    assert table(tmp_path).empty


def test_a_failing_point_is_a_row_and_stops_no_other_and_is_tried_again(tmp_path):
    def measure(point):
        if point["d"] == 1:
            raise ValueError(f"no such\nfile {provenance.ROOT}/x \ud800")
        return [] if point["d"] == 2 else [{"a": [1]}] if point["d"] == 3 else two_rows(point)

    assert run(toy(measure), tmp_path) == runner.Summary(12, 0, 9, 3, interrupted=False)
    failed = table(tmp_path).query("status == 'failed'").set_index("d").reason
    assert failed[1] == "ValueError: no such file ./x ?"
    assert "no rows" in failed[2]
    assert "list" in failed[3]
    assert run(toy(), tmp_path) == runner.Summary(12, 9, 3, 0, interrupted=False)
    assert set(results.latest(table(tmp_path)).status) == {"ok"}


def test_a_censored_point_is_settled(tmp_path):
    def measure(point):
        return [{"status": "censored", "reason": "above the largest d tried", "lower": 9}]

    run(toy(measure, points=2), tmp_path)
    assert list(table(tmp_path).status) == ["censored", "censored"]
    assert run(toy(measure, points=2), tmp_path).kept == 2


def test_points_run_in_order_and_a_longer_grid_goes_on(tmp_path):
    run(toy(points=3), tmp_path)
    assert run(toy(points=5), tmp_path) == runner.Summary(5, 3, 2, 0, interrupted=False)
    assert list(table(tmp_path).d.drop_duplicates()) == [0, 1, 2, 3, 4]


def test_two_runs_at_once_are_refused(tmp_path):
    with storage.only_runner(tmp_path / "toy"), pytest.raises(ResultsError, match="under way"):
        run(toy(), tmp_path)
    assert run(toy(), tmp_path).done == 12


def test_provenance_says_where_rows_come_from(tmp_path):
    run(toy(), tmp_path)
    (path,) = (tmp_path / "toy").glob("run-*.json")
    record = json.loads(path.read_text())
    assert set(table(tmp_path).run) == {record["run"]}
    assert path.name == f"run-{record['run']}.json"
    assert (record["study"], record["tier"]) == ("toy", "smoke")
    assert record["config"]["points"][1] == {"d": 1, "seed": 1, "kind": "dense"}
    assert record["seeds"] == [0, 1, 2]
    assert record["data"] == {"data_sha256": ["ab" * 32]}
    assert record["packages"]["numpy"]
    assert record["python"].startswith("3.")
    assert record["hardware"]["cpu"]
    assert record["hardware"]["cores"] >= 1
    assert isinstance(record["hardware"]["gpu"], list)
    assert set(record["git"]) == {"commit", "dirty"}
    assert str(tmp_path) not in path.read_text()
    assert str(provenance.ROOT) not in path.read_text()


def test_without_git_the_commit_is_unknown_not_clean(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance.git() == {"commit": None, "dirty": None}
    assert provenance.hardware()["gpu"] == []


@pytest.mark.parametrize(
    ("grid", "part"),
    [
        ({"huge": ()}, "huge"),
        ({"smoke": ({"d": 1}, {"d": 1})}, "same fields"),
        ({"smoke": ({"d": [1]},)}, "scalars"),
        ({"smoke": ({"d": float("nan")},)}, "scalars"),
        ({"smoke": ({"status": 1},)}, "status"),
    ],
)
def test_grids_that_could_be_confused_are_refused(grid, part):
    with pytest.raises(InputError, match=part):
        Study("toy", "?", grid, two_rows)


def test_unknown_tier_names_those_there_are(tmp_path):
    with pytest.raises(InputError, match="it has: smoke"):
        runner.run(toy(), "gpu", tmp_path, quiet())


def test_a_point_that_exits_stops_no_other(tmp_path):
    # Cause: sys.exit(0) in a measurement ended the run, and the shell was told that all was well.
    def measure(point):
        raise SystemExit(0) if point["d"] == 1 else ValueError

    assert run(toy(measure), tmp_path).failed == POINTS
    assert table(tmp_path).reason[1].startswith("SystemExit")


@pytest.mark.parametrize("name", ["reason", "word"])
def test_words_that_no_table_holds_do_not_make_the_rows_unreadable(name, tmp_path):
    run(toy(lambda point: [{name: "odd \udcff file"}], points=2), tmp_path)
    assert list(table(tmp_path)[name]) == ["odd ? file"] * 2
