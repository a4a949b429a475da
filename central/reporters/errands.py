"""The thread that takes answers to people and judges reports for points, for as long as central lives."""

from __future__ import annotations

from central.answers.delivery import deliver_due
from central.context import Central
from central.points.awards import settle_next
from central.rounds import Rounds

EVERY_S = 5.0
_MOST_AT_ONCE = 200
"""Reports judged before answers are looked at again."""
_MOST_ROUNDS = 10
"""Rounds of deliveries before reports are looked at again."""


class Errands(Rounds):
    """Runs until it is stopped; what fails is logged, counted and tried again."""

    def __init__(self, central: Central) -> None:
        super().__init__("errands", EVERY_S, failures=central.metrics.errand_failures)
        self._central = central

    def start(self) -> None:
        """Begin."""
        self._central.courier.start()
        super().start()

    def stop(self) -> None:
        """End after what is under way."""
        super().stop()
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
