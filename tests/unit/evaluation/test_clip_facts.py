"""What a scene knows of its clip: the length of its pictures, however the file counts time."""

from fractions import Fraction

import av
import numpy as np
import pytest

from evaluation.clip_facts import facts_of
from kerbwatch.settings import SettingsError


def write(path, *, begins_s=0, sound_s=0):
    """Five seconds of grey at 10 pictures a second, from ``begins_s`` of the recorder's clock on."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=8000, layout="mono") if sound_s else None
        for index in range(50):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="bgr24")
            picture.pts, picture.time_base = index + begins_s * 10, Fraction(1, 10)
            container.mux(video.encode(picture))
        container.mux(video.encode())
        for index in range(sound_s * 8 if sound else 0):
            heard = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.float32), "fltp", "mono")
            heard.rate, heard.pts = 8000, index * 1000
            container.mux(sound.encode(heard))
        if sound:
            container.mux(sound.encode())
    return path


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("plain.mp4", {}),
        ("longer_sound.mp4", {"sound_s": 9}),
        ("longer_sound.mkv", {"sound_s": 9}),
        ("cut_out_of_a_longer_one.mkv", {"begins_s": 1000}),
        ("transport.ts", {"begins_s": 1000}),
    ],
)
def test_a_clip_is_as_long_as_its_pictures_are_shown(tmp_path, name, how):
    facts = facts_of(write(tmp_path / name, **how))
    assert facts.length_s == pytest.approx(5, abs=0.25)
    assert facts.size_px == (64, 48)


def test_what_is_not_a_video_is_told(tmp_path):
    (tmp_path / "notes.mp4").write_text("not a video")
    with pytest.raises(SettingsError, match="not a video that can be read"):
        facts_of(tmp_path / "notes.mp4")
