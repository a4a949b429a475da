"""However camera, clock and people come in between, a check of the work is decided once."""

from datetime import UTC, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from central.cases import repository as case_repository
from central.intake.service import commit_batch
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.rechecks import repository
from central.rechecks.service import settle
from central.settings import CentralSettings
from central.tickets import sending
from central.tickets import service as tickets
from central.tickets.clockwork import Terms
from kerbwatch.messages import UnableReason, Verdict
from tests.unit.central.box import EdgeBox, report

UNIT = "traffic-police-yangming"


class Check(RuleBasedStateMachine):
    """A unit, a dispatcher, a camera and central's clockwork, who do whatever comes to their minds."""

    database = None

    @initialize()
    def begin(self):
        self.conf = CentralSettings.model_validate({})
        self.terms = Terms.of(self.conf)
        self.now, self.box = report().observed_at, EdgeBox()
        self.counted: list[str] = []
        """Verdicts that counted, and decisions of people, in their order."""
        incident = report()
        self.tell(self.box.message(incident))
        with self.database.read() as session:
            self.case_id = case_repository.cases(session, states=(), kinds=(), before=None, limit=1)[0].id
        self.do(sending.confirm, who=self.boss, terms=self.terms)

    boss = Principal("user:boss", "boss", (), frozenset(Permission), UNIT)

    def tell(self, message):
        with self.database.write(ordered=True) as session:
            outcome = commit_batch(session, [message], self.now, self.conf.intake, UTC)
        assert not outcome.rejected

    def do(self, action, of_id=None, **more):
        """Try it; that it is refused is as good. Returns whether it was done."""
        self.now += timedelta(seconds=30)
        try:
            with self.database.write(ordered=True) as session:
                version = case_repository.case(session, self.case_id).version
                action(session, of_id or self.case_id, now=self.now, version=version, **more)
        except Problem:
            return False
        return True

    def row(self):
        with self.database.read() as session:
            row = case_repository.case(session, self.case_id)
            return row, list(row.tickets), list(repository.of_case(session, self.case_id))

    @rule(name=st.sampled_from(["accept", "start", "report_handled", "report_handled"]))
    def unit_acts(self, name):
        _row, (ticket,), _asked = self.row()
        self.do(lambda session, _id, **more: tickets.act(session, ticket.id, name, **more),
                who=self.boss, terms=self.terms, note="done")  # fmt: skip

    @rule()
    def unit_deals_with_it(self):
        for name in ("accept", "start", "report_handled"):
            self.unit_acts(name)

    @rule(pick=st.integers(0, 5), verdict=st.sampled_from(Verdict), twice=st.booleans())
    def camera_answers(self, pick, verdict, twice):
        row, _tickets, asked = self.row()
        if not asked:
            return
        question = asked[pick % len(asked)]
        reason = UnableReason.DARK if verdict is Verdict.UNABLE else None
        if question.answered_at is None and question.state != "overtaken" and row.state == "checking":
            self.counted.append(verdict.value)
        for _ in range(1 + twice):
            self.tell(self.box.answer(question.id, verdict.value, reason=reason))

    @rule(name=st.sampled_from(["close", "rework"]))
    def person_decides(self, name):
        more = {"terms": self.terms} if name == "rework" else {}
        waiting = [each for each in self.row()[2] if each.state == "answered"]
        if self.do(getattr(tickets, name), who=self.boss, note="looked", **more):
            if waiting:
                self.counted.pop()
            self.counted.append(f"person {name}")

    @rule(minutes=st.sampled_from([0, 1, 16]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        with self.database.write(ordered=True) as session:
            settle(session, self.now, self.terms)

    @invariant()
    def the_case_is_where_the_camera_and_people_brought_it(self):
        row, (ticket,), asked = self.row()
        still_counting = [each for each in asked if each.state in {"asking", "silent", "answered"}]
        assert len(still_counting) <= (row.state == "checking")
        assert len(asked) >= (row.state == "checking")
        acted = [each for each in asked if each.state == "settled" and each.verdict != "unable"]
        assert row.state == "closed" or not any(each.verdict == "clear" for each in acted)
        decided = [what for what in self.counted if what != "unable"]
        if row.state == "closed":
            assert decided[-1] in {"clear", "person close"}
            assert ticket.state == "closed"
        waiting = any(each.state == "answered" for each in asked)
        backs = [what for what in decided if what in {"not_clear", "person rework"}]
        assert ticket.reworks == len(backs) - (waiting and decided[-1] == "not_clear")
        for each in asked:
            assert (each.next_send_at is not None) == (each.state == "asking")
            assert (each.answered_at is None) == (each.verdict is None)


def test_however_camera_clock_and_people_come_in_between_one_decision_is_taken_for_each_check(database):
    machine = type("CheckHere", (Check,), {"database": database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
