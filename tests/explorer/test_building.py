"""The page as text: complete, self-contained, made from what the repository holds."""

import importlib.util
import json
import re
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from idbounds import bounds
from idbounds.cli import main
from idbounds.errors import InputError
from idbounds.explorer import PANELS, write
from idbounds.explorer.sentences import left_out, racers, shown
from idbounds.statement import UNVERIFIED
from validation.figures import COLOURS

ROOT = Path(__file__).parents[2]
WEB = ROOT / "idbounds" / "explorer" / "web"
SCRIPTS = sorted(WEB.glob("*.js"))


@pytest.fixture(scope="module")
def code(built):
    return built.read_text("utf-8").partition("<script>")[2].rpartition("</script>")[0]


def test_every_bound_with_a_number_is_there_and_the_rest_is_left_out_by_name(known):
    assert {b.id for b in shown()} | set(left_out()) == set(bounds)
    assert set(left_out()) == {"fractal-dimension", "ph-dimension"}  # their statements are not verified
    assert all(bounds[name].standing == UNVERIFIED and why for name, why in left_out().items())
    assert set(known["bounds"]) == {b.id for b in shown()}


def test_every_quantity_of_a_formula_can_be_taken_hold_of(known):
    for name, record in known["bounds"].items():
        marked = set(re.findall(r'data-q="(\w+)"', record["formula"]))
        assert marked == set(record["takes"]) == {q.name for q in bounds[name].takes}, name


def test_who_can_race_says_how():
    assert racers()["occam-binomial"] == {"errors": "count", "code_bits": "bits"}
    assert racers()["maurer-kl"] == {"gibbs_train_error": "rate", "kl_nats": "nats"}
    for name in ("subspace-kl", "test-kl", "informed-prior-kl", "vc", "aghajanyan", "language-top-k"):
        assert name not in racers()


def test_the_page_needs_no_other_file(built, code):
    text = built.read_text("utf-8")
    assert "{{" not in text.partition("<script>")[0]
    assert not re.search(r"<(link|img|iframe|object|embed)\b|\bsrc=|@import|url\(", text.replace(code, ""))
    assert "default-src 'none'" in text
    assert text.count("<script>") == 1
    assert "</script" not in code


def test_each_name_of_the_scripts_is_said_once(code):
    names = re.findall(r"^(?:function|var) (\w+)", code, re.MULTILINE)
    assert len(names) > 100
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_scripts_are_short(path):
    text = path.read_text("utf-8")
    assert text.count("\n") < 300
    assert text.startswith("// ")


def test_colours_are_those_of_the_figures():
    lanes = re.findall(r"--lane-\d: (#\w+)", (WEB / "style.css").read_text("utf-8"))
    assert len(lanes) == 8
    assert set(lanes) == set(COLOURS.values())


def test_the_measured_part_is_what_the_committed_results_say():
    spec = importlib.util.spec_from_file_location("explorer_tool", ROOT / "tools" / "explorer.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.FILE.read_text("utf-8") == tool.committed(), "run: make explorer"


def test_the_budget_knows_the_certificates_by_what_they_pay(known):
    for certificate in known["certificates"]:
        bound = bounds[certificate["bound"]]
        assert {q.name for q in bound.takes} == {"errors", "code_bits", "n", "delta"}
        assert sum(certificate["parts"].values()) == certificate["code_bits"]


def test_the_bounds_of_the_curves_are_the_exact_occam_bound(known):
    for curve in known["curves"]:
        for row in curve["rows"]:
            given = {key: row[key] for key in ("errors", "code_bits", "n", "delta")}
            assert bounds["occam-binomial"].upper(**given) == row["bound"]


def test_the_files_are_in_the_package():
    for name in (
        "committed.json",
        "web/index.html",
        "web/style.css",
        *(f"web/{panel}.js" for panel in PANELS),
    ):
        assert resources.files("idbounds.explorer").joinpath(name).is_file()
    json.loads(resources.files("idbounds.explorer").joinpath("committed.json").read_text("utf-8"))


def test_writing_refuses_what_it_cannot_do(tmp_path):
    with pytest.raises(InputError, match=r"panel = 'x': give one of sentence"):
        write(tmp_path / "a.html", "x")
    with pytest.raises(InputError, match="there is no folder"):
        write(tmp_path / "no" / "a.html")


def test_the_command_writes_the_same_page_each_time_and_opens_it(tmp_path, monkeypatch, built):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    file = tmp_path / "e.html"
    done = CliRunner().invoke(main, ["explore", "-o", str(file), "--panel", "race"], standalone_mode=False)
    assert done.exit_code == 0, done.output
    assert opened == [file.as_uri() + "#race"]
    assert file.read_text("utf-8") == built.read_text("utf-8")
    monkeypatch.setattr("idbounds.explorer.building.page", lambda: "<p>short</p>")
    done = CliRunner().invoke(main, ["explore", "-o", str(file), "--no-open"], standalone_mode=False)
    assert f"open it in a browser: {file.as_uri()}#sentence" in done.output
    assert len(opened) == 1


def test_the_command_names_every_panel():
    text = " ".join(CliRunner().invoke(main, ["explore", "--help"]).output.split())
    assert f"{', '.join(PANELS[:-1])} or {PANELS[-1]}" in text
