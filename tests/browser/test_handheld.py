"""A unit's officer with a phone in the street: from the list to a ticket that is handled, with one thumb."""

import re

from playwright.sync_api import expect
from sqlalchemy import select

from central.cases.models import Case
from central.pages import handheld_lists
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.tickets import sending
from central.tickets.clockwork import Terms
from kerbwatch.incident import EvidenceRole, Kind
from kerbwatch.messages import Place
from tests.browser.city import picture

OLGA = Principal("user:anna", "anna", ("operator",), permissions_of([Role.OPERATOR]))
HERE_AND_THERE = [
    Place(lon=121.15 + n * 0.004, lat=30.05, method="ground_homography", accuracy_m=4.0) for n in range(3)
]
HERE = {"longitude": 121.1551, "latitude": 30.0437, "accuracy": 12.0}


def dispatch(city, **changes):
    """An offence whose ticket went out."""
    seen = city.sees(**changes)
    with city.central.database.write(ordered=True) as session:
        row = session.scalars(select(Case).order_by(Case.id.desc())).first()
        now, terms = city.central.clock.now_utc(), Terms.of(city.settings)
        sending.confirm(session, row.id, who=OLGA, version=row.version, now=now, terms=terms)
    return seen


def test_an_officer_finds_the_nearest_ticket_and_reports_it_as_handled_with_a_photo(people, city):
    near = dispatch(city, road="Near Road", pieces=[picture(70, EvidenceRole.SNAPSHOT_ARRIVAL)])
    city.uploads(near)
    far = Place(lon=121.16, lat=30.06, method="ground_homography", accuracy_m=4.0)
    dispatch(city, kind=Kind.VEHICLE_LITTER, road="Far Road", place=far, urgent=True)
    uwe = people("uwe", phone=True, geolocation=HERE, permissions=["geolocation"])
    page, rows = uwe.page, uwe.page.locator(".hand-row")
    expect(page).to_have_url(f"{city.url}/h")
    expect(rows.first).to_contain_text("Far Road")
    page.get_by_role("button", name="Nearest first").tap()
    expect(rows.first).to_contain_text("Near Road")
    expect(rows.first).to_contain_text("0 m away")
    rows.first.tap()
    expect(page.locator(".hand-pictures img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    accept = page.get_by_role("button", name="Accept")
    expect(accept).to_be_in_viewport()
    accept.tap()
    page.get_by_role("button", name="Start work").tap()
    page.get_by_label("What was done").fill("The van is gone")
    photo = {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": picture(200, EvidenceRole.CLIP).content}
    page.get_by_label("Photo of the place now").set_input_files(photo)
    page.get_by_role("button", name="Report as handled").tap()
    expect(page.get_by_role("alert").first).to_contain_text("Reported as handled")
    expect(page.locator("#state")).to_have_text("Handled")
    page.get_by_role("link", name="I found something").tap()
    expect(page).to_have_url(re.compile("/h/found"))
    page.get_by_text("Something else").tap()
    page.get_by_role("searchbox", name="Search").fill("public lamp")
    expect(page.locator(".class label:visible")).to_have_text(["Street lamp dark"])
    page.get_by_label("Street lamp dark").tap()
    expect(page.locator("#matter-chosen")).to_have_text("Street lamp dark")
    expect(page.get_by_role("searchbox", name="Search")).to_be_hidden()
    page.get_by_role("button", name="Take my place").tap()
    expect(page.locator("#lat")).to_have_value("30.043700")
    assert not uwe.faults
    assert uwe.hosts == {f"127.0.0.1:{city.port}"}


def test_an_officer_with_more_tickets_than_fit_is_told_and_taps_on_to_the_rest(people, city, monkeypatch):
    monkeypatch.setattr(handheld_lists, "MOST_A_PAGE", 2)
    for n in range(3):
        dispatch(city, road=f"Road {n}", place=HERE_AND_THERE[n])
    page = people("uwe", phone=True).page
    page.set_viewport_size({"width": 360, "height": 740})
    rows = page.locator("#todo .hand-row")
    expect(page.locator("#count")).to_have_text("3 tickets to do. Here: 2, after them: 1")
    expect(rows).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="Show what comes next: 1 more").tap()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Road 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="Back to the first").tap()
    expect(rows.first).to_contain_text("Road 0")
