"""What the bench's boxes say is what an edge would say."""

import random

from evaluation.bench.flood import SendingBox
from kerbwatch.messages import parse_incident_channel


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
