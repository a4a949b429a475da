"""What the boxes of a clip tell, and that no boxes hang whoever reads them."""

import io
import random
import struct

import pytest

from central.uploads.child.clip import read_clip
from central.uploads.child.photo import UnfitError
from tests.clips import write_clip_file
from tests.integration.central.pictures import box, mp4_head


def look(data):
    return read_clip(io.BytesIO(data), len(data), 60)


def test_a_real_clip_tells_its_length(tmp_path):
    path = write_clip_file(tmp_path / "a.mp4", seconds=2)
    assert look(path.read_bytes()) == {"duration_s": pytest.approx(2, abs=0.1), "lon": None, "lat": None}


def test_where_a_phone_recorded_it():
    found = look(mp4_head(place=b"+30.0500+121.1500+012.3/"))
    assert (found["lon"], found["lat"]) == (121.15, 30.05)
    assert look(mp4_head(place=b"-12.5-077.04/"))["lat"] == -12.5


@pytest.mark.parametrize(("seconds", "taken"), [(60, True), (60.9, True), (61.5, False), (4_000_000, False)])
def test_a_minute_is_taken(seconds, taken):
    if taken:
        assert look(mp4_head(seconds))["duration_s"] == pytest.approx(seconds)
    else:
        with pytest.raises(UnfitError, match="too_long"):
            look(mp4_head(seconds))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00",
        mp4_head()[:60],
        mp4_head(handler=b"soun"),
        struct.pack(">I4s", 1, b"ftyp") + struct.pack(">Q", 2**63),
        box(b"ftyp", b"isom") + struct.pack(">I4s", 7, b"moov"),
        box(b"ftyp", b"isom") + struct.pack(">I4s", 2**32 - 1, b"moov"),
        box(b"moov") + mp4_head(),
        box(b"ftyp", b"isom") + box(b"free") * 6000,
    ],
)
def test_what_is_no_clip_is_refused(data):
    with pytest.raises(UnfitError, match="not_a_video"):
        look(data)


def test_whatever_is_done_to_a_clip_it_is_looked_at_or_refused():
    draw = random.Random(5)
    for _ in range(300):
        data = bytearray(mp4_head(place=b"+30.0500+121.1500/"))
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            look(bytes(data[: draw.randint(1, len(data))]))
        except UnfitError:
            continue
