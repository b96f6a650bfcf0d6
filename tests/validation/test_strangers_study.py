"""A stranger adds a study by copying one file: it is found, listed, run, checked, tabled and reported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from idbounds.errors import InputError
from validation import studies
from validation.__main__ import cli
from validation.provenance import ROOT

TEMPLATE = Path(studies.__file__).with_name("subspace_dimension.py")


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Call the program on a stranger's folder, in this process or, as the stranger does, in one of its own."""
    folder = tmp_path / "studies"
    folder.mkdir()

    def here(arguments):
        with monkeypatch.context() as patched:
            patched.setenv(studies.VARIABLE, str(folder))
            done = CliRunner().invoke(cli, arguments)
        return done.exit_code, done.output

    path = [str(ROOT)]

    def alone(arguments):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path), studies.VARIABLE: str(folder)}
        done = subprocess.run(
            [sys.executable, "-m", "validation", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def run(*arguments, how=here):
        extra = [] if arguments[0] == "list" else ["--results", str(tmp_path / "results")]
        code, said = how([*arguments, *extra])
        assert code == 0, said
        return said

    run.folder, run.alone, run.path = folder, alone, path
    yield run
    sys.modules.pop("validation.studies.mine", None)
    studies.discover()  # without the folder


def copied(text):
    """The file, its id changed, its points smaller, its measurement a formula: what a stranger edits first."""
    text = text.replace('id="subspace_dimension"', 'id="mine"')
    head, rest = text.split("def measure(", 1)
    tail = rest[rest.index("\ndef _ok(") :]
    body = '''def measure(point: Point) -> list[Row]:
    """A formula in place of a certificate."""
    d = point["d"]
    errors = {"train_error": 10 / d, "test_error": 11 / d, "test_low": 9 / d, "test_high": 13 / d}
    return [{"bound": str(20 / d), "code_bits": d, "majority_error": 0.9, **errors}]

'''
    return head + body + tail


def test_a_copied_file_is_a_study(call, tmp_path):
    (call.folder / "mine.py").write_text(copied(TEMPLATE.read_text()))
    listed = call("list", how=call.alone)
    assert "mine (smoke 2, laptop 9)" in listed
    assert "subspace_dimension (" in listed
    assert "mine: 9 done now, 0 before, 0 failed, 0 left, of 9 points" in call("run", "mine", how=call.alone)
    assert "mine: 0 done now, 9 before" in call("run", "mine")
    assert "mine laptop: 9 ok, 0 censored, 0 failed, 0 pending" in call("status")
    judged = json.loads(call("claims", "--json"))
    mine = {entry["claim"]: entry["outcome"] for entry in judged if entry["study"] == "mine"}
    assert mine["bound_above_test_error"] == mine["default_below_35_percent"] == "supported"
    assert "0.02" in call("table", "mine")
    assert r"\toprule" in call("table", "mine", "--latex")
    assert "9 rows" in call("export", "mine", "--output", str(tmp_path / "files"))
    call("report", "--output", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text()
    section = page[page.index('<section id="mine">') :].split("</section>")[0]
    assert "<svg " in section
    assert "supported" in section


@pytest.mark.slow
def test_a_copied_file_is_measured_in_processes(call, light):
    pytest.importorskip("joblib")
    (call.folder / "mine.py").write_text(copied(TEMPLATE.read_text()))
    call.path.insert(0, str(light))
    said = call("run", "mine", "--engine", "processes", "--workers", "2", how=call.alone)
    assert "mine: 9 done now, 0 before, 0 failed, 0 left, of 9 points" in said
    assert "mine laptop: 9 ok, 0 censored, 0 failed, 0 pending" in call("status")


def test_a_file_that_is_no_study_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(studies.VARIABLE, str(tmp_path))
    for text, part in {
        "STUDY = 1": "needs STUDY",
        "raise KeyError('x')": "cannot be imported: KeyError",
        "import nothing_of_this_name": "cannot be imported: ModuleNotFoundError",
    }.items():
        (tmp_path / "strange_study.py").write_text(text)
        monkeypatch.delitem(sys.modules, "validation.studies.strange_study", raising=False)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        with pytest.raises(InputError, match=rf"strange_study\.py.*{part}"):
            studies.discover()
    (tmp_path / "strange_study.py").unlink()
    (tmp_path / "_helper.py").write_text("raise KeyError")
    (tmp_path / "d90_mnist.py").write_text("")
    with pytest.raises(InputError, match="two studies are called d90_mnist"):
        studies.discover()
    (tmp_path / "d90_mnist.py").unlink()
    assert "d90_mnist" in studies.discover()
    monkeypatch.setenv(studies.VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(InputError, match="is no folder"):
        studies.discover()
    monkeypatch.delenv(studies.VARIABLE)
    assert list(studies.discover()) == sorted(studies.discover())
