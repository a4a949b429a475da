"""A city for browser tests: real central on a free port with SQLite, an edge box that reports and uploads."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import httpx
import numpy as np
import uvicorn

from central import schema
from central.app import create_app
from central.areas.service import import_areas
from central.cameras import service as cameras
from central.custody.keys import write_key
from central.duty.service import import_duty_list
from central.intake.reading import Incoming
from central.intake.service import commit_batch
from central.people import repository as people_repository
from central.people.permissions import Role
from central.people.service import add_user, issue
from central.sender import Sender
from central.settings import CentralSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import Audience, EvidenceRole, Kind, Phase
from kerbwatch.messages import (
    Box,
    CameraHealth,
    Channel,
    EventType,
    Evidence,
    HealthEvent,
    HealthReport,
    IncidentEvent,
    IncidentReport,
    Place,
    StatusEvent,
    StatusReport,
    source_of,
    topic,
)
from kerbwatch.ports import free_port

SITE, EDGE = "yuyao", "box-1"
PASSWORD = "a long enough passphrase"
WIDTH_PX, HEIGHT_PX = 640, 360
START_TIMEOUT_S = 20.0

UNITS = [
    {"id": "traffic", "name": "Traffic police, squad 2"},
    {"id": "urban", "name": "Urban management, Lanjiang squad"},
]
ITEMS = {
    Kind.ILLEGAL_PARKING: ("Standing where one may not", "Road Traffic Safety Law, Art. 56", "traffic", 2),
    Kind.STALL_ENCROACHMENT: ("Trading on the road", "City Appearance Regulations, Art. 14", "urban", 4),
    Kind.VEHICLE_LITTER: ("Litter from a vehicle", "Road Traffic Safety Law, Art. 66", "traffic", 24),
    Kind.PAVEMENT_OBSTRUCTION: ("Goods on the pavement", "City Appearance Regulations, Art. 14", "urban", 8),
}


def _square(lon: float, lat: float, width: float, height: float) -> dict[str, object]:
    ring = [[lon, lat], [lon + width, lat], [lon + width, lat + height], [lon, lat + height], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


AREAS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"id": name, "name": label, "level": level},
            "geometry": _square(lon, lat, size, size),
        }
        for name, label, level, lon, lat, size in (
            ("yuyao", "余姚市 Yuyao", "city", 121.0, 29.9, 0.4),
            ("lanjiang", "兰江街道 Lanjiang", "town", 121.145, 30.025, 0.02),
            ("yangming", "阳明街道 Yangming", "town", 121.145, 30.045, 0.02),
        )
    ],
}


@dataclass(frozen=True)
class Piece:
    """A picture or clip with its bytes."""

    role: EvidenceRole
    content_type: str
    content: bytes
    audience: Audience = Audience.PEOPLE

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def picture(shade: int, role: EvidenceRole) -> Piece:
    """A grey street with a lighter vehicle in it, as JPEG."""
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), shade, np.uint8)
    image[180:300, 240:440] = min(255, shade + 70)
    frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuvj420p")
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuvj420p"
    codec.time_base = Fraction(1, 25)
    packets = [*codec.encode(frame), *codec.encode(None)]
    return Piece(role, "image/jpeg", b"".join(bytes(packet) for packet in packets))


def clip(seconds_s: int = 2) -> Piece:
    """A light square that crosses the street, as H.264 in MP4."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(seconds_s * 10):
            image = np.full((180, 320, 3), 60, np.uint8)
            image[80:110, index * 8 : index * 8 + 40] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return Piece(EvidenceRole.CLIP, "video/mp4", target.getvalue())


@dataclass
class Seen:
    """An incident as the street tells it; the next revision is made from it."""

    incident_id: str
    started_at: datetime
    report: IncidentReport
    pieces: list[Piece] = field(default_factory=list)


class City:
    """Central as it runs, and what an edge box tells it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "secret").write_text(hashlib.sha256(str(folder).encode()).hexdigest())
        self.settings = CentralSettings.model_validate(
            {
                "city": "Yuyao",
                "public_url": self.url,
                "database": {"url": f"sqlite:///{folder / 'central.db'}"},
                "media": {"dir": folder / "media"},
                "secret": {"file": folder / "secret"},
                "custody": {"key_file": folder / "custody-key.pem"},
                "reports": {"workers": 0},
            }
        )
        write_key(folder / "custody-key.pem")
        self._epoch, self._sequence = new_id(), 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.app = create_app(self.settings)
        self.central = self.app.state.central

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def found(self) -> None:
        """Schema, areas, duty list and people. Takes a second, for passwords are made slow to guess."""
        database = self.central.database
        schema.migrate(database)
        now = datetime.now(UTC)
        areas, duty = self.folder / "areas.geojson", self.folder / "duty.yaml"
        areas.write_text(json.dumps(AREAS), encoding="utf-8")
        items = [
            {
                "kind": kind.value,
                "name": name,
                "legal_basis": basis,
                "deadline_hours": hours,
                "lead": {"default": unit},
            }
            for kind, (name, basis, unit, hours) in ITEMS.items()
        ]
        items += [
            {"id": f"item-{number}", "class": "01", "name": name}
            | {"legal_basis": "A law", "deadline_hours": 24, "lead": {"default": "traffic"}}
            for number, name in enumerate(("Manhole cover gone", "Street lamp dark"))
        ]
        classes = [{"id": "01", "name": "Public utilities"}]
        whole = {"classes": classes, "units": UNITS, "items": items}
        duty.write_text(json.dumps(whole), encoding="utf-8")  # JSON is YAML
        with database.write() as session:
            import_areas(session, areas, now)
            import_duty_list(session, duty, now)
            for name, role in (
                ("anna", Role.OPERATOR),
                ("bo", Role.OPERATOR),
                ("olga", Role.AUDITOR),
                ("adam", Role.ADMINISTRATOR),
                ("uwe", Role.UNIT_OFFICER),
            ):
                unit_id = "traffic" if role is Role.UNIT_OFFICER else None
                add_user(session, name, PASSWORD, [role], now, unit_id=unit_id)

    def session_of(self, name: str) -> str:
        """A session of someone whose password was right, as signing in opens it."""
        now = datetime.now(UTC)
        with self.central.database.write() as session:
            user = people_repository.by_name(session, name)
            assert user is not None
            return issue(session, user.id, "session", timedelta(hours=1), now).token

    def start(self) -> None:
        """Serve on the port; returns when it answers."""
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=self.port,
            log_level="error",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="central")
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            assert self._thread.is_alive(), "central did not start"
            assert time.monotonic() < deadline, "central did not start in time"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop serving and cut every connection; state stays."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(timeout=START_TIMEOUT_S)
        assert not self._thread.is_alive(), "central did not stop"
        self._server = self._thread = None

    def restart(self) -> None:
        """A new process of central on the same port and database."""
        self.app = create_app(self.settings)
        self.central = self.app.state.central
        self.start()

    # What the edge box tells.

    def sees(
        self,
        kind: Kind = Kind.ILLEGAL_PARKING,
        road: str = "阳明东路 Yangming East Road",
        *,
        pieces: list[Piece] | None = None,
        urgent: bool = False,
        dwell_s: float = 200.0,
        **changes: object,
    ) -> Seen:
        """An offence is opened; its evidence is named, and uploaded by :meth:`uploads`."""
        now = datetime.now(UTC)
        started = now - timedelta(seconds=dwell_s)
        pieces = pieces or []
        report = IncidentReport(
            incident_id=new_id(),
            revision=1,
            phase=Phase.OPENED,
            kind=kind,
            camera_id="yangming-east-3",
            camera_name="Yangming East 3",
            zone_id="bus-stop",
            road=road,
            started_at=started,
            observed_at=now,
            dwell_s=dwell_s,
            limit_s=180.0,
            urgent=urgent,
            object_class="truck",
            confidence=0.82,
            box=Box(x1=240, y1=180, x2=440, y2=300, picture_width_px=WIDTH_PX, picture_height_px=HEIGHT_PX),
            place=Place(lon=121.1551, lat=30.0437, method="ground_homography", accuracy_m=4.0),
            evidence=tuple(
                Evidence(
                    sha256=piece.sha256,
                    role=piece.role,
                    content_type=piece.content_type,
                    size_bytes=len(piece.content),
                    captured_at=started if piece.role is EvidenceRole.SNAPSHOT_ARRIVAL else now,
                    audience=piece.audience,
                )
                for piece in pieces
            ),
            model="yolox-nano@615e2661",
        ).model_copy(update=changes)
        seen = Seen(report.incident_id, started, report, pieces)
        self._sends(report)
        return seen

    def clears(self, seen: Seen) -> None:
        """The offender is gone."""
        now = datetime.now(UTC)
        revision = seen.report.revision + 1
        change = {"revision": revision, "phase": Phase.CLEARED, "ended_at": now, "observed_at": now}
        seen.report = seen.report.model_copy(update=change)
        self._sends(seen.report)

    def uploads(self, seen: Seen) -> None:
        """The bytes of the evidence arrive over HTTP, as an edge box sends them."""
        with self.central.database.write() as session:
            token = cameras.register(session, Sender(SITE, EDGE), datetime.now(UTC))
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}) as client:
            for piece in seen.pieces:
                response = client.put(
                    f"/api/v1/media/{piece.sha256}",
                    content=piece.content,
                    headers={
                        "Content-Type": piece.content_type,
                        "Upload-Offset": "0",
                        "Upload-Length": str(len(piece.content)),
                    },
                )
                assert response.is_success, response.text

    def reports_health(self, cameras: list[CameraHealth], *, edge: str = EDGE, age_s: float = 0.0) -> None:
        """A box says how it does; ``age_s`` ago by central's clock."""
        now = datetime.now(UTC) - timedelta(seconds=age_s)
        report = HealthReport(
            version="0.1.0",
            model="yolox-nano@615e2661",
            uptime_s=93_600,
            cameras=tuple(cameras),
            outbox_entries=0,
            outbox_bytes=0,
            media_waiting=2,
            dropped_updates=0,
        )
        event = HealthEvent(
            id=new_id(), source=source_of(SITE, edge), type=EventType.HEALTH, time=now, data=report
        )
        self._commit(edge, Channel.HEALTH, event.to_json(), now)

    def says_status(self, state: str, *, edge: str = EDGE) -> None:
        """A box comes or goes."""
        now = datetime.now(UTC)
        data = StatusReport.model_validate({"state": state})
        event = StatusEvent(
            id=new_id(), source=source_of(SITE, edge), type=EventType.STATUS, time=now, data=data
        )
        self._commit(edge, Channel.STATUS, event.to_json(), now)

    def _sends(self, report: IncidentReport) -> None:
        now = datetime.now(UTC)
        self._sequence += 1
        event = IncidentEvent(
            id=new_id(),
            source=source_of(SITE, EDGE),
            type=EventType.of_phase(report.phase),
            time=now,
            epoch=self._epoch,
            sequence=str(self._sequence),
            data=report,
        )
        self._commit(EDGE, Channel.INCIDENT, event.to_json(), now)

    def _commit(self, edge: str, channel: Channel, payload: bytes, now: datetime) -> None:
        """Intake's own function, as its MQTT worker calls it."""
        with self.central.database.write(ordered=True) as session:
            outcome = commit_batch(
                session,
                [Incoming(topic(SITE, edge, channel), payload)],
                now,
                self.settings.intake,
                self.settings.zone,
            )
        assert not outcome.rejected, outcome.rejected
