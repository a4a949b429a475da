"""The thread that takes answers to people and judges reports for points, for as long as central lives."""

from __future__ import annotations

import threading

import structlog

from central.answers.delivery import deliver_due
from central.context import Central
from central.points.awards import settle_next

log = structlog.get_logger(__name__)

EVERY_S = 5.0
_MOST_AT_ONCE = 200
"""Reports judged before answers are looked at again."""
_MOST_ROUNDS = 10
"""Rounds of deliveries before reports are looked at again."""


class Errands:
    """Runs until it is stopped; what fails is logged, counted and tried again."""

    def __init__(self, central: Central) -> None:
        self._central = central
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._central.courier.start()
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._central.courier.stop()

    def once(self) -> None:
        """Do what is due now."""
        central = self._central
        for _ in range(_MOST_AT_ONCE):
            with central.database.write() as session:
                why = settle_next(session, central.settings.zone, central.clock.now_utc())
            if why is None:
                break
            central.metrics.awards.labels(why.value).inc()
        for _ in range(_MOST_ROUNDS):
            if not deliver_due(
                central.settings, central.clock, central.database, central.vault, central.courier
            ):
                break

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.once()
            except Exception:
                self._central.metrics.errand_failures.inc()
                log.exception("errands_failed")
            self._stopping.wait(EVERY_S)
