"""The page in a browser; where there is none, these tests skip and say so."""

import json
import re
import shutil

import pytest

from idbounds.explorer import write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The file of the page."""
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    write(path)
    return path


@pytest.fixture(scope="session")
def address(built):
    return built.as_uri()


@pytest.fixture(scope="session")
def known(built):
    """What the page knows of bounds and committed rows."""
    return json.loads(re.search(r"^var DATA = (.*);$", built.read_text("utf-8"), re.MULTILINE)[1])


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: browser)")
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH")
    with api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM)
        yield running
        running.close()


class Visit:
    """One window on the page; what it complained of and what it asked the network for."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.complaints, self.requests, self.stopped = [], [], {}
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", lambda request: self.stopped.update({request.url: request.failure}))

    def go(self, fragment):
        """Open the page at a fragment of its address, anew."""
        self.page.goto("about:blank")
        self.page.goto(self.address + fragment)
        return self.page

    def turn(self, fragment):
        """Go to another fragment without loading the page anew."""
        self.page.evaluate("fragment => { location.hash = fragment; }", fragment)
        self.settle()
        return self.page

    def settle(self):
        """Wait until the page has drawn what it was told."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def call(self, expression, *given):
        """The value of a function of the page's own."""
        return self.each(expression, [given])[0]

    def each(self, expression, calls):
        """The values of a function of the page's own for many arguments, in one go: each trip takes its time."""
        return self.page.evaluate(
            f"calls => calls.map(given => ({expression})(...given))", [list(c) for c in calls]
        )


@pytest.fixture
def visit(browser, address, request):
    """A window of its own for a test (options: see `new_context`), which must not complain or ask for anything."""
    context = browser.new_context(**getattr(request, "param", {"viewport": {"width": 1200, "height": 900}}))
    found = Visit(context.new_page(), address)
    yield found
    context.close()
    assert found.complaints == []
    assert [url for url in found.requests if not url.startswith((found.address, "about:"))] == []
