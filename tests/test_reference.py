"""The site: the reference names everything, every page is in the contents, and the lessons are lessons."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import idbounds
from idbounds import assumptions
from idbounds.assumptions import Assumption
from idbounds.certificate import read
from idbounds.cli import main
from idbounds.functions import WORDS
from idbounds.quantities import QUANTITIES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LESSONS = sorted((DOCS / "lessons").glob("*.md"))


def text(name):
    return (DOCS / "reference" / name).read_text("utf-8")


def leaves(group=main, before="idbounds"):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


@pytest.mark.parametrize("name", [name for name in idbounds.__all__ if not name.startswith("__")])
def test_every_public_name_is_in_the_reference(name):
    assert re.search(
        rf"^\.\. (autoclass|autofunction|py:data):: idbounds\.{name}$", text("api.md"), re.MULTILINE
    )
    assert f"{{py:obj}}`idbounds.{name}`: " in text("api.md")


def test_every_room_of_the_reference_says_what_it_exports():
    pages = sorted((DOCS / "reference").glob("api-*.md"))
    assert len(pages) > 10
    for page in pages:
        room = page.stem.removeprefix("api-")
        assert f".. automodule:: idbounds.{room}\n   :members:" in page.read_text("utf-8")
        assert importlib.util.find_spec(f"idbounds.{room}") is not None
        assert f"(api-{room}.md)" in text("api.md")


@pytest.mark.parametrize(("name", "command"), list(leaves()), ids=[name for name, _ in leaves()])
def test_every_command_is_in_the_reference_with_all_its_options(name, command):
    section = text("cli.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert section, name
    for option in command.params:
        if isinstance(option, click.Option):
            assert any(re.search(rf"`([^`]*, )?{flag}[ `,]", section) for flag in option.opts), option.opts
        else:
            assert option.make_metavar(click.Context(command)) in section


def test_the_notation_is_complete():
    page = text("notation.md")
    for quantity in QUANTITIES.values():
        cells = (f"${quantity.symbol}$", f"`{quantity.name}`", quantity.says, quantity.unit)
        assert " | ".join(cell.replace("|", r"\|") for cell in cells) in page
    for word in WORDS.values():
        assert f"| `{word.name}` | " in page
    for assumption in vars(assumptions).values():
        if isinstance(assumption, Assumption):
            assert f"| `{assumption.name}` | {assumption.says} |" in page


def test_the_glossary_is_in_order():
    terms = re.findall(r"^(\S.*)\n: ", text("glossary.md"), re.MULTILINE)
    assert len(terms) > 20
    assert terms == sorted(terms, key=str.lower)


EMPHASIS = {
    "the risk is at most this", "if the photographs are independent draws from what will come", "costs", "assumes",
    "choice", "any", "that", "simple", "each", "is", "real bits", "fixed before the data are seen", "training", "find",
    "looks", "generalise", "this", "any of them will do", "on the grid", "bound", "test-set", "why",
}  # fmt: skip
"""What the lessons say with a stress, and do not introduce as a word."""


def glossary():
    terms = re.findall(r"^(\S.*)\n: ", text("glossary.md"), re.MULTILINE)
    return {word.lower() for term in terms for word in (term, *term.split(", "))}


def test_every_word_that_a_lesson_introduces_is_in_the_glossary():
    for page in LESSONS:
        prose = re.sub(r"```.*?```|\$[^$]*\$|\*\*", "", page.read_text("utf-8"), flags=re.DOTALL)
        introduced = set(re.findall(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", prose)) - EMPHASIS
        assert {word.lower() for word in introduced} <= glossary(), page.stem


def test_families_standings_recipes_and_the_nouns_of_the_design_are_in_the_glossary():
    stations = re.search(
        r"one noun for each station: ([\w, ]+)\.", (DOCS / "explain/design.md").read_text("utf-8")
    )
    words = {b.family for b in idbounds.bounds.values()} | {b.standing for b in idbounds.bounds.values()}
    words |= {"Occam bound", "PAC-Bayes bound", "recipe"} | {word.lower() for word in stations[1].split(", ")}
    words -= {"Occam", "PAC-Bayes"}  # as bounds
    known = glossary() | {"codec"}  # told under "code"
    assert "*codec*" in text("glossary.md")
    assert {word.lower() for word in words} <= known


def listed(page):
    """Pages in the contents of a page, and of those; a star takes what is not there by name."""
    for block in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        entries = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith(":")]
        named = [page.parent / f"{entry}.md" for entry in entries if "*" not in entry]
        stars = [
            found for entry in entries if "*" in entry for found in sorted(page.parent.glob(f"{entry}.md"))
        ]
        for target in [*named, *(found for found in stars if found not in named)]:
            yield target
            yield from listed(target)


def test_every_page_is_in_the_contents_once():
    there = [*listed(DOCS / "index.md")]
    assert len(there) == len(set(there))
    every = {page for page in DOCS.glob("**/*.md") if "_build" not in page.parts} - {DOCS / "index.md"}
    assert set(there) == every


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_a_lesson_asks_before_it_computes_and_answers_its_exercises(page):
    said = page.read_text("utf-8")
    assert said.startswith("---\nfile_format: mystnb\n")
    before, _, exercises = said.partition("## Exercises")
    assert before.count("} Predict first") >= 2
    asked = re.split(r"^\*\*\d\.\*\*", exercises, flags=re.MULTILINE)[1:]
    assert len(asked) == 3
    for exercise in asked:
        computed = re.search(
            r"```\{code-cell\}\n:tags: \[hide-cell\]\n:mystnb: [^\n]*\n(.*?)```", exercise, re.DOTALL
        )
        assert ":::{admonition} Answer" in exercise or re.search(r"^ *assert ", computed[1], re.MULTILINE)
    following = LESSONS[LESSONS.index(page) + 1] if page != LESSONS[-1] else None
    assert following is None or f"({following.name})" in exercises


def test_there_are_six_lessons_in_order():
    assert [page.stem[0] for page in LESSONS] == list("123456")


def test_the_last_lesson_says_what_the_committed_certificates_say():
    said = LESSONS[-1].read_text("utf-8")
    found = re.search(
        r"less than (\d+)% on Fashion-MNIST and less than (\d+)% on MNIST", " ".join(said.split())
    )
    for name, percent in zip(("fashion-mnist-draws", "mnist-draws"), found.groups(), strict=True):
        header, _ = read(ROOT / f"validation/results/certificates/{name}.idb")
        assert int(percent) - 1 < 100 * float(header["claim"]["value"]) < int(percent)


@pytest.mark.audit
def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("furo")
    pytest.importorskip("myst_nb")
    pytest.importorskip("sphinx_copybutton")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        str(DOCS),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'href="../explorer.html#coins' in (tmp_path / "lessons" / "1-guarantee.html").read_text("utf-8")
    assert "</html>" in (tmp_path / "explorer.html").read_text("utf-8")
