"""What the bench's boxes say is what an edge would say."""

import random

from evaluation.bench.flood import SendingBox
from kerbwatch.messages import HealthEvent, parse_event, parse_incident_channel


def test_incidents_filled_into_a_form_are_read_as_whole_messages_each_with_its_own_place_in_the_sequence():
    box, dice = SendingBox(3), random.Random(1)

    told = [box.message(dice) for _ in range(40)]
    read = [parse_incident_channel(payload) for _id, payload in told]

    assert [event.id for event in read] == [event_id for event_id, _payload in told]
    assert [event.sequence for event in read] == [str(number) for number in range(1, 41)]
    assert len({event.data.incident_id for event in read}) == 40
    assert len({(event.data.place.lon, event.data.place.lat) for event in read}) == 40
    assert len({piece.sha256 for event in read for piece in event.data.evidence}) == 80
    assert {event.data.kind for event in read} == {event.data.kind for event in map(_whole, range(60))}


def _whole(seed):
    return SendingBox(1).incident(random.Random(seed))


def test_a_health_report_that_is_filled_in_is_one_that_is_made():
    box = SendingBox(3)
    first, second = (parse_event(box.health_message(4), HealthEvent) for _ in range(2))
    made = box.health(4)
    assert first.id != second.id
    assert second.data.cameras[3].looks > first.data.cameras[3].looks
    assert all(camera.last_picture_at == second.time for camera in second.data.cameras)

    def alike(event):
        return [
            camera.model_copy(update={"looks": 0, "last_picture_at": None}) for camera in event.data.cameras
        ]

    assert alike(second) == alike(made)
    assert second.source == made.source
