"""The thread that sends questions to edge boxes, and sends them again until there is an answer or no time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from central.database import Database
from central.metrics import IntakeMetrics
from central.rechecks import repository
from central.rechecks.models import Recheck
from central.rounds import Rounds
from central.settings import RecheckSettings
from kerbwatch.clock import Clock
from kerbwatch.messages import CENTRAL_SOURCE, Channel, EventType, LookAgain, LookAgainEvent, topic
from kerbwatch.tracing import trace_of

log = structlog.get_logger(__name__)

_TICK_S = 1.0
_MOST_A_TICK = 200
_MOST_RESEND_S = 600.0

Publish = Callable[[str, bytes], object]
"""Sends a message to a topic, QoS 1; None where the link is down, and then the question is sent later."""


class Asker(Rounds):
    """Sends what is due to be sent. A question is due once its unit of work has committed.

    Of several copies of central one sends a question; should it die between its commit and the sending, the
    question is sent again when its time has come. The edge knows a question by its id.

    Args:
        settings: how often a question is sent again.
        clock: the present instant.
        database: where questions are.
        metrics: counts what is sent.
        publish: sends.
        connected: whether anybody would hear it.
    """

    def __init__(
        self,
        settings: RecheckSettings,
        clock: Clock,
        database: Database,
        metrics: IntakeMetrics,
        *,
        publish: Publish,
        connected: Callable[[], bool],
    ) -> None:
        super().__init__("asker", _TICK_S, rest_first=True)
        self._settings, self._clock, self._database, self._metrics = settings, clock, database, metrics
        self._publish, self._connected = publish, connected

    def once(self) -> int:
        """Send what is due now. Returns how much that was."""
        now = self._clock.now_utc()
        if not self._connected():
            return 0
        with self._database.read() as session:
            if not repository.any_to_send(session, now):
                return 0
        with self._database.write() as session:
            due = repository.to_send(session, now, _MOST_A_TICK)
            for recheck in due:
                wait_s = min(self._settings.resend_s * 2 ** min(recheck.sends, 20), _MOST_RESEND_S)
                recheck.sends += 1
                recheck.next_send_at = now + timedelta(seconds=wait_s)
        for recheck in due:
            self._publish(topic(recheck.site, recheck.edge, Channel.COMMAND), event_of(recheck).to_json())
            log.info("asked_to_look_again", question=recheck.id, case=recheck.case_id, times=recheck.sends)
        self._metrics.questions_sent.inc(len(due))
        return len(due)


def event_of(recheck: Recheck) -> LookAgainEvent:
    """A question as it goes over the wire: the same however often it is sent."""
    asked = LookAgain.model_validate(recheck.question)
    return LookAgainEvent(
        id=recheck.id,
        source=CENTRAL_SOURCE,
        type=EventType.LOOK_AGAIN,
        time=recheck.asked_at,
        subject=asked.incident_id,
        traceparent=trace_of(asked.incident_id, recheck.id).header,
        data=asked,
    )
