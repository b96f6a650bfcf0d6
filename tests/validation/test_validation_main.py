"""The command line of the measurement runner. (The name keeps apart from the library's own test_main.)"""

import json

import pytest
from click.testing import CliRunner
from toy_study import toy, two_rows

from validation import __main__ as main_module
from validation.study import Claim, Outcome, Study, Verdict


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Call the program on the toy study; results go to a temporary folder."""

    def run(*arguments, study=None):
        monkeypatch.setattr(main_module, "discover", lambda: {"toy": study or toy(points=2)})
        extra = [] if arguments[0] == "list" else ["--results", str(tmp_path)]
        return CliRunner().invoke(main_module.cli, [*arguments, *extra])

    return run


def test_list(call):
    done = call("list")
    assert done.exit_code == 0
    assert "toy (smoke 2)\n    Does it run?" in done.stdout


def test_status_run_status(call):
    assert "toy smoke: 0 ok, 0 censored, 0 failed, 2 pending" in call("status").stdout
    done = call("run", "toy", "--tier", "smoke")
    assert done.exit_code == 0, done.output
    assert "toy: 2 done now, 0 before, 0 failed, 0 left, of 2 points" in done.stdout
    assert "a point" in done.stderr
    assert "left)" in done.stderr
    assert "toy smoke: 2 ok, 0 censored, 0 failed, 0 pending" in call("status").stdout


def test_the_command_that_goes_on_has_the_engine_in_it(call):
    pytest.importorskip("cloudpickle")

    def measure(point):
        raise ValueError("no")

    how = ["--engine", "processes", "--workers", "1"]
    done = call("run", "toy", "--tier", "smoke", *how, study=toy(measure, points=1))
    assert done.exit_code == 1
    assert done.stdout.rstrip().endswith(" --engine processes --workers 1")


def test_failures_exit_with_1_and_say_how_to_try_again(call):
    def measure(point):
        raise ValueError("[red] no")

    done = call("run", "toy", "--tier", "smoke", study=toy(measure, points=2))
    assert done.exit_code == 1
    assert "again with: python -m validation run toy --tier smoke --results" in done.stdout
    assert "ValueError: [red] no" in done.stderr
    assert "2 failed, 0 pending" in call("status").stdout


def test_ctrl_c_says_how_to_go_on(call):
    def measure(point):
        if point["d"]:
            raise KeyboardInterrupt
        return two_rows(point)

    done = call("run", "toy", "--tier", "smoke", study=toy(measure, points=2))
    assert done.exit_code == 130
    assert "Go on with: python -m validation run toy --tier smoke --results" in done.stdout
    assert "1 done now" in done.stdout


@pytest.mark.parametrize("verdict", list(Verdict))
def test_claims(call, verdict):
    claim = Claim("c", "It is so.", lambda rows: Outcome(verdict, "because 3 < 4"))
    study = Study("toy", "?", {"smoke": ()}, two_rows, (claim,))
    done = call("claims", study=study)
    assert done.exit_code == (1 if verdict is Verdict.NOT_SUPPORTED else 0)
    assert done.stdout == f"{verdict}: toy/c: It is so.\n    because 3 < 4\n"
    (entry,) = json.loads(call("claims", "--json", study=study).stdout)
    assert entry == {
        "study": "toy",
        "claim": "c",
        "says": "It is so.",
        "outcome": str(verdict),
        "because": "because 3 < 4",
    }


def test_table(call):
    assert call("table", "toy").stdout == "no rows yet\n"
    call("run", "toy", "--tier", "smoke")
    plain = call("table", "toy").stdout.splitlines()
    assert plain[0].split() == ["tier", "d", "seed", "kind", "part", "cost", "count", "data_sha256"]
    assert len(plain) == 5
    latex = call("table", "toy", "--latex", "--columns", "d,cost,data_sha256").stdout.splitlines()
    assert latex[0] == r"\begin{tabular}{rrl}"
    assert latex[2] == r"d & cost & data\_sha256 \\"
    assert latex[6].startswith("1 & 0.333333 & abab")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["run", "nothing"], "unknown study 'nothing'; known: all_but_the_top, "),
        (["run", "subspace_dimension", "--tier", "gpu"], "has no tier 'gpu'; it has: smoke, laptop"),
        (["run", "subspace_dimension", "--workers", "2"], "workers = 2 with engine 'local'"),
        (["run", "subspace_dimension", "--engine", "processes", "--address", "x"], "only ray and dask"),
        (["table", "subspace_dimension", "--columns", "cost"], "no column cost; there are: "),
    ],
)
def test_errors_are_one_line(monkeypatch, capsys, tmp_path, arguments, part):
    monkeypatch.setattr("sys.argv", ["validation", *arguments, "--results", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        main_module.main()
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert part in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
