import hashlib
import random
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from edge.settings import CentralSettings, OutboxSettings
from edge.store import EdgeStore
from edge.uplink import MediaFile, MediaQueue, MediaUploader
from edge.uplink.uploader import PIECE_BYTES
from kerbwatch.incident import EvidenceRole
from tests.incidents import ARRIVED_AT
from tests.integration.uplink.media_server import MediaServer

TOKEN = "a-secret-that-no-log-may-show"


@pytest.fixture
def central():
    server = MediaServer()
    yield server
    server.close()


@pytest.fixture
def queue(tmp_path, clock):
    return MediaQueue(EdgeStore(tmp_path / "edge.db"), OutboxSettings(), clock)


@pytest.fixture
def uploader(central, queue, clock, monkeypatch):
    monkeypatch.setenv("EDGE_TOKEN", TOKEN)
    made = MediaUploader(CentralSettings(url=central.url, token="${EDGE_TOKEN}"), queue, clock)
    yield made
    made.stop()


@pytest.fixture
def a_file(tmp_path):
    def make(size_bytes=1000, role=EvidenceRole.CLIP, minute=0, seed=1):
        content = random.Random(seed + size_bytes).randbytes(size_bytes)
        sha256 = hashlib.sha256(content).hexdigest()
        kind = "video/mp4" if role is EvidenceRole.CLIP else "image/jpeg"
        path = tmp_path / f"{sha256[:12]}-{role}"
        path.write_bytes(content)
        return MediaFile(path, sha256, role, kind, size_bytes, ARRIVED_AT + timedelta(minutes=minute))

    return make


def puts(central):
    return [(offset, taken) for method, _, offset, taken in central.requests if method == "PUT"]


def test_a_clip_arrives_whole_in_pieces_and_only_then_leaves_the_box(central, queue, uploader, a_file):
    clip = a_file(int(2.5 * PIECE_BYTES))
    content = clip.path.read_bytes()
    queue.put(clip)
    assert uploader.step() == 0
    assert central.files == {clip.sha256: content}
    assert puts(central) == [
        (0, PIECE_BYTES),
        (PIECE_BYTES, PIECE_BYTES),
        (2 * PIECE_BYTES, PIECE_BYTES // 2),
    ]
    assert not clip.path.exists()
    assert queue.waiting() == 0
    assert (uploader.stats().uploaded, uploader.stats().uploaded_bytes) == (1, len(content))
    assert uploader.step() > 1, "nothing to do"


def test_an_upload_cut_in_the_middle_goes_on_where_it_was(central, queue, uploader, a_file):
    clip = a_file(2 * PIECE_BYTES)
    queue.put(clip)
    central.cut_after_bytes = 700_000
    assert uploader.step() > 0
    assert clip.path.exists()
    assert uploader.step() == 0
    assert puts(central)[:2] == [(0, 700_000), (700_000, PIECE_BYTES // 2)]
    assert sum(taken for _, taken in puts(central)) == clip.size_bytes
    assert clip.sha256 in central.files


def test_it_goes_on_after_the_box_was_killed_too(central, queue, uploader, a_file, tmp_path, clock):
    clip = a_file(2 * PIECE_BYTES)
    queue.put(clip)
    central.cut_after_bytes = 500_000
    uploader.step()
    reborn = MediaQueue(EdgeStore(tmp_path / "edge.db"), OutboxSettings(), clock)
    uploader = MediaUploader(CentralSettings(url=central.url), reborn, clock)
    assert uploader.step() == 0
    uploader.stop()
    assert puts(central)[1][0] == 500_000
    assert clip.sha256 in central.files


def test_a_box_killed_between_the_confirmation_and_its_note_ends_well(central, queue, uploader, a_file):
    clip = a_file()
    queue.put(clip)
    central.files[clip.sha256] = clip.path.read_bytes()
    clip.path.unlink()
    assert uploader.step() == 0
    assert (queue.waiting(), queue.stats().lost) == (0, 0)


def test_pieces_grow_smaller_on_a_thin_link_and_larger_again(central, queue, uploader, a_file):
    queue.put(a_file(3 * PIECE_BYTES))
    for _ in range(2):
        central.cut_after_bytes = 0
        uploader.step()
    assert uploader.step() == 0
    assert [taken for _, taken in puts(central)][2:5] == [PIECE_BYTES // 4, PIECE_BYTES // 2, PIECE_BYTES]


def test_snapshots_go_before_clips_and_older_before_newer(central, queue, uploader, a_file):
    late_clip = a_file(10, EvidenceRole.CLIP, 9)
    early_clip = a_file(11, EvidenceRole.CLIP, 1)
    late_picture = a_file(12, EvidenceRole.SNAPSHOT_LIMIT, 8)
    early_picture = a_file(13, EvidenceRole.SNAPSHOT_ARRIVAL, 2)
    order = [early_picture, late_picture, early_clip, late_clip]
    for media in (late_clip, early_clip, late_picture, early_picture):
        queue.put(media)
    while queue.waiting():
        uploader.step()
    assert list(central.files) == [media.sha256 for media in order]


def test_two_files_with_the_same_bytes_are_uploaded_once_and_both_go(central, queue, uploader, a_file):
    first, second = a_file(role=EvidenceRole.SNAPSHOT_ARRIVAL), a_file(role=EvidenceRole.SNAPSHOT_LIMIT)
    assert first.sha256 == second.sha256
    assert first.path != second.path
    queue.put(first)
    queue.put(second)
    assert uploader.step() == 0
    assert len(puts(central)) == 1
    assert queue.waiting() == 0
    assert not first.path.exists()
    assert not second.path.exists()


def test_central_that_stands_elsewhere_is_believed(central, queue, uploader, a_file):
    clip = a_file(1000)
    queue.put(clip)
    central.parts[clip.sha256] = clip.path.read_bytes()[:400]
    central.answers = [404]  # the HEAD is answered by a copy of central that knows nothing yet
    assert uploader.step() == 0
    assert puts(central) == [(0, 1000), (400, 600)]
    assert clip.sha256 in central.files


def test_a_file_damaged_on_the_box_is_given_up_and_said_loudly(central, queue, uploader, a_file):
    bad, good = a_file(1000, seed=1), a_file(2000, seed=2)
    queue.put(bad)
    queue.put(good)
    bad.path.write_bytes(bytes(1000))
    with capture_logs() as logs:
        while queue.waiting():
            assert uploader.step() == 0
    assert list(central.files) == [good.sha256]
    assert queue.stats().lost == 1
    assert ("media_lost", "error") in {(entry["event"], entry["log_level"]) for entry in logs}


def test_a_file_that_vanished_or_shrank_is_given_up(central, queue, uploader, a_file):
    gone, shrunk = a_file(1000, seed=1), a_file(2000, seed=2)
    queue.put(gone)
    queue.put(shrunk)
    gone.path.unlink()
    shrunk.path.write_bytes(b"half")
    assert [uploader.step(), uploader.step()] == [0, 0]
    assert (queue.waiting(), queue.stats().lost) == (0, 2)
    assert puts(central) == []


@pytest.mark.parametrize("status", [422, 400, 413])
def test_an_intact_file_that_is_refused_lets_others_pass_and_is_tried_again(
    central, queue, uploader, a_file, clock, status
):
    first, second = a_file(1000, minute=0), a_file(2000, minute=1)
    queue.put(first)
    queue.put(second)
    central.answers = [404, status]
    uploader.step()
    uploader.step()
    assert list(central.files) == [second.sha256]
    assert first.path.exists()
    wait_s = uploader.step()
    assert 0 < wait_s <= 30
    clock.advance(60)
    assert uploader.step() == 0
    assert set(central.files) == {first.sha256, second.sha256}


def test_central_that_is_away_for_days_costs_ever_fewer_attempts_and_nothing_else(
    central, queue, uploader, a_file
):
    queue.put(a_file())
    url_is_dead = central
    url_is_dead.close()
    with capture_logs() as logs:
        waits = [uploader.step() for _ in range(14)]
    assert waits[0] <= 1
    assert 150 <= waits[-1] <= 300
    assert [entry["event"] for entry in logs] == ["media_upload_waits"], "said once, not fourteen times"
    assert queue.waiting() == 1


def test_a_central_under_load_says_when_to_come_again(central, queue, uploader, a_file):
    queue.put(a_file())
    central.answers = [503, 429]
    assert uploader.step() >= 7
    assert uploader.step() >= 7
    assert uploader.step() == 0


def test_a_wrong_token_keeps_everything_says_so_once_and_shows_no_token(
    central, queue, uploader, a_file, monkeypatch
):
    central.token = "another"
    clip = a_file()
    queue.put(clip)
    with capture_logs() as logs:
        assert all(uploader.step() > 0 for _ in range(5))
        monkeypatch.setenv("EDGE_TOKEN", "another")  # as when the token's file is renewed
        assert uploader.step() > 0
        assert uploader.step() == 0
    assert [e["event"] for e in logs] == ["media_upload_waits", "media_uploaded", "media_upload_works_again"]
    assert TOKEN not in str(logs)
    assert clip.sha256 in central.files


def test_the_thread_uploads_what_is_put_and_stops_in_time(central, queue, uploader, a_file):
    uploader.start()
    clip = a_file(3000)
    queue.put(clip)
    for _ in range(500):
        if queue.waiting() == 0:
            break
        uploader._stopping.wait(0.01)
    assert clip.sha256 in central.files
    uploader.stop(2)
    assert not uploader._thread.is_alive()
