"""`idbounds measure d90`: help without torch, one table, JSON that parses, and Ctrl-C that keeps what is done."""

import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from conftest import MAIN, environment

from idbounds import terminal_d90
from idbounds.cli import main
from idbounds.cli_measure import measure

TINY = [
    "--dataset",
    "digits",
    "--model",
    "mlp",
    "--steps",
    "25",
    "--batch",
    "64",
    "--runs",
    "13",
    "--baselines",
    "2",
]
RATES = ["--learning-rate", "0.03", "--learning-rate", "0.1"]


def call(*args):
    return CliRunner().invoke(main, ["measure", "d90", *map(str, args)])


def test_help_is_quick_and_loads_no_torch(program):
    code = f"import sys, atexit; atexit.register(lambda: print('torch' in sys.modules))\n{MAIN}"
    done = program("measure", "d90", "--help", code=code)
    assert done.stdout.endswith("False\n")
    assert "[default: 0.9]" in " ".join(done.stdout.split())
    assert "idbounds measure d90 --dataset fashion-mnist --model lenet\n" in done.stdout


@pytest.mark.parametrize("name", sorted(measure.commands))
def test_every_option_has_help(name):
    assert all(option.help for option in measure.commands[name].params)


def test_bound_prints_the_core_sentence_in_one_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    done = call(*TINY, *RATES, "--bound", "-o", "runs.jsonl")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("digits, mlp: d90 = ")
    assert max(len(line) for line in lines if not line.startswith("note: ")) <= 80
    assert done.stdout.count("─" * 20) >= 1
    assert "error at most   train error   test error" in done.stdout
    record = json.loads(call(*TINY, *RATES, "--bound", "-o", "runs.jsonl", "--json").stdout)
    assert record["bounds"]
    for row in record["bounds"]:
        assert f"{row['code_bits']:,}" in done.stdout
        checked = json.loads(CliRunner().invoke(main, ["verify", row["path"], "--json"]).stdout)
        assert checked["ok"] is True
        assert checked["value"] == row["bound"]
    crossing = record["crossings"]["fraction"]
    measured = [crossing[k] for k in ("low", "d", "high") if crossing[k] is not None]
    assert len(record["bounds"]) == len(measured)
    for row, value in zip(record["bounds"], measured, strict=True):
        assert 0 <= row["d"] - value < 1


def test_one_d_is_certified_once_for_all_its_places(tmp_path, monkeypatch):
    made = []

    def certify(dataset, **settings):
        made.append(settings)
        return SimpleNamespace(
            code_bits=9, bound="0.5", value=0.5, delta="0.05", errors=1, n=2, train_error=0.5, test_errors=1,
            test_n=2, test_error=0.5, path=settings["output"],
        )  # fmt: skip

    monkeypatch.setattr("idbounds.certifying.certify", certify)
    near = SimpleNamespace(run=SimpleNamespace(d=9, learning_rate=0.07))
    crossing = SimpleNamespace(low=9.2, d=9.6, high=10.4)
    found = SimpleNamespace(main=crossing, scores=[near])
    options = {"steps": 30, "batch": 16, "kind": "sparse"}
    said = SimpleNamespace(say=lambda text: None)
    rows = terminal_d90._certified(found, "digits", "mlp", tmp_path / "x.jsonl", "0.05", said, options)
    assert [(row["at"], row["d"]) for row in rows] == [("low end", 10), ("middle", 10), ("high end", 11)]
    assert [settings["d"] for settings in made] == [10, 11]
    for settings in made:
        assert (settings["recipe"], settings["projection"]) == ("subspace", "sparse")
        assert (settings["steps"], settings["batch"], settings["learning_rate"]) == (50, 16, 0.07)


def test_criteria_are_shown_without_bound(tmp_path):
    done = call(*TINY, *RATES, "--criterion", "gain", "-o", tmp_path / "x.jsonl")
    assert done.exit_code == 0, done.output
    for criterion in ("fraction", "absolute", "gain"):
        assert criterion in done.stdout
    assert "criterion gain" in done.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["--dataset", "nope"], ["--model", "nope"], ["--threshold", "2"], ["--criterion", "x"], ["--engine", "x"],
        ["--workers", "2"], ["--steps", "0"], ["--bound", "--isotropic"], ["--bound", "--schedule", "constant"], ["--budget", "3"],
        ["--bound", "--delta", "5"], ["--runs", "3"],
        ["--device", "abacus"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_errors_are_one_line_and_exit_2(args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*TINY, *args)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("idbounds: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(tmp_path):
    path = tmp_path / "runs.jsonl"
    command = [sys.executable, "-c", MAIN, "measure", "d90", *TINY, "--steps", "400", *RATES, "-o", str(path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < 3):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert path.read_bytes().count(b"\n") >= 3
