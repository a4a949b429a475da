"""The camera checks the work: a real stream, broker, box and central, and a van that stays, and goes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest

from central import setup
from central.cameras import service as cameras
from central.people import repository as people_repository
from central.people import service as people
from central.people.permissions import Role
from central.sender import Sender
from edge.settings import EdgeSettings
from edge.worker import EdgeWorker
from kerbwatch.clock import SystemClock
from kerbwatch.demo.broker import Broker
from kerbwatch.demo.rtsp import RtspServer
from tests.clips import write_clip_file
from tests.integration.central.conftest import make_settings
from tests.integration.central.running import RunningCentral
from tests.waiting import wait_until

VANS = (slice(20, 128), slice(620, 768))
"""Rows and columns of the picture in which the clip's vans stand; the road below them is clear."""
KERB = [[640, 35], [735, 35], [735, 110], [640, 106]]
"""Where the white one stands."""
FPS = 10


@pytest.fixture(scope="session")
def kerb_media(street_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of the demo's street as it is, and the same with the road where the vans stood."""
    folder = tmp_path_factory.mktemp("kerb")
    with av.open(str(street_media / "street.mp4")) as container:
        frames = container.decode(video=0)
        pictures = [next(frames).to_ndarray(format="bgr24") for _ in range(6 * FPS)]
    free = [picture.copy() for picture in pictures]
    for picture in free:
        rows, columns = VANS
        road = picture[200 : 200 + rows.stop - rows.start, 600 : 600 + columns.stop - columns.start]
        picture[VANS] = cv2.GaussianBlur(road, (0, 0), 1.5)
    for name, shown in (("vans", pictures), ("free", free)):
        write_clip_file(folder / f"{name}.mp4", shown.__getitem__, seconds=6, fps=FPS, gop=FPS // 2)
    return folder


def grey_of(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).astype(float)


class Street:
    """Everything that runs: the stream, the broker, central and the box, and a hand to change the scene."""

    def __init__(
        self, folder: Path, media: Path, broker: Broker, root: Path, monkeypatch: pytest.MonkeyPatch
    ):
        self._folder, self._media = folder, media
        (folder / "camera").mkdir()
        self.shows("vans")
        self.rtsp = RtspServer(folder / "camera").start()
        more = {"mqtt": {"port": broker.port}, "escalation": {"sweep_s": 0.2}}
        settings = make_settings(folder, root, f"sqlite:///{folder}/central.db", **more)
        setup.initialise(settings, SystemClock().now_utc())
        self.central = RunningCentral(settings)
        self.central.__enter__()
        database = self.central.central.database
        with database.write() as session:
            monkeypatch.setenv("EDGE_TOKEN", cameras.register(session, Sender("yuyao", "box-1"), self.now))
        self.box = EdgeWorker(self.edge_settings(broker.port), SystemClock())
        self.box.start()

    @property
    def now(self):
        return SystemClock().now_utc()

    def edge_settings(self, mqtt_port: int) -> EdgeSettings:
        zone = {"id": "kerb", "kind": "no_parking", "dwell_s": 3, "polygon": KERB, "detail": "whole"}
        camera = {"id": "kerb-1", "source": self.rtsp.url("camera.mp4"), "size": [768, 576], "zones": [zone]}
        camera |= {"position": {"lon": 121.1544, "lat": 30.0372}, "look_interval_s": 0.5}
        tree = {"site": "yuyao", "edge": "box-1", "data_dir": self._folder / "edge", "cameras": [camera]}
        tree |= {"mqtt": {"port": mqtt_port}, "metrics": {"enabled": False}}
        tree |= {"central": {"url": self.central.url, "token": "${EDGE_TOKEN}"}}
        return EdgeSettings.model_validate(tree | {"evidence": {"pre_roll_s": 0, "post_roll_s": 0}})

    def shows(self, name: str) -> None:
        """From now on the camera's stream shows this."""
        if hasattr(self, "rtsp"):
            self.rtsp.stop()
        shutil.copy(self._media / f"{name}.mp4", self._folder / "camera" / "camera.mp4")
        if hasattr(self, "rtsp"):
            self.rtsp.start()

    def picture_of(self, name: str) -> np.ndarray:
        """The first picture of a scene, grey."""
        with av.open(str(self._media / f"{name}.mp4")) as container:
            return next(container.decode(video=0)).to_ndarray(format="gray").astype(float)

    def someone(self, name: str, role: Role, unit: str | None = None) -> httpx.Client:
        """Signed in."""
        with self.central.central.database.write() as session:
            people.add_user(session, name, "a long enough password", [role], self.now, unit_id=unit)
            user = people_repository.by_name(session, name)
            token = people.issue(session, user.id, "bearer", timedelta(hours=1), self.now).token
        return httpx.Client(base_url=self.central.url, headers={"Authorization": f"Bearer {token}"})

    def close(self) -> None:
        self.box.stop()
        self.central.__exit__()
        self.rtsp.stop()


@pytest.fixture
def street(tmp_path, kerb_media, pytestconfig, monkeypatch) -> Iterator[Street]:
    with Broker(data_dir=tmp_path / "broker") as broker:
        running = Street(tmp_path, kerb_media, broker, pytestconfig.rootpath, monkeypatch)
        yield running
        running.close()


def test_a_van_that_still_stands_comes_back_to_its_unit_and_one_that_is_gone_closes_the_case(street: Street):
    olga = street.someone("olga", Role.OPERATOR)

    def case() -> dict[str, Any]:
        items = olga.get("/api/v1/cases").json()["items"]
        return olga.get(f"/api/v1/cases/{items[-1]['id']}").json() if items else {}

    def pictures() -> list[dict[str, Any]]:
        evidence = [piece for lead in case()["leads"] for piece in lead["evidence"]]
        shown = [each for each in evidence if each["audience"] == "people" and each["here"]]
        return [each for each in shown if each["role"] == "snapshot_checked"]

    def moves(*names: str) -> None:
        for name in names:
            path = f"/api/v1/my/tickets/{case()['tickets'][0]['id']}/{name}"
            wait_until(lambda path=path: _done(ulla, path, case()), name)

    wait_until(case, "the van is a case")
    confirmed = f"/api/v1/cases/{case()['id']}/confirm"
    wait_until(lambda: _done(olga, confirmed, case()), "confirmed")
    ulla = street.someone("ulla", Role.UNIT_OFFICER, case()["tickets"][0]["unit_id"])
    moves("accept", "start", "report_handled")
    assert case()["state"] == "checking"
    wait_until(lambda: case()["state"] == "handling", "the van still stands: back to the unit")
    wait_until(lambda: len(pictures()) == 1, "with a picture of it")

    street.shows("free")
    moves("report_handled")
    wait_until(lambda: case()["state"] == "closed", "the van is gone: closed")
    wait_until(lambda: len(pictures()) == 2, "with the picture after")
    asked = olga.get(f"/api/v1/cases/{case()['id']}/look-agains").json()
    assert [(each["verdict"], each["state"]) for each in asked] == [
        ("clear", "settled"),
        ("not_clear", "settled"),
    ]
    url = {each["sha256"]: each["url"] for each in pictures()}
    shown = [grey_of(olga.get(url[each["picture_sha256"]]).content)[VANS] for each in asked]
    vans = street.picture_of("vans")[VANS]
    alike = [float(np.corrcoef(vans.ravel(), picture.ravel())[0, 1]) for picture in shown]
    assert alike[0] < 0.5 < 0.8 < alike[1], "after: bare road; before: the vans"


def _done(who: httpx.Client, path: str, seen: dict[str, Any]) -> bool:
    """Try a move on the case as it was seen; somebody (the camera) may have been faster."""
    answer = who.post(path, json={"note": "told to move on"}, headers={"If-Match": f'"{seen["version"]}"'})
    assert answer.status_code in {200, 412}, answer.text
    return answer.status_code == 200
