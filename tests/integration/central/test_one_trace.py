"""One search through both logs follows an incident from the camera to its ticket."""

import httpx
import numpy as np
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from central.cameras import service as cameras
from central.people.models import User, UserRole
from central.sender import Sender
from edge.evidence import files
from edge.frame import ArrayPicture, Frame
from edge.incidents import IncidentBook
from edge.rules.sighting import Sighting
from edge.settings import EdgeSettings
from edge.store import EdgeStore
from edge.uplink import MediaQueue, Outbox, Uplink
from kerbwatch.clock import SystemClock
from kerbwatch.demo.broker import Broker, mosquitto_path
from kerbwatch.ids import new_id
from kerbwatch.incident import EvidenceRole, Kind, Phase
from kerbwatch.messages import source_of
from kerbwatch.mqtt import MqttSettings
from kerbwatch.tracing import read_traceparent
from tests.integration.central.conftest import PASSWORD
from tests.integration.central.running import RunningCentral
from tests.integration.uplink.test_uplink import HEALTH
from tests.waiting import wait_until

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def see_a_car(book: IncidentBook, folder, now) -> str:
    """The rule reports a car that stands too long, with the picture of it."""
    seen = Sighting(
        phase=Phase.OPENED,
        kind=Kind.ILLEGAL_PARKING,
        zone_id="kerb",
        incident_id=new_id(),
        t_s=40.0,
        started_t_s=0.0,
        box_xyxy=(10, 10, 60, 50),
        score=0.9,
        object_class="car",
        dwell_s=40.0,
        limit_s=30.0,
    )
    frame = Frame("cam-12", 40.0, now, ArrayPicture(np.zeros((90, 160, 3), np.uint8)))
    picture = files.keep(
        folder,
        lambda path: path.write_bytes(b"\xff\xd8\xff\xe0" + b"picture" * 50),
        role=EvidenceRole.SNAPSHOT_LIMIT,
        content_type="image/jpeg",
        captured_at=now,
    )
    book.report(seen, frame, [picture])
    book.add_shown(seen.incident_id, picture, None)
    return seen.incident_id


def test_one_search_follows_an_incident_from_the_camera_to_the_confirmed_ticket(
    settings, password_hash, tmp_path, monkeypatch, require
):
    require(mosquitto_path(), "Mosquitto is not on this machine (apt-get install mosquitto)")
    clock = SystemClock()
    with Broker(data_dir=tmp_path / "broker") as broker, capture_logs([merge_contextvars]) as lines:
        on_broker = settings.model_copy(update={"mqtt": MqttSettings(port=broker.port)})
        with RunningCentral(on_broker) as running:
            database = running.central.database
            with database.write() as session:
                monkeypatch.setenv(
                    "BOX", cameras.register(session, Sender("yuyao", "box-1"), clock.now_utc())
                )
                roles = [UserRole(role="operator"), UserRole(role="dispatcher")]
                mei = User(id=new_id(), name="mei", password_hash=password_hash, roles=roles)
                mei.disabled, mei.created_at = False, clock.now_utc()
                session.add(mei)
            box = EdgeSettings.model_validate(
                {
                    "site": "yuyao",
                    "edge": "box-1",
                    "mqtt": {"port": broker.port},
                    "central": {"url": running.url, "token": "${BOX}"},
                    "cameras": [
                        {"id": "cam-12", "source": "x.mp4", "position": {"lon": 121.15, "lat": 30.05}}
                    ],
                }
            )
            store = EdgeStore(tmp_path / "edge.db")
            outbox = Outbox(store, source=source_of("yuyao", "box-1"), settings=box.outbox, clock=clock)
            media = MediaQueue(store, box.outbox, clock)
            uplink = Uplink(box, outbox, media, lambda: HEALTH, clock, asked=lambda _question: None)
            uplink.start()
            try:
                book = IncidentBook(box.cameras[0], store, outbox, media, model="yolox-nano")
                incident = see_a_car(book, tmp_path / "media", clock.now_utc())
                wait_until(lambda: outbox.stats().entries == 0 and media.waiting() == 0, "all is delivered")
            finally:
                uplink.stop(2)
            trace = incident.replace("-", "")
            case = next(line["case"] for line in lines if line["event"] == "lead_taken")
            with httpx.Client(base_url=running.url) as client:
                token = client.post("/api/v1/token", json={"name": "mei", "password": PASSWORD}).json()
                client.headers["Authorization"] = f"Bearer {token['access_token']}"
                seen = {"If-Match": client.get(f"/api/v1/cases/{case}").headers["etag"]}
                own = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
                answer = client.post(f"/api/v1/cases/{case}/confirm", json={}, headers=seen | own)
            assert answer.status_code == 200, answer.text
    found = [line for line in lines if trace in str(line)]
    told = [line["event"] for line in found]
    for step in ("incident", "lead_taken", "incident_receipted", "media_received", "media_uploaded"):
        assert step in told, f"{step} is in the log under the incident's trace"
    assert {line["ticket"] for line in found if line["event"] == "lead_taken"} != {None}
    moves = [line for line in found if line["event"] == "case_event"]
    assert moves[-1]["rule"] == "dispatch"
    assert moves[-1]["trace_id"] == "ab" * 16, "the operator's own request is found from there"
    back = read_traceparent(answer.headers["traceparent"])
    assert back is not None
    assert back.trace_id == "ab" * 16
    assert back.span_id != "cd" * 8
    requests = [line for line in lines if line["event"] == "request" and line["trace_id"] == "ab" * 16]
    assert [line["route"] for line in requests] == ["/api/v1/cases/{case_id}/confirm"]
    assert incident not in str(requests), "a line about a request names its route, not its path"
