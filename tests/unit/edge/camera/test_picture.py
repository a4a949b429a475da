"""Pixels on demand: upright, in the right colours, and no larger than asked."""

import av
import cv2
import numpy as np
import pytest

from edge.camera.picture import SCALERS_KEPT, Converter, VideoPicture
from tests.clips import street, write_clip_file


def flat(luma, pix_fmt="yuv420p", size=(640, 360)):
    frame = av.VideoFrame(*size, pix_fmt)
    for index, plane in enumerate(frame.planes):
        plane.update(bytes([luma if index == 0 else 128]) * plane.buffer_size)
    return frame


@pytest.mark.parametrize(
    ("pix_fmt", "luma", "grey"),
    [("yuv420p", 235, 255), ("yuv420p", 16, 0), ("yuvj420p", 255, 255), ("yuvj420p", 16, 16)],
    ids=["limited-white", "limited-black", "full-white", "full-dark"],
)
def test_limited_and_full_range_become_the_same_greys(pix_fmt, luma, grey):
    picture = VideoPicture(flat(luma, pix_fmt), Converter())
    for size_px in (None, (320, 180)):
        assert np.abs(picture.bgr(size_px).astype(int) - grey).max() <= 5


def test_a_small_picture_looks_like_the_large_one(tmp_path):
    frame = next(av.open(str(write_clip_file(tmp_path / "a.mp4", seconds=0.2))).decode(video=0))
    picture = VideoPicture(frame, Converter())
    small = picture.bgr((160, 90))
    assert small.shape == (90, 160, 3)
    assert small[35:45, 2:15].mean() > 200, "the block"
    assert small[80:, 100:].mean() < 150, "the street"


@pytest.mark.parametrize("turn_deg", [90, 180, -90])
def test_a_turned_clip_stands_upright(tmp_path, turn_deg):
    """The block walks in at the left of the stored picture; turned, it is elsewhere."""
    clip = write_clip_file(tmp_path / "a.mp4", seconds=0.2, rotation_deg=turn_deg)
    frame = next(av.open(str(clip)).decode(video=0))
    picture = VideoPicture(frame, Converter())
    expected = np.rot90(street()(0), turn_deg // 90 % 4)
    assert picture.size_px == (expected.shape[1], expected.shape[0])
    assert picture.bgr().shape == expected.shape
    assert np.abs(picture.bgr().astype(int) - expected).mean() < 12
    small = picture.bgr((picture.size_px[0] // 2, picture.size_px[1] // 2))
    assert small.shape == (expected.shape[0] // 2, expected.shape[1] // 2, 3)


@pytest.mark.parametrize("height", [720, 480], ids=["HD without named colours", "SD"])
def test_a_part_of_a_picture_is_what_the_whole_shows_there(height):
    rows, columns = np.mgrid[:height, :640]
    image = np.dstack([rows % 256, columns % 256, (rows + columns) // 6 % 256]).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 4)
    frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
    picture = VideoPicture(frame, Converter())
    whole = picture.bgr()[100:300, 60:360].astype(int)
    part = picture.part((60, 100, 360, 300), (300, 200)).astype(int)
    assert np.abs(part - whole).mean() < 3


def test_a_thousand_things_looked_at_closer_leave_no_memory_behind():
    converter = Converter()
    picture = VideoPicture(flat(128), converter)
    for size in range(40, 240, 4):
        picture.bgr((160, 90))
        assert picture.part((0, 0, size, size), (32, 32)).shape == (32, 32, 3)
    assert len(converter._scalers) == SCALERS_KEPT
    assert (640, 360) in converter._scalers, "what every look shows keeps its own"
