"""The pages: every Python block runs, every relative link leads somewhere, and what they list exists."""

from __future__ import annotations

import re
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in ROOT.glob("docs/**/*.md") if "_build" not in p.parts)])
NOT_RUN = "<!-- not run -->"
FENCE = re.compile(r"^```(\{[\w-]+\}|\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN = ("python", "{code-cell}")  # the second in the lessons, whose options stand above the code
OPTIONS = re.compile(r"\A(:[^\n]*\n)*")
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)")
MACHINE_PATH = re.compile(
    r"(?<![\w.~/:])/(home|root|work|tmp|usr|etc|var|mnt|opt|srv|Users|private)/|\b[A-Z]:\\\w"
)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[tuple[int, str]]:
    """(line, source) of each Python block that is to run."""
    text = page.read_text("utf-8")
    found = []
    for match in FENCE.finditer(text):
        before = text[: match.start()].rstrip("\n").rpartition("\n")[2].strip()
        if match[1] in RUN and before != NOT_RUN:
            options = OPTIONS.match(match[2])[0].count("\n")
            source = match[2].split("\n", options)[-1]
            found.append((text.count("\n", 0, match.start()) + 1 + options, source))
    return found


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


HEAVY = {"docs/how-to/hugging-face.md"}
"""Pages whose imports alone take several seconds: `make audit` runs them."""


def runnable() -> list[Any]:
    marks = {True: [pytest.mark.audit], False: []}
    return [pytest.param(p, marks=marks[name(p) in HEAVY], id=name(p)) for p in PAGES if blocks(p)]


@pytest.mark.parametrize("page", runnable())
def test_the_python_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "page"}
    for line, source in blocks(page):
        # Empty lines in front, so that a traceback names the line of the page.
        exec(compile("\n" * line + source, name(page), "exec"), namespace)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_lead_to_files(page):
    targets = [t for t in LINK.findall(prose(page)) if not re.match(r"[a-z]+:|#", t)]
    missing = [t for t in targets if not (page.parent / t.partition("#")[0]).exists()]
    assert not missing, f"{name(page)} links to {missing}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_to_headings_meet_a_heading(page):
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if anchor and not re.match(r"[a-z]+:", target):
            other = page.parent / path if path else page
            headings = re.findall(r"^#+ (.*)$", prose(other), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{name(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_name_no_place_on_a_machine(page):
    found = MACHINE_PATH.search(page.read_text("utf-8"))
    assert found is None, f"{name(page)}: {found and found[0]}"


def test_paths_of_a_machine_are_found():
    assert MACHINE_PATH.search("see /home/someone/x")
    assert MACHINE_PATH.search(r"C:\data")
    for fine in (
        "https://a.org/home/x",
        "and/or",
        "~/.cache/idbounds",
        "1/20",
        r"\ln(1/\delta)",
        "docs/home/x",
    ):
        assert not MACHINE_PATH.search(fine)


def test_every_bound_has_its_place_in_the_derivations():
    from idbounds import bounds

    text = "".join(page.read_text("utf-8") for page in (ROOT / "docs/explain").glob("*bounds.md"))
    assert [b for b in bounds if f"`{b}`" not in text] == []


def test_the_certificate_page_knows_the_message():
    import numpy as np

    from idbounds.decoders import RECIPE_BITS, subspace
    from idbounds.projections import projections

    text = (ROOT / "docs/explain/certificate.md").read_text("utf-8")
    parts = subspace.encode(subspace.Model("mlp", "blocks", 3, 0, 40, np.zeros(3, np.int64))).parts
    rows = re.findall(r"^\| (\w+) \| .* \| .* \|$", text.partition("## Three kinds")[0], re.MULTILINE)
    assert [p.name for p in parts] == [row for row in rows if row != "part"]
    for menu in (subspace.MENU, projections):
        assert ", ".join(f"{i} `{entry}`" for i, entry in enumerate(menu)) in text
    assert f"`{subspace.DECODER}`" in text
    assert f"The {RECIPE_BITS}-bit recipe allowance" in text


def test_the_changelog_names_the_commands():
    from idbounds.cli import main

    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert [c for c in main.commands if f"`{c}`" not in text] == []


@pytest.mark.parametrize("n", range(1, 8))
def test_maurers_constant_is_at_most_2_sqrt_n_below_8_too(n):
    """Maurer (2004) proves it for n >= 8; below, `maurer-kl` rests on this computation in exact fractions."""
    xi = sum(comb(n, k) * Fraction(k, n) ** k * Fraction(n - k, n) ** (n - k) for k in range(n + 1))
    assert xi**2 <= 4 * n
