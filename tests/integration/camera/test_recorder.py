"""Evidence from real streams: two pictures and a clip that plays, hashed when they were made."""

import hashlib
import threading
from datetime import timedelta

import av
import cv2
import numpy as np
import pytest

from edge.camera.picture import Converter, VideoPicture
from edge.evidence.desk import Desk
from edge.evidence.recorder import Recorder
from edge.frame import ArrayPicture, Frame
from edge.settings import EvidenceSettings
from edge.uplink.room import MediaRoom
from kerbwatch.clock import ManualClock, SystemClock
from kerbwatch.incident import EvidenceRole
from tests.clips import street, write_clip_file
from tests.integration.camera.cameras import Watched, play, watching
from tests.waiting import wait_until

ROLLS = EvidenceSettings(pre_roll_s=2, post_roll_s=1)


def clip_times(media):
    with av.open(str(media.path)) as container:
        return [frame.time for frame in container.decode(video=0)]


class Taken:
    """What ``done`` was called with."""

    def __init__(self):
        self.media = []
        self._called = threading.Event()

    def __call__(self, media):
        self.media.append(media)
        self._called.set()

    def wait(self):
        assert self._called.wait(20)
        return self.media[0]


def recorder_of(watched, folder, clock=None, *, most_bytes=2**40):
    room = MediaRoom(folder, most_bytes, SystemClock())
    return Recorder(watched.camera, ROLLS, folder, clock or SystemClock(), Desk(), room=room)


def test_the_clip_of_a_stream_has_the_pre_roll_and_plays(server, tmp_path):
    with watching(server.url("street.mp4"), look_interval_s=1) as watched:
        recorder, taken = recorder_of(watched, tmp_path), Taken()
        watched.wait_for(5)
        moment = watched.frames[-1]
        recorder.request_clip(moment.t_s, taken)
        clip = taken.wait()
    times = clip_times(clip)
    assert times[0] == 0
    assert 3.0 - 0.1 <= times[-1] <= 4.2
    assert moment.captured_at - timedelta(seconds=3.2) <= clip.captured_at
    assert clip.captured_at <= moment.captured_at - timedelta(seconds=1.9)
    assert (clip.role, clip.content_type) == (EvidenceRole.CLIP, "video/mp4")
    assert clip.intact()
    assert clip.path.name.startswith(clip.sha256) and clip.path.suffix == ".mp4"
    assert clip.size_bytes == clip.path.stat().st_size


def test_the_clip_shows_the_moment(tmp_path):
    """From a file, so that each picture is known."""
    source = write_clip_file(tmp_path / "a.mp4", seconds=8)
    taken, box = Taken(), []

    def ask(frame):
        if frame.t_s == pytest.approx(4):
            box[0].request_clip(frame.t_s, taken)

    watched = Watched(source, playback="flat_out", also=ask, look_interval_s=1, evidence=ROLLS)
    box.append(recorder_of(watched, tmp_path / "media"))
    watched.camera.start()
    clip = taken.wait()
    assert watched.camera.stop(5)
    with av.open(str(clip.path)) as container:
        shown = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert np.abs(shown[50].astype(int) - street()(100)).mean() < 8, "two seconds in, the moment"
    assert len(shown) == pytest.approx(76, abs=1)


def test_the_end_of_a_file_ends_the_waiting_for_the_post_roll(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=4), evidence=ROLLS)
    taken = Taken()
    recorder_of(watched, tmp_path / "media").request_clip(3.9, taken)
    assert clip_times(taken.wait())[-1] == pytest.approx(2.96, abs=0.1)


def test_a_camera_that_falls_silent_still_gives_what_there_is(mortal_server, tmp_path):
    clock = ManualClock()
    with watching(mortal_server.url("street.mp4"), look_interval_s=1) as watched:
        recorder, taken = recorder_of(watched, tmp_path, clock), Taken()
        watched.wait_for(3)
        mortal_server.kill()
        wait_until(lambda: watched.camera.status().error, "the loss is told")
        recorder.request_clip(watched.times[-1] + 60, taken)
        clock.advance(200)
        media = taken.wait()
    assert media is None or media.intact()


def test_a_snapshot_is_the_whole_picture_unaltered(tmp_path):
    source = write_clip_file(tmp_path / "a.mp4", seconds=1, rotation_deg=-90)
    watched = play(source)
    snapshot = recorder_of(watched, tmp_path / "media").snapshot(
        watched.frames[0], EvidenceRole.SNAPSHOT_ARRIVAL
    )
    image = cv2.imread(str(snapshot.path))
    assert image.shape == (320, 180, 3), "upright"
    frame = next(av.open(str(source)).decode(video=0))
    assert np.abs(image.astype(int) - VideoPicture(frame, Converter()).bgr()).mean() < 3
    assert snapshot.sha256 == hashlib.sha256(snapshot.path.read_bytes()).hexdigest()
    assert snapshot.captured_at == watched.frames[0].captured_at
    assert list((tmp_path / "media").iterdir()) == [snapshot.path]


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=4), evidence=ROLLS)
    (tmp_path / "media").write_text("not a folder")
    recorder, taken = recorder_of(watched, tmp_path / "media"), Taken()
    recorder.request_clip(2.0, taken)
    assert taken.wait() is None
    assert recorder.failures == 1
    with pytest.raises(OSError, match="media"):
        recorder.snapshot(watched.frames[0], EvidenceRole.SNAPSHOT_LIMIT)


def test_a_moment_that_is_long_forgotten_gives_no_clip(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=20), evidence=ROLLS)
    recorder, taken = recorder_of(watched, tmp_path / "media"), Taken()
    recorder.request_clip(2.0, taken)
    assert taken.wait() is None
    assert recorder.failures == 1


def test_after_closing_nobody_is_called(server, tmp_path):
    with watching(server.url("street.mp4"), look_interval_s=1) as watched:
        recorder, taken = recorder_of(watched, tmp_path), Taken()
        watched.wait_for(1)
        recorder.request_clip(watched.times[0] + 30, taken)
        recorder.close(0.1)
    recorder.close(5)
    assert taken.media == []
    assert list(tmp_path.iterdir()) == []


def test_a_camera_watched_on_its_sub_stream_gives_its_main_stream_as_well(server, tmp_path):
    extras = []
    look = server.url("sub.mp4")
    with watching(server.url("street.mp4"), look_source=look, look_interval_s=1) as watched:
        recorder, taken = recorder_of(watched, tmp_path), Taken()
        watched.wait_for(3)
        recorder.request_clip(watched.times[-1], taken, extra=extras.append)
        clip = taken.wait()
        wait_until(lambda: len(extras) == 2, "the main stream's picture and clip")
    sizes = {}
    for media in (clip, extras[1]):
        with av.open(str(media.path)) as container:
            video = container.streams.video[0].codec_context
            sizes[media.sha256] = (video.width, video.height)
    assert sizes == {clip.sha256: (160, 96), extras[1].sha256: (320, 180)}
    assert clip_times(extras[1])[-1] == pytest.approx(1.0, abs=0.1)
    assert cv2.imread(str(extras[0].path)).shape == (180, 320, 3)


def test_with_its_share_of_the_disk_full_a_box_keeps_no_clip_of_either_stream(tmp_path):
    main, sub = (write_clip_file(tmp_path / name, seconds=2) for name in ("main.mp4", "sub.mp4"))
    watched = play(main, look_source=str(sub))
    extras, taken = [], Taken()
    recorder = recorder_of(watched, tmp_path / "media", most_bytes=1_000)
    recorder.request_clip(1.0, taken, extra=extras.append)
    assert taken.wait() is None
    wait_until(lambda: extras, "the main stream's picture")
    recorder.close()
    assert [extra.content_type for extra in extras] == ["image/jpeg"]
    assert [path.suffix for path in (tmp_path / "media").iterdir()] == [".jpg"]
    assert recorder.failures == 0, "nothing has failed"


def test_a_main_stream_that_is_away_costs_only_itself(server, tmp_path):
    extras = []
    with watching("rtsp://127.0.0.1:1/x", look_source=server.url("sub.mp4"), look_interval_s=1) as watched:
        recorder, taken = recorder_of(watched, tmp_path), Taken()
        watched.wait_for(2)
        recorder.request_clip(watched.times[-1], taken, extra=extras.append)
        assert taken.wait() is not None
        recorder.close()
    assert extras == []
    assert recorder.failures == 1


def test_two_incidents_with_the_same_picture_have_a_file_each(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=1))
    recorder = recorder_of(watched, tmp_path / "media")
    frame = watched.frames[0]
    other = Frame("kerb", 1.0, frame.captured_at, ArrayPicture(np.zeros((180, 320, 3), np.uint8)))
    kept = [recorder.snapshot(each, EvidenceRole.SNAPSHOT_LIMIT) for each in (frame, frame, other)]
    assert kept[0].sha256 == kept[1].sha256 != kept[2].sha256
    assert len({media.path for media in kept}) == 3
    assert all(media.intact() for media in kept)
