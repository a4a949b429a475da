"""The process that takes messages in for a copy of central: see :mod:`central.intake.apart`.

``python -m central.intake.process`` reads the settings as a line of JSON from standard input, tells on
standard output how it is, and ends in order when its input ends.
"""

from __future__ import annotations

import sys
import threading

import structlog
from prometheus_client import CollectorRegistry

import central.tables  # noqa: F401 - every table by its name
from central.database import Database
from central.intake.apart import Telling
from central.intake.consumer import Consumer
from central.merging.lately import learn_ahead
from central.metrics import IntakeMetrics
from central.operations import apart_child
from central.operations.endurance import settle_in
from central.rounds import Rounds
from central.settings import CentralSettings
from kerbwatch.clock import Clock, SystemClock
from kerbwatch.logs import configure_logs

log = structlog.get_logger(__name__)

_TELL_S = 0.5
_LEARNS_S = 10.0


class Learner(Rounds):
    """Learns what the past weeks teach before the first batch of an hour needs it."""

    def __init__(self, settings: CentralSettings, clock: Clock, database: Database) -> None:
        super().__init__("learner", settings.escalation.sweep_s)
        self._settings, self._clock, self._database = settings, clock, database
        self.tried = threading.Event()
        """Set once it has learnt, or failed to: a batch learns by itself then."""

    def once(self) -> None:
        """Learn anew once an hour has begun."""
        try:
            with self._database.read() as session:
                learn_ahead(
                    session, self._clock.now_utc(), self._settings.zone, self._settings.intake.merging
                )
        finally:
            self.tried.set()


def main() -> None:
    """Take messages in until standard input ends; exit status 1 when the worker dies before."""
    settings = CentralSettings.model_validate_json(apart_child.what_to_do())
    configure_logs(json=settings.logs.json_lines, level=settings.logs.level)
    clock, registry = SystemClock(), CollectorRegistry()
    database = Database(settings.database.resolve_url())
    consumer = Consumer(settings, clock, database, IntakeMetrics(registry))
    learner = Learner(settings, clock, database)
    settle_in()
    ended = threading.Event()
    apart_child.at_the_end(ended.set)
    learner.start()
    learner.tried.wait(_LEARNS_S)  # a batch that had to learn would keep all others from writing
    consumer.start()
    told = True
    while told and consumer.alive and not ended.wait(_TELL_S):
        told = _tell(consumer, registry)
    well = consumer.alive
    consumer.stop()
    learner.stop()
    database.close()
    sys.exit(0 if well else 1)


def _tell(consumer: Consumer, registry: CollectorRegistry) -> bool:
    """Say how it is. Returns whether anybody listens."""
    telling = Telling(consumer.connected, consumer.alive, consumer.failing, tuple(registry.collect()))
    return apart_child.say(telling.to_line())


if __name__ == "__main__":
    main()
