"""Whose business a ticket is: disputed with a clause, ruled on, and never sent back and forth."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from central.adjudication import service as adjudication
from central.adjudication.schemas import RuleIn
from central.cases import repository as case_repository
from central.cases.rules import OVER, ClosingOutcome, ReopenReason, TakeBackReason
from central.duty.models import DutyList
from central.duty.service import duty_book, forget_book, import_duty_list
from central.intake.service import commit_batch
from central.people import service as people
from central.people.permissions import Permission, Role
from central.people.service import Principal
from central.problems import Problem
from central.reopening import confirmed
from central.reopening import service as reopening
from central.reopening.schemas import ReopenIn, TakeBackIn
from central.settings import CentralSettings
from central.tickets import requests, sending
from central.tickets import service as tickets
from central.tickets.clockwork import Terms
from central.tickets.schemas import AskIn
from kerbwatch.incident import Kind
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError
from tests.unit.central.box import IN_YANGMING, EdgeBox, report

SQUAD, BRIGADE, STREETS = "traffic-police-yangming", "traffic-police", "squad-fengshan"
UTC = ZoneInfo("UTC")


@pytest.fixture
def board(town):
    """The town with a squad, its brigade, and someone who rules."""
    town.add_user("ulla", Role.UNIT_OFFICER, SQUAD)
    town.add_user("bert", Role.UNIT_OFFICER, BRIGADE)
    town.add_user("dora", Role.DISPATCHER)
    town.add_user("ada", Role.ADJUDICATOR)
    return town


def get(town, path, name=None):
    answer = town.client.get(path, headers=town.bearer(name) if name else {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(town, path, body, name, version=None):
    match = {} if version is None else {"If-Match": f'"{version}"'}
    return town.client.post(path, json=body, headers=town.bearer(name) | match)


def a_ticket(town):
    """A case that is seen and confirmed; its id and its ticket's."""
    with town.database.write(ordered=True) as session:
        commit_batch(session, [EdgeBox().message(report())], town.clock.now_utc(), town.settings.intake, UTC)
    case = get(town, "/api/v1/cases", "olga")["items"][0]
    done = post(town, f"/api/v1/cases/{case['id']}/confirm", {}, "olga", case["version"])
    assert done.status_code == 200, done.text
    return case["id"], done.json()["tickets"][0]["id"]


def dispute(town, ticket_id, name="ulla"):
    version = get(town, f"/api/v1/my/tickets/{ticket_id}", name)["version"]
    body = {"kind": "dispute", "note": "not our road", "clause": "article 12"}
    answer = post(town, f"/api/v1/my/tickets/{ticket_id}/requests", body, name, version)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


RULING = {"clause": "duty list, item 12", "reasons": "the road is the brigade's"}


def test_a_ruling_moves_the_ticket_at_once_and_the_next_such_case_goes_there(board):
    case_id, ticket_id = a_ticket(board)
    request_id = dispute(board, ticket_id)
    board.clock.advance(3600)
    (waiting,) = get(board, "/api/v1/disputes", "ada")
    assert SQUAD in {unit["id"] for unit in waiting["units"]}
    assert STREETS not in {unit["id"] for unit in waiting["units"]}
    path = f"/api/v1/disputes/{request_id}/ruling"
    assert post(board, path, RULING | {"unit_id": BRIGADE}, "dora").status_code == 403
    refused = post(board, path, RULING | {"unit_id": STREETS}, "ada", 1)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kerbwatch:problem:beyond-powers")
    ruled = post(board, path, RULING | {"unit_id": BRIGADE}, "ada", waiting["request"]["version"])
    assert ruled.status_code == 201, ruled.text
    assert ruled.json()["number"] == "2026-0001"
    assert post(board, path, RULING, "ada").status_code == 428
    assert post(board, path, RULING, "ada", 1).status_code == 412, "decided once"

    case = get(board, f"/api/v1/cases/{case_id}", "olga")
    assert [(ticket["unit_id"], ticket["state"]) for ticket in case["tickets"]] == [
        (SQUAD, "voided"),
        (BRIGADE, "dispatched"),
    ]
    due = board.clock.now_utc() + timedelta(hours=4)
    assert case["tickets"][1]["due_at"] == due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert get(board, "/api/v1/my/tickets", "ulla") == []

    _case_id, next_ticket = a_ticket(board)
    own = get(board, f"/api/v1/my/tickets/{next_ticket}", "bert")
    assert "by ruling 2026-0001" in own["tickets"][0]["routing_note"]
    (public,) = get(board, "/api/v1/rulings")
    assert (public["unit_id"], public["area_id"], public["upheld"]) == (BRIGADE, "yangming-east", False)
    assert case_id not in str(public)


def test_whoever_is_limited_to_a_town_rules_for_that_town_and_no_further(board):
    board.add_user("yada", Role.ADJUDICATOR)
    with board.database.write() as session:
        people.set_areas(session, "yada", ["yangming"], now=board.clock.now_utc())
    _case_id, ticket_id = a_ticket(board)
    path = f"/api/v1/disputes/{dispute(board, ticket_id)}/ruling"
    (waiting,) = get(board, "/api/v1/disputes", "yada")
    assert [area["id"] for area in waiting["areas"]] == ["yangming-east", "yangming"]
    said = RULING | {"unit_id": BRIGADE}
    refused = post(board, path, said | {"area_id": "yuyao"}, "yada", 1)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:kerbwatch:problem:permission")
    assert get(board, "/api/v1/rulings") == []
    ruled = post(board, path, said | {"area_id": "yangming"}, "yada", 1)
    assert (ruled.status_code, ruled.json()["area_id"]) == (201, "yangming")


@pytest.fixture
def reform(board, tmp_path):
    """``reform(unit)``: a list in force from which a unit has gone; what it did goes to the market's."""

    def drop(unit, item="kind: illegal_parking", instead=""):
        text = board.settings.duty_list.read_text()
        lines = [line for line in text.splitlines() if f"{{id: {unit}," not in line]
        path = tmp_path / "reform.yaml"
        text = "\n".join(lines).replace(f"default: {unit}", "default: market")
        text = text.replace("[food, market]", "[food, market, animals, straw]").replace(item, item + instead)
        path.write_text(text)
        with board.database.write(ordered=True) as session:
            assert import_duty_list(session, path, board.clock.now_utc())

    return drop


def test_a_unit_that_a_newer_list_has_dropped_gets_no_ticket_by_a_ruling(board, reform):
    _case_id, ticket_id = a_ticket(board)
    request_id = dispute(board, ticket_id)
    reform("agriculture")
    (waiting,) = get(board, "/api/v1/disputes", "ada")
    offered = {unit["id"] for unit in waiting["units"]}
    assert offered == {SQUAD, BRIGADE}, "who has the power over traffic, and nobody else"
    path = f"/api/v1/disputes/{request_id}/ruling"
    refused = post(board, path, RULING | {"unit_id": "agriculture"}, "ada", 1)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kerbwatch:problem:beyond-powers")
    assert "Agriculture bureau is not on the duty list that is in force" in refused.json()["detail"]
    assert get(board, f"/api/v1/my/tickets/{ticket_id}", "ulla")["tickets"][0]["state"] == "dispatched"


def test_a_list_that_drops_a_unit_for_which_a_ruling_stands_has_to_take_the_ruling_up(board, reform):
    _case_id, ticket_id = a_ticket(board)
    ruled = RULING | {"unit_id": BRIGADE}
    assert post(board, f"/api/v1/disputes/{dispute(board, ticket_id)}/ruling", ruled, "ada", 1).is_success
    elsewhere = "yangming: traffic-police-yangming\n"
    with pytest.raises(SettingsError, match=r"by ruling 2026-0001 'traffic-police' leads in yangming-east"):
        reform("traffic-police")
    own = "      dated: [{area: yangming-east, unit: traffic-police-yangming, ruling: 2026-0001}]\n"
    with pytest.raises(SettingsError) as refused:
        reform("traffic-police", elsewhere, own)
    assert "2026-0001" not in str(refused.value), "taken up; what else the list lacks is told"


def test_work_that_was_not_done_goes_to_the_unit_for_which_it_was_ruled_meanwhile(board):
    case_id, ticket_id = a_ticket(board)
    request_id = dispute(board, ticket_id)
    for move in ("accept", "start", "report_handled"):
        version = get(board, f"/api/v1/my/tickets/{ticket_id}", "ulla")["version"]
        done = post(board, f"/api/v1/my/tickets/{ticket_id}/{move}", {"note": "gone"}, "ulla", version)
        assert done.status_code == 200, done.text
    board.clock.advance(600)
    ruled = post(board, f"/api/v1/disputes/{request_id}/ruling", RULING | {"unit_id": BRIGADE}, "ada", 1)
    assert ruled.status_code == 201, ruled.text
    case = get(board, f"/api/v1/cases/{case_id}", "olga")
    assert [each["state"] for each in case["tickets"]] == ["handled"], "what is done is done"
    board.clock.advance(600)
    back = post(board, f"/api/v1/cases/{case_id}/rework", {"note": "it is there"}, "dora", case["version"])
    assert (back.status_code, back.json()["state"]) == (200, "dispatched"), back.text
    assert [(each["unit_id"], each["state"]) for each in back.json()["tickets"]] == [
        (SQUAD, "voided"),
        (BRIGADE, "dispatched"),
    ]
    due = board.clock.now_utc() + timedelta(hours=4)
    assert back.json()["due_at"] == due.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert get(board, "/api/v1/my/tickets", "ulla") == []
    line = get(board, f"/api/v1/cases/{case_id}/events", "olga")[-1]
    assert (line["rule"], line["actor"]) == ("rule_elsewhere", "system")
    assert line["detail"]["ruling"] == "2026-0001"


def test_an_owner_that_is_upheld_keeps_its_ticket_and_its_clock(board):
    case_id, ticket_id = a_ticket(board)
    before = get(board, f"/api/v1/my/tickets/{ticket_id}", "ulla")["tickets"][0]
    request_id = dispute(board, ticket_id)
    board.clock.advance(600)
    assert post(board, f"/api/v1/disputes/{request_id}/ruling", RULING, "ada", 1).json()["upheld"] is True
    after = get(board, f"/api/v1/my/tickets/{ticket_id}", "ulla")["tickets"][0]
    assert (after["unit_id"], after["due_at"], after["state"]) == (SQUAD, before["due_at"], "dispatched")
    assert get(board, f"/api/v1/cases/{case_id}/events", "olga")[-1]["rule"] == "uphold"


def test_a_ruling_that_a_smaller_area_would_defeat_is_refused_and_leaves_nothing(board):
    _case_id, ticket_id = a_ticket(board)
    first = dispute(board, ticket_id)
    post(board, f"/api/v1/disputes/{first}/ruling", RULING | {"unit_id": BRIGADE}, "ada", 1)
    _case_id, ticket_id = a_ticket(board)
    second = dispute(board, ticket_id, "bert")
    wide = RULING | {"unit_id": SQUAD, "area_id": "yangming"}
    refused = post(board, f"/api/v1/disputes/{second}/ruling", wide, "ada", 1)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kerbwatch:problem:smaller-area")
    assert len(get(board, "/api/v1/rulings")) == 1
    elsewhere = post(board, f"/api/v1/disputes/{second}/ruling", wide | {"area_id": "ditang"}, "ada", 1)
    assert elsewhere.status_code == 422


class Quarrel(RuleBasedStateMachine):
    """Two units, a dispatcher and an adjudicator, who do whatever comes to their minds."""

    database = None
    units = (SQUAD, BRIGADE, STREETS)

    @initialize()
    def begin(self):
        self.conf = CentralSettings.model_validate({})
        self.terms = Terms.of(self.conf)
        self.now = report().observed_at
        self.changes, self.ruled = 0, None
        event = report()
        with self.database.write(ordered=True) as session:
            commit_batch(session, [EdgeBox().message(event)], self.now, self.conf.intake, UTC)
        with self.database.read() as session:
            self.case_id = case_repository.cases(session, states=(), kinds=(), before=None, limit=1)[0].id
            lead = duty_book(session, self.now).assign(Kind.ILLEGAL_PARKING, Position(*IN_YANGMING))
        self.owner = lead.unit_id
        self.do(sending.confirm, self.case_id, who=self.boss, terms=self.terms)

    boss = Principal("user:boss", "boss", (), frozenset(Permission))

    def officer(self, unit):
        return Principal(f"user:{unit}", unit, (), frozenset({Permission.TICKET_HANDLE}), unit)

    def do(self, action, *args, versioned=True, **more):
        """Try it; that it is refused is as good. Returns the answer, or None."""
        self.now += timedelta(minutes=5)
        try:
            with self.database.write(ordered=True) as session:
                if versioned:
                    more["version"] = case_repository.case(session, self.case_id).version
                return action(session, *args, now=self.now, **more)
        except Problem:
            return None

    def rows(self):
        with self.database.read() as session:
            row = case_repository.case(session, self.case_id)
            return row, list(row.tickets)

    def any_ticket(self, pick):
        _row, found = self.rows()
        return found[pick % len(found)]

    @rule(
        pick=st.integers(0, 9),
        name=st.sampled_from(["accept", "start", "report_handled"]),
        own=st.booleans(),
        came=st.sampled_from([None, *ClosingOutcome]),
    )
    def acts(self, pick, name, own, came):
        ticket = self.any_ticket(pick)
        unit = ticket.unit_id if own else STREETS
        more = {"who": self.officer(unit), "terms": self.terms, "note": "done", "outcome": came}
        done = self.do(tickets.act, ticket.id, name, **more)
        assert own or done is None, "another unit's ticket is not there"

    @rule(pick=st.integers(0, 9), kind=st.sampled_from(["dispute", "suspension", "extension"]))
    def asks(self, pick, kind):
        ticket = self.any_ticket(pick)
        asked = AskIn(
            kind=kind, note="why", clause="article 12", until=self.now + timedelta(hours=9), hours=2
        )
        self.do(requests.ask, ticket.id, asked, who=self.officer(ticket.unit_id), terms=self.terms)

    @rule(granted=st.booleans())
    def decides(self, granted):
        for kind in ("suspension", "extension"):
            for request in self.waiting(kind):
                more = {"granted": granted, "who": self.boss, "version": 1, "note": "so be it"}
                more["terms"] = self.terms
                self.do(requests.decide, request, versioned=False, **more)

    @rule(unit=st.sampled_from([None, *units]))
    def rules(self, unit):
        for request in self.waiting("dispute"):
            said = RuleIn(unit_id=unit, clause="item 12", reasons="so it is")
            more = {"who": self.boss, "version": 1, "terms": self.terms}
            ruled = self.do(adjudication.rule, request, said, versioned=False, **more)
            if ruled and not ruled.upheld and self.rows()[0].state not in OVER | {"checking"}:
                self.owner, self.changes = unit, self.changes + 1
            elif ruled and self.rows()[0].state == "checking":
                self.ruled = None if ruled.upheld else unit

    @rule(name=st.sampled_from(["close", "rework"]))
    def checks(self, name):
        more = {"terms": self.terms} if name == "rework" else {}
        if self.do(getattr(tickets, name), self.case_id, who=self.boss, note="looked", **more):
            self.was_checked(name)

    def was_checked(self, name):
        """What was ruled while it was checked holds for the work that is still to be done."""
        if name == "rework" and self.ruled:
            self.owner, self.changes = self.ruled, self.changes + 1
        self.ruled = None

    @rule()
    def ends(self):
        """The work is done, looked at, and the case closed."""
        owner = next(each for each in self.rows()[1] if each.leads and each.state != "voided")
        who = self.officer(owner.unit_id)
        for name in ("accept", "start", "report_handled"):
            self.do(tickets.act, owner.id, name, who=who, terms=self.terms, note="done")
        self.checks("close")

    @rule(days=st.sampled_from([0, 0, 0, 31]))
    def reopens(self, days):
        """A closing was wrong: one unit is accountable again, the one that the list names by now."""
        self.now += timedelta(days=days)
        said = ReopenIn(reason_code=ReopenReason.NOT_DONE)
        more = {"who": self.boss, "terms": self.terms, "merging": self.conf.intake.merging}
        state = self.rows()[0].state
        done = self.do(reopening.reopen, self.case_id, said, **more)
        assert (done is not None) == (state == "closed" and not days)
        if done is not None:
            assert done.state == "dispatched"
            self.owner = self.by_the_list()

    @rule(confirms=st.booleans())
    def takes_back(self, confirms):
        """Confirming it was wrong: it is nobody's to deal with until it is confirmed anew."""
        said = TakeBackIn(reason_code=TakeBackReason.WRONG_KIND, note="it is a taxi")
        state = self.rows()[0].state
        done = self.do(confirmed.take_back, self.case_id, said, who=self.boss, terms=self.terms)
        assert (done is not None) == (state in {"dispatched", "accepted", "handling"})
        if done is not None:
            assert (done.state, [each.state for each in done.tickets if each.state != "voided"]) == (
                "reviewing",
                ["drafted"],
            )
            self.owner, self.changes = self.by_the_list(), self.changes + 1
            assert not [
                each for kind in ("dispute", "suspension", "extension") for each in self.waiting(kind)
            ]
        if confirms:
            self.do(sending.confirm, self.case_id, who=self.boss, terms=self.terms)

    def by_the_list(self):
        with self.database.read() as session:
            return duty_book(session, self.now).assign(Kind.ILLEGAL_PARKING, Position(*IN_YANGMING)).unit_id

    def waiting(self, kind):
        with self.database.read() as session:
            found = tickets.repository.requests(session, "waiting", kind, 200)
            return [request.id for request, ticket in found if ticket.case_id == self.case_id]

    @invariant()
    def what_came_of_it_is_said_of_what_is_done_and_of_nothing_else(self):
        row, found = self.rows()
        assert (row.outcome is not None) == (row.state == "closed")
        for ticket in found:
            if ticket.state != "voided":
                assert (ticket.outcome is not None) == (ticket.state in {"handled", "closed"})

    @invariant()
    def what_waits_can_be_decided(self):
        running = {each.id for each in self.rows()[1] if each.state in {"dispatched", "accepted", "handling"}}
        with self.database.read() as session:
            for kind in ("suspension", "extension"):
                found = tickets.repository.requests(session, "waiting", kind, 200)
                assert {ticket.id for _, ticket in found if ticket.case_id == self.case_id} <= running

    @invariant()
    def one_unit_is_accountable_and_only_a_ruling_moves_the_ticket(self):
        _row, found = self.rows()
        leads = [ticket for ticket in found if ticket.leads and ticket.state != "voided"]
        assert [ticket.unit_id for ticket in leads] == [self.owner]
        assert self.owner != STREETS, "beyond its powers"
        with self.database.read() as session:
            log = case_repository.log_of(session, self.case_id)
        moved = [line for line in log if line.rule == "rule_elsewhere" and "tickets" in line.detail]
        moved += [line for line in log if line.rule == "take_back"]
        assert len(moved) == self.changes == len(found) - 1


def test_a_ticket_never_bounces(database):
    machine = type("QuarrelHere", (Quarrel,), {"database": database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_everybody_may_read_the_duty_list_and_rulings_and_adjudicators_rule_on_a_page(board):
    _case_id, ticket_id = a_ticket(board)
    request_id = dispute(board, ticket_id)
    form = {"unit_id": BRIGADE, "clause": "item 12", "reasons": "", "version": 1}
    lacking = board.client.post(
        f"/disputes/{request_id}/ruling", data=form, headers=board.bearer("ada"), follow_redirects=False
    )
    assert lacking.status_code == 422
    assert "needs a clause and reasons" in lacking.text
    form["reasons"] = "the brigade's road"
    done = board.client.post(
        f"/disputes/{request_id}/ruling", data=form, headers=board.bearer("ada"), follow_redirects=False
    )
    assert (done.status_code, done.headers["location"]) == (303, "/disputes?done=ruled")
    assert "No dispute waits" in board.client.get("/disputes", headers=board.bearer("ada")).text
    assert "the brigade&#39;s road" in board.client.get("/rulings").text
    for path in ("/duty-list", "/rulings"):
        assert "Back to work" in board.client.get(path, headers=board.bearer("ada")).text
        assert "Back to work" not in board.client.get(path).text, "whoever is not signed in"
    assert board.client.get("/api/v1/rulings?before=2026-0001").json() == []
    assert board.client.get("/api/v1/rulings?before=2025-0001").json() == []
    listed = board.client.get("/duty-list", params={"q": "stopping", "area": "yangming-east"})
    assert "2026-0001" in listed.text
    assert "Straw" not in listed.text
    found = board.client.get("/api/v1/duty-list", params={"q": "straw"}).json()["entries"]
    assert [entry["item_id"] for entry in found] == ["straw-burning"]
    before = board.client.get("/api/v1/duty-list", params={"on": "2020-01-01"}).json()
    assert (before["version"], before["entries"]) == (None, [])


@pytest.mark.parametrize("powers", [[], ["city-appearance"], ["road-traffic"], ["illegal_parking", "noise"]])
def test_a_ticket_goes_out_only_within_the_powers_of_its_unit(board, powers):
    with board.database.write(ordered=True) as session:
        commit_batch(
            session, [EdgeBox().message(report())], board.clock.now_utc(), board.settings.intake, UTC
        )
        for each in session.scalars(select(DutyList)):
            each.powers = each.powers | {SQUAD: powers}
        forget_book(session)
    case = get(board, "/api/v1/cases", "olga")["items"][0]
    answer = post(board, f"/api/v1/cases/{case['id']}/confirm", {}, "olga", case["version"])
    if {"road-traffic", "illegal_parking"} & set(powers):
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:kerbwatch:problem:beyond-powers")
    assert "has no power to enforce" in answer.json()["detail"]
    assert get(board, f"/api/v1/cases/{case['id']}", "olga")["state"] == "reviewing"


def test_a_list_that_was_mended_mends_what_is_confirmed_next_though_the_unit_is_the_same(board, tmp_path):
    """Law, term and power are those of the day on which the ticket goes out."""
    now, path = board.clock.now_utc(), tmp_path / "duty.yaml"
    with board.database.write(ordered=True) as session:
        commit_batch(session, [EdgeBox().message(report())], now, board.settings.intake, UTC)
    (case,) = get(board, "/api/v1/cases", "olga")["items"]
    text = board.settings.duty_list.read_text()
    text = text.replace("articles 56 and 93\n    deadline_hours: 4\n", "article 57\n    deadline_hours: 2\n")
    path.write_text(text.replace("road-traffic", "road-order"))
    with board.database.write(ordered=True) as session:
        import_duty_list(session, path, now)
    sent = post(board, f"/api/v1/cases/{case['id']}/confirm", {}, "olga", case["version"])
    assert sent.status_code == 200, sent.text
    (ticket,) = sent.json()["tickets"]
    assert (ticket["unit_id"], ticket["deadline_hours"]) == (SQUAD, 2)
    assert ticket["legal_basis"] == "Road Traffic Safety Law of the PRC, article 57"
    (line,) = [
        each
        for each in get(board, f"/api/v1/cases/{case['id']}/events", "olga")
        if each["rule"] == "draft_anew"
    ]
    assert line["detail"]["changed"] == ["legal_basis", "deadline_hours"]
