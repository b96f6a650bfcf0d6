"""The page: template, style and scripts of `web/`, the catalogue and the committed rows in one file."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

from idbounds import __version__
from idbounds.errors import InputError
from idbounds.explorer.sentences import bound_record, formulas, quantity_record, racers, shown
from idbounds.projections.stream import Stream
from idbounds.statement import FLOAT_MARGIN

PANELS = ("sentence", "race", "budget", "coins", "codes", "knob")
"""The panels in the order of their tabs; `web/` has a script of the same name for each."""

_BELOW = ("numbers", "stream", "coder", "state", "dom", "plot")  # scripts that the panels stand on
_ABOVE = ("main",)


def page() -> str:
    """The whole page.

    Returns:
        HTML that needs no other file and no network; a policy inside forbids the page both.
    """
    style, code = _read("web/style.css"), script()
    parts = {
        "style": style,
        "style-hash": _digest(style),
        "script": code,
        "script-hash": _digest(code),
        "version": __version__,
    }
    text = _read("web/index.html")
    for name in ("version", "style-hash", "script-hash", "style", "script"):
        text = text.replace(f"{{{{{name}}}}}", parts[name])
    return text


def write(output: str | Path, panel: str = PANELS[0]) -> str:
    """Write the page.

    Args:
        output: HTML file.
        panel: the panel that the address opens.

    Returns:
        Address of the file with its panel, for a browser.

    Raises:
        InputError: for an unknown panel, or a file that cannot be written.
    """
    if panel not in PANELS:
        raise InputError(f"panel = {panel!r}: give one of {', '.join(PANELS)}")
    path = Path(output)
    if not path.parent.is_dir():  # building takes a moment
        raise InputError(f"{path} cannot be written: there is no folder {path.parent}; make it first")
    try:
        path.write_text(page(), "utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}); give another file") from None
    return f"{path.resolve().as_uri()}#{panel}"


def script() -> str:
    """The JavaScript of the page: kernels, data, formulas and the files of `web/`, in one scope."""
    pieces = [
        "(function () {",
        _kernels(),
        f"var DATA = {_json(data())};",
        f"var FORMULAS = {formulas(shown())};",
        "var PANELS = {};",
        *(_read(f"web/{name}.js") for name in (*_BELOW, *PANELS, *_ABOVE)),
        "})();",
    ]
    return "\n".join(pieces)


def data() -> dict[str, Any]:
    """What the scripts read: bounds, quantities and committed rows."""
    chosen = shown()
    return {
        "bounds": {b.id: bound_record(b) for b in chosen},
        "quantities": {q.name: quantity_record(q) for b in chosen for q in b.takes},
        "racers": racers(),
        "margin": FLOAT_MARGIN,
        "stream": int(Stream.TEST),
        **json.loads(_read("committed.json")),
    }


def _kernels() -> str:
    return resources.files("idbounds.kernels").joinpath("kernels.js").read_text("utf-8")


def _read(name: str) -> str:
    return resources.files("idbounds.explorer").joinpath(name).read_text("utf-8")


def _json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/").replace("<!--", "<\\!--")


def _digest(text: str) -> str:
    """The hash by which the page's policy admits a script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
