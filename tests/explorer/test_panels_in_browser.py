"""The six panels in a browser: what they show, and that it is what Python says."""

import contextlib
import io
import json
from fractions import Fraction

import pytest

from idbounds import bounds
from idbounds.explorer import PANELS
from idbounds.pages import example


def value(page, panel):
    """The number that a panel states, with all its digits."""
    return float(page.locator(f"#panel-{panel} .reading .value").get_attribute("data-value"))


def printed(page, panel):
    """What the text under "Copy Python" prints when it is run."""
    source = page.locator(f"#panel-{panel} .take.code pre").text_content()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, panel, "exec"), {})
    return out.getvalue().split("\n")[:-1]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_opens_by_its_address_and_states_something(visit, panel):
    page = visit.go(f"#{panel}")
    assert page.locator(f"#tab-{panel}").get_attribute("aria-selected") == "true"
    assert page.locator("section:visible").count() == 1
    assert len(page.locator(f"#panel-{panel} .reading").text_content()) > 20
    assert page.title().endswith("idbounds explorer")


def test_an_unknown_panel_or_bound_or_number_opens_the_default(visit):
    page = visit.go("#nothing?bound=none&n=x")
    assert page.locator("#panel-sentence").is_visible()
    assert page.locator("#sentence-bound").input_value() == "occam-binomial"
    for panel, wrong in (
        ("race", "n=0&error=7&bits=-1&of=nobody+occam-kl"),
        ("budget", "target=5&errors=-1&bits_indices=x"),
        ("coins", "coins=-3&p=2&n=0.5&code=never&look=999999"),
        ("codes", "symbols=99&length_a=0.5&weight_b=0&model=none"),
        ("knob", "d=7&curve=none"),
    ):
        visit.turn(f"#{panel}")
        usual = page.locator(f"#panel-{panel} .controls, #panel-{panel} .knob").first.inner_text()
        visit.turn(f"#{panel}?{wrong}")
        assert page.locator(f"#panel-{panel} .controls, #panel-{panel} .knob").first.inner_text() == usual
        assert len(page.locator(f"#panel-{panel} .reading").text_content()) > 20


def test_numbers_in_the_address_that_do_not_fit_together_are_told_and_can_be_mended(visit):
    page = visit.go("#sentence?errors=600&n=10")
    assert "errors = 600 exceeds n = 10" in page.locator("#panel-sentence .reading").text_content()
    box = page.locator('#panel-sentence [data-key="n"] .exact')
    box.fill("6000")
    box.press("Enter")
    visit.settle()
    assert value(page, "sentence") > 0.1


READ_ALL = """async () => {
  const select = document.getElementById("sentence-bound");
  const out = {};
  for (const option of [...select.options]) {
    select.value = option.value;
    select.dispatchEvent(new Event("change"));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const panel = document.getElementById("panel-sentence");
    const boxes = [...panel.querySelectorAll(".control")].map(c => [c.dataset.key, Number(c.querySelector(".exact").value)]);
    out[option.value] = {
      value: Number(panel.querySelector(".value").dataset.value), point: Object.fromEntries(boxes),
      symbols: [...panel.querySelectorAll(".formula .q")].map(q => q.dataset.q),
    };
  }
  return out;
}"""


def test_every_bound_can_be_read_as_a_sentence(visit, known):
    found = visit.go("#sentence").evaluate(READ_ALL)
    assert set(found) == set(known["bounds"])
    for name, read in found.items():
        assert read["value"] == pytest.approx(float(bounds[name](**read["point"])), rel=1e-12), name
        assert {*read["symbols"]} == {*known["bounds"][name]["takes"]}, name


def test_the_address_holds_the_state(visit):
    page = visit.go("#sentence?bound=occam-kl&train_error=0.02&code_bits=1200&n=60000&delta=0.05")
    assert value(page, "sentence") == pytest.approx(
        bounds["occam-kl"](train_error=0.02, code_bits=1200, n=60_000), rel=1e-12
    )
    page.locator("#sentence-code_bits").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    visit.settle()
    moved = value(page, "sentence")
    assert moved > bounds["occam-kl"](train_error=0.02, code_bits=1200, n=60_000)
    assert "code bits 1,200 →" in page.locator(".moved").text_content()
    fragment = page.evaluate("location.hash")
    assert value(visit.go(fragment), "sentence") == moved


def test_a_symbol_can_be_dragged(visit):
    page = visit.go("#sentence?bound=occam-kl")
    before = value(page, "sentence")
    box = page.locator('.formula .q[data-q="train_error"]').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    visit.settle()
    assert value(page, "sentence") > before
    assert (
        f"train_error={page.locator('#panel-sentence [data-key=train_error] .exact').input_value()}"
        in page.evaluate("location.hash")
    )


def test_an_impossible_number_is_refused_in_words_and_nothing_changes(visit):
    page = visit.go("#sentence")
    before = value(page, "sentence")
    box = page.locator('#panel-sentence [data-key="n"] .exact')
    for given, words in (("0", "give an integer >= 1"), ("10", "exceeds n"), ("many", "give an integer")):
        box.fill(given)
        box.press("Enter")
        box.blur()
        visit.settle()
        assert words in page.locator("#sentence-n-problem").text_content()
        assert value(page, "sentence") == before
    box.fill("70,000")
    box.press("Enter")
    visit.settle()
    assert page.locator("#sentence-n-problem").text_content() == ""
    assert value(page, "sentence") < before


def test_a_vacuous_value_is_called_so(visit):
    page = visit.go("#sentence?bound=occam-hoeffding&train_error=0.5&code_bits=100000&n=1000")
    assert "vacuous" in page.locator("#panel-sentence .reading").text_content()


@pytest.mark.parametrize("panel", PANELS)
def test_the_python_text_runs_and_gives_the_numbers(visit, panel, known):
    page = visit.go(f"#{panel}")
    lines = printed(page, panel)
    if panel in ("sentence", "budget"):
        assert float(lines[0]) == pytest.approx(value(page, panel), rel=1e-12)
    if panel == "budget":
        bits = int(page.locator("#ask-bits").get_attribute("data-value"))
        assert bits <= float(lines[1]) < bits + 1
    if panel == "race":
        shown = page.locator("#race-ranking li").evaluate_all(
            "all => all.map(li => Number(li.dataset.value))"
        )
        assert sorted(map(float, lines)) == pytest.approx(sorted(shown), rel=1e-12)
    if panel == "coins":
        text = page.locator("#one-room").text_content()
        assert (
            f"bound {100 * float(lines[0]):.1f}" in text or f"bound {100 * float(lines[0]):.2f}"[:-1] in text
        )
    if panel == "codes":
        cells = page.locator('#lengths tr[data-code="arithmetic"] td').all_text_contents()
        assert lines[0].split() == cells
    if panel == "knob":
        curve = known["curves"][0]
        d = int(page.evaluate("document.querySelector('.knob output').textContent.replace(/,/g, '')"))
        assert lines == [row["bound"] for row in curve["rows"] if row["d"] == d]


def test_bibtex_and_python_reach_the_clipboard(visit):
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.go("#sentence?bound=maurer-kl")
    page.get_by_role("button", name="Copy BibTeX").click()
    page.get_by_text("copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == bounds["maurer-kl"].bibtex + "\n"
    page.get_by_role("button", name="Copy link").click()
    page.locator("#link-said").get_by_text("copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").endswith("#sentence?bound=maurer-kl")


def test_the_budget_asks_for_the_most_that_meets_the_target(visit, known):
    visit.go("")
    for certificate in known["certificates"]:
        bound = bounds[certificate["bound"]]
        page = visit.turn(f"#budget?file={certificate['file']}")
        assert value(page, "budget") == pytest.approx(float(certificate["value"]), rel=2e-12)
        target = page.locator("#budget-target").evaluate(
            "c => c.closest('.control').querySelector('.exact').value"
        )
        for key, name in (("code_bits", "#ask-bits"), ("errors", "#ask-errors")):
            most = int(page.locator(name).get_attribute("data-value"))
            given = {k: certificate[k] for k in ("errors", "code_bits", "n", "delta")}
            assert bound(**{**given, key: most}) <= float(target) < bound(**{**given, key: most + 1})


def test_a_target_that_no_saving_meets_is_said_to_be_out_of_reach(visit, known):
    page = visit.go("#budget?target=0.01")
    text = page.locator("#ask-bits").text_content()
    assert "No saving of bits is enough" in text
    assert page.locator("#ask-bits").get_attribute("data-value") is None


def test_a_shorter_part_lowers_the_bound(visit):
    page = visit.go("#budget")
    before = value(page, "budget")
    page.locator("#budget-bits_indices").focus()
    page.keyboard.press("Home")
    visit.settle()
    assert value(page, "budget") < before
    assert "With these changes" in page.locator("#panel-budget .reading").text_content()


def test_a_click_on_the_map_moves_the_model(visit):
    page = visit.go("#race")
    page.locator("#race-map svg").click(position={"x": 300, "y": 100})
    visit.settle()
    found = page.evaluate("location.hash")
    assert "error=" in found
    assert "bits=" in found
    words = page.locator("#panel-race .reading").text_content()
    first = page.locator("#race-ranking li .who").all_text_contents()
    assert next(name for name in first if name != "hold-out") in words


def test_who_runs_can_be_chosen(visit):
    page = visit.go("#race")
    page.get_by_label("occam-binomial").check()
    visit.settle()
    assert "occam-binomial" in page.locator("#race-ranking").text_content()
    assert "occam-binomial" in page.locator("#race-map").text_content()  # it takes a region at once
    assert "occam-binomial" in page.evaluate("location.hash")


def test_the_promise_breaks_when_the_code_comes_after_the_tosses(visit):
    page = visit.go("#coins")
    kept = value(page, "coins")
    assert kept / 400 < 0.05
    page.get_by_label("after the tosses").check()
    visit.settle()
    assert value(page, "coins") / 400 > 0.5
    assert "broken" in page.locator("#panel-coins .reading").text_content()
    assert page.locator("#rooms .cross").count() == value(page, "coins")


def test_too_short_codewords_are_called_impossible(visit):
    page = visit.go("#codes?length_b=1")
    assert value(page, "codes") == pytest.approx(1.25)
    assert "No prefix-free code" in page.locator("#panel-codes .reading").text_content()
    page.locator("#codes-message").fill("abz")
    visit.settle()
    assert "give letters from a to d" in page.locator("#zoom").text_content()


def test_the_knob_turns_through_the_committed_rows(visit, known):
    visit.go("")
    for curve in known["curves"]:
        name = ".".join(part for part in (curve["study"], curve["dataset"], curve["family"]) if part)
        for d in sorted({row["d"] for row in curve["rows"]}):
            page = visit.turn(f"#knob?curve={name}&d={d}")
            rows = [row for row in curve["rows"] if row["d"] == d]
            mean = sum(Fraction(row["bound"]) for row in rows) / len(rows)
            assert value(page, "knob") == pytest.approx(float(mean), rel=1e-12)
            assert f"d = {d:,} " in page.locator("#panel-knob .reading").text_content()


def test_the_examples_of_the_page_are_those_of_the_docs(known):
    assert json.loads(json.dumps(example(bounds["occam-kl"]))) == known["bounds"]["occam-kl"]["example"]
