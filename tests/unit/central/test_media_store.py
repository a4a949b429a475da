"""Files on disk are what they say, or are not shown."""

import hashlib
import os

import pytest

from central.media.store import BusyError, DamagedError, MediaStore, sniff

JPEG = b"\xff\xd8\xff\xe0" + b"street" * 100
SHA = hashlib.sha256(JPEG).hexdigest()


@pytest.fixture
def store(tmp_path):
    return MediaStore(tmp_path)


@pytest.fixture
def kept(store):
    with store.open_part(SHA, "yuyao/box-1") as part:
        part.append(JPEG)
        store.keep(part, SHA)
    return store


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "image/jpeg"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"<html><script", None),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d", "image/png"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x20ftypheic", None),
        (b"GIF89a\x01\x00\x01\x00\x00\x00", None),
        (b"", None),
    ],
)
def test_the_first_bytes_say_what_a_file_is(head, kind):
    assert sniff(head) == kind


def test_a_whole_file_is_shown(kept):
    assert kept.verified_path(SHA).read_bytes() == JPEG
    assert kept.part_bytes(SHA, "yuyao/box-1") is None


def test_a_file_that_someone_changed_is_found_out_even_after_it_was_shown(kept):
    path = kept.verified_path(SHA)
    path.write_bytes(JPEG.replace(b"street", b"STREET"))
    with pytest.raises(DamagedError, match="hash"):
        kept.verified_path(SHA)


def test_a_file_that_is_gone_is_found_out(kept):
    kept.verified_path(SHA).unlink()
    with pytest.raises(DamagedError, match="cannot be read"):
        kept.verified_path(SHA)


def test_what_waits_to_be_looked_through_is_not_swept_away_like_what_nobody_went_on_with(store):
    with store.open_part("upload-1", "people") as part:
        part.append(JPEG)
        store.set_aside(part, "upload-1")
    assert store.part_bytes("upload-1", "people") is None
    store.sweep(now_s=10_000_000_000)
    assert store.aside("upload-1").read_bytes() == JPEG


def test_a_file_made_here_is_kept_under_its_hash(store, tmp_path):
    made = tmp_path / "made.jpg"
    made.write_bytes(JPEG)
    assert store.add(made) == SHA
    assert store.add(made) == SHA
    assert store.verified_path(SHA).read_bytes() == JPEG


def test_two_requests_do_not_write_one_part_at_once(store):
    with store.open_part(SHA, "yuyao/box-1") as part:
        part.append(b"a")
        with pytest.raises(BusyError), store.open_part(SHA, "yuyao/box-1"):
            pass
        with store.open_part(SHA, "yuyao/box-2") as other:
            assert other.size_bytes == 0


def test_a_part_that_nobody_went_on_with_for_a_week_goes(store):
    with store.open_part(SHA, "yuyao/box-1") as part:
        part.append(b"a")
        os.utime(part.path, (1_000_000, 1_000_000))
    with store.open_part(SHA, "yuyao/box-2") as part:
        part.append(b"a")
        os.utime(part.path, (1_600_000, 1_600_000))
    assert store.sweep(1_000_000 + 8 * 86400) == 1
    assert store.part_bytes(SHA, "yuyao/box-2") == 1
