"""The console's pages of the work: what units ask for, what is late and who was told, what auditors see."""

from datetime import timedelta

import pytest

from central.media.repository import add_view
from central.people.permissions import Role
from central.reporters.models import IdentityView
from tests.integration.central import test_tickets_http as life
from tests.integration.central.test_tickets_http import squad, sweeper, ticket

__all__ = ["squad", "sweeper", "ticket"]

DAY = "first=2026-05-04&last=2026-05-04"

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def page(town, path, name="dora"):
    answer = town.client.get(path, headers=town.bearer(name))
    assert answer.status_code == 200, answer.text
    return answer.text


def ask(town, ticket_id, **asked):
    version = life.mine(town, ticket_id)["version"]
    answer = life.post(town, f"/api/v1/my/tickets/{ticket_id}/requests", asked, "ulla", version)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def decide(town, request_id, decision, note, name="dora"):
    form = {"decision": decision, "note": note, "version": 1}
    path = f"/requests/{request_id}/decide"
    return town.client.post(path, data=form, headers=town.bearer(name), follow_redirects=False)


def test_a_dispatcher_grants_on_a_page_and_the_case_says_until_when(squad, ticket):
    ticket_id, case_id = ticket
    until = squad.clock.now_utc() + timedelta(hours=10)
    asked = ask(squad, ticket_id, kind="suspension", note="the road is dug up", until=until.isoformat())
    shown = page(squad, "/requests")
    assert "asks for it: until 4 May 2026, 21:00:00" in shown
    assert "the road is dug up" in shown
    assert 'Requests <span class="n">1</span>' in page(squad, "/slips")
    assert "Suspension asked for" in page(squad, f"/cases/{case_id}")
    assert squad.client.get("/requests", headers=squad.bearer("olga")).status_code == 403
    assert decide(squad, asked, "grant", " ").status_code == 422
    assert decide(squad, asked, "grant", "until the pipe lies").status_code == 303
    again = decide(squad, asked, "refuse", "said twice")
    assert (again.status_code, "has changed since you saw it" in again.text) == (412, True)
    assert "Nothing waits" in page(squad, "/requests")
    case = page(squad, f"/cases/{case_id}")
    assert "Suspended until 21:00" in case
    assert case.count("until 4 May 2026, 21:00:00") == 2, "asked for, and granted"
    assert case_id in page(squad, "/?only=suspended")


def test_an_extension_is_refused_and_a_dispute_stands_on_the_case_with_its_clause(squad, ticket):
    ticket_id, case_id = ticket
    far = {"kind": "extension", "note": "a new crane is built", "hours": 161}
    version, path = life.mine(squad, ticket_id)["version"], f"/api/v1/my/tickets/{ticket_id}/requests"
    refused = life.post(squad, path, far, "ulla", version)
    assert (refused.status_code, "160 working hours at most" in refused.text) == (409, True)
    asked = ask(squad, ticket_id, kind="extension", note="two crews are ill", hours=6)
    assert "6 more working hours" in page(squad, "/requests")
    assert decide(squad, asked, "refuse", "others are at work").status_code == 303
    ask(squad, ticket_id, kind="dispute", note="not ours", clause="Ordinance, article 5")
    case = page(squad, f"/cases/{case_id}")
    assert "by Ordinance, article 5. not ours" in case
    assert "6 more working hours" in case
    assert case.count(">Disputed<") >= 2, "on the case and on its ticket"
    assert life.get(squad, f"/api/v1/cases/{case_id}", "olga")["disputed"] is True


def test_a_late_case_says_how_late_who_was_told_and_by_when_they_answer(squad, ticket, sweeper):
    _ticket_id, case_id = ticket
    squad.clock.advance(7 * 3600)
    sweeper.once()
    shown = page(squad, f"/cases/{case_id}")
    assert "Overdue by 3 h" in shown
    assert "Escalated to level 1" in shown
    assert "slip 1" in shown
    assert "answer due by" in shown
    assert life.get(squad, f"/api/v1/cases/{case_id}", "olga")["escalation_level"] == 1
    listed = page(squad, "/?show=running")
    assert "Overdue by 3 h" in listed
    assert "Answer within" in page(squad, "/slips")
    squad.clock.advance(3 * 86400)
    squad.tokens.clear()
    late = page(squad, "/slips")
    assert "overdue" in late
    slip = life.post(squad, "/api/v1/slips/1/answer", {"answer": "a crew is on its way"}, "boss", 1)
    assert slip.status_code == 200, slip.text
    assert "a crew is on its way" in page(squad, "/slips?show=answered")
    assert "a crew is on its way" in page(squad, f"/cases/{case_id}")


def test_what_waits_too_long_is_told_above_the_list(squad, ticket):
    life.handle(squad, ticket[0])
    assert "Waiting longest" not in page(squad, "/")
    squad.clock.advance(5 * 3600)
    assert "being checked, 5 h" in page(squad, "/")


def test_auditors_see_looks_exports_and_the_head_and_nobody_else_does(squad, ticket):
    squad.add_user("aude", Role.AUDITOR)
    squad.client.get(f"/api/v1/insight/exports/cases.csv?{DAY}", headers=squad.bearer("dora"))
    with squad.database.write() as session:
        now = squad.clock.now_utc()
        add_view(session, "a" * 64, actor="user:dora", reason="the court asks", now=now)
        session.add(IdentityView(ref="someone", actor="user:dora", at=now, reason="a witness"))
    shown = page(squad, "/audit", "aude")
    assert "the court asks" in shown
    assert "a witness" in shown
    for words in (
        "Looks at originals",
        "Looks at who reporters are",
        "first 2026-05-04",
        "The newest head vouches",
    ):
        assert words in shown
    assert squad.client.get("/audit", headers=squad.bearer("dora")).status_code == 403
