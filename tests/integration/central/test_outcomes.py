"""A closing says what came of it: its unit reports it, whoever closes it confirms it, and people are told."""

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from central.answers.service import answer_of
from central.cases.models import Case, CaseEvent, Lead
from central.insight.follow import catch_up
from central.points.models import PointsAward, PointsEntry
from central.rechecks.models import Recheck
from tests.integration.central.citizens import add_reporter, put_rules, report_at, send, settle
from tests.integration.central.squad import Squad

ZONE = ZoneInfo("Asia/Shanghai")
REF = "00000000-0000-4000-8000-000000000001"
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""


@pytest.fixture
def squad(town):
    put_rules(town.database)
    with town.database.write() as session:
        add_reporter(session, REF)
    return Squad(town)


def reported(squad):
    """A case that somebody with an account reported, out at its unit; the lead's id, and the case."""
    with squad.town.database.write(ordered=True) as session:
        lead_id = send(session, squad.town.settings, report_at(0, REF))
        case_id = session.get(Lead, lead_id).case_id
    done = squad.post(f"/api/v1/cases/{case_id}/confirm", {}, "olga", squad.case(case_id)["version"])
    assert done.status_code == 200, done.text
    return lead_id, done.json()


def handled(squad, case, **said):
    squad.handles(case, "accept", "start")
    path = f"/api/v1/my/tickets/{case['tickets'][0]['id']}/report_handled"
    done = squad.post(path, {"note": "we were there"} | said, "ulla", squad.case(case["id"])["version"])
    assert done.status_code == 200, done.text
    return done.json()


def close(squad, case, **said):
    path, version = f"/api/v1/cases/{case['id']}/close", squad.case(case["id"])["version"]
    return squad.post(path, {"note": "looked at"} | said, "dora", version)


def told(squad, lead_id):
    with squad.town.database.read() as session:
        found = answer_of(session, lead_id)
    return found.outcome, found.reason_code, found.words


TOLD = {
    "dealt_with": ("handled", "It was dealt with by"),
    "moved_on": ("handled", "It had gone when"),
    "nothing_found": ("rejected", "found nothing of it"),
    "not_an_offence": ("rejected", "is no offence"),
}


@pytest.mark.parametrize("outcome", TOLD)
def test_what_its_unit_reports_is_confirmed_told_counted_and_paid_by(squad, outcome):
    lead_id, case = reported(squad)
    at_check = handled(squad, case, outcome=outcome)
    assert at_check["tickets"][0]["outcome"] == outcome
    done = close(squad, case)
    assert (done.status_code, done.json()["outcome"]) == (200, outcome), done.text
    with squad.town.database.read() as session:
        lines = session.scalars(select(CaseEvent).where(CaseEvent.rule.in_(["report_handled", "close"])))
        assert [line.reason_code for line in lines] == [outcome, outcome]
    became, words = TOLD[outcome]
    answer = told(squad, lead_id)
    assert (answer[:2], words in answer[2]) == ((became, outcome), True)
    settle(squad.town.database, ZONE)
    with squad.town.database.read() as session:
        paid = session.scalars(select(PointsEntry.points)).all()
        judged = session.scalars(select(PointsAward.points)).all()
    assert paid == judged == ([20] if became == "handled" else []), "only a report that was true earns"

    now = squad.town.clock.now_utc()
    catch_up(squad.town.database, ZONE, now)
    squad.town.tokens.clear()
    day = now.astimezone(ZONE).date().isoformat()
    over = f"first={day}&last={day}"
    exported = squad.town.client.get(
        f"/api/v1/insight/exports/cases.csv?{over}&counter=closed", headers=squad.town.bearer("dora")
    )
    assert exported.status_code == 200, exported.text
    (row,) = csv.DictReader(io.StringIO(exported.text))
    assert row["outcome"] == outcome


@on_sqlite
def test_clients_that_say_nothing_say_that_it_was_dealt_with(squad):
    lead_id, case = reported(squad)
    assert handled(squad, case)["tickets"][0]["outcome"] == "dealt_with"
    assert close(squad, case).json()["outcome"] == "dealt_with"
    assert told(squad, lead_id)[0] == "handled"


@on_sqlite
def test_whoever_closes_it_may_have_seen_otherwise_and_what_is_opened_again_has_no_outcome(squad):
    lead_id, case = reported(squad)
    handled(squad, case, outcome="nothing_found")
    assert close(squad, case, outcome="gone").status_code == 422
    done = close(squad, case, outcome="moved_on").json()
    assert (done["outcome"], done["tickets"][0]["outcome"]) == ("moved_on", "nothing_found")
    settle(squad.town.database, ZONE)
    again = squad.post(
        f"/api/v1/cases/{case['id']}/reopen", {"reason_code": "not_done"}, "dora", done["version"]
    ).json()
    assert (again["outcome"], again["tickets"][0]["outcome"]) == (None, None)
    handled(squad, again, outcome="not_an_offence")
    assert close(squad, case).status_code == 200
    assert told(squad, lead_id)[0] == "rejected"
    settle(squad.town.database, ZONE)
    with squad.town.database.read() as session:
        entries = session.scalars(select(PointsEntry.points).order_by(PointsEntry.id)).all()
    assert entries == [20, -20], "what was paid follows how it ended at last"


@on_sqlite
@pytest.mark.parametrize("outcome", TOLD)
def test_a_camera_confirms_that_the_place_is_free_and_a_person_that_it_was_no_case(squad, outcome):
    case = squad.confirmed()
    handled(squad, case, outcome=outcome)
    asked = outcome in {"dealt_with", "moved_on"}
    with squad.town.database.read() as session:
        assert len(session.scalars(select(Recheck)).all()) == asked
    assert (len(squad.asked(case)), squad.case(case["id"])["state"]) == (asked, "checking")


@on_sqlite
def test_on_the_pages_the_unit_chooses_what_came_of_it_and_a_dispatcher_finds_it_chosen(squad):
    _lead_id, case = reported(squad)
    squad.handles(case, "accept", "start")
    client, html = squad.town.client, {"Accept": "text/html"}
    ticket, ulla, dora = case["tickets"][0]["id"], squad.town.bearer("ulla") | html, squad.town.bearer("dora")
    assert 'name="outcome"' in client.get(f"/h/tickets/{ticket}", headers=ulla).text
    form = {"version": squad.case(case["id"])["version"], "note": "an empty kerb", "outcome": "nothing_found"}
    sent = client.post(f"/h/tickets/{ticket}/report_handled", data=form, headers=ulla, follow_redirects=False)
    assert sent.headers["location"].endswith("done=report_handled")
    page = client.get(f"/cases/{case['id']}", headers=dora | html).text
    assert '<option value="nothing_found" selected>' in page
    form = {"version": squad.case(case["id"])["version"], "note": "so it is", "outcome": "nothing_found"}
    done = client.post(f"/cases/{case['id']}/close", data=form, headers=dora | html, follow_redirects=False)
    assert done.headers["location"].endswith("done=closed")
    assert "Nothing was found there" in client.get(f"/cases/{case['id']}", headers=dora | html).text
    with squad.town.database.read() as session:
        assert session.get(Case, case["id"]).outcome == "nothing_found"
