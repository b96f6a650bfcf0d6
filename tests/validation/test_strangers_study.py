"""A stranger adds a study by copying one file: it is found, listed, run, checked, tabled and reported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from idbounds.errors import InputError
from validation import studies
from validation.provenance import ROOT

TEMPLATE = Path(studies.__file__).with_name("subspace_dimension.py")


@pytest.fixture
def call(tmp_path):
    """Call the program as the stranger does, from a folder of theirs."""
    folder = tmp_path / "studies"
    folder.mkdir()

    def run(*arguments, code=0, engine=()):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "IDBOUNDS_STUDIES": str(folder)}
        extra = [] if arguments[0] == "list" else ["--results", str(tmp_path / "results")]
        command = [sys.executable, "-m", "validation", *arguments, *engine, *extra]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    run.folder = folder
    return run


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


@pytest.mark.parametrize(
    "engine", [(), pytest.param(("--engine", "processes", "--workers", "2"), marks=pytest.mark.slow)]
)
def test_a_copied_file_is_a_study(call, tmp_path, engine):
    (call.folder / "mine.py").write_text(copied(TEMPLATE.read_text()))
    listed = call("list")
    assert "mine (smoke 2, laptop 9)" in listed
    assert "subspace_dimension (" in listed
    assert "mine: 9 done now, 0 before, 0 failed, 0 left, of 9 points" in call("run", "mine", engine=engine)
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
