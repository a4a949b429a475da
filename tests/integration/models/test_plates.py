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


WHITE, GREEN, YELLOW, BLACK, RED = (
    (240, 240, 240),
    (130, 210, 120),
    (30, 190, 240),
    (15, 15, 15),
    (20, 20, 200),
)
PRINT = cv2.FontFace("uni")
"""OpenCV's own font with Chinese characters."""


def printed(plate, character, middle, size, ink):
    x, y, width, height = cv2.getTextSize((1, 1), character, (0, 0), PRINT, size, 700)
    corner = round(middle[0] - width / 2 - x), round(middle[1] - height / 2 - y)
    cv2.putText(plate, character, corner, ink, PRINT, size, 700)


def in_one_row(text, ground, last_ink=BLACK):
    width, size = (440, 80) if len(text) == 7 else (480, 66)
    plate, step = np.full((140, width, 3), ground, np.uint8), (width - 40) / (len(text) + 0.3)
    for place, character in enumerate(text):
        middle = 20 + (place + 0.5 + (0.3 if place > 1 else 0)) * step, 70
        printed(plate, character, middle, size, last_ink if place == len(text) - 1 else BLACK)
    return plate


def in_two_rows(text):
    plate = np.full((220, 440, 3), YELLOW, np.uint8)
    for place, character in enumerate(text[:2]):
        printed(plate, character, (150 + place * 140, 45), 60, BLACK)
    for place, character in enumerate(text[2:]):
        printed(plate, character, (60 + place * 80, 145), 105, BLACK)
    return plate


@pytest.mark.parametrize("text", ["浙A1234警", "京A8888警"])
def test_a_police_car_is_known_by_its_white_plate_and_its_last_character(reader, text):
    reading = reader.read_crop(in_one_row(text, WHITE, last_ink=RED))
    assert (reading.text, reading.colour) == (text, PlateColour.WHITE)


@pytest.mark.parametrize("text", ["浙AD12345", "沪AF71017"])
def test_a_green_plate_has_eight_characters(reader, text):
    reading = reader.read_crop(in_one_row(text, GREEN))
    assert (reading.text, reading.colour) == (text, PlateColour.GREEN)


def test_the_two_rows_of_a_lorrys_plate_are_one_plate(reader):
    reading = reader.read_crop(in_two_rows("浙B12345"), two_rows=True)
    assert (reading.text[1:], reading.colour) == ("B12345", PlateColour.YELLOW)
    assert reader.read_crop(in_two_rows("浙B12345")) is None, "as one row it is none"


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
