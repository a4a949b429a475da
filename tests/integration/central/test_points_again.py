"""A case that was dealt with is opened again: its points follow how it ends at last."""

import itertools

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from central.answers import service as answers
from central.cases.models import Case, Lead
from central.cases.rules import Origin
from central.people.permissions import Role
from central.points import awards, repository
from central.problems import Problem
from central.reporters import mine
from kerbwatch.ids import new_id
from tests.integration.central.citizens import ADA, DORA, JUDY, add_reporter, finish, reject
from tests.integration.central.office import LI, open_office, refused, restock
from tests.unit.central.box import NOON

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""What differs between databases is in test_points_hold.py."""


@pytest.fixture
def office(database, settings):
    return open_office(database, settings)


PLACES = itertools.count()
"""So far from each other that no report joins the case of another one."""


class Report:
    """A report whose case ends, is opened again, and ends as whatever it is merged into."""

    def __init__(self, office, ref, origin=Origin.PHOTO):
        self.office, self.ref = office, ref
        metres = 300 * next(PLACES)
        self.lead_id = office.report(ref, origin=origin, close=False, metres=metres)

    def _with_case(self, run):
        with self.office.database.write(ordered=True) as session:
            run(session, session.get(Case, session.get(Lead, self.lead_id).case_id))

    def close(self):
        self._with_case(finish)

    def reject(self):
        def run(session, case):
            case.state = "reviewing"  # as the one in review that it was merged into
            for ticket in case.tickets:
                ticket.state = "drafted"
            reject(session, case)

        self._with_case(run)

    def reopen(self):
        def run(session, case):
            case.state = "reviewing"
            answers.take_back(session, case, NOON)

        self._with_case(run)

    @property
    def balance(self):
        return self.office.balance(self.ref)

    def shown(self):
        with self.office.database.read() as session:
            return mine.reports_of(session, self.ref)[0]


def test_what_was_paid_is_taken_back_when_it_is_no_case_in_the_end_and_given_again_when_it_is_one(office):
    report = Report(office, LI)
    report.close()
    office.settle()
    report.reopen()
    office.settle()
    assert report.balance == 20, "nothing is settled while it is open"
    report.reject()
    office.settle()
    assert (report.balance, report.shown().points_taken_back) == (0, True)
    report.reopen()
    report.close()
    office.settle()
    assert (report.balance, report.shown().points_taken_back) == (20, False)
    with office.database.read() as session:
        (paid,) = repository.paid_lately(session, 5)
        rows = repository.entries(session, LI, None, 9)
    assert not paid.reversed
    assert [(row.points, row.actor) for row in rows] == [(20, "system"), (-20, "system"), (20, "system")]
    with office.database.write() as session:
        awards.reverse(session, paid.entry.id, who=ADA, reason="staged", now=NOON)
    report.reopen()
    report.close()
    office.settle()
    assert report.balance == 0, "what a person took back stays so"


def test_what_was_spent_is_not_taken_back(office):
    report = Report(office, LI)
    report.close()
    office.settle()
    office.redeem(LI)
    report.reopen()
    report.reject()
    office.settle()
    assert (report.balance, report.shown().points_taken_back) == (0, False)


def test_an_award_waits_while_its_case_is_open_again_and_is_not_paid_for_no_case(town):
    office = open_office(town.database, town.settings)
    town.add_user("dora", Role.DISPATCHER)
    report = Report(office, LI, Origin.QR)
    report.close()
    office.settle()
    award_id = office.award(report.lead_id).id
    for who in (DORA, JUDY):
        office.declare(who, f"phone of {who.name}")
    office.decide(award_id, DORA)
    report.reopen()
    headers = town.bearer("dora")
    (waits,) = town.client.get("/api/v1/points/awards", headers=headers).json()
    assert waits["open_again"]
    page = town.client.get("/points", headers=headers | {"Accept": "text/html"}).text
    assert "Its case was opened again. Decide when it has ended." in page
    with refused("open-again"):
        office.decide(award_id, JUDY)
    report.reject()
    office.settle()
    with refused("rejected"):
        office.decide(award_id, JUDY)
    assert town.client.get("/api/v1/points/awards", headers=headers).json() == []
    report.reopen()
    report.close()
    office.settle()
    office.decide(award_id, JUDY)
    assert report.balance == 50


def approved(office, report):
    """Whether two people have said that it is to be paid."""
    with office.database.read() as session:
        said = repository.approvals(session, [office.award(report.lead_id).id])
    return len(said) == awards.APPROVALS_NEEDED


STEPS = st.lists(
    st.sampled_from(["close", "reject", "reopen", "settle", "spend", "approve"]), min_size=6, max_size=20
)


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, large=st.booleans())
def test_however_often_it_ends_points_are_paid_once_and_only_for_what_was_dealt_with(office, steps, large):
    ref = new_id()
    with office.database.write() as session:
        add_reporter(session, ref)
        restock(session, "cup", 9)
    for who in (DORA, JUDY):
        office.declare(who, f"phone of {who.name}")
    report, worth = Report(office, ref, Origin.QR if large else Origin.PHOTO), 50 if large else 20
    outcome, judged, paid, spent = None, False, False, 0
    for step in [*steps, "settle"]:
        if step in {"close", "reject"} and outcome not in {"handled", "rejected"}:
            getattr(report, step)()
            outcome = {"close": "handled", "reject": "rejected"}[step]
        elif step == "reopen" and outcome in {"handled", "rejected"}:
            report.reopen()
            outcome = "again"
        elif step == "spend" and report.balance >= 20:
            office.redeem(ref)
            spent += 20
        elif step == "settle":
            office.settle()
            judged = judged or outcome == "handled"
            if outcome == "handled":
                paid = paid or not large or approved(office, report)
            elif outcome == "rejected" and paid and worth * paid - spent >= worth:
                paid = False
        elif step == "approve" and large and judged:
            for who in (DORA, JUDY):
                try:
                    office.decide(office.award(report.lead_id).id, who)
                except Problem as problem:
                    assert problem.code in {"decided", "open-again", "rejected", "same-person"}
                    assert problem.code in {"decided", "same-person"} or outcome != "handled"
            paid = paid or approved(office, report)
        assert report.balance == worth * paid - spent >= 0
    if outcome == "rejected" and not spent:
        assert report.balance == 0
