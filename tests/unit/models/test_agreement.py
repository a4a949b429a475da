"""How far two looks at the same pictures agree."""

import numpy as np
import pytest

from models.agreement import mean_average_precision
from models.detections import Detections
from models.suppression import GROUP_OF_CLASS, suppress


def _seen(*boxes):
    rows = np.array(boxes, dtype=np.float32).reshape(-1, 6)
    return Detections(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64))


CAR, PERSON, TRUCK = 3, 0, 5


def test_the_same_boxes_agree_wholly():
    one = _seen((0, 0, 10, 10, 0.9, CAR), (20, 20, 30, 40, 0.5, PERSON))
    assert mean_average_precision([one], [one]) == 1


def test_a_missed_car_of_two_halves_the_precision_of_cars():
    truth = _seen((0, 0, 10, 10, 1, CAR), (20, 20, 30, 40, 1, CAR))
    assert mean_average_precision([_seen((0, 0, 10, 10, 0.9, CAR))], [truth]) == 0.5


def test_a_surer_false_alarm_costs_more_than_an_unsure_one():
    truth = _seen((0, 0, 10, 10, 1, CAR))
    hit, sure, unsure = (0, 0, 10, 10, 0.6, CAR), (50, 50, 60, 60, 0.9, CAR), (50, 50, 60, 60, 0.2, CAR)
    assert mean_average_precision([_seen(hit, sure)], [truth]) == 0.5
    assert mean_average_precision([_seen(hit, unsure)], [truth]) == 1


def test_a_car_counted_twice_is_right_once():
    truth = _seen((0, 0, 10, 10, 1, CAR), (50, 50, 60, 60, 1, CAR))
    twice = _seen((0, 0, 10, 10, 0.9, CAR), (0, 0, 10, 9, 0.8, CAR), (50, 50, 60, 60, 0.7, CAR))
    assert mean_average_precision([twice], [truth]) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_nothing_to_find_is_said_and_not_called_perfect():
    with pytest.raises(ValueError, match="nothing is to be found"):
        mean_average_precision([_seen()], [_seen()])


def test_a_van_that_is_car_and_truck_stays_once_but_the_person_before_it_stays_too():
    found = _seen((0, 0, 100, 50, 0.6, CAR), (2, 0, 100, 50, 0.7, TRUCK), (0, 0, 98, 50, 0.5, PERSON))
    kept = suppress(found.xyxy, found.score, GROUP_OF_CLASS[found.class_id], 0.45)
    assert kept.tolist() == [1, 2]


def test_cars_that_stand_side_by_side_both_stay():
    found = _seen((0, 0, 100, 50, 0.6, CAR), (60, 0, 160, 50, 0.7, CAR))
    assert len(suppress(found.xyxy, found.score, GROUP_OF_CLASS[found.class_id], 0.45)) == 2
