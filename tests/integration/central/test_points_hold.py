"""Points hold on both databases: rows stay, nobody has less than nothing, the last gift goes once."""

import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from central.cases.rules import Origin
from central.database import Database
from central.points import awards, gifts, ledger, repository
from central.points.models import (
    GiftMove,
    PointsApproval,
    PointsAward,
    PointsDue,
    PointsEntry,
    Redemption,
    RedemptionEnd,
)
from central.problems import Problem
from central.reporters.models import Reporter
from kerbwatch.ids import new_id
from tests.integration.central.citizens import ADA, DORA, add_reporter, settle
from tests.integration.central.office import CUP, LI, VAULT, WANG, ZHAO, ZONE, open_office, restock
from tests.unit.central.box import NOON


@pytest.fixture
def office(database, settings):
    return open_office(database, settings)


def test_what_counts_is_never_edited(office):
    office.earn(LI, 2)
    made = office.redeem(LI)
    office.cancel(made.redemption.id)
    lead_id = office.report(LI, origin=Origin.QR, now=NOON + timedelta(days=9))
    office.settle()
    office.declare(DORA, "dora's")
    office.decide(office.award(lead_id).id, DORA)
    for table in (PointsEntry, PointsAward, PointsApproval, GiftMove, Redemption, RedemptionEnd):
        key = next(iter(table.__table__.primary_key))
        for change in (update(table).values({key.name: key}), delete(table)):
            with (
                pytest.raises(DatabaseError, match="stays as it was written"),
                office.database.write() as session,
            ):
                session.execute(change)


def test_the_database_itself_refuses_a_row_that_leaves_less_than_nothing(office):
    row = {"kind": "redemption", "actor": "t", "at": NOON, "reporter_ref": LI}
    with pytest.raises(IntegrityError), office.database.write() as session:
        session.add(PointsEntry(number=1, points=-1, balance=-1, **row))


def together(url, *jobs):
    """Run each job at a copy of central of its own, all at once; what each gave or how it was refused."""
    start, found = threading.Barrier(len(jobs)), []

    def copy(job):
        database = Database(url)
        start.wait()
        try:
            found.append(job(database))
        except Problem as problem:
            found.append(problem.code)
        finally:
            database.close()

    threads = [threading.Thread(target=copy, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(jobs)
    return found


def test_the_last_gift_is_given_once_however_many_ask_at_once(office, url):
    with office.database.write() as session:
        restock(session, "cup", -1, reason="broken")
    for ref in (LI, WANG, ZHAO):
        office.earn(ref)
    people = [LI, WANG, ZHAO, LI, WANG, ZHAO]
    jobs = [lambda database, ref=ref: office.redeem(ref, database=database).new for ref in people]
    assert sorted(together(url, *jobs), key=str) == [True, *["sold-out"] * 5]
    assert office.stock() == 0
    assert sorted(office.balance(ref) for ref in (LI, WANG, ZHAO)) == [0, 20, 20]


def test_of_two_who_put_a_new_gift_at_once_one_is_told_that_it_is_there(office, url):
    def put(database):
        with database.write() as session:
            return gifts.put(session, "fan", CUP, who=ADA, now=NOON).version

    assert sorted(together(url, put, put, put), key=str) == [1, "if-match", "if-match"]


def test_points_for_one_gift_buy_one_however_often_one_asks_at_once(office, url):
    with office.database.write() as session:
        restock(session, "cup", 10, reason="bought")
    office.earn(LI)
    jobs = [lambda database: office.redeem(LI, database=database).new] * 5
    assert sorted(together(url, *jobs), key=str) == [True, *["not-enough-points"] * 4]
    assert office.balance(LI) == 0


def test_one_wish_sent_five_times_at_once_is_one_gift(office, url):
    office.earn(LI, 3)
    jobs = [lambda database: office.redeem(LI, "one wish", database=database).redemption.id] * 5
    assert len(set(together(url, *jobs))) == 1
    assert (office.balance(LI), office.stock()) == (40, 1)


def test_two_copies_of_central_judge_each_report_once(office, url):
    for number in range(4):
        pictures = [(f"{number}" * 64, f"{0x0F1E2D3C4B5A6978 * (number + 1) % 2**64:016x}")]
        office.report((LI, WANG)[number % 2], pictures=pictures)
    found = together(url, *[lambda database: settle(database, ZONE)] * 3)
    assert sorted(why for each in found for why in each) == ["first"] * 4
    assert (office.balance(LI), office.balance(WANG)) == (40, 40)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["earn", "earn", "redeem", "redeem", "cancel", "hand over", "reverse", "stock", "lose", "leave"]
        ),
        st.sampled_from([LI, WANG, ZHAO]),
        st.integers(0, 3),
    ),
    min_size=8,
    max_size=25,
)


@examples(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_nobody_has_less_than_nothing_and_points_and_pieces_add_up(office, steps):
    machine = Machine(office)
    for what, who, number in steps:
        machine.step(what, who, number)
        machine.check()


class Machine:
    """The office, and beside it what simple sums say must be there."""

    def __init__(self, office):
        self.office, self.made, self.paid = office, [], []
        with office.database.write() as session:  # people of this example alone, and a gift of its own
            self.people = {ref: new_id() for ref in (LI, WANG, ZHAO)}
            for ref in self.people.values():
                add_reporter(session, ref)
            self.gift = f"gift-{new_id()}"
            gifts.put(session, self.gift, CUP, who=ADA, now=NOON)
            restock(session, self.gift, 1, reason="bought")
        self.points = dict.fromkeys(self.people.values(), 0)
        self.stock = 1

    def step(self, what, who, number):
        ref = self.people[who]
        try:
            with self.office.database.write(ordered=True) as session:
                after = getattr(self, "_" + what.replace(" ", "_"))(session, ref, number)
        except Problem as problem:
            assert problem.code in {"sold-out", "not-enough-points", "ended", "not-found", "reversed"}
            return
        if after:
            after()

    def _earn(self, session, ref, number):
        if session.get(Reporter, ref).deleted_at is not None:
            return None
        entry = ledger.write(session, ref, 10 * (number + 1), "award", actor="t", now=NOON)

        def after():
            self.points[ref] += entry.points
            self.paid.append((entry.id, ref, entry.points))

        return after

    def _redeem(self, session, ref, number):
        key = f"{ref[-4:]}-wish-{number}"
        done = gifts.redeem(session, ref, self.gift, key, actor="t", vault=VAULT, now=NOON)

        def after():
            if done.new:
                self.points[ref] -= CUP.points
                self.stock -= 1
                self.made.append((done.redemption.id, ref))

        return after

    def _cancel(self, session, ref, number):
        if number >= len(self.made):
            return None
        redemption_id, owner = self.made[number]
        gifts.cancel(session, redemption_id, actor="t", ref=None, reason="t", now=NOON)

        def after():
            self.points[owner] += CUP.points
            self.stock += 1

        return after

    def _hand_over(self, session, ref, number):
        for redemption_id, _owner in self.made[number : number + 1]:
            code = gifts.pickup_code(redemption_id, VAULT)
            gifts.hand_over(session, code, who=ADA, vault=VAULT, now=NOON)

    def _reverse(self, session, ref, number):
        if number >= len(self.paid):
            return None
        entry_id, owner, points = self.paid[number]
        awards.reverse(session, entry_id, who=ADA, reason="staged", now=NOON)

        def after():
            self.points[owner] -= points

        return after

    def _stock(self, session, ref, number):
        restock(session, self.gift, number + 1, reason="bought")

        def after():
            self.stock += number + 1

        return after

    def _lose(self, session, ref, number):
        restock(session, self.gift, -number - 1, reason="lost")

        def after():
            self.stock -= number + 1

        return after

    def _leave(self, session, ref, number):
        if number:
            return None  # seldom
        back = len(repository.open_redemptions(session, ref))
        gifts.close_account(session, ref, actor="t", now=NOON)

        def after():
            self.points[ref] = 0
            self.stock += back

        return after

    def check(self):
        with self.office.database.read() as session:
            for ref, points in self.points.items():
                total = select(func.sum(PointsEntry.points)).where(PointsEntry.reporter_ref == ref)
                assert (session.scalar(total) or 0) == points == ledger.balance_of(session, ref) >= 0
            pieces = select(func.sum(GiftMove.pieces)).where(GiftMove.gift_id == self.gift)
            assert session.scalar(pieces) == self.stock >= 0
            assert repository.last_move(session, self.gift).stock == self.stock
            assert session.scalar(select(func.count()).select_from(PointsDue)) == 0
