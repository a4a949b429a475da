"""One camera's trouble stays its own, and a box whose network hangs is not called alive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.frame import ArrayPicture, Frame
from edge.rounds import Rounds
from edge.settings import DetectorSettings
from edge.vision.batcher import Batcher
from kerbwatch.clock import ManualClock
from models.canvas import Picture
from models.detections import Detections
from tests.unit.edge.kerb_box import Box
from tests.unit.edge.test_watch import picture
from tests.waiting import wait_until


class Network:
    """Sees nothing; does beforehand whatever a test wants."""

    min_score = 0.1

    def __init__(self, beforehand: Callable[[Sequence[Picture]], object] = len) -> None:
        self.beforehand = beforehand

    def input_size(self, size_px: tuple[int, int]) -> tuple[int, int]:
        return size_px

    def detect(self, pictures: Sequence[Picture], _min_scores: Sequence[float] = ()) -> list[Detections]:
        self.beforehand(pictures)
        return [Detections.empty() for _ in pictures]


class Street:
    """Two cameras and a network's thread."""

    def __init__(self, folder: Path) -> None:
        clock = ManualClock()
        self.boxes = {name: Box(folder / name, clock) for name in ("good", "bad")}
        self.units = {name: box.unit for name, box in self.boxes.items()}
        self.network, self.clock, self.batcher = Network(), clock, Batcher()
        self.rounds_told, self.chores = 0, lambda: None
        self.rounds = Rounds(
            self.batcher,
            self.units,
            lambda: (self.network, DetectorSettings()),
            clock,
            chores=self.do_chores,
            on_idle=lambda: None,
            on_round=self.told,
        )
        self.t_s = 0.0

    def do_chores(self) -> None:
        self.chores()

    def told(self) -> None:
        self.rounds_told += 1

    def show(self, *names: str, image: np.ndarray | None = None) -> None:
        """Both cameras have a picture, in one batch."""
        self.t_s += 2
        shown = ArrayPicture(picture(car=False) if image is None else image)
        for name in names or self.units:
            self.batcher.offer(Frame(name, self.t_s, self.clock.now_utc(), shown))

    def close(self) -> None:
        self.rounds.halt()
        self.batcher.close()
        if self.rounds._thread.is_alive():
            self.rounds.join(5)
        for box in self.boxes.values():
            box.stop()


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
    made = Street(tmp_path)
    yield made
    made.close()


def test_a_camera_that_cannot_be_judged_is_told_and_the_one_beside_it_is_looked_at(street: Street):
    wrong = street.units["bad"].settings.model_copy(update={"time_zone": "Asia/Shangai"})
    street.units["bad"].settings = wrong
    for looks in (1, 2, 3):
        street.show()
        street.rounds._round()
        assert street.units["good"].looks == looks
    assert street.units["good"].error is None
    assert "not judged: ZoneInfoNotFoundError" in str(street.units["bad"].error)
    assert street.units["bad"].trouble.failures == 3


def test_a_picture_at_which_the_network_fails_takes_no_other_camera_with_it(street: Street):
    def fails_at_black(pictures: Sequence[Picture]) -> None:
        if any(not each.bgr().any() for each in pictures):
            raise MemoryError("no room for this picture")

    street.network.beforehand = fails_at_black
    street.show("good")
    street.show("bad", image=np.zeros((234, 416, 3), np.uint8))
    assert street.rounds._round()
    assert (street.units["good"].looks, street.units["bad"].looks) == (1, 0)
    assert "no room for this picture" in str(street.units["bad"].error)


def test_a_camera_that_can_be_judged_again_says_nothing_more(street: Street):
    sound = street.units["bad"].settings
    street.units["bad"].settings = sound.model_copy(update={"time_zone": "Asia/Shangai"})
    street.show()
    street.rounds._round()
    street.units["bad"].settings = sound
    street.show()
    street.rounds._round()
    assert street.units["bad"].trouble.text is None


def test_a_full_disk_that_keeps_questions_from_being_answered_keeps_no_camera_from_being_looked_at(
    street: Street,
):
    def disk_full() -> None:
        raise OSError("database or disk is full")

    street.chores = disk_full
    street.rounds.start()
    for looks in (1, 2):
        street.show()
        wait_until(lambda: street.units["good"].looks == looks, "it is looked at")  # noqa: B023


def test_a_street_without_pictures_is_no_reason_to_start_the_box_again(street: Street):
    street.rounds.start()
    wait_until(lambda: street.rounds_told >= 2, "idle rounds are told")


def test_a_network_that_hangs_is_not_called_alive(street: Street):
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(_pictures: Sequence[Picture]) -> None:
        hangs.set()
        goes_on.wait(60)

    street.network.beforehand = hang
    street.show()
    street.rounds.start()
    assert hangs.wait(30)
    told = street.rounds_told
    street.clock.advance(300)
    assert street.rounds.age_s == 300
    assert street.rounds_told == told
    goes_on.set()
    wait_until(lambda: street.rounds_told > told, "the round has ended")
    assert street.rounds.age_s < 300


def test_a_network_that_fails_at_everything_is_not_called_alive(street: Street):
    def broken(_pictures: Sequence[Picture]) -> None:
        raise RuntimeError("the device is gone")

    street.network.beforehand = broken
    street.show()
    assert not street.rounds._round()
    assert not street.rounds._round(), "nor while it waits for the next picture"
    assert all("the device is gone" in str(unit.error) for unit in street.units.values())
    street.network.beforehand = len
    street.show("good")
    assert street.rounds._round()
