"""The pages: written from the objects, and up to date."""

import importlib.util
import re
from pathlib import Path

import pytest

from idbounds import bounds
from idbounds.pages import example, index, page

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", bounds)
def test_a_page_says_it_all(name):
    bound, text = bounds[name], page(bounds[name])
    assert text.startswith(f"# {bound.title}\n")
    assert bound.latex in text
    assert bound.holds in text
    assert bound.bibtex in text
    assert bound.standing in text
    for thing in (*bound.takes, *bound.assumes):
        assert thing.says.replace("|", r"\|") in text
    assert "None" not in text


@pytest.mark.parametrize("name", [name for name, b in bounds.items() if b.certifies])
def test_the_example_is_what_the_bound_says(name):
    bound = bounds[name]
    code = re.search(r"```python\n(.*?)```", page(bound), re.DOTALL)[1]
    value, upper = re.findall(r"# (.*)", code)
    assert bound(**example(bound)) == pytest.approx(float(value), rel=1e-5)
    assert bound.upper(**example(bound)) == upper


def test_the_index_lists_every_bound():
    for name in bounds:
        assert f"[{name}]({name}.md)" in index()


def test_the_committed_pages_are_up_to_date():
    spec = importlib.util.spec_from_file_location("pages_tool", ROOT / "tools" / "pages.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    wanted = tool.pages()
    assert {p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text} == set(), (
        "make pages"
    )
    there = {page for name in ("bounds", "reference") for page in (ROOT / "docs" / name).glob("*.md")}
    assert there == set(wanted) | tool.BY_HAND, "make pages"
