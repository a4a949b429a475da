"""Browser tests: Debian's Chromium, driven by Playwright, against real central."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from central.pages import assets
from tests.browser.city import City
from tests.browser.seat import Operator

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
"""How long a page may take before a test fails: far longer than it does, as such machines are busy."""


@pytest.fixture(scope="module")
def browser(require) -> Iterator[Browser]:
    # Playwright's own event loop runs until it is closed, and while it runs no other test of this process may
    # start one: so it lives as long as one file of tests.
    chromium = shutil.which("chromium")
    require(chromium, "Chromium is not on this machine (apt-get install chromium)")
    require(not assets.faults(), "the pages' scripts are not here (make assets)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser_without_webgl(browser) -> Iterator[Browser]:
    arguments = [*ARGUMENTS, "--disable-3d-apis"]
    kind = browser.browser_type
    running = kind.launch(executable_path=shutil.which("chromium"), args=arguments)
    yield running
    running.close()


@pytest.fixture(scope="session")
def founded(tmp_path_factory) -> City:
    """A city that nothing has happened in yet; each test lives in a copy of it."""
    here = City(tmp_path_factory.mktemp("founded"))
    here.found()
    here.central.database.close()
    return here


@pytest.fixture
def city(tmp_path, founded) -> Iterator[City]:
    shutil.copytree(founded.folder, tmp_path / "city")
    here = City(tmp_path / "city")
    here.start()
    yield here
    here.stop()


@pytest.fixture
def people(browser, city) -> Iterator[Callable[..., Operator]]:
    """Makes someone sit down at a browser of their own, signed in."""
    contexts: list[BrowserContext] = []

    def sit_down(
        name: str | None = "anna", *, phone: bool = False, at: Browser | None = None, **options: object
    ) -> Operator:
        size = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if phone else {"viewport": DESKTOP}
        context = (at or browser).new_context(locale="en-GB", **size, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        person = Operator(context.new_page(), city)
        if name:
            person.is_signed_in(name)
        return person

    yield sit_down
    for context in contexts:
        context.close()
