"""How the page behaves: keyboard, phone, dark, print, lecture, accessibility, no network."""

import pytest

from idbounds.explorer import PANELS

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def test_tabs_are_walked_with_arrows(visit):
    page = visit.go("")
    page.locator("#tab-sentence").focus()
    seen = []
    for _ in PANELS:
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("document.activeElement.id"))
    assert seen == [f"tab-{name}" for name in (*PANELS[1:], PANELS[0])]
    page.keyboard.press("End")
    assert page.locator(f"#panel-{PANELS[-1]}").is_visible()


HANDLES = ":is(button, select, input, pre, [tabindex='0'])"


def test_everything_that_can_be_worked_is_reached_by_tab(visit):
    visit.go("")
    for panel in PANELS:
        page = visit.turn(f"#{panel}")
        inner = f"#panel-{panel} {HANDLES}"
        # a group of radio buttons is one stop
        seen = "e => e.offsetParent && !(e.type === 'radio' && !e.checked)"
        wanted = page.evaluate(f"[...document.querySelectorAll(`{inner}`)].filter({seen}).length")
        assert wanted > 3
        if panel != "coins":  # natively reached, all alike: one panel is walked through
            assert page.evaluate(f"[...document.querySelectorAll(`{inner}`)].every(e => e.tabIndex >= 0)")
            continue
        page.evaluate("window.reached = new Set(); addEventListener('focusin', e => reached.add(e.target))")
        page.locator("#tab-coins").focus()
        for _ in range(wanted + 1):
            page.keyboard.press("Tab")
        assert page.evaluate(f"[...reached].filter(e => e.matches(`{inner}`)).length") == wanted


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_a_phone_needs_no_sideways_scrolling(visit):
    visit.go("")
    for panel in PANELS:
        page = visit.turn(f"#{panel}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, panel
        small = page.locator(f"#panel-{panel} svg text").evaluate_all(
            "all => all.filter(t => parseFloat(getComputedStyle(t).fontSize) < 11).length"
        )
        assert small == 0, panel


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)
def test_dark_and_light_follow_the_system_until_told_otherwise(visit):
    page = visit.go("#race")

    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = paper()
    page.locator("#theme").click()
    assert paper() == "rgb(255, 255, 255)" != dark
    assert "theme=light" in page.evaluate("location.hash")
    page.locator("#theme").click()
    assert paper() == dark


def test_a_lecture_has_one_panel_and_large_letters(visit):
    page = visit.go("#coins")
    size = "parseFloat(getComputedStyle(document.querySelector('#panel-coins .reading')).fontSize)"
    before = page.evaluate(size)
    page.locator("#lecture").click()
    assert page.evaluate(size) > 1.2 * before
    assert not page.locator("#tabs").is_visible()
    assert "lecture=1" in page.evaluate("location.hash")
    page.keyboard.press("Escape")
    assert page.locator("#tabs").is_visible()


HALL = {"viewport": {"width": 1600, "height": 900}}


@pytest.mark.parametrize("visit", [HALL], indirect=True)
def test_in_a_lecture_the_buttons_cover_nothing(visit):
    visit.go("")
    covered = """panel => {
        const top = document.querySelector("header").getBoundingClientRect();
        const inside = `#panel-${panel} :is(.chart, select, .tick, .reading, .formula, .knob)`;
        return [...document.querySelectorAll(inside)].map(e => e.getBoundingClientRect())
            .filter(e => e.height && e.left < top.right && e.right > top.left && e.top < top.bottom).length;
    }"""
    for panel in PANELS:
        assert visit.turn(f"#{panel}?lecture=1").evaluate(covered, panel) == 0, panel


def test_paper_gets_the_panel_and_not_its_handles(visit):
    page = visit.go("#sentence?theme=dark")
    page.emulate_media(media="print")
    assert page.locator(".formula").is_visible()
    assert not page.locator("#panel-sentence input[type=range]").first.is_visible()
    assert not page.locator("#tabs").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_no_known_barrier_stands_in_the_way(visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    visit.go("")
    looks = [*((panel, "light", None) for panel in PANELS), ("race", "dark", {"runOnly": ["color-contrast"]})]
    for panel, scheme, rules in looks:
        found = axe.run(visit.turn(f"#{panel}?theme={scheme}"), options=rules)
        assert found.violations_count == 0, f"{panel}, {scheme}: {found.generate_report()}"


def test_the_page_forbids_itself_the_network(visit):
    page = visit.go("")
    for ask in ("fetch('https://example.org/')", "import('https://example.org/x.js')"):
        assert page.evaluate(f"{ask}.then(() => 'came', () => 'refused')") == "refused"
    asked = [url for url in visit.requests if not url.startswith((visit.address, "about:"))]
    assert all(visit.stopped[url] == "csp" for url in asked), visit.stopped  # stopped before it left
    assert "Content Security Policy" in visit.complaints[0]
    visit.complaints.clear()
    visit.requests.clear()
