"""A wrong rejection or closing is taken back: once, in time, for a reason, and nobody is left out by it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from central.answers.models import Answer, Delivery, FinalAnswer
from central.answers.service import answer_of
from central.cases.models import Case, Lead
from central.intake.service import commit_batch
from central.merging import service as merging
from central.merging.models import OpenLead
from central.people.permissions import Role
from central.points import awards
from central.points.models import PointsEntry
from tests.integration.central.citizens import (
    OLGA,
    add_reporter,
    close_case_of,
    put_rules,
    reject,
    report_at,
    send,
)
from tests.unit.central.box import NOON, EdgeBox, report

ZONE = ZoneInfo("Asia/Shanghai")
REF = "00000000-0000-4000-8000-000000000001"
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""


@pytest.fixture
def desk(town):
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("ulla", Role.UNIT_OFFICER, "traffic-police-yangming")
    return town


def post(town, path, body, version, name="olga"):
    match = {"If-Match": f'"{version}"'} if version is not None else {}
    return town.client.post(f"/api/v1{path}", json=body, headers=town.bearer(name) | match)


def reopen(town, case_id, name="olga", **body):
    with town.database.read() as session:
        version = session.get(Case, case_id).version
    return post(town, f"/cases/{case_id}/reopen", {"reason_code": "mistake"} | body, version, name)


def days_pass(town, days):
    town.clock.advance(days * 86_400)
    town.tokens.clear()  # nobody's lasts so long


def case_of(database, lead_id):
    with database.read() as session:
        return session.get(Case, session.get(Lead, lead_id).case_id)


def a_rejected_report(town, metres=0, ref=None):
    with town.database.write(ordered=True) as session:
        lead_id = send(session, town.settings, report_at(metres, ref))
        reject(session, session.get(Case, session.get(Lead, lead_id).case_id))
    return lead_id, case_of(town.database, lead_id).id


def test_a_rejection_that_was_wrong_is_in_review_again_and_whoever_reported_it_is_answered_anew(desk):
    with desk.database.write() as session:
        add_reporter(session, REF)
    lead_id, case_id = a_rejected_report(desk, ref=REF)
    bare = post(desk, f"/cases/{case_id}/reopen", {"reason_code": "mistake"}, None)
    assert bare.status_code == 428
    assert post(desk, f"/cases/{case_id}/reopen", {"reason_code": "mistake"}, 1, "ulla").status_code == 403
    assert reopen(desk, case_id, reason_code="objection").status_code == 409, "which objection?"
    done = reopen(desk, case_id, reason_code="objection", note="the picture shows it")
    assert (done.status_code, done.json()["state"]) == (200, "reviewing")
    assert [(each["state"], each["leads"]) for each in done.json()["tickets"]] == [("drafted", True)]
    assert reopen(desk, case_id).status_code == 409, "it is open"
    with desk.database.read() as session:
        assert answer_of(session, lead_id).outcome == "again"
        assert [row.lead_id for row in session.scalars(select(OpenLead))] == [lead_id]
        sent = session.scalars(select(Delivery.state).order_by(Delivery.answer_id)).all()
        assert sent == ["unwanted", "waiting"], "the earlier answer does not go out any more"
    log = desk.client.get(f"/api/v1/cases/{case_id}/events", headers=desk.bearer("olga")).json()
    line = next(each for each in log if each["rule"] == "reopen_rejected")
    assert (line["actor"], line["reason_code"], line["note"]) == (
        "user:olga",
        "objection",
        "the picture shows it",
    )
    with desk.database.write(ordered=True) as session:
        close_case_of(session, lead_id)
    with desk.database.read() as session:
        told = session.scalars(select(Answer.outcome).order_by(Answer.id)).all()
        assert told == ["rejected", "again", "handled"]
        assert session.scalars(select(FinalAnswer.round).order_by(FinalAnswer.round)).all() == [0, 1]


@on_sqlite
def test_points_are_given_once_however_often_a_case_is_closed(desk):
    put_rules(desk.database)
    with desk.database.write(ordered=True) as session:
        add_reporter(session, REF)
        lead_id = send(session, desk.settings, report_at(0, REF))
        case_id = close_case_of(session, lead_id)
    assert reopen(desk, case_id, reason_code="not_done").status_code == 200
    settle(desk)
    assert entries(desk) == [], "what was open again before it was judged earns nothing yet"
    for _ in range(2):
        with desk.database.write(ordered=True) as session:
            close_case_of(session, lead_id)
        settle(desk)
        assert entries(desk) == [20]
        assert reopen(desk, case_id, reason_code="not_done").status_code == 200


def settle(town):
    with town.database.write() as session:
        while awards.settle_next(session, ZONE, NOON):
            pass


def entries(town):
    with town.database.read() as session:
        return session.scalars(select(PointsEntry.points)).all()


@on_sqlite
def test_a_closing_that_was_wrong_sends_its_ticket_out_again_with_a_new_term(desk):
    with desk.database.write(ordered=True) as session:
        commit_batch(session, [EdgeBox().message(report())], NOON, desk.settings.intake, ZONE)
    case = desk.client.get("/api/v1/cases", headers=desk.bearer("olga")).json()["items"][0]
    path, mine = f"/cases/{case['id']}", "/my/tickets"
    case = post(desk, f"{path}/confirm", {}, case["version"]).json()
    ticket, first_due = case["tickets"][0]["id"], case["due_at"]
    for move in ("accept", "start", "report_handled"):
        case = post(desk, f"{mine}/{ticket}/{move}", {"note": "gone"}, case["version"], "ulla").json()
    case = post(desk, f"{path}/close", {"note": "seen"}, case["version"], "dora").json()
    days_pass(desk, 3)
    case = reopen(desk, case["id"], "dora", reason_code="not_done").json()
    assert (case["state"], len(case["tickets"])) == ("dispatched", 1)
    (again,) = case["tickets"]
    assert (again["id"], again["state"]) == (ticket, "dispatched")
    assert again["due_at"] > first_due
    for move in ("accept", "start", "report_handled"):
        case = post(desk, f"{mine}/{ticket}/{move}", {"note": "gone"}, case["version"], "ulla").json()
    case = post(desk, f"{path}/close", {"note": "seen"}, case["version"], "dora").json()
    days_pass(desk, 31)
    late = reopen(desk, case["id"], "dora")
    assert (late.status_code, "too long" in late.json()["detail"]) == (409, True)
    page = desk.client.get(f"/cases/{case['id']}", headers=desk.bearer("dora") | {"Accept": "text/html"})
    assert 'id="reopen"' not in page.text, "nor is it offered"


@on_sqlite
def test_what_went_on_elsewhere_is_not_opened_beside_it(desk):
    lead_id, case_id = a_rejected_report(desk)
    with desk.database.write(ordered=True) as session:
        later = NOON + timedelta(minutes=3)
        other = send(session, desk.settings, report_at(2, seen_at=later), later)
    other_id = case_of(desk.database, other).id
    refused = reopen(desk, case_id)
    assert (refused.status_code, other_id in refused.json()["detail"]) == (409, True)
    assert case_of(desk.database, lead_id).state == "rejected", "and nothing was changed"
    assert reopen(desk, case_id, apart=True).status_code == 200
    with desk.database.write(ordered=True) as session:
        assert merging.list_suggestions(session) == [], "it is not asked again"
        version = session.get(Case, case_id).version
        more = {"who": OLGA, "version": version, "now": NOON, "zone": ZONE}
        merging.merge_by_hand(session, case_id, other_id, **more)
    younger = max(case_id, other_id)
    gone = reopen(desk, younger)
    assert (gone.status_code, min(case_id, other_id) in gone.json()["detail"]) == (409, True)


@on_sqlite
def test_of_two_who_take_it_back_at_once_one_is_told_to_look_again(desk):
    lead_id, case_id = a_rejected_report(desk)
    version = case_of(desk.database, lead_id).version
    answers = [post(desk, f"/cases/{case_id}/reopen", {"reason_code": "mistake"}, version) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 412]
    with desk.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 2


@on_sqlite
def test_what_is_reported_after_it_was_opened_again_joins_it(desk):
    lead_id, case_id = a_rejected_report(desk)
    with desk.database.write(ordered=True) as session:
        send(session, desk.settings, report_at(3000))  # central looks elsewhere meanwhile
    assert reopen(desk, case_id).status_code == 200
    with desk.database.write(ordered=True) as session:
        later = NOON + timedelta(minutes=3)
        again = send(session, desk.settings, report_at(2, seen_at=later), later)
    assert case_of(desk.database, again).id == case_of(desk.database, lead_id).id == case_id
