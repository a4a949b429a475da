"""What the confined process makes of photos: time and place out of EXIF, and nothing else kept."""

import io
import random

import pytest
from PIL import Image

from central.uploads.child.photo import UnfitError, read_photo
from tests.integration.central.pictures import photo

MOST = 50_000_000


def with_gps(**changes):
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps |= {1: "N", 2: (30.0, 3.0, 0.0), 3: "E", 4: (121.0, 9.0, 0.0)} | {
        int(k[1:]): v for k, v in changes.items()
    }
    out = io.BytesIO()
    Image.new("RGB", (100, 100)).save(out, "JPEG", exif=exif)
    return read_photo(out.getvalue(), MOST)[0]


def test_place_and_time_come_from_exif():
    said, _clean = read_photo(photo(), MOST)
    assert (said["lon"], said["lat"]) == (121.15, 30.05)
    assert said["taken_at"] == "2026-05-04T10:59:00"


def test_the_receivers_time_is_utc_and_counts_before_the_cameras_clock():
    assert with_gps(_7=(3.0, 4.0, 5.0), _29="2026:05:04")["taken_at"] == "2026-05-04T03:04:05+00:00"


def test_south_and_west_are_negative():
    said = with_gps(_1="S", _3="W")
    assert (said["lon"], said["lat"]) == (-121.15, -30.05)


@pytest.mark.parametrize(
    "changes",
    [
        {"_18": "TOKYO"},
        {"_2": (91.0, 0.0, 0.0)},
        {"_1": "X"},
        {"_4": (0.0, 0.0, 0.0), "_2": (0.0, 0.0, 0.0)},
    ],
    ids=["another datum", "beyond the pole", "no hemisphere", "null island"],
)
def test_a_place_that_makes_no_sense_is_none(changes):
    assert with_gps(**changes)["lon"] is None


def test_wgs_84_is_known_however_it_is_written():
    assert with_gps(_18="WGS-84  ")["lon"] == 121.15


def test_a_phone_held_upright_shows_an_upright_picture():
    said, clean = read_photo(photo(orientation=6, size=(320, 240)), MOST)
    assert (said["width"], said["height"]) == (240, 320)
    assert Image.open(io.BytesIO(clean)).size == (240, 320)


def test_what_is_see_through_becomes_white():
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(out, "PNG")
    _said, clean = read_photo(out.getvalue(), MOST)
    assert Image.open(io.BytesIO(clean)).getpixel((50, 50)) == (255, 255, 255)


def test_nothing_but_the_picture_is_kept():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAM"
    Image.new("RGB", (100, 100)).save(
        out, "JPEG", exif=exif, comment=b"HOME ADDRESS", icc_profile=b"ICCSECRET" * 20
    )
    clean = read_photo(out.getvalue(), MOST)[1]
    assert not any(secret in clean for secret in (b"SECRETCAM", b"HOME ADDRESS", b"ICCSECRET"))


def test_a_picture_that_unpacks_to_more_than_is_taken_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    with pytest.raises(UnfitError, match="too_many_pixels"):
        read_photo(out.getvalue(), MOST)


def test_other_formats_are_not_opened():
    for kind in ("GIF", "TIFF", "BMP", "PPM"):
        out = io.BytesIO()
        Image.new("RGB", (100, 100)).save(out, kind)
        with pytest.raises(UnfitError, match="not_a_picture"):
            read_photo(out.getvalue(), MOST)


def test_whatever_is_done_to_a_file_it_is_read_or_refused():
    draw = random.Random(4)
    for number in range(150):
        data = bytearray(photo(number % 5, kind=("JPEG", "PNG", "WEBP")[number % 3], size=(96, 80)))
        for _ in range(draw.randint(1, 12)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            read_photo(bytes(data[: draw.randint(1, len(data))]), MOST)
        except UnfitError:
            continue
