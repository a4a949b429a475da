"""Takes codes to people, beside the requests that ask for them: none tells by its time what became of it.

Codes live for minutes, so they wait in memory: what a restart loses is asked for again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from http import HTTPStatus

import structlog

from central.metrics import Metrics
from central.problems import Problem
from central.reporters.contacts import Channel
from central.reporters.sending import Message, Sender, SendError

log = structlog.get_logger(__name__)

_MOST_WAITING = 500
_THREADS = 2


class _Nowhere:
    """Of a kind of address that central is not set up for (any more)."""

    def send(self, message: Message) -> None:
        """Raises SendError."""
        raise SendError(f"nothing is sent to a {message.to.channel} from here")


_NOWHERE = _Nowhere()


class Courier:
    """Sends what it is given, in order, until it is stopped."""

    def __init__(self, senders: Mapping[Channel, Sender], metrics: Metrics) -> None:
        self._senders, self._metrics = senders, metrics
        self._waiting: queue.Queue[Message | None] = queue.Queue(_MOST_WAITING)
        self._threads = [
            threading.Thread(target=self._run, name=f"courier-{number}", daemon=True)
            for number in range(_THREADS)
        ]

    @property
    def channels(self) -> frozenset[Channel]:
        """What can be sent to."""
        return frozenset(self._senders)

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what is being sent; what still waits is dropped, and counted."""
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
            self._metrics.messages.labels("code", "dropped").inc()
        for thread in self._threads:
            if thread.is_alive():
                self._waiting.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=5)

    def take(self, message: Message) -> None:
        """Take a code along. Raises Problem 503 when too many wait."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            self._metrics.messages.labels(message.purpose, "dropped").inc()
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "too many messages wait to go out; try again in a minute",
                headers={"Retry-After": "60"},
            ) from None

    def send(self, message: Message) -> bool:
        """Send one now; False when it did not go out, which is logged and counted."""
        sender = self._senders.get(message.to.channel, _NOWHERE)
        try:
            sender.send(message)
        except SendError as error:
            self._metrics.messages.labels(message.purpose, "failed").inc()
            log.warning(
                "message_not_sent", purpose=message.purpose, channel=message.to.channel, error=str(error)
            )
            return False
        self._metrics.messages.labels(message.purpose, "sent").inc()
        return True

    def drain(self) -> None:
        """Send what waits, in the caller's own thread."""
        while not self._waiting.empty():
            message = self._waiting.get_nowait()
            if message is not None:
                self.send(message)

    def _run(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                self.send(message)
            except Exception as error:  # noqa: BLE001 - its text may name the person, so only its type is told
                self._metrics.messages.labels(message.purpose, "failed").inc()
                log.error("message_failed", purpose=message.purpose, error=type(error).__name__)
