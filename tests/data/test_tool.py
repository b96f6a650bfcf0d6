import sys
from pathlib import Path

import pytest

from idbounds.data import fashion_mnist, tool
from idbounds.errors import DataError


def test_reasons_fit_on_one_line(tmp_path: Path) -> None:
    script = "import sys; print('W: noise\\nE: Unable to locate it\\ntrailing', file=sys.stderr); sys.exit(3)"
    with pytest.raises(DataError) as caught:
        tool.run("fetch", [sys.executable, "-c", script], tmp_path, 30)
    assert str(caught.value) == "fetch failed: E: Unable to locate it"


def test_absent_program(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no-such-program is not on this machine"):
        tool.run("fetch", ["no-such-program"], tmp_path, 30)


def test_slow_program(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="took more than"):
        tool.run("fetch", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, 0.2)


@pytest.mark.parametrize(
    ("user", "reason", "steps"),
    [
        (0, "Unable to locate package", 3),
        (1000, "Unable to locate package", 1),
        (0, "Temporary failure resolving", 1),
    ],
)
def test_lists_are_fetched_once_and_by_root_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, reason: str, steps: int
) -> None:
    calls: list[str] = []

    def refuse(what: str, *_rest: object) -> None:
        calls.append(what)
        if what == "apt-get download":
            raise DataError(f"{what} failed: E: {reason}")

    monkeypatch.setattr(tool, "run", refuse)
    monkeypatch.setattr("os.geteuid", lambda: user)
    with pytest.raises(DataError, match=reason):
        fashion_mnist.fetch(lambda _line: None)
    assert calls == ["apt-get download", "apt-get update", "apt-get download"][:steps]
