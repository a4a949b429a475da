"""Somebody's own pages and the office of points, as a browser without scripts uses them."""

import re
from datetime import timedelta

import pytest

from central.cases.rules import Origin
from central.people.permissions import Role
from central.points import gifts
from central.points.schemas import GiftIn
from central.reporters.access import cookie_name
from central.reporters.service import citizen_of
from tests.integration.central.citizens import (
    ADA,
    close_case_of,
    code_for,
    put_rules,
    report_at,
    send,
    settle,
    sign_in,
)
from tests.integration.central.office import restock
from tests.unit.central.box import NOON

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)

PHONE = "13800138000"
HTML = {"Accept": "text/html"}


@pytest.fixture
def street(town):
    """A town with rules and gifts."""
    put_rules(town.database)
    with town.database.write() as session:
        for name, points in (("cup", 20), ("umbrella", 60)):
            gifts.put(session, name, GiftIn(name=name.title(), points=points), who=ADA, now=NOON)
            restock(session, name, 3)
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("judy", Role.ADJUDICATOR)
    town.add_user("ada", Role.ADMINISTRATOR)
    return town


def field(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page.text)[1]


def enter(town, contact=PHONE):
    """Sign a browser in; what the page says of the reference."""
    challenge, code = code_for(town, contact)
    form = {"challenge": challenge, "code": code, "next": "/me/gifts"}
    done = town.client.post("/me/sign-in/code", data=form, follow_redirects=False)
    assert (done.status_code, done.headers["Location"]) == (303, "/me/gifts")


def ref_of(town):
    central = town.client.app.state.central
    with town.database.read() as session:
        return citizen_of(session, town.client.cookies[cookie_name(central)], "session", NOON).ref


def earn(town, ref, days=2, **changes):
    for day in range(days):
        with town.database.write(ordered=True) as session:
            now = NOON + timedelta(days=day)
            lead_id = send(session, town.settings, report_at(3000 * day, ref, **changes), now)
            close_case_of(session, lead_id, now)
    settle(town.database, town.settings.zone)


def test_a_stranger_is_asked_for_a_code_and_goes_on_to_where_they_wanted(street):
    asked = street.client.get("/me/gifts", headers=HTML, follow_redirects=False)
    assert asked.headers["Location"] == "/me/sign-in?next=/me/gifts"
    page = street.client.post("/me/sign-in", data={"contact": PHONE})
    assert "Code of six digits" in page.text
    wrong = street.client.post("/me/sign-in/code", data={"challenge": field(page, "challenge"), "code": "1"})
    assert (wrong.status_code, "wrong, used or too old" in wrong.text) == (401, True)
    assert street.client.post("/me/sign-in", data={"contact": "hello"}).status_code == 422
    enter(street)
    assert "0 points" in street.client.get("/me").text


def test_a_gift_is_taken_once_by_two_taps_and_given_back(street):
    enter(street)
    earn(street, ref_of(street))
    page = street.client.get("/me/gifts")
    assert "20 more points are needed" in page.text
    form = {"csrf_token": field(page, "csrf_token"), "key": field(page, "key")}
    bare = street.client.post("/me/gifts/cup", data={"key": form["key"]}, headers=HTML)
    assert bare.status_code == 403
    for _ in range(2):
        page = street.client.post("/me/gifts/cup", data=form)
        assert re.search(r"[A-Z2-7]{4}-[A-Z2-7]{4}", page.text)
    assert "20 points" in page.text
    cancel = re.search(r'action="(/me/redemptions/[^"]+)"', page.text)[1]
    page = street.client.post(cancel, data=form)
    assert "Given back: your points are here again." in page.text
    again = street.client.post(cancel, data=form)
    assert (again.status_code, "cancelled before" in again.text) == (409, True)
    ledger = street.client.get("/me/points").text
    assert [ledger.count(each) for each in ("For a report", "For a gift", "Taken back")] == [2, 1, 1]


def test_what_one_reported_shows_the_answer_and_the_points(street):
    enter(street)
    earn(street, ref_of(street), days=1, road="Lanjiang Lane 12")
    page = street.client.get("/me").text
    assert "Lanjiang Lane 12" in page
    assert "It was dealt with by" in page
    assert "20 points" in page
    assert "icons.svg" in page
    assert '#illegal_parking"' in page
    with street.database.write(ordered=True) as session:
        send(session, street.settings, report_at(0, ref_of(street), kind="manhole-cover"), NOON)
    page = street.client.get("/me").text
    assert "Manhole cover broken or gone" in page, "what the list calls it, not its id"
    assert '#other"' in page
    assert '#manhole-cover"' not in page


def test_an_account_is_deleted_from_its_page(street):
    enter(street)
    page = street.client.get("/me/account")
    form = {"csrf_token": field(page, "csrf_token")}
    assert "+86 ••• 8000" in page.text
    street.client.post("/me/account", data=form)
    assert "checked" not in street.client.get("/me/account").text
    gone = street.client.post("/me/account/delete", data=form)
    assert "Your account is deleted." in gone.text
    assert street.client.get("/me", headers=HTML, follow_redirects=False).status_code == 303


def test_two_approve_on_the_page_of_the_office_and_none_twice(street):
    headers = sign_in(street, PHONE)
    enter(street, "li@example.org")
    earn(street, ref_of(street), days=1, origin=Origin.QR)
    street.client.cookies.clear()

    def post(name, path, **form):
        return street.client.post(path, data=form, headers=street.bearer(name))

    page = street.client.get("/points", headers=street.bearer("dora")).text
    award = re.search(r'action="(/points/awards/[^"]+)"', page)[1]
    assert "declare your own phone number" in post("dora", award, approves="true", version=1).text
    for seen, (name, contact) in enumerate((("dora", PHONE), ("judy", "judy@example.org")), start=1):
        assert "You can approve now." in post(name, "/points/own-contact", contact=contact).text
        assert "Approved." in post(name, award, approves="true", version=seen).text
        assert post(name, award, approves="true", version=seen).status_code == 412
    assert post("judy", award, approves="true", version=3).status_code == 409
    assert street.client.get("/points", headers=street.bearer("olga")).status_code == 403
    assert street.client.get("/points", headers=headers).status_code == 401


def test_the_office_hands_over_fills_up_and_takes_back(street):
    headers = sign_in(street, PHONE)
    enter(street)
    earn(street, ref_of(street))
    street.client.cookies.clear()
    wish = {"Idempotency-Key": "wish-of-may-4"}
    body = {"gift_id": "cup"}
    made = street.client.post("/api/v1/reporter/redemptions", json=body, headers=headers | wish)
    again = street.client.post("/api/v1/reporter/redemptions", json=body, headers=headers | wish)
    assert (made.status_code, again.status_code, made.json()) == (201, 200, again.json())
    other = street.client.post(
        "/api/v1/reporter/redemptions", json={"gift_id": "umbrella"}, headers=headers | wish
    )
    assert other.status_code == 422
    assert street.client.post("/api/v1/reporter/redemptions", json=body, headers=headers).status_code == 422

    def post(path, **form):
        return street.client.post(path, data=form, headers=street.bearer("ada"))

    assert "Handed over: Cup." in post("/points/pickups", code=made.json()["pickup_code"]).text
    assert post("/points/pickups", code=made.json()["pickup_code"]).status_code == 409
    stock = {"version": 2, "pieces": "-2", "reason": "broken"}
    assert "stock is changed" in post("/points/gifts/cup/stock", **stock).text
    assert post("/points/gifts/cup/stock", **stock).status_code == 412, "sent twice"
    assert post("/points/gifts/cup/stock", version=3, pieces="-1", reason="broken").status_code == 409
    assert post("/points/gifts/cup/stock", version=3, pieces="many", reason="x").status_code == 422
    saved = post("/points/gifts", gift_id="fan", name="Fan", points="5", offered="true")
    assert "The gift is saved." in saved.text
    fan = {"gift_id": "fan", "name": "Paper fan", "points": "6", "offered": "true"}
    there = post("/points/gifts", **fan)
    assert (there.status_code, "there is a gift fan already" in there.text) == (428, True), there.text
    assert post("/points/gifts", **fan | {"gift_id": "new"}, version=0).status_code == 412, "there was none"
    assert "The gift is saved." in post("/points/gifts", **fan, version=1).text
    assert post("/points/gifts", **fan, version=1).status_code == 412
    assert post("/points/gifts", gift_id="No!", name="", points="0").status_code == 422
    page = street.client.get("/points", headers=street.bearer("ada")).text
    entry = re.search(r'action="(/points/entries/\d+/reversal)"', page)[1]
    assert "Taken back." in post(entry, reason="staged").text
    names = [each["id"] for each in street.client.get("/api/v1/gifts").json()]
    assert names == ["fan", "cup", "umbrella"]


def test_a_dispatcher_sees_who_reported_for_a_reason_from_the_case(street):
    enter(street)
    with street.database.write(ordered=True) as session:
        lead_id = send(session, street.settings, report_at(0, ref_of(street)))
    street.client.cookies.clear()
    url, dora = f"/leads/{lead_id}/reporter", street.bearer("dora")
    assert "needs a reason" in street.client.get(url, headers=dora).text
    assert street.client.post(url, data={"reason": "why"}, headers=dora).status_code == 422
    told = street.client.post(url, data={"reason": "call back about the gate"}, headers=dora)
    assert "+8613800138000" in told.text
    assert street.client.get(url, headers=street.bearer("olga")).status_code == 403


def test_what_no_database_takes_is_refused_and_breaks_nothing(street):
    headers, dora = sign_in(street, PHONE), street.bearer("dora")
    lead = "00000000-0000-4000-8000-000000000009"
    bad = "a\x00reason long enough"
    answers = [
        street.client.post("/api/v1/reporter/token", json={"challenge": "a\x00", "code": "123456"}),
        street.client.post("/me/sign-in/code", data={"challenge": "a\x00", "code": "123456"}),
        street.client.post("/api/v1/reporter/codes", json={"contact": "a\x00@example.org"}),
        street.client.get("/api/v1/answers", params={"source": "a\x00"}, headers=dora),
        street.client.get("/api/v1/reporter/points", params={"before": 2**31}, headers=headers),
        street.client.post(f"/api/v1/leads/{lead}/reporter", json={"reason": bad}, headers=dora),
        street.client.post(f"/points/awards/{lead}", data={"approves": "true", "note": bad}, headers=dora),
        street.client.post("/api/v1/points/pickups", json={"code": "a\x00bcdefgh"}, headers=dora),
    ]
    assert {each.status_code for each in answers} <= {403, 404, 422}
