"""Links of the documentation into the explorer open what they say, and the site carries the page."""

import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from idbounds.explorer import PANELS
from idbounds.explorer.sentences import shown

DOCS = Path(__file__).parents[2] / "docs"
LINK = re.compile(r"\{explorer\}`[^`]*<([^>`]+)>`")
TARGETS = {
    page.relative_to(DOCS).as_posix(): LINK.findall(page.read_text("utf-8"))
    for page in sorted(DOCS.glob("**/*.md"))
    if "_build" not in page.parts
}
BY_HAND = sorted({t for page, targets in TARGETS.items() if not page.startswith("bounds/") for t in targets})


def test_each_lesson_leads_into_the_explorer():
    assert [page for page, targets in TARGETS.items() if page.startswith("lessons/") and not targets] == []
    assert {target.partition("?")[0] for target in BY_HAND} == {*PANELS}


def test_each_page_of_a_bound_leads_to_that_bound():
    for bound in shown():
        assert TARGETS[f"bounds/{bound.id}.md"] == [f"sentence?bound={bound.id}"]


@pytest.mark.parametrize("target", BY_HAND)
def test_a_link_opens_its_panel_at_its_numbers(visit, target):
    """What is unknown, refused or at its default would vanish from the address."""
    wanted, _, asked = target.partition("?")
    page = visit.go(f"#{target}")
    page.evaluate("lecture.click(), lecture.click()")  # to and fro: now the page has written its own address
    panel, _, kept = page.evaluate("location.hash.slice(1)").partition("?")
    assert panel == wanted
    assert parse_qs(asked).items() <= parse_qs(kept).items()


def test_the_site_shows_the_page_in_a_frame_and_links_into_it(visit, built, tmp_path):
    """The way a browser sees it: a page with the frame beside explorer.html, from a folder without a server."""
    frame = re.search(r"<iframe.*?</iframe>", (DOCS / "how-to/explore.md").read_text("utf-8"))[0]
    (tmp_path / "explorer.html").write_bytes(built.read_bytes())
    (tmp_path / "how-to").mkdir()
    place = tmp_path / "how-to" / "explore.html"
    place.write_text(f"<!doctype html><html lang=en><title>Explore</title><body>{frame}", "utf-8")
    visit.address = tmp_path.as_uri()
    page = visit.go("/how-to/explore.html")
    inside = page.frame_locator("iframe")
    inside.locator("#tab-coins").click()
    assert inside.locator("#panel-coins .reading").text_content().strip()
