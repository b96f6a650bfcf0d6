"""The tables of the page on real vectors are what its own blocks compute."""

import pytest

from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs/explain/real-vectors.md"


def table(columns):
    """The rows of numbers of the page that have so many columns, by their first cell."""
    rows = {}
    for line in PAGE.read_text("utf-8").splitlines():
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if (
            line.startswith("| ")
            and len(cells) == columns
            and all(c.replace(".", "").isdigit() for c in cells)
        ):
            rows[first] = [float(cell) for cell in cells]
    return rows


@pytest.fixture(scope="module")
def computed():
    namespace = {"__name__": "page"}
    for line, source in blocks(PAGE):
        exec(compile("\n" * line + source, PAGE.name, "exec"), namespace)
    return namespace


def test_rate_and_distortion(computed):
    assert table(4).keys() == computed["rows"].keys()
    for name, row in table(4).items():
        assert row == pytest.approx(computed["rows"][name], abs=2e-3), name


def test_draws_from_a_posterior(computed):
    assert table(3).keys() == {str(n) for n in computed["draws"]}
    for n, row in table(3).items():
        assert row == pytest.approx(computed["draws"][int(n)], abs=0.03)


def test_what_the_page_says(computed):
    rows = computed["rows"]
    above = {name: row[3] for name, row in rows.items()}
    assert all(
        0.25 < value < 0.27 for name, value in above.items() if "means" in name and "k-means" not in name
    )
    assert above["uniform, step 2.38, means"] - above["random code, 16 bits for 16"] > 0.09
    assert above["random code, 16 bits for 8"] > above["uniform, step 1.00, means"]
    assert min(above[f"k-means, {k} levels of 7 bits"] for k in (3, 5, 7)) > 0.34
    assert all(row[1] > row[2] for row in rows.values())
