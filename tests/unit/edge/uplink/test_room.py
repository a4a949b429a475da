"""What a box still keeps when its disk, or its time, runs short."""

from pathlib import Path

import pytest

from edge.uplink.room import FLOOR_BYTES, LEAST_FREE_BYTES, MOST_CLIPS_WAITING, MOST_WAITING, MediaRoom
from kerbwatch.clock import ManualClock
from kerbwatch.incident import EvidenceRole

ARRIVAL, LIMIT = EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT


class Disk:
    """A disk, and the room on it for pictures and clips."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.free_bytes, self.clock = folder, 10 * LEAST_FREE_BYTES, ManualClock()
        self.room = MediaRoom(folder, 1000, self.clock, free_bytes=lambda _folder: self.free_bytes)

    def lies(self, name: str, size_bytes: int) -> None:
        (self.folder / name).write_bytes(bytes(size_bytes))
        self.clock.advance(60)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_a_clip_is_kept_while_there_is_room_for_it_and_for_what_is_made_of_it(disk: Disk):
    assert disk.room.takes_clip(500)
    disk.clock.advance(60)
    assert not disk.room.takes_clip(501)
    assert disk.room.not_kept == 1


def test_what_waits_to_be_made_fit_for_people_takes_up_room_as_what_waits_for_central_does(disk: Disk):
    disk.lies("original", 900)
    assert not disk.room.takes_clip(60)
    (disk.folder / "original").unlink()
    disk.clock.advance(60)
    assert disk.room.takes_clip(60)


def test_clips_that_come_at_once_do_not_all_go_into_the_same_room(disk: Disk):
    assert [disk.room.takes_clip(300) for _ in range(4)] == [True, True, False, False]


def test_the_last_of_the_disk_is_for_pictures_that_prove_and_for_the_outbox(disk: Disk):
    disk.free_bytes = LEAST_FREE_BYTES - 1
    assert not disk.room.takes_clip(1)
    assert not disk.room.takes_picture(ARRIVAL)
    assert disk.room.takes_picture(LIMIT)
    disk.free_bytes = FLOOR_BYTES - 1
    assert not disk.room.takes_picture(LIMIT)
    assert not disk.room.takes_shown(1, clip=False)
    disk.free_bytes = LEAST_FREE_BYTES
    assert disk.room.takes_picture(ARRIVAL)


def test_a_full_share_keeps_clips_out_and_pictures_in(disk: Disk):
    disk.lies("much", 5000)
    assert not disk.room.takes_clip(1)
    assert not disk.room.takes_shown(1, clip=True)
    assert disk.room.takes_shown(1, clip=False)
    assert disk.room.takes_picture(ARRIVAL)


def test_a_box_that_does_not_get_round_to_blurring_makes_no_more_to_blur(disk: Disk):
    for _ in range(MOST_CLIPS_WAITING):
        disk.room.waits(clip=True)
    assert not disk.room.takes_clip(1)
    assert disk.room.takes_picture(ARRIVAL)
    disk.room.waits_no_more(clip=True)
    assert disk.room.takes_clip(1)
    for _ in range(MOST_WAITING):
        disk.room.waits(clip=False)
    assert not disk.room.takes_picture(LIMIT)
    assert disk.room.unshown == MOST_CLIPS_WAITING - 1 + MOST_WAITING
