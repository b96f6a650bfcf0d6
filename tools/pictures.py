"""Write pictures of the explorer, docs/figures/explorer-*.png: chromium and the extra `browser` are needed.

python tools/pictures.py            the pictures of the documentation
python tools/pictures.py FOLDER     every panel: on a desk, on a phone, dark, in a lecture; for looking at
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idbounds.explorer import PANELS, write

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
DESK = {"viewport": {"width": 1100, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 800}, "device_scale_factor": 2, "is_mobile": True}
HALL = {"viewport": {"width": 1600, "height": 900}}

Picture = tuple[str, str, dict[str, Any]]
"""Name, fragment of the address, window."""

DOCUMENTED: tuple[Picture, ...] = (
    ("explorer-sentence", "sentence?bound=occam-kl&train_error=0.1079&code_bits=1632&n=60000", DESK),
    ("explorer-coins", "coins?code=after&coins=16", DESK),
    ("explorer-knob", "knob", DESK),
)


def every() -> Iterator[Picture]:
    """Each panel in each of its looks."""
    for panel in PANELS:
        yield f"{panel}-desk", panel, DESK
        yield f"{panel}-phone", panel, PHONE
        yield f"{panel}-dark", f"{panel}?theme=dark", DESK
        yield f"{panel}-lecture", f"{panel}?lecture=1", HALL


def main() -> int:
    """Take the pictures."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        print("tools/pictures.py: no chromium on PATH; install one (on Debian: apt-get install chromium)")
        return 1
    folder, pictures = (Path(sys.argv[1]), list(every())) if sys.argv[1:] else (FIGURES, list(DOCUMENTED))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as play:
        address = write(Path(place) / "explorer.html").partition("#")[0]
        browser = play.chromium.launch(executable_path=chromium)
        for name, fragment, window in pictures:
            context = browser.new_context(**window, reduced_motion="reduce", color_scheme="light")
            page = context.new_page()
            page.goto(f"{address}#{fragment}")
            page.screenshot(path=folder / f"{name}.png", full_page=folder != FIGURES and window is not HALL)
            context.close()
            print(folder / f"{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
