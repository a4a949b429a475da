"""The threads that work at jobs, for as long as this copy of central lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from central.database import Database
from central.jobs import service
from central.jobs.service import Claim, JobError, LeaseLostError, Terms, Writing
from central.metrics import Metrics
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

Progress = Callable[[float], None]
"""Told how much is done, 0..1. Raises LeaseLostError or StoppedError when the work is to end."""

_NEVER_CAME_BACK = (
    "it was begun {count} times, and whatever worked at it was ended each time before it was done"
)
_FAULT = "something failed here; it has been logged"
_CHORES_EVERY_S = 30.0
_TELL_EVERY_S = 1.0


class StoppedError(Exception):
    """This copy of central ends; the job is another's to do."""


class Handler(Protocol):
    """Does the jobs of one kind."""

    def run(self, subject_id: str, progress: Progress) -> Writing:
        """Do the work, outside any unit of work; returns what writes its result.

        Raises:
            JobError: it came to nothing this time.
        """
        ...

    def give_up(self, subject_id: str, why: str) -> Writing:
        """What writes what becomes of the subject without the work; ``why`` says what kept it."""
        ...


class Workers:
    """A few threads that take up jobs until they are stopped."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        *,
        count: int,
        terms: Terms,
        poll_s: float,
        clock: Clock,
        database: Database,
        metrics: Metrics,
        chores: Callable[[], None] = lambda: None,
    ) -> None:
        """``chores``: what else is to be done from time to time, by the first thread."""
        self._handlers, self._terms, self._poll_s = handlers, terms, poll_s
        self._clock, self._database, self._metrics, self._chores = clock, database, metrics, chores
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name=f"jobs-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take up nothing more. A job under way is handed back: another copy, or the next start, does it."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5)

    def once(self) -> bool:
        """Do one job, if there is any; whether there was."""
        mine = service.claim(self._database, self._clock.now_utc(), self._terms)
        if mine is None:
            return False
        log.info("job_begun", job=mine.job_id, kind=mine.kind, attempt=mine.attempt)
        try:
            outcome = self._work(mine)
        except LeaseLostError:
            outcome = "lost"
        except StoppedError:
            service.hand_back(self._database, mine, self._clock.now_utc())
            outcome = "handed_back"
        self._metrics.jobs.labels(mine.kind, outcome).inc()
        log.info("job_ended", job=mine.job_id, kind=mine.kind, outcome=outcome)
        return True

    def _work(self, mine: Claim) -> str:
        handler = self._handlers[mine.kind]
        if mine.spent:
            return self._come_to_nothing(mine, handler, _NEVER_CAME_BACK.format(count=mine.attempt))
        with _Keeper(self._database, self._clock, mine, self._terms, self._stopping) as keeper:
            try:
                write = handler.run(mine.subject_id, keeper.tell)
            except JobError as error:
                why = str(error)
            except (LeaseLostError, StoppedError):
                raise
            except Exception:
                log.exception("job_fault", job=mine.job_id, kind=mine.kind)
                why = _FAULT
            else:
                service.finish(self._database, mine, write, self._clock.now_utc())
                return "done"
        return self._come_to_nothing(mine, handler, why)

    def _come_to_nothing(self, mine: Claim, handler: Handler, why: str) -> str:
        over = service.come_to_nothing(
            self._database,
            mine,
            why,
            give_up=handler.give_up(mine.subject_id, why),
            now=self._clock.now_utc(),
            terms=self._terms,
        )
        log.warning("job_came_to_nothing", job=mine.job_id, kind=mine.kind, why=why, given_up=over)
        return "failed" if over else "again"

    def _run(self, number: int) -> None:
        chores_at = 0.0
        while not self._stopping.is_set():
            try:
                if number == 0 and time.monotonic() >= chores_at:
                    self._chores()
                    chores_at = time.monotonic() + _CHORES_EVERY_S
                if self.once():
                    continue
            except Exception:
                self._metrics.job_faults.inc()
                log.exception("job_worker_fault")
            self._stopping.wait(self._poll_s)


class _Keeper:
    """Renews the lease while the work goes on, and writes down how far it is."""

    def __init__(
        self, database: Database, clock: Clock, mine: Claim, terms: Terms, stopping: threading.Event
    ) -> None:
        self._database, self._clock, self._mine, self._terms = database, clock, mine, terms
        self._stopping = stopping
        self._share = 0.0
        self._lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="job-lease", daemon=True)

    def __enter__(self) -> _Keeper:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def tell(self, share: float) -> None:
        """How much is done. Raises LeaseLostError: another has the job; StoppedError: this copy ends."""
        if self._stopping.is_set():
            raise StoppedError
        if self._lost:
            raise LeaseLostError(f"job {self._mine.job_id} is another's by now")
        self._share = min(1.0, max(0.0, share))

    def _keep(self) -> None:
        renewed_at, told = time.monotonic(), 0.0
        while not self._ended.wait(min(_TELL_EVERY_S, self._terms.lease_s / 3)):
            share = self._share
            if share == told and time.monotonic() - renewed_at < self._terms.lease_s / 3:
                continue
            try:
                service.renew(self._database, self._mine, share, self._clock.now_utc(), self._terms)
            except LeaseLostError:
                self._lost = True
                return
            except Exception:  # the thread's edge: the next renewal may find the database again
                log.exception("job_not_renewed", job=self._mine.job_id)
                continue
            renewed_at, told = time.monotonic(), share
