import hashlib

import pytest
from pydantic import ValidationError

from edge.settings import OutboxSettings
from edge.store import EdgeStore
from edge.uplink import MediaFile, MediaQueue
from kerbwatch.incident import EvidenceRole
from tests.incidents import ARRIVED_AT


@pytest.fixture
def store(tmp_path):
    return EdgeStore(tmp_path / "edge.db")


def a_file(folder, content=b"picture", role=EvidenceRole.SNAPSHOT_LIMIT):
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{sha256[:8]}.jpg"
    path.write_bytes(content)
    return MediaFile(path, sha256, role, "image/jpeg", len(content), ARRIVED_AT)


def test_what_waits_survives_a_restart(store, tmp_path, clock):
    media = a_file(tmp_path)
    MediaQueue(store, OutboxSettings(), clock).put(media)
    again = MediaQueue(EdgeStore(tmp_path / "edge.db"), OutboxSettings(), clock)
    assert again.next() == media
    assert again.waiting() == 1


def test_a_put_that_is_undone_with_its_incident_does_not_wait(store, tmp_path, clock):
    queue = MediaQueue(store, OutboxSettings(), clock)

    def crashes():
        with store.transaction():
            queue.put(a_file(tmp_path))
            raise RuntimeError("the incident was not kept")

    with pytest.raises(RuntimeError):
        crashes()
    assert queue.waiting() == 0


def test_putting_a_file_twice_is_putting_it_once(store, tmp_path, clock):
    queue = MediaQueue(store, OutboxSettings(), clock)
    for _ in range(2):
        queue.put(a_file(tmp_path))
    assert (queue.stats().waiting, queue.stats().bytes) == (1, len(b"picture"))


def test_a_file_that_is_put_off_comes_back_after_its_time(store, tmp_path, clock):
    queue = MediaQueue(store, OutboxSettings(), clock)
    first, second = a_file(tmp_path, b"one"), a_file(tmp_path, b"two")
    queue.put(first)
    queue.put(second)
    queue.put_off(queue.next().sha256, 60)
    queue.put_off(queue.next().sha256, 90)
    assert queue.next() is None
    assert queue.next_put_off_s() == 60
    clock.advance(60)
    assert queue.next() is not None


def test_a_file_knows_whether_it_still_is_what_was_captured(tmp_path):
    media = a_file(tmp_path)
    assert media.intact()
    media.path.write_bytes(b"pixture")
    assert not media.intact()
    media.path.unlink()
    assert not media.intact()


def test_its_evidence_is_what_the_message_names(tmp_path):
    media = a_file(tmp_path)
    evidence = media.evidence()
    assert (evidence.sha256, evidence.role, evidence.size_bytes) == (media.sha256, media.role, 7)
    assert evidence.captured_at == ARRIVED_AT


def test_an_empty_file_is_no_evidence(tmp_path):
    with pytest.raises(ValidationError):
        a_file(tmp_path, b"").evidence()
