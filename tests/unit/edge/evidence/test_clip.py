"""Clips play: whatever codec the camera speaks, with the pictures as they were."""

import av
import numpy as np
import pytest

from edge.camera.source import open_source
from edge.evidence.clip import ClipError, write_clip
from edge.evidence.ring import StoredPacket, StreamInfo
from tests.clips import street, write_clip_file


def stored(path):
    """The packets of a file as a camera's ring would keep them."""
    source = open_source(str(path), open_timeout_s=5, read_timeout_s=5)
    try:
        return [
            StoredPacket(
                bytes(packet),
                100 + float(packet.pts * packet.time_base),
                float((packet.pts - packet.dts) * packet.time_base),
                packet.is_keyframe,
                source.info,
            )
            for packet in source.container.demux(source.stream)
            if packet.size
        ]
    finally:
        source.container.close()


def pictures(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {}),
        ("a.mkv", "libx264", {}),
        ("a.ts", "libx264", {}),
        ("a.mp4", "libx265", {"x265-params": "log-level=none"}),
        ("a.ts", "libx265", {"x265-params": "log-level=none"}),
    ],
    ids=["h264-mp4", "h264-mkv", "h264-ts", "h265-mp4", "h265-ts"],
)
def test_the_cameras_own_pictures_are_kept_without_encoding(tmp_path, name, codec, options):
    source = write_clip_file(tmp_path / name, seconds=2, codec=codec, options=options)
    target = tmp_path / "clip.mp4"
    info = write_clip(stored(source), target)
    assert not info.encoded_anew
    before, after = pictures(source), pictures(target)
    assert len(after) == len(before) == info.pictures == 50
    assert after[0][0] == 0
    assert after[-1][0] == pytest.approx(1.96, abs=0.01)
    assert all((a[1] == b[1]).all() for a, b in zip(after, before, strict=True))


def test_a_clip_can_be_played_while_it_is_fetched(tmp_path):
    target = tmp_path / "clip.mp4"
    write_clip(stored(write_clip_file(tmp_path / "a.mp4", seconds=1)), target)
    data = target.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_pictures_that_were_sent_out_of_order_play_in_order(tmp_path):
    source = write_clip_file(tmp_path / "a.mp4", seconds=2, b_frames=2)
    target = tmp_path / "clip.mp4"
    write_clip(stored(source), target)
    times = [time_s for time_s, _image in pictures(target)]
    assert times == sorted(times)
    assert len(times) == 50


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.avi", "msmpeg4v2", "yuv420p"), ("a.avi", "mjpeg", "yuvj420p"), ("a.avi", "mpeg4", "yuv420p")],
)
def test_an_old_cameras_clip_is_encoded_so_that_a_browser_plays_it(tmp_path, name, codec, pix_fmt):
    source = write_clip_file(tmp_path / name, seconds=2, codec=codec, pix_fmt=pix_fmt)
    target = tmp_path / "clip.mp4"
    info = write_clip(stored(source), target)
    assert (info.encoded_anew, info.codec, info.pictures) == (True, "h264", 50)
    with av.open(str(target)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert np.abs(pictures(target)[30][1].astype(int) - street()(30)).mean() < 15


def test_a_turned_camera_gives_a_turned_clip(tmp_path):
    target = tmp_path / "clip.mp4"
    write_clip(stored(write_clip_file(tmp_path / "a.mp4", seconds=1)), target, rotation_deg=270)
    with av.open(str(target)) as container:
        assert next(container.decode(video=0)).rotation == -90


def test_nothing_makes_no_clip(tmp_path):
    with pytest.raises(ClipError, match="no packet"):
        write_clip([], tmp_path / "clip.mp4")


def test_packets_that_are_no_video_make_no_clip(tmp_path):
    info = StreamInfo("h264", 320, 180, b"", 25.0)
    with pytest.raises(ClipError):
        write_clip([StoredPacket(bytes(300), 0.0, 0.0, True, info)], tmp_path / "clip.mp4")


def test_a_header_that_is_cut_off_makes_no_clip(tmp_path):
    packets = stored(write_clip_file(tmp_path / "a.mp4", seconds=1))
    info = StreamInfo("h264", 320, 180, packets[0].info.extradata[:9], 25.0)
    cut = [StoredPacket(each.data, each.t_s, 0.0, each.key, info) for each in packets]
    with pytest.raises(ClipError, match="cut off"):
        write_clip(cut, tmp_path / "clip.mp4")
