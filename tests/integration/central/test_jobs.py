"""Jobs: whichever copy of central dies over one, another does it, once."""

import multiprocessing
import os
import signal
from datetime import timedelta

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text

from central.database import Database
from central.jobs import repository, service
from central.jobs.models import Job, JobState
from central.jobs.service import Claim, JobError, LeaseLostError, Terms
from central.jobs.worker import StoppedError, Workers
from central.metrics import Metrics
from kerbwatch.clock import ManualClock
from tests.unit.central.box import NOON

TERMS = Terms(lease_s=60, most_attempts=3, wait_s=10)


class Doing:
    """A handler that keeps a tally in the database, in the unit of work that ends its job."""

    def __init__(self, work=lambda _subject, _progress: None):
        self.work = work

    def run(self, subject_id, progress):
        self.work(subject_id, progress)
        return lambda session: _tally(session, subject_id, "done")

    def give_up(self, subject_id, why):
        return lambda session: _tally(session, subject_id, f"given up: {why}")


def _tally(session, subject_id, what):
    session.execute(text("INSERT INTO tally VALUES (:s, :w)"), {"s": subject_id, "w": what})


def tallied(database):
    with database.read() as session:
        return [tuple(row) for row in session.execute(text("SELECT subject, what FROM tally"))]


@pytest.fixture
def tally(database):
    with database.write() as session:
        session.execute(text("CREATE TABLE tally (subject VARCHAR(36), what VARCHAR(300))"))
    return database


def worker(database, clock, handler, terms=TERMS):
    return Workers(
        {"look": handler},
        count=0,
        terms=terms,
        poll_s=0.01,
        clock=clock,
        database=database,
        metrics=Metrics(),
    )


def queue(database, clock, subject="r1"):
    with database.write() as session:
        service.enqueue(session, "look", subject, clock.now_utc())


def job(database):
    with database.read() as session:
        return session.scalar(select(Job))


def _hang(url, began):
    def work(_subject, progress):
        progress(0.4)
        began.send(os.getpid())
        signal.pause()

    worker(Database(url), ManualClock(NOON), Doing(work)).once()


def test_a_copy_that_is_killed_over_a_job_leaves_it_to_another_which_does_it_once(url, tally, clock):
    queue(tally, clock)
    heard, began = multiprocessing.Pipe(duplex=False)
    dying = multiprocessing.get_context("fork").Process(target=_hang, args=(url, began))
    dying.start()
    assert heard.poll(10)
    assert heard.recv() == dying.pid
    another = worker(tally, clock, Doing())
    assert not another.once(), "nobody else takes a job whose lease runs"
    os.kill(dying.pid, signal.SIGKILL)
    dying.join(10)
    assert job(tally).state == JobState.RUNNING
    clock.advance(61)
    assert another.once()
    assert not another.once()
    assert tallied(tally) == [("r1", "done")]
    assert (job(tally).state, job(tally).attempts) == (JobState.DONE, 2)


def test_one_that_was_given_up_for_dead_and_comes_back_writes_nothing(tally, clock):
    queue(tally, clock)
    slow = service.claim(tally, clock.now_utc(), TERMS)
    clock.advance(61)
    assert worker(tally, clock, Doing()).once()
    with pytest.raises(LeaseLostError):
        service.finish(tally, slow, lambda session: _tally(session, "r1", "late"), clock.now_utc())
    with pytest.raises(LeaseLostError):
        service.renew(tally, slow, 0.5, clock.now_utc(), TERMS)
    assert tallied(tally) == [("r1", "done")]


def test_what_fails_is_tried_again_later_and_then_given_up_in_words(tally, clock):
    queue(tally, clock)

    def fail(_subject, _progress):
        raise JobError("the clip could not be read")

    failing = worker(tally, clock, Doing(fail))
    for wait_s in (10, 20):
        assert failing.once()
        assert not failing.once(), "it waits first"
        clock.advance(wait_s + 1)
    assert failing.once()
    assert tallied(tally) == [("r1", "given up: the clip could not be read")]
    assert (job(tally).state, job(tally).error) == (JobState.FAILED, "the clip could not be read")
    clock.advance(1000)
    assert not failing.once()


def test_what_ends_whoever_works_at_it_is_given_up_too(tally, clock):
    queue(tally, clock)
    for _ in range(3):
        assert service.claim(tally, clock.now_utc(), TERMS)
        clock.advance(61)
    assert worker(tally, clock, Doing()).once()
    assert "begun 3 times" in tallied(tally)[0][1]


def test_a_copy_that_ends_in_order_hands_its_job_back_at_once(tally, clock):
    queue(tally, clock)

    def work(_subject, _progress):
        raise StoppedError

    assert worker(tally, clock, Doing(work)).once()
    assert (job(tally).state, job(tally).attempts) == (JobState.QUEUED, 0)
    assert worker(tally, clock, Doing()).once()
    assert tallied(tally) == [("r1", "done")]


def test_a_fault_of_our_own_is_told_as_one_and_tells_nothing_else(tally, clock):
    queue(tally, clock)
    failing = worker(tally, clock, Doing(lambda *_: 1 / 0), Terms(most_attempts=1))
    assert failing.once()
    assert tallied(tally) == [("r1", "given up: something failed here; it has been logged")]


def test_a_subject_has_one_job_of_a_kind(tally, clock):
    queue(tally, clock)
    queue(tally, clock)
    with tally.read() as session:
        assert repository.waiting(session) == 1


class ManyWorkers(RuleBasedStateMachine):
    """Workers that claim, renew, finish, fail or vanish in any order: each job is written once at most."""

    claims = Bundle("claims")
    database: Database

    def __init__(self):
        super().__init__()
        self.clock = ManualClock(NOON)
        with self.database.write() as session:
            session.execute(text("DELETE FROM jobs"))
            session.execute(text("DELETE FROM tally"))
        self.queued = 0

    @rule()
    def report_comes_in(self):
        queue(self.database, self.clock, f"s{self.queued}")
        self.queued += 1

    @rule(target=claims)
    def take_up(self):
        return service.claim(self.database, self.clock.now_utc(), TERMS)

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    @rule(mine=claims, how=st.sampled_from(["renew", "finish", "fail", "hand back"]))
    def go_on(self, mine: Claim | None, how):
        if mine is None:
            return
        now, subject = self.clock.now_utc(), mine.subject_id
        try:
            if how == "renew":
                service.renew(self.database, mine, 0.5, now, TERMS)
            elif how == "finish":
                service.finish(self.database, mine, lambda session: _tally(session, subject, "done"), now)
            elif how == "hand back":
                service.hand_back(self.database, mine, now)
            else:
                service.come_to_nothing(
                    self.database,
                    mine,
                    "why",
                    give_up=lambda session: _tally(session, subject, "up"),
                    now=now,
                    terms=TERMS,
                )
        except LeaseLostError:
            pass

    @invariant()
    def each_is_written_once_and_none_is_lost(self):
        written = [subject for subject, _what in tallied(self.database)]
        assert len(written) == len(set(written))
        with self.database.read() as session:
            over = session.scalars(
                select(Job.subject_id).where(Job.state.in_([JobState.DONE, JobState.FAILED]))
            ).all()
            assert repository.waiting(session) + len(over) == self.queued
        assert sorted(over) == sorted(written)


def test_many_workers_in_any_order_write_each_job_once(tally):
    machine = type("Machine", (ManyWorkers,), {"database": tally})
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=timedelta(seconds=10),
            suppress_health_check=list(HealthCheck),
        ),
    )
