"""The edge's own uplink against central's own intake: both sides read the contract the same way."""

import hashlib
import random
import socket
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from central.cameras import service as cameras
from central.sender import Sender
from edge.settings import CentralSettings as EdgeCentralSettings
from edge.settings import OutboxSettings
from edge.store import EdgeStore
from edge.uplink import MediaFile, MediaQueue, MediaUploader
from kerbwatch.clock import SystemClock
from kerbwatch.incident import EvidenceRole
from tests.integration.central.running import RunningCentral
from tests.waiting import wait_until

CLIP = b"\x00\x00\x00\x18ftypisom" + random.Random(1).randbytes(2_500_000)
SHA = hashlib.sha256(CLIP).hexdigest()

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def central(settings):
    roomy = settings.model_copy(update={"media": settings.media.model_copy(update={"max_bytes": 10**7})})
    with RunningCentral(roomy) as running:
        yield running


@pytest.fixture
def token(central):
    with central.central.database.write() as session:
        return cameras.register(session, Sender("yuyao", "box-1"), SystemClock().now_utc())


def progress(central, token):
    answer = httpx.head(f"{central.url}/api/v1/media/{SHA}", headers={"Authorization": f"Bearer {token}"})
    return answer.headers.get("Upload-Offset"), answer.headers.get("Upload-Complete")


def test_the_boxs_uploader_brings_a_clip_to_central(central, token, tmp_path, monkeypatch, clock):
    monkeypatch.setenv("EDGE_TOKEN", token)
    (tmp_path / "clip.mp4").write_bytes(CLIP)
    queue = MediaQueue(EdgeStore(tmp_path / "edge.db"), OutboxSettings(), clock)
    now = clock.now_utc() - timedelta(minutes=1)
    queue.put(MediaFile(tmp_path / "clip.mp4", SHA, EvidenceRole.CLIP, "video/mp4", len(CLIP), now))
    uploader = MediaUploader(EdgeCentralSettings(url=central.url, token="${EDGE_TOKEN}"), queue, clock)
    assert uploader.step() == 0
    uploader.stop()
    assert (uploader.stats().uploaded, uploader.stats().failures, queue.waiting()) == (1, 0, 0)
    assert central.central.media.verified_path(SHA).read_bytes() == CLIP


def test_what_came_before_the_link_was_cut_need_not_come_again(central, token):
    host = urlsplit(central.url)
    head = (
        f"PUT /api/v1/media/{SHA} HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: video/mp4\r\nUpload-Offset: 0\r\nUpload-Length: {len(CLIP)}\r\n"
        f"Content-Length: {len(CLIP)}\r\n\r\n"
    )
    with socket.create_connection((host.hostname, host.port)) as link:
        link.sendall(head.encode() + CLIP[:1_300_000])
        wait_until(lambda: int(progress(central, token)[0] or 0) >= 1_000_000, "central keeps what came")

    def goes_on():
        offset = int(progress(central, token)[0])
        assert offset >= 1_000_000
        answer = httpx.put(
            f"{central.url}/api/v1/media/{SHA}",
            content=CLIP[offset:],
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "video/mp4",
                "Upload-Offset": str(offset),
                "Upload-Length": str(len(CLIP)),
            },
        )
        assert answer.status_code in {201, 409, 503}, "it may take a moment until the dead link is noticed"
        return answer.status_code == 201

    wait_until(goes_on, "the rest was taken")
    assert progress(central, token) == (str(len(CLIP)), "?1")
