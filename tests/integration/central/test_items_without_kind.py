"""What no camera raises is dealt with as well: told to a dispatcher, the hotline or an app, by its item."""

import re

import pytest
from sqlalchemy import func, select

from central.cases.models import Case, Lead
from central.insight import follow
from central.open311.service import add_key
from central.pages import new_case
from central.people.permissions import Role
from tests.unit.central.box import IN_YANGMING

LON, LAT = IN_YANGMING
PAGE = {"Accept": "text/html"}
pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""


@pytest.fixture
def desk(town):
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("uwe", Role.UNIT_OFFICER, "utilities")
    return town


def form(town, **changes):
    page = town.client.get("/new-case", headers=town.bearer("dora") | PAGE)
    assert page.status_code == 200, page.text
    key = re.search(r'name="form_key" value="([^"]+)"', page.text)[1]
    said = {"form_key": key, "kind": "manhole-cover", "lon": LON, "lat": LAT, "words": "a cover is gone"}
    return said | changes


def send(town, said):
    return town.client.post(
        "/new-case", data=said, headers=town.bearer("dora") | PAGE, follow_redirects=False
    )


def only_case(town):
    with town.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1
        return session.scalars(select(Case)).one().id


def test_a_form_that_is_refused_says_which_field_and_keeps_what_was_typed(desk):
    said = form(desk, road="Yangming East Road 12")
    for changes, told in (
        ({"road": "r" * 301}, "“Where, in words” is too long: 301 characters, at most 300."),
        ({"words": "w" * 2001}, "“What they said” is too long: 2001 characters, at most 2000."),
        ({"form_key": "lost"}, "the page sent this form without its key"),
    ):
        answer = send(desk, said | changes)
        assert (answer.status_code, told in answer.text) == (422, True), answer.text
        assert (changes.get("road") or said["road"]) in answer.text
    key = re.search(r'name="form_key" value="([^"]+)"', answer.text)[1]
    assert send(desk, said | {"form_key": key}).status_code == 303, "with the key that the page has now"


def _with_nothing_held(desk, draw):
    """Draws pages; fails where a unit of work holds the log meanwhile."""

    def drawn(*args, **values):
        with desk.database.write(ordered=True):
            return draw(*args, **values)

    return drawn


def test_a_call_about_a_manhole_goes_its_whole_way_to_the_unit_that_the_list_names(desk, monkeypatch):
    said = form(desk, urgent="true", road="Yangming East Road 12")
    assert 'label="Public utilities"' in desk.client.get("/new-case", headers=desk.bearer("dora")).text
    for _ in range(2):
        answer = send(desk, said)  # sent again over a bad line, it is the same
        assert answer.status_code == 303, answer.text
    case_id = only_case(desk)
    assert answer.headers["location"] == f"/cases/{case_id}?done=taken"
    monkeypatch.setattr(new_case, "page", _with_nothing_held(desk, new_case.page))
    assert send(desk, said | {"words": "a lamp"}).status_code == 422, "another under its key"
    page = desk.client.get(f"/cases/{case_id}", headers=desk.bearer("dora") | PAGE).text
    assert "URGENT: Manhole cover broken or gone on Yangming East Road 12, reported to desk" in page
    case = desk.client.get(f"/api/v1/cases/{case_id}", headers=desk.bearer("dora")).json()
    assert (case["kind"], case["item"], case["unit_name"]) == (
        "manhole-cover",
        "Manhole cover broken or gone",
        "Public utilities company",
    )
    sent = desk.client.post(
        f"/api/v1/cases/{case_id}/confirm",
        json={},
        headers=desk.bearer("dora") | {"If-Match": f'"{case["version"]}"'},
    ).json()
    assert sent["tickets"][0]["deadline_hours"] == 1
    assert "Manhole cover broken or gone" in desk.client.get("/h", headers=desk.bearer("uwe") | PAGE).text
    found = desk.client.get("/api/v1/cases?kind=manhole-cover", headers=desk.bearer("dora")).json()
    assert [each["id"] for each in found["items"]] == [case_id]
    follow.catch_up(desk.database, desk.settings.zone, desk.clock.now_utc())
    day = desk.clock.now_utc().astimezone(desk.settings.zone).date()
    for path in ("/insight", f"/insight/reports/day/{day}", "/?kind=manhole-cover&show=running"):
        shown = desk.client.get(path, headers=desk.bearer("dora") | PAGE)
        assert (shown.status_code, "anhole cover" in shown.text) == (200, True), path


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"kind": ""}, 422, "Choose what it is"),
        ({"kind": "flying-saucer"}, 422, "neither a kind nor an item"),
        ({"lon": "here"}, 422, "Say where it is"),
        ({"lon": "10.0"}, 422, "outside"),
        ({"words": ""}, 422, "Say in words"),
        ({"form_key": "x"}, 422, "without its key"),
    ],
    ids=str,
)
def test_what_is_lacking_is_said_and_nothing_typed_is_lost(desk, changes, status, words):
    answer = send(desk, form(desk, **changes))
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert "a cover is gone" in answer.text or "words" in changes
    assert "new-case" not in desk.client.get("/h", headers=desk.bearer("uwe") | PAGE).text
    assert desk.client.get("/new-case", headers=desk.bearer("uwe") | PAGE).status_code == 403


def test_the_hotline_and_apps_name_items_too(desk):
    item = {"number": "1", "kind": "street-lamp", "lon": LON, "lat": LAT, "at": "2026-05-04T02:00:00Z"}
    again = item | {"number": "3", "lat": LAT + 1e-5, "at": "2026-05-04T02:09:00Z"}
    items = [item, item | {"number": "2", "kind": "flying-saucer"}, again]
    told = desk.client.post("/api/v1/hotline", json={"items": items}, headers=desk.bearer("dora")).json()
    assert told["taken"] == 2
    assert [each["line"] for each in told["refused"]] == [2]
    with desk.database.write() as session:
        key = add_key(session, "app", desk.clock.now_utc()).key
    asked = {"api_key": key, "service_code": "drain-blocked", "lat": LAT, "long": LON, "description": "wet"}
    answer = desk.client.post("/open311/v2/requests.json", data=asked)
    assert answer.status_code == 200, answer.text
    listed = desk.client.get("/open311/v2/requests.json?service_code=drain-blocked").json()
    services = desk.client.get("/open311/v2/services.json").json()
    (name,) = (each["service_name"] for each in services if each["service_code"] == "drain-blocked")
    assert [(each["service_code"], each["service_name"]) for each in listed] == [("drain-blocked", name)]
    assert name != "Drain blocked", "what the list calls it, not its id"
    with desk.database.read() as session:
        kinds = session.scalars(select(Lead.kind).order_by(Lead.kind)).all()
        assert session.scalar(select(func.count()).select_from(Case)) == 2, "the two calls are one"
    assert kinds == ["drain-blocked", "street-lamp", "street-lamp"]
