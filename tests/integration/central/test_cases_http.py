"""An operator's day over HTTP: look, confirm, reject, and what is refused."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from central.intake.service import commit_batch
from central.people.permissions import Role
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase
from tests.unit.central.box import IN_YANGMING, EdgeBox, report


@pytest.fixture
def street(town):
    """What the street sends: ``street(report, …)`` commits and gives the ids of all cases, newest first."""
    box = EdgeBox()

    def street(*reports):
        town.clock.advance(1)
        with town.database.write(ordered=True) as session:
            messages = [box.message(each) for each in reports]
            commit_batch(session, messages, town.clock.now_utc(), town.settings.intake, ZoneInfo("UTC"))
        answer = town.client.get("/api/v1/cases", headers=town.bearer("olga"))
        return [case["id"] for case in answer.json()["items"]]

    return street


@pytest.fixture
def case_id(street):
    return street(report())[0]


def act(town, case_id, what, body, version=1, name="olga"):
    return town.client.post(
        f"/api/v1/cases/{case_id}/{what}",
        json=body,
        headers=town.bearer(name) | ({"If-Match": f'"{version}"'} if version else {}),
    )


def test_a_confirmed_case_goes_to_its_unit_with_a_deadline_from_now(town, case_id):
    town.clock.advance(600)
    shown = town.client.get(f"/api/v1/cases/{case_id}", headers=town.bearer("olga"))
    assert (shown.status_code, shown.headers["ETag"]) == (200, '"1"')
    answer = act(town, case_id, "confirm", {"note": "clear as day"})
    assert answer.status_code == 200, answer.text
    case = answer.json()
    (ticket,) = case["tickets"]
    assert (case["state"], ticket["state"]) == ("dispatched", "dispatched")
    due = town.clock.now_utc() + timedelta(hours=4)
    assert ticket["due_at"] == due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    log = town.client.get(f"/api/v1/cases/{case_id}/events", headers=town.bearer("olga")).json()
    assert [(line["rule"], line["actor"]) for line in log] == [
        ("opened", "edge:yuyao/box-1"),
        ("file", "user:olga"),
        ("dispatch", "system"),
    ]
    assert log[1]["note"] == "clear as day"
    assert answer.headers["ETag"] == '"3"'


def test_a_rejected_case_keeps_its_reason_and_its_ticket_is_void(town, case_id, street):
    answer = act(town, case_id, "reject", {"reason_code": "permitted", "note": "loading bay"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["tickets"][0]["state"]) == ("rejected", "voided")
    log = town.client.get(f"/api/v1/cases/{case_id}/events", headers=town.bearer("olga")).json()
    assert (log[-1]["reason_code"], log[-1]["note"]) == ("permitted", "loading bay")
    incident_id = answer.json()["leads"][0]["incident_id"]
    assert street(report(incident_id, 2, Phase.UPDATED, dwell_s=600)) == [case_id]


def test_two_operators_cannot_decide_on_what_one_has_not_seen(town, case_id):
    assert act(town, case_id, "reject", {"reason_code": "unclear"}).status_code == 200
    late = act(town, case_id, "confirm", {})
    assert (late.status_code, late.json()["type"]) == (412, "urn:kerbwatch:problem:changed")
    assert late.headers["ETag"] == '"2"'
    again = act(town, case_id, "confirm", {}, version=2)
    assert (again.status_code, again.json()["type"]) == (409, "urn:kerbwatch:problem:wrong-state")
    assert again.headers["content-type"] == "application/problem+json"


def test_a_longer_wait_does_not_get_in_the_operators_way_but_a_departure_does(town, street):
    first = report()
    (case_id,) = street(first)
    street(first.model_copy(update={"revision": 2, "phase": Phase.UPDATED, "dwell_s": 90.0}))
    assert act(town, case_id, "confirm", {}, version=1).status_code == 200
    second = report()
    case_id = street(second)[0]
    street(report(second.incident_id, 2, Phase.CLEARED))
    assert act(town, case_id, "confirm", {}, version=1).status_code == 412
    assert act(town, case_id, "confirm", {}, version=2).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.reason_code"),
        ({"reason_code": "because"}, "body.reason_code"),
        ({"reason_code": "unclear", "extra": 1}, "body.extra"),
        ({"reason_code": "unclear", "note": "x" * 3000}, "body.note"),
    ],
)
def test_a_rejection_with_faults_names_the_fields(town, case_id, body, field):
    answer = act(town, case_id, "reject", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_reason_other_wants_a_note(town, case_id):
    answer = act(town, case_id, "reject", {"reason_code": "other"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "the reason 'other' needs a note")


@pytest.mark.parametrize(
    ("if_match", "status"), [(None, 428), ("yesterday", 400), ('W/"1"', 400), ('"9"', 412), ("1", 200)]
)
def test_a_change_names_the_version_that_was_seen(town, case_id, if_match, status):
    headers = town.bearer("olga") | ({"If-Match": if_match} if if_match else {})
    answer = town.client.post(f"/api/v1/cases/{case_id}/confirm", json={}, headers=headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.OPERATOR, 200),
        (Role.DISPATCHER, 200),
        (Role.AUDITOR, 403),
        (Role.UNIT_OFFICER, 403),
        (Role.CITIZEN, 403),
    ],
)
def test_only_those_who_may_confirm(town, case_id, role, status):
    town.add_user("someone", role)
    assert act(town, case_id, "confirm", {}, name="someone").status_code == status
    stranger = town.client.post(f"/api/v1/cases/{case_id}/confirm", json={}, headers={"If-Match": '"1"'})
    assert stranger.status_code == 401


def test_cases_come_in_pages_without_loss_or_repeat(town, street):
    for _ in range(7):
        ids = street(report())
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = town.client.get("/api/v1/cases", params=query, headers=town.bearer("olga")).json()
        seen += [case["id"] for case in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
    assert len(set(seen)) == 7
    bad = town.client.get("/api/v1/cases", params={"cursor": "x"}, headers=town.bearer("olga"))
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (400, "query.cursor")


def test_cases_are_found_by_state_and_kind(town, street):
    ids = street(report(), report(kind=Kind.STALL_ENCROACHMENT))
    act(town, ids[0], "reject", {"reason_code": "unclear"})

    def found(**query):
        answer = town.client.get("/api/v1/cases", params=query, headers=town.bearer("olga"))
        return [case["id"] for case in answer.json()["items"]]

    assert found(state="reviewing") == [ids[1]]
    assert found(kind="stall_encroachment") == [ids[0]]
    assert found(state=["reviewing", "rejected"]) == ids
    assert town.client.get("/api/v1/cases?state=gone", headers=town.bearer("olga")).status_code == 422


def test_a_map_gets_points_with_longitude_first(town, case_id):
    found = town.client.get("/api/v1/cases.geojson", headers=town.bearer("olga")).json()
    (feature,) = found["features"]
    assert (feature["id"], feature["geometry"]["coordinates"]) == (case_id, list(IN_YANGMING))


def test_tickets_are_listed_by_unit(town, case_id, street):
    street(report(kind=Kind.STALL_ENCROACHMENT))
    found = town.client.get(
        "/api/v1/tickets", params={"unit": "squad-yangming"}, headers=town.bearer("olga")
    ).json()
    assert [ticket["unit_name"] for ticket in found["items"]] == ["Urban management squad Yangming"]
    page = town.client.get("/api/v1/tickets", params={"limit": 1}, headers=town.bearer("olga")).json()
    assert page["next_cursor"] is not None


@pytest.mark.parametrize("path", ["/api/v1/cases/{}", "/api/v1/cases/{}/events"])
def test_a_case_that_is_not_there_is_said_to_be_so(town, path):
    assert town.client.get(path.format(new_id()), headers=town.bearer("olga")).status_code == 404
    assert town.client.get(path.format("7"), headers=town.bearer("olga")).status_code == 422
