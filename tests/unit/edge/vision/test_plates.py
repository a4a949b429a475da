"""How the plate of a standing vehicle is searched for: bounded, voted, and never another vehicle's."""

import numpy as np
import pytest

from edge.evidence.desk import Desk
from edge.frame import ArrayPicture, Frame
from edge.rules.memory import RememberedPlace
from edge.rules.place import Place
from edge.rules.plates import plate_of, plate_read
from edge.vision.plate_watch import PlateWatch
from edge.vision.plates import MOST_READS, Search, VehicleCrop, read_crop, read_crops
from models.detections import Detections
from models.plates import Character, PlateColour, PlateReading
from tests.unit.edge.street import NOON

BOX = (100.0, 100.0, 300.0, 240.0)
STREET = np.full((360, 640, 3), 90, np.uint8)


def said(text, sure=0.99, corners=((10, 90), (60, 90), (60, 105), (10, 105))):
    characters = [Character("2" if char == "?" else char, 0.3 if char == "?" else sure) for char in text]
    return PlateReading.of(characters, colour=PlateColour.BLUE, corners=corners, min_confidence=0.9)


class Reader:
    """Says what it is told to say, one answer a picture; then nothing."""

    min_confidence = 0.9

    def __init__(self, *answers):
        self.answers, self.shown = list(answers), 0

    def read(self, vehicle):
        self.shown += 1
        return self.answers.pop(0) if self.answers else ()


class AtOnce(Desk):
    """Does each job when it is handed in."""

    def submit(self, job):
        job()


def standing(place_id="car", **more):
    box = np.array(BOX)
    return Place(place_id, "kerb", box, box, 2, 0.8, 0.0, 0.0, 0.0, standing=True, **more)


def looks(reader, times, *, place=None, urgent=()):
    """Looks at a standing vehicle at these times. What was told, and the watch."""
    told, place = [], place or standing()
    watch = PlateWatch(lambda *news: told.append(news), AtOnce(), lambda: reader)
    for t_s in times:
        frame = Frame("kerb", t_s, NOON, ArrayPicture(STREET))
        watch.look(frame, Detections.empty(), [(place, BOX)], urgent)
    return told, watch


def test_a_plate_that_two_pictures_agree_on_is_read_no_more():
    reader = Reader((said("浙B12345"),), (said("浙B12345"),))
    told, watch = looks(reader, range(0, 600, 2))
    assert [(plate.text, pictures) for _id, plate, pictures in told] == [("浙B12345", 1), ("浙B12345", 2)]
    assert watch.reads == 2


def test_what_one_picture_hides_another_shows():
    told, _watch = looks(Reader((said("浙B1?345"),), (said("浙B12345"),)), range(0, 9, 2))
    assert [plate.text for _id, plate, _pictures in told] == ["浙B1?345", "浙B12345"]


def test_a_plate_that_cannot_be_read_costs_a_bounded_number_of_reads():
    reader = Reader()
    _told, watch = looks(reader, range(0, 24 * 3600, 2))
    assert watch.reads == reader.shown == MOST_READS


def test_a_vehicle_whose_limit_passes_is_read_out_of_turn():
    frames = [0.0, 1.0]
    assert looks(Reader(), frames)[1].reads == 1
    assert looks(Reader(), frames, urgent=["car"])[1].reads == 2


def test_without_the_networks_nothing_is_read():
    told, watch = looks(None, range(0, 60, 2))
    assert (told, watch.reads) == ([], 0)


def test_a_vehicle_too_small_to_show_a_plate_is_not_looked_at():
    assert VehicleCrop.of(STREET, (10, 10, 60, 50)) is None


def test_the_plate_of_a_car_that_passes_in_front_is_not_the_offenders():
    passing = np.array([[20, 120, 260, 300]], np.float32)
    crop = VehicleCrop.of(STREET, BOX, passing)
    low = said("浙B12345", corners=((60, 130), (110, 130), (110, 145), (60, 145)))
    assert read_crop(Reader((low,)), crop) is not None, "nearer to the offender's own lower edge"
    nearer = VehicleCrop.of(STREET, BOX, np.array([[20, 120, 260, 262]], np.float32))
    high = said("浙B12345", corners=((60, 90), (110, 90), (110, 105), (60, 105)))
    assert read_crop(Reader((high,)), nearer) is not None
    beside = said("浙B12345", corners=((0, 150), (15, 150), (15, 158), (0, 158)))
    assert read_crop(Reader((beside,)), crop) is None, "beside its box"


def test_pictures_of_one_vehicle_vote():
    reader = Reader((said("浙B12345"),), (), (said("浙B1?345"),))
    plate, pictures = read_crops(reader, [VehicleCrop.of(STREET, BOX)] * 3)
    assert (plate.text, plate.corners, pictures) == ("浙B12345", None, 2)
    assert read_crops(Reader(), [VehicleCrop.of(STREET, BOX)]) == (None, 0)


def test_what_was_known_before_a_restart_has_its_vote():
    search = Search.going_on(said("浙B12345"), 2)
    assert not search.wants(0.0, now=True, min_confidence=0.9)
    assert Search.going_on(None, 0).wants(0.0, now=False, min_confidence=0.9)


@pytest.mark.parametrize("text", ["浙B12345", "浙B1?345", "苏AD12345"])
def test_a_plate_survives_the_way_to_disk(text):
    kept = plate_of(plate_read(said(text), 3))
    assert (kept.text, kept.colour) == (text, PlateColour.BLUE)
    assert "plate" in RememberedPlace.model_fields


def test_what_drives_by_is_read_in_all_pictures_of_it_and_told_once():
    told = []
    reader = Reader((said("浙B1?345"),), (), (said("浙B12345"),))
    watch = PlateWatch(lambda *news: told.append(news), AtOnce(), lambda: reader)
    watch.read_passing("throw", [(STREET, BOX)] * 3)
    assert [(key, plate.text, pictures) for key, plate, pictures in told] == [("throw", "浙B12345", 2)]
    watch.read_passing("far", [(STREET, (10, 10, 60, 50))])
    assert (len(told), watch.reads) == (1, 3)
