"""Suggestions and a hotline's items over HTTP and on the page."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from central.cases.models import Case
from central.escalation.models import SupervisionSlip
from central.escalation.sweeper import Sweeper
from central.hotline.service import import_csv
from central.metrics import Metrics
from central.people.permissions import Role
from tests.integration.central.leads import LAT, LON, Street, call_at
from tests.unit.central.box import NOON

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""


def test_over_http_with_permission_and_the_version_that_was_seen(town):
    street = Street(town.database)
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    older, younger = street.cases()
    url = f"/api/v1/cases/{younger.id}/merge-suggestions"
    (found,) = town.client.get(url, headers=town.bearer("olga")).json()
    accept = f"{url}/{found['id']}/accept"
    assert town.client.post(accept, headers=town.bearer("olga")).status_code == 428
    stale = town.bearer("olga") | {"If-Match": '"0"'}
    assert town.client.post(accept, headers=stale).status_code == 412
    town.add_user("uma", Role.UNIT_OFFICER, "squad-1")
    match = {"If-Match": f'"{younger.version}"'}
    assert town.client.post(accept, headers=town.bearer("uma") | match).status_code == 403
    kept = town.client.post(accept, headers=town.bearer("olga") | match)
    assert (kept.status_code, kept.json()["id"], len(kept.json()["leads"])) == (200, older.id, 2)
    lead = kept.json()["leads"][1]["id"]
    split = f"/api/v1/cases/{older.id}/leads/{lead}/split"
    out = town.client.post(split, headers=town.bearer("olga") | {"If-Match": kept.headers["ETag"]})
    assert (out.status_code, out.json()["tickets"][0]["state"]) == (200, "drafted")


def test_the_page_asks_whether_two_cases_are_one_and_lets_a_lead_go_again(town):
    street = Street(town.database)
    street.call(call_at(0, words="一辆红色货车，东宁路"))
    street.call(call_at(85, minutes=55, words="东宁路上有红色轿车"))
    older, younger = street.cases()
    page = town.client.get(f"/cases/{younger.id}", headers=town.bearer("olga")).text
    assert "This may be the same as" in page
    assert "same colour, road; another sort of vehicle" in page
    assert older.id in page
    street.decide("accept", street.suggestions()[0])
    page = town.client.get(f"/cases/{older.id}", headers=town.bearer("olga")).text
    assert page.count("take it out") == 1
    merged = town.client.get(f"/cases/{younger.id}", headers=town.bearer("olga"))
    assert merged.status_code == 200
    assert "Merged" in merged.text


def test_the_hotlines_items_come_in_over_http_and_bad_ones_are_told(town):
    good = {"number": "1", "kind": "illegal_parking", "lon": LON, "lat": LAT, "at": NOON.isoformat()}
    items = [good, good | {"number": "2", "lat": 91}, {"number": "3"}, good | {"number": "4", "at": "soon"}]
    body = {"source": "12345", "items": items}
    first = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("olga")).json()
    assert (first["taken"], first["known"]) == (1, 0)
    assert [each["line"] for each in first["refused"]] == [2, 3, 4]
    again = town.client.post("/api/v1/hotline", json=body, headers=town.bearer("olga")).json()
    assert (again["taken"], again["known"]) == (0, 1)
    assert again["changed"] == []
    later = body | {
        "items": [good | {"kind": "vehicle_litter", "words": "a bag"}, good, good | {"number": "5"}]
    }
    told = town.client.post("/api/v1/hotline", json=later, headers=town.bearer("olga")).json()
    assert (told["taken"], told["known"]) == (1, 1)
    reason = "number: came in before with another kind, words; that stays"
    assert told["changed"] == [{"line": 1, "reason": reason}]
    town.add_user("uma", Role.UNIT_OFFICER, "squad-1")
    assert town.client.post("/api/v1/hotline", json=body, headers=town.bearer("uma")).status_code == 403


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_call_of_last_year_is_a_bad_line_and_that_of_last_month_is_taken(town):
    item = {"number": "1", "kind": "illegal_parking", "lon": LON, "lat": LAT}
    ages = [timedelta(days=30), timedelta(days=30, seconds=1), timedelta(days=2000)]
    items = [item | {"number": str(k), "at": (NOON - age).isoformat()} for k, age in enumerate(ages)]
    told = town.client.post("/api/v1/hotline", json={"items": items}, headers=town.bearer("olga")).json()
    assert told["taken"] == 1
    assert [each["line"] for each in told["refused"]] == [2, 3]
    assert told["refused"][0]["reason"] == "at: lies more than 30 days back"
    town.clock.advance(60)
    again = [items[0], items[0] | {"kind": "spaceship"}, items[1], items[2] | {"lat": 91}]
    told = town.client.post("/api/v1/hotline", json={"items": again}, headers=town.bearer("olga")).json()
    assert (told["taken"], told["known"]) == (0, 1), "what came in is known, however old it is by now"
    assert [(each["line"], each["reason"][:7]) for each in told["changed"]] == [(2, "number:")]
    assert [each["line"] for each in told["refused"]] == [3, 4]


def test_a_csv_file_of_the_hotline_comes_in_once_with_local_times(town, tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(
        "number,kind,lon,lat,at,words,road\n"
        f'7,illegal_parking,{LON},{LAT},2026-05-04 10:30,"Car, on the\npavement",Yangming East Road\n'
        f"8,spaceship,{LON},{LAT},2026-05-04 10:30,,\n"
        f"9,illegal_parking,{LON},{LAT},2026-05-04 10:30,one,two,three\n",
        encoding="utf-8-sig",
    )
    args = (town.database, path, "12345", town.settings, NOON)
    outcome = import_csv(*args)
    assert (outcome.taken, [each.line for each in outcome.refused]) == (1, [4, 5])
    assert import_csv(*args).known == import_csv(*args[:-1], NOON + timedelta(days=60)).known == 1
    (case,) = Street(town.database).cases()
    assert case.started_at == NOON - timedelta(minutes=30)
    page = town.client.get(f"/cases/{case.id}", headers=town.bearer("olga"))
    assert page.status_code == 200
    assert "Yangming East Road" in page.text
    assert "12345 7" in page.text


def suggested(town):
    """The older and the younger of two cases that may be one."""
    street = Street(town.database)
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    return street.cases()


def post(town, case_id, what, body, name="olga"):
    case = town.client.get(f"/api/v1/cases/{case_id}", headers=town.bearer("olga")).json()
    headers = town.bearer(name) | {"If-Match": f'"{case["version"]}"'}
    return town.client.post(f"/api/v1/cases/{case_id}/{what}", json=body, headers=headers)


@on_sqlite
@pytest.mark.parametrize("pressed_at", ["older", "younger"])
@pytest.mark.parametrize(
    ("older_is", "younger_is", "stays"),
    [
        ("reviewing", "reviewing", "older"),
        ("reviewing", "dispatched", "younger"),
        ("dispatched", "handling", "younger"),
        ("dispatched", "dispatched", "older"),
        ("handling", "dispatched", "older"),
    ],
)
def test_of_two_that_are_one_the_one_stays_whose_work_is_farther_along(
    town, older_is, younger_is, stays, pressed_at
):
    town.add_user("ulla", Role.UNIT_OFFICER, "traffic-police-yangming")
    older, younger = suggested(town)
    for case, state in ((older, older_is), (younger, younger_is)):
        if state != "reviewing":
            sent = post(town, case.id, "confirm", {})
            assert sent.status_code == 200, sent.text
        for move in ("accept", "start") if state == "handling" else ():
            headers = town.bearer("ulla") | {"If-Match": sent.headers["ETag"]}
            path = f"/api/v1/my/tickets/{sent.json()['tickets'][0]['id']}/{move}"
            sent = town.client.post(path, json={}, headers=headers)
            assert sent.status_code == 200, sent.text
    kept, gone = (older, younger) if stays == "older" else (younger, older)
    pressed, other = (older, younger) if pressed_at == "older" else (younger, older)
    merged = post(town, pressed.id, "merge", {"other": other.id})
    assert merged.status_code == 200, merged.text
    assert merged.json()["id"] == kept.id
    live = [each["state"] for each in merged.json()["tickets"]]
    was = older_is if kept is older else younger_is
    assert live == ["drafted" if was == "reviewing" else was], "its unit goes on with what it does"
    assert len(merged.json()["leads"]) == 2
    left = town.client.get(f"/api/v1/cases/{gone.id}", headers=town.bearer("olga")).json()
    assert (left["state"], left["merged_into"]) == ("merged", kept.id)
    assert {each["state"] for each in left["tickets"]} == {"voided"}


@on_sqlite
def test_whoever_was_told_of_a_late_ticket_answers_no_more_for_it_once_its_case_is_merged_away(town):
    town.add_user("ulla", Role.UNIT_OFFICER, "traffic-police-yangming")
    older, younger = suggested(town)
    for case in (older, younger):
        assert post(town, case.id, "confirm", {}).status_code == 200
    town.clock.advance(6 * 86_400)
    town.tokens.clear()
    Sweeper(town.settings, town.clock, town.database, Metrics()).once()
    assert post(town, younger.id, "merge", {"other": older.id}).status_code == 200
    with town.database.read() as session:
        waits = {slip.case_id: slip.answered_at is None for slip in session.scalars(select(SupervisionSlip))}
    assert waits == {older.id: True, younger.id: False}


@on_sqlite
def test_a_later_report_that_is_merged_into_what_is_being_checked_was_seen_again(town):
    """Nobody who reported it is told that it was dealt with on older grounds than their report."""
    town.add_user("ulla", Role.UNIT_OFFICER, "traffic-police-yangming")
    town.add_user("dora", Role.DISPATCHER)
    older, younger = suggested(town)
    sent = post(town, older.id, "confirm", {})
    for move in ("accept", "start", "report_handled"):
        headers = town.bearer("ulla") | {"If-Match": sent.headers["ETag"]}
        path = f"/api/v1/my/tickets/{sent.json()['tickets'][0]['id']}/{move}"
        sent = town.client.post(path, json={"note": "gone"}, headers=headers)
        assert sent.status_code == 200, sent.text
    with town.database.write(ordered=True) as session:
        (lead,) = session.get(Case, younger.id).leads
        lead.observed_at = town.clock.now_utc() + timedelta(minutes=5)
    merged = post(town, younger.id, "merge", {"other": older.id}).json()
    assert (merged["id"], merged["state"], merged["seen_again"]) == (older.id, "checking", [lead.id])
    log = town.client.get(f"/api/v1/cases/{older.id}/events", headers=town.bearer("olga")).json()
    assert log[-1]["rule"] == "seen_again"
    assert post(town, older.id, "close", {}, "dora").status_code == 409, "without a word of why it is done"


def test_the_page_says_which_of_two_stays(town):
    older, younger = suggested(town)
    url = f"/api/v1/cases/{younger.id}/merge-suggestions"
    asked = {"headers": town.bearer("olga")}
    assert [each["stays"] for each in town.client.get(url, **asked).json()] == [older.id]
    assert "the other stays" in town.client.get(f"/cases/{younger.id}", **asked).text
    assert post(town, younger.id, "confirm", {}).status_code == 200
    assert [each["stays"] for each in town.client.get(url, **asked).json()] == [younger.id]
    assert "this case stays" in town.client.get(f"/cases/{younger.id}", **asked).text
    assert "the other stays" in town.client.get(f"/cases/{older.id}", **asked).text
