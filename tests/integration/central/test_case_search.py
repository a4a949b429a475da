"""One box and a few filters find a case, on the page and over HTTP, each for what they may see."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from central.cases import finding
from central.cases.finding import plates_like
from central.cases.models import Case, Lead, Ticket
from central.intake.service import commit_batch
from central.people.permissions import Role
from kerbwatch.messages import PlateRead
from tests.unit.central.box import EdgeBox, report

READ = PlateRead(
    text="浙B1?345",
    likeliest="浙B12345",
    confidences=(0.99, 0.99, 0.99, 0.4, 0.99, 0.99, 0.99),
    colour="blue",
    pictures=5,
)


@pytest.fixture
def two_cases(town):
    """A car on Yangming East Road whose plate was read but for one character; one on Sunlit Lane without."""
    box = EdgeBox()
    with town.database.write(ordered=True) as session:
        messages = [
            box.message(report(plate=READ)),
            box.message(report(road="Sunlit Lane", camera_id="cam-2", zone_id="other", urgent=True)),
        ]
        commit_batch(session, messages, town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))
    found = {case["road"]: case["id"] for case in listed(town)}
    return found["Yangming East Road"], found["Sunlit Lane"]


def listed(town, name="olga", **wanted):
    answer = town.client.get("/api/v1/cases", params=wanted, headers=town.bearer(name))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def ids(town, **wanted):
    return {case["id"] for case in listed(town, **wanted)}


def test_one_box_finds_by_number_plate_and_road(town, two_cases):
    east, lane = two_cases
    item = {
        "number": "HL-2026-7",
        "kind": "illegal_parking",
        "at": "2026-05-04T02:59:00Z",
        "lon": 121.17,
        "lat": 30.052,
        "words": "a van before the school",
    }
    body = {"source": "12345", "items": [item]}
    taken = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("olga")).json()
    assert taken["taken"] == 1, taken
    (called,) = ids(town) - {east, lane}
    assert ids(town, q=east) == ids(town, q="yangming east") == ids(town, q="浙b·12345") == {east}
    assert ids(town, q="浙B1?345") == {east}
    assert ids(town, q="hl-2026-7") == ids(town, q="12345 HL-2026-7") == {called}
    assert ids(town, q="Sun") == {lane}
    assert ids(town, q="%") == ids(town, q="浙B99999") == set()


def test_a_plate_that_a_caller_names_finds_the_case_and_is_on_its_ticket_marked_as_said(town, monkeypatch):
    item = {"kind": "vehicle_litter", "at": "2026-05-04T02:59:00Z", "lon": 121.17, "lat": 30.052}
    named = item | {"number": "1", "words": "a bag flew out of a car, 浙B·77345"}
    partly = item | {"number": "2", "lon": 121.15, "words": "a bottle out of a van, number ending 912"}
    body = {"source": "12345", "items": [named, partly]}
    taken = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("olga")).json()
    assert taken["taken"] == 2, taken
    ((called,), others) = (ids(town, q=each) for each in ("浙B77345", "浙B12345"))
    assert others == set()
    path = f"/api/v1/cases/{called}"
    told = town.client.get(path, headers=town.bearer("olga")).json()
    for each in (told["leads"][0], told["tickets"][0]):
        assert (each["plate"], each["plate_said"]) == (None, "浙B77345"), "said is not read"
    (other,) = ids(town) - {called}
    told = town.client.get(f"/api/v1/cases/{other}", headers=town.bearer("olga")).json()
    assert told["tickets"][0]["plate_said"] == "????912"
    shown = town.client.get(f"/cases/{called}", headers=town.bearer("olga")).text
    assert shown.count(">浙B·77345<") == 2, "on the ticket and with what was said"
    assert "said, not read by a camera" in shown
    without_plates(monkeypatch)
    told = town.client.get(path, headers=town.bearer("olga")).json()
    assert told["leads"][0]["plate_said"] is told["tickets"][0]["plate_said"] is None
    assert ids(town, q="浙B77345") == set()


def test_of_several_plates_that_are_named_the_ticket_tells_the_one_with_most_characters():
    case = Case(leads=[Lead(plate_said=each) for each in (None, "????345", "浙B1234?", "ABC", "浙B1?34?")])
    assert Ticket(case=case).plate_said == "浙B1234?"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_numbers_of_lamps_covers_stops_and_telephones_are_no_plates(town):
    reported = [
        ("stall_encroachment", "Bus stop K20311, stalls"),
        ("pavement_obstruction", "灯杆编号 A10233"),
        ("manhole-cover", "manhole 20415 broken, phone B57462"),
        ("illegal_parking", "lamp post 20415 is dark, phone 657462"),
        ("illegal_parking", "at shop number 10233"),
    ]
    items = [
        {"number": str(at), "kind": kind, "at": "2026-05-04T02:59:00Z", "lon": 121.17, "lat": 30.052}
        | {"words": words}
        for at, (kind, words) in enumerate(reported)
    ]
    taken = town.client.post("/api/v1/hotline", json={"items": items}, headers=town.bearer("olga")).json()
    assert taken["taken"] == len(reported), taken
    with town.database.read() as session:
        assert set(session.scalars(select(Lead.plate_said))) == {None}


def test_filters_hold_together_and_follow_the_work(town, two_cases, monkeypatch):
    east, lane = two_cases
    assert ids(town, urgent=True) == {lane}
    unit = listed(town, q=east)[0]["unit_name"]
    tickets = town.client.get("/api/v1/tickets", headers=town.bearer("olga")).json()["items"]
    unit_id = next(each["unit_id"] for each in tickets if each["case_id"] == east)
    assert east in ids(town, unit=unit_id), unit
    assert ids(town, area="yangming") == {east, lane}
    assert ids(town, area="nowhere") == ids(town, checking=True) == ids(town, joint=True) == set()
    for each in two_cases:
        said = town.bearer("olga")
        version = town.client.get(f"/api/v1/cases/{each}", headers=said).headers["ETag"]
        town.client.post(f"/api/v1/cases/{each}/confirm", json={}, headers=said | {"If-Match": version})
    assert ids(town, overdue=True) == ids(town, suspended=True) == ids(town, disputed=True) == set()
    town.clock.advance(timedelta(days=3).total_seconds())
    town.tokens.clear()
    for many in (finding.MANY, 1):  # looked up as few, and read as many
        monkeypatch.setattr(finding, "MANY", many)
        assert ids(town, overdue=True) == ids(town, overdue=True, kind="illegal_parking") == {east, lane}
        assert ids(town, overdue=True, unit=unit_id, q="Yang") == ids(town, overdue=True, q=east) == {east}
        assert ids(town, overdue=True, kind="vehicle_litter") == set()
        first = town.client.get("/api/v1/cases?overdue=true&limit=1", headers=town.bearer("olga")).json()
        assert first["items"][0]["id"] == max(two_cases)
        assert ids(town, overdue=True, cursor=first["next_cursor"]) == {min(two_cases)}


def test_a_plate_finds_nothing_for_who_may_not_read_plates(town, two_cases, monkeypatch):
    without_plates(monkeypatch)
    assert ids(town, q="浙B12345") == set()


def without_plates(monkeypatch):
    from central.people import permissions

    kept = permissions.GRANTS[Role.OPERATOR] - {permissions.Permission.PLATE_READ}
    monkeypatch.setitem(permissions.GRANTS, Role.OPERATOR, kept)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_page_searches_all_groups_and_keeps_what_was_typed(town, two_cases):
    east, lane = two_cases
    shown = page(town, q="浙B12345", tab="over")
    assert east in shown
    assert lane not in shown
    assert 'value="浙B12345"' in shown
    only = page(town, only="urgent")
    assert lane in only
    assert east not in only
    assert "No such case" in page(town, q="nothing such")


def page(town, **wanted):
    return town.client.get("/", params=wanted, headers=town.bearer("olga")).text


def test_a_whole_plate_is_looked_for_with_up_to_three_open_characters():
    spelt = plates_like("浙b·123 45")
    assert {"浙B12345", "浙B1?345", "?B1?34?"} <= set(spelt)
    assert "????345" not in spelt
    assert plates_like("road") == []
