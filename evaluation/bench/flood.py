"""Many edge boxes in one process: they send incidents, wait for central's receipts, and send again.

What is measured is the way from the moment that a message is handed to the broker to the moment that its
receipt is back: central sends a receipt once the case and its drafted ticket are committed.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType

from pydantic_core import from_json

from evaluation.bench.intake_filling import SITE
from evaluation.bench.process import BenchError
from kerbwatch.clock import iso_utc
from kerbwatch.ids import new_id
from kerbwatch.incident import EvidenceRole, Kind, Phase
from kerbwatch.messages import (
    Box,
    CameraHealth,
    CameraState,
    Channel,
    Event,
    EventType,
    Evidence,
    HealthEvent,
    HealthReport,
    IncidentEvent,
    IncidentReport,
    Place,
    source_of,
    topic,
)
from kerbwatch.mqtt import Delivery, MqttLink, MqttSettings

_RESEND_AFTER_S = 15.0
_MODEL = "bench"
_STOOD = timedelta(seconds=200)
_KINDS = [kind.value for kind in Kind]


@dataclass(slots=True)
class _Waiting:
    sent_s: float
    first_s: float
    topic: str
    payload: bytes


@dataclass(slots=True)
class FloodCount:
    """What came of a flood.

    Attributes:
        latencies_s: for each incident, from its first sending to its receipt.
        resent: messages that were sent again for want of a receipt.
        began_s: monotonic time of the first sending.
        ended_s: monotonic time of the newest receipt.
    """

    latencies_s: list[float] = field(default_factory=list)
    resent: int = 0
    began_s: float = 0.0
    ended_s: float = 0.0

    @property
    def per_second(self) -> float:
        """Incidents receipted a second."""
        return len(self.latencies_s) / max(self.ended_s - self.began_s, 1e-9)


class Flood:
    """The boxes. Use it as a context manager.

    Args:
        broker: where to send.
        boxes: how many edge boxes there are.
        window: messages under way at most, all boxes together, as the outboxes' windows would have it.
        seed: of the places and kinds.
    """

    def __init__(self, broker: MqttSettings, boxes: int, window: int, seed: int = 1) -> None:
        self._boxes = [SendingBox(number) for number in range(boxes)]
        self._window, self._rng = window, random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._waiting: dict[str, _Waiting] = {}
        self._count = FloodCount()
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._link = MqttLink(
            broker,
            f"bench-{new_id()}",
            on_message=self._receipt,
            on_connected=self._ready.set,
            subscriptions=(topic(SITE, "+", Channel.RECEIPT),),
            receive_maximum=1000,
        )

    def __enter__(self) -> Flood:
        self._link.start()
        if not self._ready.wait(15):
            self._link.stop()
            raise BenchError("the broker did not answer within 15 s")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._link.stop()

    def run(self, seconds_s: float, per_second: float | None = None) -> FloodCount:
        """Send for a while, as fast as receipts come back or at a fixed rate, and wait for the last receipt.

        Raises:
            BenchError: when receipts stay away.
        """
        self._count = FloodCount(began_s=time.monotonic())
        end_s, sent = self._count.began_s + seconds_s, 0
        while (now_s := time.monotonic()) < end_s:
            if per_second is not None and sent >= (now_s - self._count.began_s) * per_second:
                time.sleep(min(0.002, 1 / per_second))
                continue
            with self._changed:
                if not self._changed.wait_for(lambda: len(self._waiting) < self._window, timeout=1.0):
                    self._resend()
                    continue
            self._send(self._boxes[sent % len(self._boxes)])
            sent += 1
        self._drain()
        return self._count

    def health(self, cameras: int, every_s: float, stop: threading.Event, sent: Callable[[], None]) -> None:
        """Have every box tell its health every so often until ``stop``; each has as many cameras."""
        share = max(cameras // len(self._boxes), 1)
        pause_s = every_s / len(self._boxes)
        due_s = time.monotonic()
        while not stop.is_set():
            for box in self._boxes:
                due_s += pause_s
                if stop.wait(max(due_s - time.monotonic(), 0)):
                    return
                self._link.publish(topic(SITE, box.name, Channel.HEALTH), box.health_message(share))
                sent()

    def _send(self, box: SendingBox) -> None:
        event_id, payload = box.message(self._rng)
        now_s = time.monotonic()
        where = topic(SITE, box.name, Channel.INCIDENT)
        with self._changed:
            self._waiting[event_id] = _Waiting(now_s, now_s, where, payload)
        self._link.publish(where, payload)

    def _resend(self) -> None:
        now_s = time.monotonic()
        with self._changed:
            late = [each for each in self._waiting.values() if now_s - each.sent_s > _RESEND_AFTER_S]
            for each in late:
                each.sent_s = now_s
        for each in late:
            self._count.resent += 1
            self._link.publish(each.topic, each.payload)

    def _drain(self) -> None:
        deadline_s = time.monotonic() + 120
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: not self._waiting, timeout=1.0):
                    return
                left = len(self._waiting)
            if time.monotonic() > deadline_s:
                raise BenchError(f"{left} incidents got no receipt within 120 s")
            self._resend()

    def _receipt(self, delivery: Delivery) -> None:
        now_s = time.monotonic()
        receipt = from_json(delivery.payload)["data"]  # whole messages are what edges check, not this
        delivery.ack()
        if receipt["rejected"]:
            raise BenchError(f"central refused {len(receipt['rejected'])} incidents of the bench")
        with self._changed:
            for event_id in receipt["committed"]:
                waited = self._waiting.pop(event_id, None)
                if waited is not None:
                    self._count.latencies_s.append(now_s - waited.first_s)
                    self._count.ended_s = now_s
            self._changed.notify_all()


class SendingBox:
    """An edge box that says one thing after another, in its sequence."""

    def __init__(self, number: int) -> None:
        self.name = f"box-{number:03d}"
        self._source, self._epoch, self._sequence, self._looks = source_of(SITE, self.name), new_id(), 0, 0
        self._form: str | None = None
        """A message of this box with a place for everything that differs from one to the next."""
        self._health_form: tuple[int, str] | None = None
        """The same of its health, for so many cameras."""

    def message(self, rng: random.Random) -> tuple[str, bytes]:
        """The id and the bytes of a new incident as :meth:`incident` makes them, for far less work."""
        if self._form is None:
            self._form = _form_of(self.incident(rng))
            self._sequence -= 1
        now = datetime.now(UTC)
        self._sequence += 1
        event_id, since = new_id(), iso_utc(now - _STOOD)
        filled = self._form % {
            "id": event_id,
            "incident_id": new_id(),
            "sequence": self._sequence,
            "kind": rng.choice(_KINDS),
            "camera_id": f"cam-{rng.randrange(100):03d}",
            "time": iso_utc(now),
            "since": since,
            "lon": rng.uniform(121.1, 121.22),
            "lat": rng.uniform(30.0, 30.1),
            "arrival": f"{rng.getrandbits(256):064x}",
            "limit": f"{rng.getrandbits(256):064x}",
        }
        return event_id, filled.encode()

    def incident(self, rng: random.Random) -> IncidentEvent:
        """A new incident somewhere in the city."""
        now = datetime.now(UTC)
        self._sequence += 1
        since = now - _STOOD
        report = IncidentReport(
            incident_id=new_id(),
            revision=1,
            phase=Phase.OPENED,
            kind=rng.choice(list(Kind)),
            camera_id=f"cam-{rng.randrange(100):03d}",
            camera_name="Bench camera",
            zone_id="kerb",
            road="Yangming East Road",
            started_at=since,
            observed_at=now,
            dwell_s=_STOOD.total_seconds(),
            limit_s=180.0,
            object_class="car",
            confidence=0.8,
            box=Box(x1=10, y1=20, x2=110, y2=90, picture_width_px=768, picture_height_px=576),
            place=Place(
                lon=rng.uniform(121.1, 121.22), lat=rng.uniform(30.0, 30.1), method="ground_homography"
            ),
            evidence=tuple(
                Evidence(
                    sha256=f"{rng.getrandbits(256):064x}",
                    role=role,
                    content_type="image/jpeg",
                    size_bytes=80_000,
                    captured_at=at,
                )
                for role, at in ((EvidenceRole.SNAPSHOT_ARRIVAL, since), (EvidenceRole.SNAPSHOT_LIMIT, now))
            ),
            model=_MODEL,
        )
        return IncidentEvent(
            **self._envelope(EventType.INCIDENT_OPENED, now),
            epoch=self._epoch,
            sequence=str(self._sequence),
            data=report,
        )

    def health_message(self, cameras: int) -> bytes:
        """The bytes of a health report as :meth:`health` makes it, for far less work."""
        if self._health_form is None or self._health_form[0] != cameras:
            self._health_form = cameras, _health_form_of(self.health(cameras))
        self._looks += 7
        values = {"id": new_id(), "time": iso_utc(datetime.now(UTC)), "looks": self._looks}
        return (self._health_form[1] % values).encode()

    def health(self, cameras: int) -> Event[HealthReport]:
        """A health report of that many cameras."""
        now = datetime.now(UTC)
        self._looks += 7
        return HealthEvent(
            **self._envelope(EventType.HEALTH, now),
            data=HealthReport(
                version="bench",
                model=_MODEL,
                uptime_s=float(self._looks),
                cameras=tuple(
                    CameraHealth(
                        camera_id=f"cam-{number:03d}",
                        name=f"Camera {number} of {self.name}",
                        state=CameraState.STREAMING,
                        profile="dwell",
                        place=Place(lon=121.15, lat=30.05, method="camera_position"),
                        looks=self._looks,
                        last_picture_at=now,
                    )
                    for number in range(cameras)
                ),
                outbox_entries=0,
                outbox_bytes=0,
                media_waiting=0,
                dropped_updates=0,
            ),
        )

    def _envelope(self, kind: EventType, now: datetime) -> dict[str, object]:
        return {"id": new_id(), "source": self._source, "type": kind, "time": now}


def _form_of(event: IncidentEvent) -> str:
    data = event.data
    return _with_places(
        event.to_json(),
        (f'"{event.id}"', '"%(id)s"'),
        (f'"{data.incident_id}"', '"%(incident_id)s"'),
        (f'"sequence":"{event.sequence}"', '"sequence":"%(sequence)d"'),
        (f'"{data.kind}"', '"%(kind)s"'),
        (f'"{data.camera_id}"', '"%(camera_id)s"'),
        (f'"{iso_utc(event.time)}"', '"%(time)s"'),
        (f'"{iso_utc(data.started_at)}"', '"%(since)s"'),
        (f'"lon":{data.place.lon}', '"lon":%(lon)r'),
        (f'"lat":{data.place.lat}', '"lat":%(lat)r'),
        (data.evidence[0].sha256, "%(arrival)s"),
        (data.evidence[1].sha256, "%(limit)s"),
    )


def _health_form_of(event: Event[HealthReport]) -> str:
    looks = event.data.uptime_s
    return _with_places(
        event.to_json(),
        (f'"{event.id}"', '"%(id)s"'),
        (f'"{iso_utc(event.time)}"', '"%(time)s"'),
        (f'"uptime_s":{looks}', '"uptime_s":%(looks)d'),
        (f'"looks":{int(looks)}', '"looks":%(looks)d'),
    )


def _with_places(message: bytes, *replaced: tuple[str, str]) -> str:
    form = message.decode().replace("%", "%%")
    for value, place in replaced:
        assert value in form, value
        form = form.replace(value, place)
    return form
