"""Someone at a browser, before the pages of a city."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from central.cases import service
from central.cases.schemas import CaseDetail
from tests.browser.city import PASSWORD, City, Seen


class Operator:
    """Someone at a browser; what went wrong in it is kept."""

    def __init__(self, page: Page, city: City) -> None:
        self.page, self.city = page, city
        self.hosts: set[str] = set()
        self.faults: list[str] = []
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)

    def goes_to(self, path: str) -> None:
        self.page.goto(self.city.url + path, wait_until="domcontentloaded")

    def is_signed_in(self, name: str) -> None:
        """Takes a seat that is signed in, with the list before them."""
        cookie = {"name": "kerbwatch", "value": self.city.session_of(name), "url": self.city.url}
        self.page.context.add_cookies([cookie])
        self.goes_to("/")

    def signs_in(self, name: str, path: str = "/", password: str = PASSWORD) -> None:
        self.goes_to(path)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def is_live(self) -> None:
        """Waits until the page hears central."""
        expect(self.page.locator("#link")).to_have_text("Live")

    def opens(self, number: int = 0) -> None:
        """Chooses a case of the list, and waits until it is there."""
        self.rows.nth(number).get_by_role("link").click()
        self.sees_case("")

    def sees_case(self, words: str) -> None:
        """Waits until a case with these words is there, and can be worked on."""
        expect(self.page.locator("#case[data-htmx-powered]")).to_contain_text(words)

    @property
    def rows(self) -> Locator:
        return self.page.locator(".row")

    @property
    def case(self) -> Locator:
        return self.page.locator("#case")


def case_of(city: City, seen: Seen) -> CaseDetail:
    """The case that an incident became, as the service tells it."""
    with city.central.database.read() as session:
        for case in service.list_cases(session).items:
            detail = service.get_case(session, case.id)
            if detail.leads[0].incident_id == seen.incident_id:
                return detail
    raise AssertionError("no case")
