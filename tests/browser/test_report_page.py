"""Somebody in the street sends photos from a phone, without an account, over a line that breaks."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from central.reports.models import Report
from tests.integration.central.pictures import photo


@pytest.fixture
def folder(tmp_path):
    for name, content in (("van.jpg", photo(3)), ("other.png", b"no picture, whatever its name says")):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_photos_go_out_while_the_rest_is_filled_in_and_a_broken_line_is_waited_for(people, city, folder):
    passer_by = people(None, phone=True)
    page = passer_by.page
    passer_by.goes_to("/report")
    broken = []

    def breaks_once(route):
        if broken:
            route.continue_()
        else:
            broken.append(True)
            route.abort("connectionreset")

    page.route(re.compile("/api/v1/uploads/.+"), breaks_once)
    page.get_by_label("Take or choose").set_input_files([folder / "van.jpg", folder / "other.png"])
    expect(page.locator("#chosen li.good")).to_have_count(1)
    expect(page.locator("#chosen li.bad")).to_contain_text("no photo")
    assert broken
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text("Say what it is.")
    page.get_by_label("A vehicle standing").check()
    page.get_by_label("In your words").fill("Van on the crossing")

    def answer_is_lost(route):
        page.unroute("**/api/v1/reports")
        route.fetch()
        route.abort("connectionreset")

    page.route("**/api/v1/reports", answer_is_lost)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no line")
    page.get_by_label("In your words").fill("A van on the crossing")
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(re.compile(r"/r/[\w-]{24}\?sent=first$"))
    expect(page.get_by_role("status")).to_contain_text("it says what you wrote then")
    expect(page.get_by_role("heading", name="Your report")).to_be_visible()
    expect(page.get_by_text("Van on the crossing", exact=True)).to_be_visible()
    with city.central.database.read() as session:
        (report,) = session.scalars(select(Report)).all()
    assert (report.channel, report.kind, report.reporter_ref) == ("photo", "illegal_parking", None)
