"""A ticket's way: out to its unit, dealt with, checked, closed; late, suspended, disputed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.calendar.schemas import CalendarFile
from central.calendar.service import put_in_force
from central.escalation.sweeper import Sweeper
from central.intake.service import commit_batch
from central.metrics import Metrics
from central.people.permissions import Role
from tests.integration.central.test_upgrade import to_revision
from tests.unit.central.box import EdgeBox, report

UNIT = "traffic-police-yangming"


@pytest.fixture
def squad(town):
    """The squad of the town, its dispatcher, and another squad."""
    town.add_user("ulla", Role.UNIT_OFFICER, UNIT)
    town.add_user("fritz", Role.UNIT_OFFICER, "squad-fengshan")
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("boss", Role.UNIT_HEAD, "traffic-police")
    return town


@pytest.fixture
def sweeper(squad):
    return Sweeper(squad.settings, squad.clock, squad.database, Metrics())


@pytest.fixture
def ticket(squad):
    """A ticket that went out: its id and its case's."""
    with squad.database.write(ordered=True) as session:
        message = EdgeBox().message(report())
        commit_batch(session, [message], squad.clock.now_utc(), squad.settings.intake, ZoneInfo("UTC"))
    case = get(squad, "/api/v1/cases", "olga")["items"][0]
    done = post(squad, f"/api/v1/cases/{case['id']}/confirm", {}, "olga", version=case["version"])
    assert done.status_code == 200, done.text
    return done.json()["tickets"][0]["id"], case["id"]


def get(town, path, name):
    answer = town.client.get(path, headers=town.bearer(name))
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(town, path, body, name, version=None):
    match = {} if version is None else {"If-Match": f'"{version}"'}
    return town.client.post(path, json=body, headers=town.bearer(name) | match)


def mine(town, ticket_id, name="ulla"):
    return get(town, f"/api/v1/my/tickets/{ticket_id}", name)


def act(town, ticket_id, move, note=None, name="ulla"):
    version = mine(town, ticket_id)["version"]
    return post(town, f"/api/v1/my/tickets/{ticket_id}/{move}", {"note": note}, name, version)


def handle(town, ticket_id, *moves):
    for move in moves or ("accept", "start", "report_handled"):
        answer = act(town, ticket_id, move, "driver told to move on")
        assert answer.status_code == 200, answer.text
    return answer.json()


def rules_of(town, case_id):
    return [line["rule"] for line in get(town, f"/api/v1/cases/{case_id}/events", "olga")]


def test_a_squad_deals_with_its_ticket_and_the_case_is_closed(squad, ticket):
    ticket_id, case_id = ticket
    assert [row["id"] for row in get(squad, "/api/v1/my/tickets", "ulla")] == [ticket_id]
    case = handle(squad, ticket_id)
    assert (case["state"], case["tickets"][0]["state"]) == ("checking", "handled")
    closed = post(squad, f"/api/v1/cases/{case_id}/close", {"note": "seen"}, "dora", case["version"])
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert closed.json()["tickets"][0]["state"] == "closed"
    wanted = ["opened", "file", "dispatch", "accept", "start", "report_handled", "check", "look_again"]
    assert rules_of(squad, case_id) == [*wanted, "close"]
    assert get(squad, "/api/v1/my/tickets", "ulla") == []


def test_somebody_looks_back_at_a_closed_case_and_says_how_it_was_dealt_with(squad, ticket):
    squad.add_user("ada", Role.ADJUDICATOR)
    ticket_id, case_id = ticket
    path = f"/api/v1/cases/{case_id}/evaluation"
    case = handle(squad, ticket_id)
    early = post(squad, path, {"result": "right"}, "ada", case["version"])
    assert (early.status_code, early.json()["type"]) == (409, "urn:kerbwatch:problem:wrong-state")
    closed = post(squad, f"/api/v1/cases/{case_id}/close", {"note": "seen"}, "dora", case["version"])
    version = closed.json()["version"]
    assert post(squad, path, {"result": "right"}, "dora", version).status_code == 403
    assert post(squad, path, {"result": "wrong"}, "ada", version).status_code == 409
    page, form = f"/cases/{case_id}", {"version": version, "result": "partly", "note": " "}
    ada = {"headers": squad.bearer("ada"), "follow_redirects": False}
    assert "Evaluate how it was dealt with" in squad.client.get(page, **ada).text
    assert squad.client.post(f"{page}/evaluation", data=form, **ada).status_code == 422
    form["note"] = "two hours late"
    assert squad.client.post(f"{page}/evaluation", data=form, **ada).status_code == 303
    assert "rightly in part. two hours late" in squad.client.get(page, **ada).text
    assert get(squad, f"/api/v1/cases/{case_id}", "ada")["state"] == "evaluated"


def test_work_that_is_not_done_comes_back_with_a_new_term(squad, ticket):
    ticket_id, case_id = ticket
    squad.clock.advance(3600)
    case = handle(squad, ticket_id)
    squad.clock.advance(3600)
    lacking = post(squad, f"/api/v1/cases/{case_id}/rework", {}, "dora", case["version"])
    assert (lacking.status_code, lacking.json()["detail"]) == (409, "a note must say why")
    back = post(squad, f"/api/v1/cases/{case_id}/rework", {"note": "still there"}, "dora", case["version"])
    assert back.status_code == 200, back.text
    again = mine(squad, ticket_id)
    assert (again["state"], again["tickets"][0]["state"]) == ("handling", "handling")
    assert again["tickets"][0]["due_at"] == _stamp(squad.clock.now_utc() + timedelta(hours=4))
    assert handle(squad, ticket_id, "report_handled")["state"] == "checking"


def test_another_units_ticket_is_not_there(squad, ticket):
    ticket_id, _case_id = ticket
    assert (
        squad.client.get(f"/api/v1/my/tickets/{ticket_id}", headers=squad.bearer("fritz")).status_code == 404
    )
    assert act(squad, ticket_id, "accept", name="fritz").status_code == 404
    assert get(squad, "/api/v1/my/tickets", "fritz") == []


def test_a_ticket_cannot_be_sent_back_only_disputed_and_stays_where_it_is(squad, ticket):
    ticket_id, _case_id = ticket
    for word in ("reject", "return", "reassign"):
        assert post(squad, f"/api/v1/my/tickets/{ticket_id}/{word}", {}, "ulla", 2).status_code in {404, 422}
    path, version = f"/api/v1/my/tickets/{ticket_id}/requests", mine(squad, ticket_id)["version"]
    bare = post(squad, path, {"kind": "dispute", "note": "not ours"}, "ulla", version)
    assert bare.status_code == 422
    body = {"kind": "dispute", "note": "not ours", "clause": "article 56 names the city's own roads"}
    asked = post(squad, path, body, "ulla", version)
    assert (asked.status_code, asked.json()["state"]) == (201, "waiting")
    after = mine(squad, ticket_id)
    assert after["tickets"][0]["unit_id"] == UNIT
    assert handle(squad, ticket_id, "accept")["state"] == "accepted"
    assert post(squad, path, body, "ulla", mine(squad, ticket_id)["version"]).status_code == 409


def test_a_suspension_stops_the_clock_until_its_end(squad, ticket, sweeper):
    ticket_id, case_id = ticket
    due = mine(squad, ticket_id)["tickets"][0]["due_at"]
    until = squad.clock.now_utc() + timedelta(hours=10)
    path, version = f"/api/v1/my/tickets/{ticket_id}/requests", mine(squad, ticket_id)["version"]
    body = {"kind": "suspension", "note": "the road is dug up", "until": until.isoformat()}
    request = post(squad, path, body, "ulla", version).json()
    assert mine(squad, ticket_id)["tickets"][0]["due_at"] == due, "asking changes nothing"
    decide = f"/api/v1/requests/{request['id']}/decide"
    assert post(squad, decide, {"granted": True, "note": "yes"}, "ulla").status_code == 403
    said, seen = {"granted": True, "note": "yes"}, request["version"]
    assert post(squad, decide, said, "dora").status_code == 428
    assert post(squad, decide, said, "dora", seen).json()["state"] == "granted"
    assert post(squad, decide, {"granted": False, "note": "no"}, "dora", seen).status_code == 412
    shown = squad.client.get(f"/api/v1/requests/{request['id']}", headers=squad.bearer("dora"))
    assert (shown.json()["decision"], shown.headers["etag"]) == ("yes", '"2"')
    assert post(squad, decide, said, "dora", 2).status_code == 409
    later = mine(squad, ticket_id)["tickets"][0]["due_at"]
    assert later == _stamp(until + timedelta(hours=4))
    squad.clock.advance(9 * 3600)
    sweeper.once()
    assert "remind" not in rules_of(squad, case_id)
    squad.clock.advance(3601)
    sweeper.once()
    assert rules_of(squad, case_id)[-1] == "resume"
    assert mine(squad, ticket_id)["tickets"][0]["due_at"] == later, "found late, it still ended in time"


@pytest.mark.parametrize("who", ["ulla", "dora"])
def test_a_suspension_ends_early_when_the_road_is_free_sooner(squad, ticket, who):
    ticket_id, _case_id = ticket
    due = datetime.fromisoformat(mine(squad, ticket_id)["tickets"][0]["due_at"])
    path = f"/api/v1/my/tickets/{ticket_id}/requests"
    handle(squad, ticket_id, "accept", "start")
    body = {"kind": "suspension", "note": "dug up", "until": "2036-01-01T00:00:00Z"}
    long = post(squad, path, body, "ulla", mine(squad, ticket_id)["version"])
    assert (long.status_code, "30 days at most" in long.json()["detail"]) == (409, True)
    body["until"] = (squad.clock.now_utc() + timedelta(days=29)).isoformat()
    request = post(squad, path, body, "ulla", mine(squad, ticket_id)["version"]).json()
    post(squad, f"/api/v1/requests/{request['id']}/decide", {"granted": True, "note": "yes"}, "dora", 1)
    squad.clock.advance(3 * 3600)
    assert act(squad, ticket_id, "report_handled", "done").status_code == 409
    own = f"/api/v1/{'my/' if who == 'ulla' else ''}tickets/{ticket_id}/resume"
    version = mine(squad, ticket_id)["version"]
    assert post(squad, f"/api/v1/tickets/{ticket_id}/resume", {}, "ulla", version).status_code == 403
    assert post(squad, own, {"note": "free again"}, who, version).status_code == 200
    after = datetime.fromisoformat(mine(squad, ticket_id)["tickets"][0]["due_at"])
    assert after - due == timedelta(hours=3)
    handle(squad, ticket_id, "report_handled")


def test_a_late_ticket_goes_up_step_by_step_with_a_slip_for_each_superior(squad, ticket, sweeper):
    _ticket_id, case_id = ticket
    squad.clock.advance(3 * 3600)
    sweeper.once()
    sweeper.once()
    assert rules_of(squad, case_id)[3:] == ["remind"]
    squad.clock.advance(3600)
    sweeper.once()
    squad.clock.advance(8 * 3600)
    sweeper.once()
    assert rules_of(squad, case_id)[4:] == ["escalate", "escalate"]
    slips = get(squad, "/api/v1/slips", "dora")
    assert [(slip["level"], slip["unit_id"]) for slip in slips] == [(2, "city-centre"), (1, "traffic-police")]
    assert get(squad, f"/api/v1/slips?before={slips[0]['number']}", "dora") == slips[1:]
    own = get(squad, "/api/v1/slips", "boss")
    assert [slip["level"] for slip in own] == [1]
    path = f"/api/v1/slips/{own[0]['number']}/answer"
    assert post(squad, path, {"answer": "I see to it"}, "ulla", 1).status_code == 404
    assert post(squad, path, {"answer": "I see to it"}, "boss").status_code == 428
    answered = post(squad, path, {"answer": "I see to it"}, "boss", own[0]["version"])
    assert (answered.json()["answered_by"], answered.headers["etag"]) == ("user:boss", '"2"')
    assert post(squad, path, {"answer": "no, I do"}, "boss", own[0]["version"]).status_code == 412
    one = get(squad, path.removesuffix("/answer"), "boss")
    assert (one["answer"], one["version"]) == ("I see to it", 2)
    squad.clock.advance(9 * 3600)
    metrics = squad.client.app.state.central.metrics
    Sweeper(squad.settings, squad.clock, squad.database, metrics).once()
    late = get(squad, "/api/v1/slips?late=true", "dora")
    assert [slip["level"] for slip in late] == [2], "the other one is answered"
    counted = squad.client.get("/metrics").text
    assert "kerbwatch_central_slips_waiting 1.0" in counted
    assert "kerbwatch_central_slips_late 1.0" in counted
    headers = squad.bearer("dora") | {"Accept": "text/html"}
    shown = squad.client.get("/slips?show=late", headers=headers).text
    assert ("Slip 2" in shown, "Slip 1<" in shown, "level 2" in shown) == (True, False, True)
    assert 'Past due <span class="n">1</span>' in shown
    assert '<span class="n bad"' in shown, "and wherever one is, the header tells"
    case = get(squad, f"/api/v1/cases/{case_id}", "olga")
    assert case["tickets"][0]["unit_id"] == UNIT, "escalation is a level; the ticket stays its unit's"


def test_a_term_that_is_made_longer_is_reminded_of_and_told_upwards_as_if_it_were_the_first(
    squad, ticket, sweeper
):
    ticket_id, case_id = ticket
    squad.clock.advance(13 * 3600)
    sweeper.once()
    assert rules_of(squad, case_id)[3:] == ["remind", "escalate", "escalate"]
    path, version = f"/api/v1/my/tickets/{ticket_id}/requests", mine(squad, ticket_id)["version"]
    body = {"kind": "extension", "note": "the crane comes tomorrow", "hours": 29}
    request = post(squad, path, body, "ulla", version).json()
    said = {"granted": True, "note": "yes"}
    assert post(squad, f"/api/v1/requests/{request['id']}/decide", said, "dora", 1).status_code == 200
    (own,) = get(squad, "/api/v1/my/tickets", "ulla")
    assert own["reminded_at"] is None, "most of the time is left again"
    squad.clock.advance(12 * 3600)
    squad.tokens.clear()  # nobody's lasts so long
    sweeper.once()
    assert rules_of(squad, case_id)[-2:] == ["extend", "remind"]
    at = _stamp(squad.clock.now_utc())
    for path, name in (
        ("my/tickets", "ulla"),
        (f"my/tickets/{ticket_id}", "ulla"),
        ("tickets", "dora"),
        (f"cases/{case_id}", "dora"),
    ):
        found = get(squad, f"/api/v1/{path}", name)
        found = found if isinstance(found, list) else found.get("tickets") or found["items"]
        assert [each["reminded_at"] for each in found] == [at], path
    squad.clock.advance(8 * 3600)
    sweeper.once()
    assert rules_of(squad, case_id)[-2:] == ["remind", "escalate"]
    slip = get(squad, "/api/v1/slips", "dora")[0]
    assert (slip["level"], slip["unit_id"]) == (1, "traffic-police")
    squad.clock.advance(8 * 3600)
    sweeper.once()
    assert [each["level"] for each in get(squad, "/api/v1/slips", "dora")] == [2, 1, 2, 1]


def test_a_database_of_before_learns_from_the_log_who_was_reminded(squad, ticket, sweeper):
    ticket_id, case_id = ticket
    squad.clock.advance(3 * 3600)
    sweeper.once()
    reminded = get(squad, f"/api/v1/cases/{case_id}", "dora")["tickets"]
    assert reminded[0]["reminded_at"] == _stamp(squad.clock.now_utc())
    to_revision(squad.database, "0036", down=True)
    to_revision(squad.database, "head")
    assert get(squad, f"/api/v1/cases/{case_id}", "dora")["tickets"] == reminded
    path, version = f"/api/v1/my/tickets/{ticket_id}/requests", mine(squad, ticket_id)["version"]
    body = {"kind": "extension", "note": "the crane comes late", "hours": 4}
    request = post(squad, path, body, "ulla", version).json()
    post(squad, f"/api/v1/requests/{request['id']}/decide", {"granted": True, "note": "yes"}, "dora", 1)
    to_revision(squad.database, "0036", down=True)
    to_revision(squad.database, "head")
    assert get(squad, f"/api/v1/cases/{case_id}", "dora")["tickets"][0]["reminded_at"] is None


def test_what_fell_due_while_central_was_away_is_done_once_when_it_is_back(squad, ticket, sweeper):
    _ticket_id, case_id = ticket
    squad.clock.advance(20 * 3600)
    sweeper.once()
    assert rules_of(squad, case_id)[3:] == ["remind", "escalate", "escalate"]
    Sweeper(squad.settings, squad.clock, squad.database, Metrics()).once()
    assert len(rules_of(squad, case_id)) == 6


def test_a_unit_in_the_middle_of_its_work_on_a_friday_has_the_weekend_off(squad, ticket, sweeper):
    with squad.database.write() as session:
        hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:30-12:00", "13:30-17:30"))
        put_in_force(session, CalendarFile(hours=hours), "user:ada", squad.clock.now_utc())
    ticket_id, _case_id = ticket
    running = mine(squad, ticket_id)["tickets"][0]["due_at"]
    case = handle(squad, ticket_id)
    assert mine(squad, ticket_id)["tickets"][0]["due_at"] == running, "a running clock keeps its calendar"
    squad.clock.advance(4 * 86_400 + 5 * 3600)  # Monday 11:00 -> Friday 16:00
    squad.tokens.clear()
    back = post(
        squad,
        f"/api/v1/cases/{case['id']}/rework",
        {"note": "again"},
        "dora",
        mine(squad, ticket_id)["version"],
    )
    assert back.json()["tickets"][0]["due_at"] == "2026-05-11T03:00:00.000Z", "Monday 11:00 in Shanghai"


def test_the_sweepers_heartbeat_shows_that_it_runs(squad, sweeper):
    assert get(squad, "/api/v1/heartbeats", "olga") == []
    sweeper.once()
    (beat,) = get(squad, "/api/v1/heartbeats", "olga")
    assert (beat["name"], beat["late"]) == ("sweeper", False)
    squad.clock.advance(120)
    assert get(squad, "/api/v1/heartbeats", "olga")[0]["late"] is True


def _stamp(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
