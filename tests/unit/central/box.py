"""Messages as an edge box would send them, for tests of central."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from central.intake.reading import Incoming
from kerbwatch.ids import new_id
from kerbwatch.incident import Audience, EvidenceRole, Kind, Phase
from kerbwatch.messages import (
    Box,
    CameraHealth,
    Channel,
    Event,
    EventType,
    Evidence,
    HealthEvent,
    HealthReport,
    IncidentEvent,
    IncidentReport,
    LookAgainAnswer,
    LookAgainAnswerEvent,
    Place,
    source_of,
    topic,
)

SITE, EDGE = "yuyao", "box-1"
NOON = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
"""Where ManualClock begins; 11:00 in Shanghai."""
IN_YANGMING = (121.15, 30.05)
NOWHERE = (10.0, 50.0)


def evidence(
    sha256: str = "a" * 64, role: EvidenceRole = EvidenceRole.SNAPSHOT_ARRIVAL, **changes: Any
) -> Evidence:
    values = {
        "sha256": sha256,
        "role": role,
        "content_type": "video/mp4" if role is EvidenceRole.CLIP else "image/jpeg",
        "size_bytes": 1000,
        "captured_at": NOON - timedelta(seconds=30),
        "audience": Audience.PEOPLE,
    }
    return Evidence.model_validate(values | changes)


def report(
    incident_id: str | None = None,
    revision: int = 1,
    phase: Phase = Phase.OPENED,
    at: tuple[float, float] = IN_YANGMING,
    **changes: Any,
) -> IncidentReport:
    values: dict[str, Any] = {
        "incident_id": incident_id or new_id(),
        "revision": revision,
        "phase": phase,
        "kind": Kind.ILLEGAL_PARKING,
        "camera_id": "cam-12",
        "camera_name": "Yangming East 12",
        "zone_id": "kerb",
        "road": "Yangming East Road",
        "started_at": NOON - timedelta(seconds=30),
        "observed_at": NOON,
        "ended_at": NOON if phase is Phase.CLEARED else None,
        "dwell_s": 30.0,
        "limit_s": 30.0,
        "object_class": "car",
        "confidence": 0.8,
        "box": Box(x1=10, y1=20, x2=110, y2=90, picture_width_px=768, picture_height_px=576),
        "place": Place(lon=at[0], lat=at[1], method="camera_position"),
        "model": "yolox-nano",
    }
    return IncidentReport.model_validate(values | changes)


class EdgeBox:
    """A box with its sequence; each message is numbered in the order in which it is made."""

    def __init__(self, site: str = SITE, edge: str = EDGE) -> None:
        self.site, self.edge, self.epoch, self.sequence = site, edge, new_id(), 0
        self.source = source_of(site, edge)

    def event(self, what: IncidentReport, **changes: Any) -> IncidentEvent:
        self.sequence += 1
        values: dict[str, Any] = {
            "id": new_id(),
            "source": self.source,
            "type": EventType.of_phase(what.phase),
            "time": NOON,
            "epoch": self.epoch,
            "sequence": str(self.sequence),
            "data": what,
        }
        return IncidentEvent(**(values | changes))

    def answer(self, question_id: str, verdict: str = "clear", **changes: Any) -> Incoming:
        """What a camera of the box says when it has looked again, with a picture of the place."""
        self.sequence += 1
        picture = evidence("c" * 64, EvidenceRole.SNAPSHOT_CHECKED, captured_at=NOON)
        values = {"question_id": question_id, "incident_id": new_id(), "camera_id": "cam-12", "model": "m"}
        values |= {"verdict": verdict, "looked_at": NOON, "looks": 5, "evidence": (picture,)}
        event = LookAgainAnswerEvent(
            id=new_id(),
            source=self.source,
            type=EventType.LOOK_AGAIN_ANSWER,
            time=NOON,
            epoch=self.epoch,
            sequence=str(self.sequence),
            data=LookAgainAnswer.model_validate(values | changes),
        )
        return self.wire(event)

    def message(self, what: IncidentReport, **changes: Any) -> Incoming:
        return self.wire(self.event(what, **changes))

    def wire(self, event: Event[Any], channel: Channel = Channel.INCIDENT) -> Incoming:
        return Incoming(topic(self.site, self.edge, channel), event.to_json())

    def health(self, *cameras: CameraHealth, time: datetime = NOON, **changes: Any) -> Incoming:
        values: dict[str, Any] = {
            "version": "0.1.0",
            "model": "yolox-nano",
            "uptime_s": 60.0,
            "cameras": cameras,
            "outbox_entries": 2,
            "outbox_bytes": 2000,
            "media_waiting": 1,
            "dropped_updates": 0,
        }
        event = HealthEvent(
            id=new_id(),
            source=self.source,
            type=EventType.HEALTH,
            time=time,
            data=HealthReport.model_validate(values | changes),
        )
        return self.wire(event, Channel.HEALTH)


def camera_health(camera_id: str = "cam-12", **changes: Any) -> CameraHealth:
    values = {"camera_id": camera_id, "name": "Yangming East 12", "state": "streaming", "profile": "dwell"}
    return CameraHealth.model_validate(values | changes)
