"""Hostile messages among good ones: nothing stops, everything is counted, and no good one is lost."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from evaluation.bench.central_box import CentralBox
from evaluation.bench.flood import SendingBox
from evaluation.bench.hostile_uploads import send_all
from evaluation.bench.intake_filling import SITE
from evaluation.bench.malformed import Mutator
from evaluation.bench.process import BenchError
from kerbwatch.demo.broker import Broker
from kerbwatch.ids import new_id
from kerbwatch.messages import Channel, ReceiptEvent, parse_event, topic
from kerbwatch.mqtt import Delivery, MqttLink, MqttSettings

GOOD_EVERY = 10
"""One message in so many is good."""
_WINDOW = 400
"""Heard and not yet counted, at most: below what a broker queues for a client."""
_PATIENCE_S = 60.0


_COUNTERS = (
    "kerbwatch_central_events_committed_total",
    "kerbwatch_central_events_duplicate_total",
    "kerbwatch_central_messages_rejected_total",
)
_REQUESTS = "kerbwatch_central_request_seconds_count"
_UPLOAD_ROUTES = ('route="/api/v1/media', 'route="/api/v1/uploads', 'route="none"')
"""An address that is no hash, and so no route, counts too."""


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """What became of the messages."""

    malformed: int
    by_kind: dict[str, int]
    good: int
    good_committed: int
    heard: int
    """Messages on topics that central listens to, good ones included."""
    counted: int
    """What central counted: committed, come again or refused."""
    seconds_s: float
    uploads: int = 0
    """Hostile uploads."""
    upload_faults: int = 0
    """Of them, those that central answered with a fault of its own."""
    good_uploads: int = 0
    good_uploads_whole: int = 0
    upload_requests_answered: int = 0
    """Requests of uploads, hostile and good, that got an answer."""
    upload_requests_counted: int = 0
    """Of them, those that central's metrics have."""
    uploads_by_status: dict[int, int] = field(default_factory=dict)
    """Answers to the hostile ones; 0: central hung up on it."""
    upload_seconds_s: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing was lost and nothing went uncounted."""
        messages = self.good_committed == self.good and self.counted == self.heard
        uploads = self.good_uploads == self.good_uploads_whole
        counted = self.upload_requests_answered == self.upload_requests_counted
        return messages and uploads and counted and not self.upload_faults

    def to_json(self) -> dict[str, Any]:
        """For a file or a program."""
        return asdict(self) | {"clean": self.clean}


class Fuzz:
    """Sends the messages over a real broker. Use it as a context manager.

    Args:
        broker: where to send.
        counted: how many messages central has counted since its start, of whatever outcome.
        seed: of the malformed ones.
    """

    def __init__(self, broker: MqttSettings, counted: Callable[[], int], seed: int = 1) -> None:
        self._counted, self._mutator = counted, Mutator(seed)
        self._rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._good, self._waiting = SendingBox(0), set[str]()
        self._link = MqttLink(
            broker,
            f"fuzz-{new_id()}",
            on_message=self._receipt,
            subscriptions=[topic(SITE, self._good.name, Channel.RECEIPT)],
        )

    def __enter__(self) -> Fuzz:
        self._link.start()
        self._until(lambda: self._link.ready, "the broker did not answer")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._link.stop()

    def run(self, messages: int) -> FuzzResult:
        """Send so many malformed messages, good ones between. Raises BenchError when central stalls."""
        began_s, before = time.monotonic(), self._counted()
        kinds: Counter[str] = Counter()
        heard = good = 0
        for number in range(messages):
            made = self._mutator.make()
            kinds[made.kind] += 1
            self._send(made.topic, made.payload)
            heard += made.heard
            if number % GOOD_EVERY == 0:
                event = self._good.incident(self._rng)
                self._waiting.add(event.id)
                self._send(topic(SITE, self._good.name, Channel.INCIDENT), event.to_json())
                good, heard = good + 1, heard + 1
            if number % (_WINDOW // 4) == 0:
                behind = before + heard - _WINDOW
                self._until_counted(behind)
        self._until(lambda: self._counted() - before >= heard, "central did not count every message")
        self._until(lambda: not self._waiting, f"{len(self._waiting)} good incidents got no receipt")
        return FuzzResult(
            malformed=messages,
            by_kind=dict(sorted(kinds.items())),
            good=good,
            good_committed=good - len(self._waiting),
            heard=heard,
            counted=self._counted() - before,
            seconds_s=round(time.monotonic() - began_s, 1),
        )

    def _until_counted(self, least: int) -> None:
        self._until(lambda: self._counted() > least, "central fell behind")

    def _send(self, where: str, payload: bytes) -> None:
        self._until(lambda: self._link.publish(where, payload) is not None, "the broker is gone")

    def _receipt(self, delivery: Delivery) -> None:
        self._waiting.difference_update(parse_event(delivery.payload, ReceiptEvent).data.committed)
        delivery.ack()

    @staticmethod
    def _until(happened: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not happened():
            if time.monotonic() > deadline_s:
                raise BenchError(f"{what} within {_PATIENCE_S:g} s")
            time.sleep(0.01)


def counted_in(metrics: str) -> int:
    """Messages that central has counted, of whatever outcome, from a page of its metrics."""
    return _sum(line for line in metrics.splitlines() if line.startswith(_COUNTERS))


def uploads_counted_in(metrics: str) -> int:
    """Requests of boxes' and people's uploads that central has counted, whatever it answered."""
    lines = (line for line in metrics.splitlines() if line.startswith(_REQUESTS))
    return _sum(line for line in lines if any(route in line for route in _UPLOAD_ROUTES))


def _sum(lines: Iterable[str]) -> int:
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))


def measure_fuzz(messages: int, uploads: int, seed: int, database_url: str | None) -> FuzzResult:
    """Send ``messages`` malformed ones to a central of its own over a broker of its own, then ``uploads``.

    Raises:
        BenchError, BrokerError: when central stops, stalls or is not well afterwards.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="kerbwatch-fuzz-")))
        broker = held.enter_context(Broker(data_dir=folder / "broker"))
        url = database_url or f"sqlite:///{folder / 'central.db'}"
        box = CentralBox(folder / "central", url, broker.port)
        box.initialise()
        token_file = folder / "box.token"
        more = ("--token-file", str(token_file), "--config", str(box.config))
        box.command("central", "edge", "add", "bench", "box-0", *more)
        held.enter_context(box)

        def counted() -> int:
            return counted_in(httpx.get(f"{box.url}/metrics", timeout=30).text)

        fuzz = held.enter_context(Fuzz(MqttSettings(port=broker.port), counted, seed))
        result = fuzz.run(messages)
        client = held.enter_context(httpx.Client(base_url=box.url, timeout=30))
        began_s, token = time.monotonic(), token_file.read_text(encoding="ascii").strip()
        count = send_all(client, token, uploads, seed)
        took_s = time.monotonic() - began_s
        health = httpx.get(f"{box.url}/healthz", timeout=30)
        if not health.is_success:
            raise BenchError(f"central is not well after it: {health.text}")
        return replace(
            result,
            uploads=count.sent,
            upload_faults=len(count.faults),
            good_uploads=count.good,
            good_uploads_whole=count.good_whole,
            upload_requests_answered=count.answered,
            upload_requests_counted=uploads_counted_in(httpx.get(f"{box.url}/metrics", timeout=30).text),
            uploads_by_status=dict(sorted(count.by_status.items())),
            upload_seconds_s=round(took_s, 1),
        )
