"""The thread that lets the rules of retention take effect once a day, for as long as this copy lives."""

from __future__ import annotations

from datetime import timedelta

import structlog

from central.custody.configuration import retention_rules
from central.custody.fence import FenceError
from central.custody.retention import Retention
from central.database import Database
from central.escalation.repository import beat, beats
from central.media.store import MediaStore
from central.metrics import Metrics
from central.rounds import Rounds
from central.settings import CentralSettings
from kerbwatch.clock import Clock

log = structlog.get_logger(__name__)

NAME = "retention"
_LOOK_S = 60.0


class Keeper(Rounds):
    """Looks every minute whether a run is due, by any copy of central; a run that fails is tried again."""

    def __init__(
        self,
        settings: CentralSettings,
        clock: Clock,
        database: Database,
        media: MediaStore,
        metrics: Metrics,
    ) -> None:
        super().__init__(NAME, _LOOK_S, rest_first=True, failures=metrics.custody_failures)
        self._settings, self._clock, self._database = settings, clock, database
        self._media, self._metrics = media, metrics
        self._rules = retention_rules(settings)

    def once(self) -> bool:
        """Delete what is due, if it is time. Returns whether it was."""
        now = self._clock.now_utc()
        if not self._take_turn():
            return False
        try:
            tally = Retention(
                self._database, self._media, self._rules, now, self._settings.zone, rest=self._stopping.wait
            ).run()
        except FenceError as error:
            log.info("retention_waits", reason=str(error))
            return False
        self._metrics.custody_deleted.inc(tally.files.total())
        with self._database.write() as session:
            beat(session, NAME, self._settings.instance, now, tally.files.total())
        return True

    def _take_turn(self) -> bool:
        """Whether no copy has run within the hours that lie between two runs."""
        hours = self._settings.custody.retention_hours
        if hours == 0:
            return False
        with self._database.read() as session:
            last = max((each.at for each in beats(session) if each.name == NAME), default=None)
        return last is None or self._clock.now_utc() - last >= timedelta(hours=hours)
