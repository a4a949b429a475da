"""Clips as cameras: what can be read is read, upright and on the clip's own time."""

import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.camera import Camera
from edge.settings import EvidenceSettings
from kerbwatch.clock import ManualClock
from kerbwatch.messages import CameraState
from tests.clips import still, street, write_clip_file
from tests.integration.camera.cameras import play, settings_of, watching

CLIPS = Path(__file__).parents[4] / "shared" / "data" / "clips"


def test_the_dwell_profile_looks_at_key_frames_once_an_interval(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=6, gop=25), look_interval_s=2)
    assert watched.times == pytest.approx([0, 2, 4])
    status = watched.camera.status()
    assert (status.state, status.decoding, status.codec) == (CameraState.STOPPED, "key_frames", "h264")
    assert status.error is None
    assert status.key_interval_s == pytest.approx(1.0)


def test_the_picture_is_the_one_of_its_time(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=4, gop=25), look_interval_s=1)
    for frame in watched.frames:
        expected = street()(round(frame.t_s * 25))
        assert np.abs(frame.picture.bgr().astype(int) - expected).mean() < 8


def test_a_camera_with_rare_key_frames_is_looked_at_as_often_all_the_same(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=8, gop=200), look_interval_s=0.4)
    assert watched.camera.status().decoding == "all"
    gaps = np.diff(watched.times)
    assert gaps[1:].max() < 0.45
    assert gaps.min() >= 0.36
    late = watched.frames[-1]
    assert np.abs(late.picture.bgr().astype(int) - street()(round(late.t_s * 25))).mean() < 10


@pytest.mark.parametrize("b_frames", [0, 3], ids=["in order", "out of order"])
def test_the_motion_profile_shows_every_picture_in_its_order(tmp_path, b_frames):
    clip = write_clip_file(tmp_path / "a.mp4", seconds=3, gop=50, b_frames=b_frames)
    watched = play(clip, profile="motion")
    assert watched.times == pytest.approx([i / 25 for i in range(75)], abs=1e-3)


def test_b_frames_do_not_hold_a_key_frame_back(tmp_path):
    clip = write_clip_file(tmp_path / "a.mp4", seconds=4, gop=25, b_frames=3)
    watched = play(clip, look_interval_s=1)
    assert watched.times == pytest.approx([0, 1, 2, 3], abs=1e-3)
    assert watched.camera.status().corrupt == 0


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx265", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.avi", "msmpeg4v2", "yuv420p"),
        ("a.mkv", "libvpx-vp9", "yuv420p"),
    ],
    ids=["h265", "mjpeg", "msmpeg4", "vp9"],
)
def test_cameras_of_other_codecs_are_watched_as_well(tmp_path, name, codec, pix_fmt):
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    clip = write_clip_file(tmp_path / name, seconds=3, codec=codec, pix_fmt=pix_fmt, options=options)
    watched = play(clip, look_interval_s=1)
    assert len(watched.frames) >= 3
    last = watched.frames[-1]
    assert np.abs(last.picture.bgr().astype(int) - street()(round(last.t_s * 25))).mean() < 15


def test_a_portrait_clip_stands_upright(tmp_path):
    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=1, rotation_deg=-90))
    picture = watched.frames[0].picture
    assert picture.size_px == watched.camera.status().size_px == (180, 320)
    assert np.abs(picture.bgr().astype(int) - np.rot90(street()(0), 3)).mean() < 10
    assert watched.camera.ring.rotation_deg == 270


def test_a_clip_cut_in_half_is_read_to_where_it_ends(tmp_path):
    whole = write_clip_file(tmp_path / "a.mp4", seconds=8)
    data = whole.read_bytes()
    half = tmp_path / "half.mp4"
    half.write_bytes(data[: len(data) * 6 // 10])
    watched = play(half, look_interval_s=1)
    assert watched.times[-1] > 2
    status = watched.camera.status()
    assert status.state is CameraState.STOPPED
    assert "cut off" in status.error
    assert "of 8.0 s" in status.error
    assert status.cut_off_s == pytest.approx(watched.times[-1], abs=1.1)


def test_a_clip_without_its_index_ends_with_a_clear_word(tmp_path):
    whole = write_clip_file(tmp_path / "a.mp4", seconds=4, faststart=False)
    half = tmp_path / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    watched = play(half)
    assert watched.frames == []
    assert "cut off before its index" in watched.camera.status().error


def test_a_missing_clip_ends_with_a_clear_word(tmp_path):
    watched = play(tmp_path / "gone.mp4")
    assert "there is no file" in watched.camera.status().error


def test_a_clip_that_begins_between_key_frames_counts_from_its_first_picture(tmp_path):
    """A recording cut from a stream: its first picture that can be decoded comes later."""
    import av

    whole = write_clip_file(tmp_path / "a.ts", seconds=6, gop=50)
    cut = tmp_path / "cut.ts"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for index, packet in enumerate(source.demux(video=0)):
            if index >= 20 and packet.size:
                packet.stream = stream
                target.mux(packet)
    watched = play(cut, look_interval_s=2)
    assert watched.times == pytest.approx([30 / 25, 80 / 25], abs=0.01)


def test_damaged_pictures_are_dropped_and_counted(tmp_path):
    clip = write_clip_file(tmp_path / "a.ts", seconds=10, gop=25)
    data = bytearray(clip.read_bytes())
    dice = np.random.default_rng(3)
    for _ in range(250):
        at = int(dice.integers(len(data) // 4, len(data)))
        data[at] ^= 0xFF
    clip.write_bytes(data)
    watched = play(clip, profile="motion")
    status = watched.camera.status()
    assert status.corrupt > 0
    assert 0 < status.pictures < 250
    assert watched.times == sorted(watched.times)


def test_a_camera_that_sends_more_between_key_frames_than_the_box_holds_is_told_once(tmp_path):
    little = EvidenceSettings().model_copy(update={"max_ring_bytes": 2_000})
    with capture_logs() as said:
        watched = play(write_clip_file(tmp_path / "a.mp4", seconds=4, gop=25), evidence=little)
    assert watched.camera.ring.overflows > 1
    (told,) = [each for each in said if each["event"] == "ring_overflows"]
    assert (told["camera"], told["max_bytes"]) == ("kerb", 2_000)
    assert "I-frame interval" in told["note"]


def test_a_camera_whose_picture_stands_still_is_flagged_frozen(tmp_path):
    clip = write_clip_file(tmp_path / "a.mp4", still(street()(0)), seconds=130, fps=2, gop=4)
    watched = play(clip)
    assert watched.camera.status().frozen
    assert not watched.camera.status().dark


def test_a_covered_camera_is_flagged_dark(tmp_path):
    black = np.zeros((180, 320, 3), dtype=np.uint8)
    watched = play(write_clip_file(tmp_path / "a.mp4", still(black), seconds=10, fps=5, gop=5))
    assert watched.camera.status().dark


def test_a_file_at_its_own_speed_takes_its_own_time(tmp_path):
    clip = write_clip_file(tmp_path / "a.mp4", seconds=1.2, gop=5)
    began_s = time.monotonic()
    with watching(clip, look_interval_s=0.2) as watched:
        assert watched.ended.wait(10)
    assert 1.0 < time.monotonic() - began_s < 4
    span = watched.frames[-1].captured_at - watched.frames[0].captured_at
    assert span.total_seconds() == pytest.approx(watched.times[-1], abs=0.3)


def test_a_clip_played_flat_out_is_dated_from_its_start(tmp_path):
    clock, frames = ManualClock(), []
    began = clock.now_utc()
    settings = settings_of(write_clip_file(tmp_path / "a.mp4", seconds=5), playback="flat_out")
    camera = Camera(settings, EvidenceSettings(), sink=frames.append, clock=clock)
    camera.start()
    camera._thread.join(20)
    assert [frame.captured_at - began for frame in frames] == [timedelta(seconds=s) for s in (0, 2, 4)]


def test_what_takes_the_pictures_sets_the_pace_of_a_file_played_flat_out(tmp_path):
    clip = write_clip_file(tmp_path / "a.mp4", seconds=2)
    watched = play(clip, look_interval_s=1, also=lambda _frame: time.sleep(0.2))
    assert len(watched.frames) == 2


def test_a_fault_of_the_taker_is_told_and_ends_only_this_camera(tmp_path):
    def fail(_frame):
        raise RuntimeError("no")

    watched = play(write_clip_file(tmp_path / "a.mp4", seconds=2), also=fail)
    assert watched.camera.status().error == "internal fault: RuntimeError"


def test_a_real_phone_clip_stands_upright(require):
    clip = CLIPS / "l2_motorbike_drops_bag.mp4"
    if not clip.exists():
        pytest.skip(f"the clip {clip.name} is not on this machine")
    watched = play(clip, look_interval_s=1)
    assert watched.frames[0].picture.size_px == (720, 1280)
    assert watched.times[-1] > 10
