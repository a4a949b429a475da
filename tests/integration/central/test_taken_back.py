"""A case that was confirmed by mistake is taken back before its work is done, and its unit is told."""

import pytest
from sqlalchemy import select

from central.cases.models import Ticket
from central.escalation.models import SupervisionSlip
from central.people.permissions import Role
from central.tickets.models import JointOperation, TicketRequest
from kerbwatch.incident import Kind
from tests.integration.central.squad import UNIT, Squad
from tests.integration.central.test_joint_operations import ON_THE_BORDER
from tests.unit.central.box import report

on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""
WRONG = {"reason_code": "wrong_kind", "note": "it is a manhole cover, not a car"}


@pytest.fixture
def squad(town):
    return Squad(town)


def take_back(squad, case, name="olga", **said):
    version = squad.case(case["id"])["version"]
    return squad.post(f"/api/v1/cases/{case['id']}/take-back", WRONG | said, name, version)


def asks(squad, case, **what):
    version, ticket = squad.case(case["id"])["version"], case["tickets"][0]["id"]
    answer = squad.post(f"/api/v1/my/tickets/{ticket}/requests", {"note": "why"} | what, "ulla", version)
    assert answer.status_code == 201, answer.text


def late(squad):
    """So much later that the unit was reminded, and the ones above it told."""
    squad.town.clock.advance(4 * 86_400)
    squad.town.tokens.clear()
    squad.sweeper.once()


def test_a_case_that_was_confirmed_by_mistake_is_in_review_again_and_goes_to_the_right_unit(squad):
    case = squad.confirmed()
    squad.handles(case, "accept", "start")
    asks(squad, case, kind="dispute", clause="article 12")
    asks(squad, case, kind="extension", hours=3)
    late(squad)
    back = take_back(squad, case)
    assert back.status_code == 200, back.text
    now = back.json()
    assert (now["state"], now["escalation_level"], now["disputed"]) == ("reviewing", 0, False)
    assert [(each["state"], each["leads"]) for each in now["tickets"]] == [
        ("voided", True),
        ("drafted", True),
    ]
    line = squad.get(f"/api/v1/cases/{case['id']}/events")[-1]
    if line["rule"] == "draft_anew":
        line = squad.get(f"/api/v1/cases/{case['id']}/events")[-2]
    said = (line["rule"], line["actor"], line["from_state"], line["reason_code"], line["note"])
    assert said == ("take_back", "user:olga", "handling", "wrong_kind", WRONG["note"])
    with squad.town.database.read() as session:
        asked = session.scalars(select(TicketRequest)).all()
        assert {each.state for each in asked} == {"declined"}
        slips = session.scalars(select(SupervisionSlip)).all()
        assert slips, "somebody above the unit had been told"
        assert all(each.answered_at for each in slips), "and need not answer any more"
        (gone,) = session.scalars(select(Ticket).where(Ticket.state == "voided"))
        assert (gone.next_step, gone.next_step_at, gone.suspended_until) == (None, None, None)
    late(squad)
    assert squad.rules(case)[-1] in {"take_back", "draft_anew"}, "nobody is reminded of it, or told"

    version = squad.case(case["id"])["version"]
    put_right = {"kind": "manhole-cover", "reason": "seen on the picture"}
    right = squad.post(f"/api/v1/cases/{case['id']}/correction", put_right, "olga", version)
    assert right.status_code == 200, right.text
    done = squad.post(f"/api/v1/cases/{case['id']}/confirm", {}, "olga", right.json()["version"])
    assert done.status_code == 200, done.text
    owners = [(each["unit_id"], each["state"]) for each in done.json()["tickets"]]
    assert owners == [(UNIT, "voided"), ("utilities", "dispatched")]


def test_what_was_taken_back_and_rejected_may_be_opened_again_with_one_draft(squad):
    case = squad.confirmed()
    assert take_back(squad, case, reason_code="not_there").status_code == 200
    version = squad.case(case["id"])["version"]
    gone = squad.post(f"/api/v1/cases/{case['id']}/reject", {"reason_code": "not_there"}, "olga", version)
    assert [each["state"] for each in gone.json()["tickets"]] == ["voided", "voided"]
    again = {"reason_code": "mistake"}
    back = squad.post(f"/api/v1/cases/{case['id']}/reopen", again, "olga", gone.json()["version"])
    assert back.status_code == 200, back.text
    assert [each["state"] for each in back.json()["tickets"]] == ["voided", "drafted"]


@on_sqlite
def test_a_suspended_ticket_of_a_joint_operation_is_taken_back_with_its_helpers(squad):
    case = squad.confirmed(report(at=ON_THE_BORDER, kind=Kind.STALL_ENCROACHMENT))
    assert len(case["tickets"]) > 1
    back = take_back(squad, case, "dora", reason_code="wrong_place")
    assert [each["state"] for each in back.json()["tickets"] if each["state"] != "voided"] == ["drafted"]
    with squad.town.database.read() as session:
        assert session.scalars(select(JointOperation)).all() == []
    version = back.json()["version"]
    done = squad.post(f"/api/v1/cases/{case['id']}/confirm", {}, "dora", version)
    assert done.status_code == 200, done.text
    assert [each["state"] for each in done.json()["tickets"]].count("dispatched") == len(case["tickets"])


@on_sqlite
def test_who_may_not_and_what_is_done_is_not_taken_back(squad):
    squad.town.add_user("ada", Role.ADJUDICATOR)
    case = squad.confirmed()
    path, body = f"/api/v1/cases/{case['id']}/take-back", WRONG
    assert squad.post(path, body, "ulla", case["version"]).status_code == 403
    assert squad.post(path, body, "ada", case["version"]).status_code == 403
    assert squad.post(path, {"reason_code": "mistake"}, "olga", case["version"]).status_code == 422
    assert squad.post(path, body | {"note": "  "}, "olga", case["version"]).status_code == 422
    assert squad.post(path, body, "olga", case["version"] - 1).status_code == 412
    squad.handles(case)
    assert (take_back(squad, case).status_code, squad.case(case["id"])["state"]) == (409, "checking")


def test_what_a_ruling_took_from_a_unit_was_not_taken_back_from_it(squad):
    squad.town.add_user("ada", Role.ADJUDICATOR)
    squad.town.add_user("bert", Role.UNIT_OFFICER, "traffic-police")
    case = squad.confirmed()
    asks(squad, case, kind="dispute", clause="article 12")
    (waiting,) = squad.get("/api/v1/disputes", "ada")
    path = f"/api/v1/disputes/{waiting['request']['id']}/ruling"
    ruling = {"unit_id": "traffic-police", "clause": "item 12", "reasons": "its road"}
    assert squad.post(path, ruling, "ada", 1).status_code == 201
    assert take_back(squad, case).status_code == 200
    for name, told in (("ulla", False), ("bert", True)):
        page = squad.town.client.get("/h", headers=squad.town.bearer(name) | {"Accept": "text/html"}).text
        assert ("Taken back from you" in page) == told


@on_sqlite
def test_the_unit_reads_on_its_handheld_that_and_why_it_was_taken_back(squad):
    case = squad.confirmed()
    ticket = case["tickets"][0]["id"]
    html = {"Accept": "text/html"}
    page = squad.town.client.get(f"/cases/{case['id']}", headers=squad.town.bearer("olga") | html).text
    assert 'id="take-back"' in page
    form = {"version": case["version"], "reason": "wrong_kind", "note": ""}
    path, olga = f"/cases/{case['id']}/take-back", squad.town.bearer("olga") | html
    lacking = squad.town.client.post(path, data=form, headers=olga, follow_redirects=False)
    assert (lacking.status_code, "the unit reads it" in lacking.text) == (422, True)
    form["note"] = WRONG["note"]
    done = squad.town.client.post(path, data=form, headers=olga, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{case['id']}?done=taken_back")
    assert "In review again" in squad.town.client.get(done.headers["location"], headers=olga).text

    ulla = squad.town.bearer("ulla") | html
    listed = squad.town.client.get("/h", headers=ulla).text
    assert "Taken back from you" in listed
    assert f"/h/tickets/{ticket}" in listed
    alone = squad.town.client.get(f"/h/tickets/{ticket}", headers=ulla).text
    assert WRONG["note"] in alone
    assert "It is something else" in alone
    assert "Accept</button>" not in alone
    assert "Taken back" not in squad.town.client.get("/h", headers=squad.town.bearer("yan") | html).text
    late(squad)
    ulla = squad.town.bearer("ulla") | html
    assert "Taken back" not in squad.town.client.get("/h", headers=ulla).text, "after some days"
