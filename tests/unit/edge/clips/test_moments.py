"""Who is who ahead of a camera that turns."""

import numpy as np

from edge.clips.moments import _followed
from edge.vision.tracker import Tracker
from models.classes import ObjectClass
from models.detections import Detections


def test_a_car_keeps_its_name_while_the_camera_swings_round() -> None:
    tracker = Tracker()
    named = []
    for look, turned_px in enumerate((0.0, 60.0, 150.0)):
        box = np.array([[100 + turned_px, 80, 130 + turned_px, 104]], np.float32)
        found = Detections(box, np.ones(1, np.float32), np.array([int(ObjectClass.CAR)]), np.array([-1]))
        seen = _followed(tracker, 0.2 * look, found, np.array([turned_px, 0.0]))
        assert np.array_equal(seen.xyxy, box)
        named.append(int(seen.track_id[0]))
    assert named == [1, 1, 1]
