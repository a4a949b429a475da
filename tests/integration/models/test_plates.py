"""Plates on pictures: drawn ones anywhere, and real ones where the pictures are at hand."""

import cv2
import numpy as np
import pytest

from models.plates import OPEN, PlateColour, PlateReader, vote
from models.plates.patterns import is_valid
from tests.integration.models.street import pulled, street_pictures

BLUE, INK, CAR = (160, 70, 20), (235, 235, 235), (60, 60, 150)
CORNERS = ((220, 250), (380, 250), (380, 298), (220, 298))


@pytest.fixture(scope="module")
def reader(require):
    pulled("clp-det", require)
    pulled("clp-rec", require)
    return PlateReader.load()


def drawn_plate(text, ground=BLUE):
    """A plate whose province is mud."""
    image = np.full((96, 320, 3), ground, np.uint8)
    for place, character in enumerate(text):
        x = 58 + place * 40 + (14 if place else 0)
        cv2.putText(image, character, (x, 74), cv2.FONT_HERSHEY_DUPLEX, 1.9, INK, 5)
    return image


def car_with(plate):
    street = np.full((400, 600, 3), 110, np.uint8)
    cv2.rectangle(street, (80, 40), (520, 340), CAR, -1)
    cv2.rectangle(street, (180, 230), (420, 322), (90, 90, 90), -1)
    street[250:298, 220:380] = cv2.resize(plate, (160, 48), interpolation=cv2.INTER_AREA)
    return street


@pytest.mark.parametrize("text", ["A6R678", "B66666", "K83C57"])
def test_what_can_be_seen_is_read_and_a_muddy_province_is_left_open(reader, text):
    reading = reader.read_crop(drawn_plate(text))
    assert reading.text == OPEN + text
    assert reading.colour == PlateColour.BLUE
    assert is_valid("".join(place.char for place in reading.characters)), "the likeliest text is a plate's"
    assert reading.characters[0].confidence < 0.9 <= reading.confidence


def test_a_plate_is_found_on_its_car(reader):
    (reading,) = reader.read(car_with(drawn_plate("A6R678")))
    assert reading.text[1:] == "A6R678"
    assert np.abs(np.array(reading.corners) - CORNERS).max() < 20, "to an eighth of its width"


def test_two_pictures_of_one_car_say_together_what_neither_shows_whole(reader):
    left, right = drawn_plate("A6R678"), drawn_plate("A6R678")
    left[:, 250:290], right[:, 90:145] = BLUE, BLUE
    readings = [reader.read_crop(left), reader.read_crop(right)]
    together = vote([reading for reading in readings if reading], min_confidence=0.5)
    assert sum(said == true for said, true in zip(together.text[1:], "A6R678", strict=True)) >= 4


def test_a_street_in_which_no_plate_is_legible_has_none(reader, require):
    for picture in street_pictures(pulled("vtest", require), 6, every=100):
        assert reader.read(picture.bgr()) == ()


@pytest.mark.parametrize(
    "size", [pytest.param(s, id=f"{s[1]}x{s[0]}") for s in [(1, 1), (50, 3), (9, 40), (20, 700), (64, 64)]]
)
def test_a_picture_without_a_plate_has_none_whatever_its_size(reader, size):
    empty = np.full((*size, 3), 128, np.uint8)
    assert reader.read(empty) == ()
    assert reader.read_crop(empty, two_rows=True) is None
