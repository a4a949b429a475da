"""A recorder's clock is set while it records: the clip goes on."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import pytest

from edge.clips.clip_file import Clip, ClipProblemError
from edge.clips.job import ClipLimits
from tests.clips import write_clip_file
from tests.integration.camera.cameras import play

HOUR_S = 3600


def recorded(folder: Path, *, seconds: float = 4, jump_s: float = 0) -> Path:
    """A clip as a recorder writes it, whose clock is set by ``jump_s`` in the middle."""
    source = write_clip_file(folder / "trip.mp4", seconds=seconds)
    halves = [folder / "first.ts", folder / "second.ts"]
    for half, path in enumerate(halves):
        with av.open(str(source)) as clip, av.open(str(path), "w", format="mpegts") as stream:
            video = clip.streams.video[0]
            copy = stream.add_stream_from_template(video)
            for packet in clip.demux(video):
                if packet.dts is None or (packet.pts * packet.time_base >= seconds / 2) != half:
                    continue
                shift = round((HOUR_S + jump_s * half) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, copy
                stream.mux(packet)
    path = folder / "trip.ts"
    path.write_bytes(b"".join(half.read_bytes() for half in halves))
    return path


@pytest.mark.parametrize("jump_s", [1000, -1000, 0], ids=["forward", "back", "not at all"])
def test_a_clip_lasts_as_long_as_its_pictures_though_its_clock_is_set(tmp_path: Path, jump_s: float):
    with Clip(recorded(tmp_path, jump_s=jump_s), ClipLimits()) as clip:
        assert clip.announced_s == pytest.approx(4, abs=0.1)
        for _ in range(2):
            times = [shown.t_s for shown in clip.play()]
            assert len(times) == 100
            assert (times[0], times[-1]) == (pytest.approx(0, abs=0.1), pytest.approx(3.96, abs=0.1))
            assert all(0 < after - before < 0.1 for before, after in pairwise(times))
        part = clip.cut(2.5, 3.5)
        assert part[0].key
        assert part[0].t_s == pytest.approx(2, abs=0.1)
        assert part[-1].t_s == pytest.approx(3.5, abs=0.1)


def test_a_clip_that_truly_is_too_long_is_refused_whatever_its_clock(tmp_path: Path):
    with pytest.raises(ClipProblemError, match=r"it lasts [34] s; at most 2 s"):
        Clip(recorded(tmp_path, jump_s=1000), ClipLimits(max_duration_s=2))


def test_a_camera_from_a_file_whose_clock_is_set_is_not_called_cut_off(tmp_path: Path):
    watched = play(recorded(tmp_path, jump_s=1000))
    assert watched.camera.status().error is None
    assert watched.times[-1] < 4
