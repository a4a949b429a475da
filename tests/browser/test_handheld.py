"""A unit's officer with a phone in the street: from the list to a ticket that is handled, with one thumb."""

import re

from playwright.sync_api import expect
from sqlalchemy import select

from central.cases.models import Case
from central.people.permissions import Role, permissions_of
from central.people.service import Principal
from central.tickets import sending
from central.tickets.clockwork import Terms
from kerbwatch.incident import EvidenceRole, Kind
from kerbwatch.messages import Place
from tests.browser.city import picture

OLGA = Principal("user:anna", "anna", ("operator",), permissions_of([Role.OPERATOR]))
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
