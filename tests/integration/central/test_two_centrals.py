"""Two copies of central on one database: whatever they do, in turn or at once, a case has one life."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from central.cases import repository as case_repository
from central.cases.rules import OVER
from central.database import Database
from central.escalation.service import sweep
from central.problems import Problem
from central.tickets import requests
from central.tickets import service as tickets
from central.tickets.deadlines import clock_of
from tests.integration.central.test_adjudication import Quarrel

MOVES = ("accept", "start", "report_handled", "close", "rework")


class TwoCentrals(Quarrel):
    """The quarrel of a ticket's units, each step by one copy of central or the other, or by both at once."""

    copies = ()

    def do(self, *args, **more):
        self.database, self.turn = self.copies[self.turn], 1 - self.turn
        return super().do(*args, **more)

    turn = 0

    @rule(which=st.integers(0, 1))
    def goes_to(self, which):
        self.turn = which

    @rule(first=st.sampled_from(MOVES), second=st.sampled_from(MOVES))
    def both_at_once(self, first, second):
        """Two people press at the same instant, having seen the same: one of them at most is heard."""
        row, found = self.rows()
        owner = next(ticket for ticket in found if ticket.leads and ticket.state != "voided")

        def press(database, name):
            try:
                with database.write(ordered=True) as session:
                    more = {"version": row.version, "now": self.now, "note": "done"}
                    if name == "close":
                        tickets.close(session, row.id, who=self.boss, **more)
                    elif name == "rework":
                        tickets.rework(session, row.id, who=self.boss, terms=self.terms, **more)
                    else:
                        who = self.officer(owner.unit_id)
                        tickets.act(session, owner.id, name, who=who, terms=self.terms, **more)
            except Problem:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            heard = list(pool.map(press, self.copies, (first, second)))
        assert sum(heard) <= 1
        for name, done in zip((first, second), heard, strict=True):
            if done and name in {"close", "rework"}:
                self.was_checked(name)

    @rule(first=st.booleans(), second=st.booleans())
    def two_decide_at_once(self, first, second):
        """Of two dispatchers with one request before them, one decides."""
        for request_id in self.waiting("suspension"):

            def press(pair, request_id=request_id):
                database, granted = pair
                more = {"granted": granted, "who": self.boss, "version": 1, "note": "so"}
                try:
                    with database.write(ordered=True) as session:
                        requests.decide(session, request_id, now=self.now, terms=self.terms, **more)
                except Problem:
                    return False
                return True

            with ThreadPoolExecutor(2) as pool:
                assert sum(pool.map(press, zip(self.copies, (first, second), strict=True))) <= 1

    @rule()
    def both_sweep_at_once(self):
        """What is due is done once."""

        def look(database):
            with database.write(ordered=True) as session:
                return sweep(session, self.now, self.terms).total()

        with ThreadPoolExecutor(2) as pool:
            assert 0 in list(pool.map(look, self.copies))

    @invariant()
    def rows_say_what_the_log_says(self):
        row, found = self.rows()
        with self.database.read() as session:
            log = case_repository.log_of(session, row.id)
        states = {ticket.state for ticket in found if ticket.state != "voided"}
        assert (states == {"closed"}) == (row.state in OVER)
        ran = [line.rule for line in log]
        assert ran.count("close") - ran.count("reopen_closed") == (row.state == "closed")
        assert [line.case_version for line in log] == sorted(line.case_version for line in log)
        for ticket in found:
            clock = clock_of(log, ticket.id)
            if ticket.state in {"dispatched", "accepted", "handling"}:
                assert clock.suspended_until == ticket.suspended_until
                assert clock.reminded_at == ticket.reminded_at


def test_two_centrals_at_once_give_a_case_one_life(database, url):
    other = Database(url)
    here = {"database": database, "copies": (database, other)}
    try:
        run_state_machine_as_test(
            type("TwoCentralsHere", (TwoCentrals,), here),
            settings=settings(
                max_examples=4,
                stateful_step_count=14,
                deadline=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        other.close()
