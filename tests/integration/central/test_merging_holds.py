"""Each lead is in one case, however leads race and whatever people decide."""

import threading
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.cases.models import Case, Lead, Ticket
from central.cases.rules import OVER
from central.database import Database
from central.merging.models import MergeSuggestion, OpenLead
from kerbwatch.ids import new_id
from tests.integration.central.leads import Street, call_at, seen_at


@pytest.fixture
def street(database):
    return Street(database)


def test_near_leads_that_come_in_at_two_copies_at_once_make_one_case(url):
    start, failures = threading.Barrier(2), []

    def copy(number):
        database = Database(url)
        street = Street(database)
        start.wait()
        try:
            for spot in range(5):
                apart = 2000 * spot
                if number:
                    street.call(call_at(apart + 10))
                else:
                    street.camera(seen_at(apart, camera_id=f"cam-{spot}"))
        except Exception as error:  # noqa: BLE001 - told by the test
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=copy, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = Database(url)
    assert [len(case.leads) for case in Street(database).cases()] == [2] * 5
    database.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["camera", "call", "call", "accept", "dismiss", "split", "reject"]),
        st.integers(0, 2),
        st.integers(0, 12),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_each_lead_is_in_one_case_and_each_open_case_has_one_unit(street, steps):
    with street.database.read() as session:
        base = session.scalar(select(func.count()).select_from(Lead))
    came = 0
    for what, box, number in steps:
        if what == "camera":
            street.camera(seen_at(15 * number, camera_id=f"cam-{new_id()[-6:]}"), box)
            came += 1
        elif what == "call":
            street.call(call_at(15 * number, minutes=5 * number))
            came += 1
        elif what in {"accept", "dismiss"}:
            for suggestion in street.suggestions()[:1]:
                street.decide(what, suggestion)
        else:
            open_cases = [case for case in street.cases() if case.state not in OVER]
            for case in open_cases[number : number + 1]:
                if what == "reject":
                    street.reject(case)
                elif len(case.leads) > 1:
                    street.split(case, case.leads[-1])
    with street.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Lead)) == base + came
        rows = session.scalars(select(Case)).all()
        leading = Counter(
            session.scalars(select(Ticket.case_id).where(Ticket.leads, Ticket.state != "voided"))
        )
        found = Counter(session.scalars(select(OpenLead.lead_id)))
        for row in rows:
            is_open = row.state not in OVER
            assert leading[row.id] == is_open
            assert bool(row.leads) == (row.state != "merged")
            for lead in row.leads:
                assert found[lead.id] == is_open
        undecided = session.scalars(select(MergeSuggestion).where(MergeSuggestion.state == "open")).all()
        states = {row.id: row.state for row in rows}
        assert not [s for s in undecided if {states[s.case_id], states[s.into_case_id]} & OVER]
