"""Has what insight tells of days that are over reckoned again and again, in a process of its own.

Reckoning takes seconds with many cases, and all pages would wait for it. What was found is kept in the
database: one copy of central reckons for all, and after a restart it is there. The process lives only while
it reckons: starting it costs a second of CPU every ten minutes, keeping it would cost 100 MB for good.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from central.database import Database
from central.escalation.repository import beat
from central.insight import reckonings, repository
from central.insight.look import Look
from central.insight.process import Task
from central.insight.reckonings import Standing
from central.metrics import Metrics
from central.operations.apart import Apart
from central.rounds import Rounds
from central.settings import CentralSettings
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

NAME = "reckoner"
MODULE = "central.insight.process"
_MANY_LINES = 100_000
"""With as many lines of the log it takes long enough that nobody should wait for it."""
_SILENT_S = 240.0
"""Ended before another copy takes whoever reckons to have died (:mod:`central.insight.reckonings`)."""
_STOP_TIMEOUT_S = 5.0
_NICENESS = 10
"""Whoever waits for a page goes first."""


class ReckoningError(Exception):
    """The process that reckons came to nothing; the message says how it ended."""


class Reckoner(Rounds):
    """Looks whether it is this copy's turn to reckon, and sees to it; one that fails is told and tried again.

    Args:
        settings: of this copy of central.
        clock: the present instant.
        database: holds what was found, and whose turn it is.
        metrics: that count what failed.
        many_lines: with fewer lines of the log whoever asks reckons by itself.
    """

    def __init__(
        self,
        settings: CentralSettings,
        clock: Clock,
        database: Database,
        metrics: Metrics,
        *,
        many_lines: int = _MANY_LINES,
    ) -> None:
        super().__init__(NAME, settings.escalation.sweep_s, failures=metrics.reckoning_failures)
        self._settings, self._clock, self._database, self._metrics = settings, clock, database, metrics
        self._many_lines = many_lines
        self._look = Look(settings.zone, settings.insight)
        self._apart = Apart(
            MODULE,
            lambda _line: None,
            silent_s=_SILENT_S,
            stopping=self._stopping,
            stop_timeout_s=_STOP_TIMEOUT_S,
            niceness=_NICENESS,
        )

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._apart.pid

    def once(self) -> None:
        """Reckon if it is due, and write the heartbeat where what was found is as new as it is to be.

        Raises:
            ReckoningError: it came to nothing.
        """
        now = self._clock.now_utc()
        today = now.astimezone(self._look.zone).date()
        with self._database.read() as session:
            few = repository.counted_to(session).line < self._many_lines
            standing = Standing.RESTS if few else reckonings.standing(session, self._look.name, today, now)
        if standing is Standing.RUNS:
            return
        if standing is Standing.DUE:
            mine = reckonings.begin(self._database, self._look.name, today, now)
            if not mine or not self._reckon(now):
                return
        with self._database.write() as session:
            beat(session, NAME, self._settings.instance, now, int(standing is Standing.DUE))
        self._metrics.reckoned_at.set(now.timestamp())

    def _reckon(self, now: datetime) -> bool:
        """Whether it was done; when this copy of central ends it is handed back. Raises ReckoningError."""
        task = Task(
            database_url=self._settings.database.url,
            zone=self._settings.time_zone,
            insight=self._settings.insight,
            logs=self._settings.logs,
            now=now,
        )
        ended = self._apart.live_once(task.model_dump_json().encode() + b"\n")
        if ended.status == 0:
            return True
        if not self._stopping.is_set():
            raise ReckoningError(
                f"the process that reckons for insight ended before it was done: {ended.why}"
            )
        with self._database.write() as session:
            reckonings.hand_back(session, self._look.name)
        return False
