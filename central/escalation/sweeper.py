"""The thread that looks for what is due, every few seconds, for as long as this copy of central lives."""

from __future__ import annotations

import structlog

from central.database import Database
from central.escalation import repository
from central.escalation.service import sweep
from central.insight.follow import catch_up
from central.merging.lately import learn_ahead
from central.metrics import Metrics
from central.rechecks.service import settle
from central.rounds import Rounds
from central.settings import CentralSettings
from central.tickets.clockwork import Terms
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

NAME = "sweeper"
_COUNTING_SHARE = 0.1
"""Share of the time that may go into counting what the log says, so that a rush is not slowed by it."""


class Sweeper(Rounds):
    """Sweeps until it is stopped; one that fails is logged, counted and tried again."""

    def __init__(self, settings: CentralSettings, clock: Clock, database: Database, metrics: Metrics) -> None:
        super().__init__(NAME, settings.escalation.sweep_s, failures=metrics.sweep_failures)
        self._settings, self._clock, self._database, self._metrics = settings, clock, database, metrics
        self._terms = Terms.of(settings)

    def once(self) -> None:
        """Do what is due now, and write the heartbeat."""
        now = self._clock.now_utc()
        with self._database.write(ordered=True) as session:
            taken = sweep(session, now, self._terms)
        with self._database.write(ordered=True) as session:
            taken += settle(session, now, self._terms)
            repository.beat(session, NAME, self._settings.instance, now, taken.total())
        for step, count in taken.items():
            self._metrics.swept.labels(step).inc(count)
            log.info("swept", step=step, count=count)
        self._metrics.swept_at.set(now.timestamp())
        with self._database.read() as session:
            waiting, late = repository.count_open(session, now)
        self._metrics.slips_waiting.set(waiting)
        self._metrics.slips_late.set(late)
        share_s = _COUNTING_SHARE * self._settings.escalation.sweep_s
        catch_up(self._database, self._settings.zone, now, budget_s=share_s)
        with self._database.read() as session:
            learn_ahead(session, now, self._settings.zone, self._settings.intake.merging)
