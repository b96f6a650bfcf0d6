"""`idbounds measure d90` on texts: a folder of transformers and a data set by name; refusals leave no file."""

import json

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")

from data.test_sst import pack

from idbounds.cli import main
from idbounds.data import archive, sst

from .nets import saved, texts

QUICK = ["--steps", 4, "--batch", 16, "--runs", 13, "--baselines", 2, "--learning-rate", 0.1, "--d-max", 32]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDBOUNDS_DATA", str(tmp_path))
    content = {}
    for name, n in zip(sst.MEMBERS, (160, 40), strict=True):
        part = texts(n, seed=n)
        lines = (f"{label} {text}\n" for label, text in zip(part.labels, part.first, strict=True))
        content[name] = "".join(lines).encode()
    pack(tmp_path / archive.ARCHIVE, content)
    saved(tmp_path / "tiny")
    return tmp_path


def call(*args):
    return CliRunner().invoke(main, ["measure", "d90", "--dataset", "sst2-sentences", *map(str, args)])


def test_a_folder_is_measured_and_gone_on_with(here):
    done = call("--model", here / "tiny", *QUICK, "--method", "said", "--layers", "block", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert set(said["crossings"]) >= {"fraction", "absolute"}
    assert "MISSING" not in done.output  # the library's own report: a head that is drawn is no fault
    kept = here / "sst2-sentences-tiny.jsonl"
    study, *lines = kept.read_text().splitlines()
    assert '"start": "module"' in study
    assert '"method": "said"' in study
    assert all("test_score" in line for line in lines)
    before = kept.read_bytes()
    again = call("--model", here / "tiny", *QUICK, "--method", "said", "--layers", "block")
    assert again.stdout.startswith("sst2-sentences, "), again.output
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--model", "tiny", "--longest", 99], "takes 8 to 16"),
        (["--model", "tiny", "--bound"], "fine_tune"),
        (["--model", "nowhere"], "no such folder"),
        (["--model", "tiny", "--dataset", "digits", "--longest", 9], "only texts"),
        (["--model", "tiny", "--space", "low-rank"], "rank = None"),
    ],
    ids=str,
)
def test_refusals_are_one_line_and_leave_no_file(here, args, says):
    done = call(*args, *QUICK)
    assert done.exit_code != 0
    assert says in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert not list(here.glob("*.jsonl"))
