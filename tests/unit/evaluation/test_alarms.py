"""The sightings of one incident are one alarm."""

from edge.rules.sighting import Sighting
from evaluation.alarms import alarms_of
from evaluation.matching import Alarm, Box
from kerbwatch.incident import Kind, Phase


def sighting(phase, t_s, incident_id="a", box=(1, 2, 3, 4)):
    return Sighting(
        phase=phase,
        kind=Kind.ILLEGAL_PARKING,
        zone_id="kerb",
        incident_id=incident_id,
        t_s=t_s,
        started_t_s=5,
        box_xyxy=box,
        score=0.8,
        object_class="car",
        dwell_s=t_s - 5,
        limit_s=20,
    )


def test_a_car_that_is_seen_again_and_again_and_then_leaves_is_one_alarm():
    seen = [
        sighting(Phase.OPENED, 26),
        sighting(Phase.UPDATED, 60, box=(9, 9, 10, 10)),
        sighting(Phase.CLEARED, 90),
    ]
    assert alarms_of(seen) == [Alarm(Kind.ILLEGAL_PARKING, "kerb", 26, 5, Box(1, 2, 3, 4), cleared_s=90)]


def test_two_cars_are_two_alarms_in_the_order_in_which_they_opened():
    seen = [
        sighting(Phase.OPENED, 26, "a"),
        sighting(Phase.OPENED, 31, "b"),
        sighting(Phase.CLEARED, 40, "a"),
    ]
    assert [(alarm.opened_s, alarm.cleared_s) for alarm in alarms_of(seen)] == [(26, 40), (31, None)]
