"""Sources: their credentials come from the environment and stay out of everything that is written down."""

import pytest

from edge.camera.source import SourceError, is_live, open_source, resolve, shown
from tests.clips import write_clip_file


def test_a_password_may_hold_any_character(monkeypatch):
    monkeypatch.setenv("CAM_USER", "desk")
    monkeypatch.setenv("CAM_PASSWORD", "p@ss/w:rd#1")
    source = resolve("rtsp://${CAM_USER}:${CAM_PASSWORD}@10.0.0.7:554/ch/1?sub=0")
    assert source == "rtsp://desk:p%40ss%2Fw%3Ard%231@10.0.0.7:554/ch/1?sub=0"


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("CAM_PASSWORD", raising=False)
    with pytest.raises(SourceError, match="CAM_PASSWORD is not set"):
        resolve("rtsp://u:${CAM_PASSWORD}@10.0.0.7/1")


def test_a_whole_address_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("CAM_URL", "rtsp://10.0.0.7/1")
    assert is_live("${CAM_URL}")
    assert resolve("${CAM_URL}") == "rtsp://10.0.0.7/1"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("rtsp://u:secret@10.0.0.7:554/ch/1?token=secret", "rtsp://10.0.0.7:554/ch/1"),
        ("rtsp://${U}:${P}@10.0.0.7/1", "rtsp://***@10.0.0.7/1"),
        ("clips/street.mp4", "clips/street.mp4"),
    ],
    ids=["literal", "reference", "file"],
)
def test_a_source_is_written_down_without_credentials(source, written):
    assert shown(source) == written


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"no file .*gone\.mp4"):
        open_source(str(tmp_path / "gone.mp4"), open_timeout_s=5, read_timeout_s=5)


def test_a_file_that_is_no_video_is_refused_in_words(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("not a video " * 500)
    with pytest.raises(SourceError, match="not a video"):
        open_source(str(path), open_timeout_s=5, read_timeout_s=5)


def test_a_recording_of_sound_alone_is_refused_in_words(tmp_path):
    import av

    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame(format="s16", layout="stereo", samples=8000)
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(SourceError, match="no video"):
        open_source(str(path), open_timeout_s=5, read_timeout_s=5)


def test_what_a_stream_is_is_known_once_it_is_open(tmp_path):
    clip = write_clip_file(tmp_path / "a.mp4", seconds=1)
    source = open_source(str(clip), open_timeout_s=5, read_timeout_s=5)
    try:
        assert (source.info.codec, source.info.width, source.info.height) == ("h264", 320, 180)
        assert source.info.fps == 25
    finally:
        source.container.close()
