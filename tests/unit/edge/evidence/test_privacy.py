"""What people see: no bystander's face or plate, and the offender's plate as it was."""

import av
import cv2
import numpy as np
import pytest

from edge.evidence.privacy import for_people
from edge.evidence.sensitive import Sensitive, heads_of, is_offenders, lower_parts
from edge.evidence.shown import encoded
from edge.evidence.shown_clip import LOOK_EVERY_S, Offender, write_shown_clip
from models.classes import ObjectClass
from models.detections import Detections
from tests.clips import write_clip_file

SIZE = (640, 360)
OFFENDER = (40.0, 100.0, 300.0, 300.0)
OWN, OTHER, FACE = (120, 250, 200, 276), (430, 250, 510, 276), (340, 60, 370, 100)


def boxes(*each):
    return np.array(each, dtype=np.float32).reshape(-1, 4)


class Sees:
    """Finds the same in every picture, or nothing in those that it is told to miss."""

    def __init__(self, *, faces=(), heads=(), plates=(), vehicles=(OFFENDER,), misses=()):
        self.found = Sensitive(boxes(*faces), boxes(*heads), boxes(*plates), boxes(*vehicles))
        self.misses, self.looks = set(misses), 0

    def look(self, image):
        self.looks += 1
        nothing = Sensitive(boxes(), boxes(), boxes(), self.found.vehicles)
        return nothing if self.looks - 1 in self.misses else self.found


def street():
    """Stripes everywhere, so that whatever is blurred loses its contrast."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    image[:, ::4], image[:, 1::4] = 255, 255
    return image


def contrast(image, box):
    x1, y1, x2, y2 = box
    return float(image[y1:y2, x1:x2].std())


def test_faces_and_other_plates_are_blurred_and_the_offenders_plate_stays():
    image = street()
    shown = for_people(image, OFFENDER, Sees(faces=[FACE], plates=[OWN, OTHER]))
    assert contrast(shown, FACE) < 15 and contrast(shown, OTHER) < 15
    assert np.array_equal(shown[250:276, 120:200], image[250:276, 120:200])
    assert np.array_equal(shown[:40], image[:40]), "the rest is as it was"
    assert contrast(image, FACE) > 100, "the original is left alone"


def test_where_no_vehicle_offends_every_plate_is_blurred():
    shown = for_people(street(), None, Sees(plates=[OWN, OTHER]))
    assert contrast(shown, OWN) < 15 and contrast(shown, OTHER) < 15


def test_a_guessed_head_does_not_hide_the_offenders_plate_but_a_face_that_was_found_does():
    head = (100, 240, 220, 290)
    assert contrast(for_people(street(), OFFENDER, Sees(heads=[head], plates=[OWN])), OWN) > 100
    assert contrast(for_people(street(), OFFENDER, Sees(faces=[head], plates=[OWN])), OWN) < 15


def test_blurring_leaves_too_little_to_compute_a_face_or_a_character_back_from():
    noise = np.random.default_rng(1).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    shown = for_people(noise, None, Sees(faces=[FACE], plates=[OTHER], vehicles=[]))
    face = cv2.resize(shown[60:100, 340:370], (4, 5), interpolation=cv2.INTER_AREA)
    again = cv2.resize(face, (30, 40), interpolation=cv2.INTER_LINEAR)
    assert np.abs(again.astype(int) - shown[60:100, 340:370]).mean() < 12, "twenty means are all there is"


def test_a_plate_between_two_cars_is_of_the_one_whose_lower_edge_it_is_nearer_to():
    behind, in_front = (100.0, 50.0, 300.0, 200.0), np.array([[90, 120, 310, 330]], np.float32)
    assert is_offenders(np.array([180, 170, 220, 184], np.float32), behind, in_front)
    assert not is_offenders(np.array([180, 295, 220, 310], np.float32), behind, in_front)
    assert not is_offenders(np.array([180, 295, 220, 310], np.float32), None, in_front)


@pytest.mark.parametrize(
    ("box", "lower_edge"),
    [((100, 100, 140, 220), 130), ((100, 100, 200, 200), 160)],
    ids=["standing: a quarter", "half hidden: more"],
)
def test_the_head_of_a_person_is_the_upper_part(box, lower_edge):
    persons = Detections(
        np.array([box], np.float32), np.array([0.8], np.float32), np.array([ObjectClass.PERSON], np.int64)
    )
    (head,) = heads_of(persons, 360)
    assert head[1] < 100 and head[3] == pytest.approx(lower_edge)


def test_where_plates_cannot_be_found_the_lower_part_of_a_vehicle_is_taken():
    assert lower_parts(boxes((0, 0, 90, 90))).tolist() == [[0, 30, 90, 90]]


def test_a_picture_for_people_is_a_file_of_its_own_even_if_nothing_was_blurred():
    image = np.full((40, 60, 3), 120, np.uint8)
    data = encoded(image, 88)
    assert data != cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()
    assert b"made for people" in data
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == image.shape


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_in_a_clip_one_look_that_misses_a_face_does_not_show_it(tmp_path):
    source = write_clip_file(tmp_path / "a.mp4", seconds=4)
    height, width = frames(source)[0].shape[:2]
    face = (width // 4, height // 4, width // 2, height // 2)
    eyes = Sees(faces=[face], vehicles=[], misses=[3])
    count = write_shown_clip(source, tmp_path / "shown.mp4", eyes, None)
    shown = frames(tmp_path / "shown.mp4")
    assert len(shown) == count == len(frames(source))
    assert eyes.looks >= 4 / LOOK_EVERY_S - 1
    for original, image in zip(frames(source), shown, strict=True):
        assert contrast(image, face) <= max(6.0, 0.7 * contrast(original, face))


def test_the_offender_is_followed_through_a_clip_and_its_plate_stays(tmp_path):
    source = write_clip_file(tmp_path / "a.mp4", seconds=2)
    height, width = frames(source)[0].shape[:2]
    car, plate = (0.0, 0.0, width / 2, height * 1.0), (10, height // 2, 60, height // 2 + 16)
    eyes = Sees(plates=[plate], vehicles=[car])
    kept = write_shown_clip(source, tmp_path / "kept.mp4", eyes, Offender(lambda *_size: car, 1.0))
    gone = write_shown_clip(source, tmp_path / "gone.mp4", eyes, None)
    assert kept == gone

    def change(path):
        pairs = zip(frames(source), frames(path), strict=True)
        x1, y1, x2, y2 = plate
        return max(np.abs(a[y1:y2, x1:x2].astype(int) - b[y1:y2, x1:x2]).mean() for a, b in pairs)

    assert change(tmp_path / "kept.mp4") < change(tmp_path / "gone.mp4")
