"""What is printed: nothing of a header reaches the terminal as markup or control characters."""

import dataclasses
import json

import pytest

from idbounds import plot, terminal
from idbounds.certificate import Verification
from idbounds.certifying import Certified

NASTY = "[/red] [bold]x[/bold] [link=file:///]"


def test_tables_name_the_certified_bound(made, capsys):
    terminal.show(made, [])
    out = capsys.readouterr().out
    assert "<- the certificate" in out
    assert f"idbounds verify {made.path}" in out  # on one line, to be copied
    assert f"{made.code_bits:,}" in out


def test_record_is_json(made):
    record = terminal.record(made)
    assert json.loads(json.dumps(record)) == record
    assert record["bound"] == made.bound
    assert {b["id"] for b in record["bounds"]} == {e.id for e in made.evaluations}


def test_brackets_are_shown_as_they_are(capsys):
    # Cause: rich read the text of a forged header as markup and stopped with a MarkupError.
    terminal._show_verification(Verification(ok=False, difference=NASTY, checked=(NASTY,), declared=(NASTY,)))
    assert capsys.readouterr().out.count(NASTY) == 3
    terminal.Terminal().say(NASTY)
    assert NASTY in capsys.readouterr().err


def test_a_quiet_terminal_prints_nothing(capsys):
    with terminal.Terminal():
        pass
    assert capsys.readouterr() == ("", "")


def test_a_figure_that_cannot_be_written_is_said(made, capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plot, "save", full)
    said = []
    assert terminal._draw(made, said.append) == []
    assert "no figure was drawn" in said[0]


def test_a_picture_of_somebody_else_is_left_alone(made, tmp_path):
    # Cause: `certify -o holiday.idb` wrote over holiday.png without a word.
    mine = dataclasses.replace(made, path=tmp_path / "holiday.idb")
    picture, said = tmp_path / "holiday.png", []
    picture.write_bytes(b"a beach")
    assert terminal._draw(mine, said.append) == []
    assert picture.read_bytes() == b"a beach"
    assert not picture.with_suffix(".svg").exists()
    assert f"{picture} is there" in said.pop()
    picture.unlink()
    first = terminal._draw(mine, said.append)
    assert {f.suffix for f in first} == {".svg", ".png"}
    assert terminal._draw(mine, said.append) == first  # its own are drawn anew
    assert said == []


def test_ctrl_c_before_the_first_step(monkeypatch, capsys):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(terminal, "certify", stop)
    assert terminal.run_certify("digits", as_json=False, fallback=False) == 130
    assert "same command again" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
def test_exit_status_of_verify(made, as_json, tmp_path, capsys):
    assert terminal.run_verify(str(made.path), as_json=as_json) == 0
    assert made.bound in capsys.readouterr().out
    bad = tmp_path / "bad.idb"
    bad.write_bytes(made.path.read_bytes()[:-1])
    assert terminal.run_verify(str(bad), as_json=as_json) == 1
    out = capsys.readouterr().out
    assert (json.loads(out)["difference"] if as_json else out).count("SHA-256") == 1


def test_certified_has_every_field_in_its_record(made):
    shown = set(terminal.record(made))
    hidden = {"path", "value", "evaluations"}
    assert {f for f in Certified.__dataclass_fields__ if f not in hidden} <= shown
