"""What central makes of the bytes on a topic, however hostile they are."""

import json
import random
from datetime import timedelta

import pytest

from central.intake.reading import Incoming, Reading, Refusal, read
from kerbwatch.incident import Phase
from kerbwatch.messages import MAX_MESSAGE_BYTES
from tests.unit.central.box import NOON, EdgeBox, camera_health, evidence, report

TOLERANCE = timedelta(seconds=300)


def look(message):
    return read(message, NOON, TOLERANCE)


def changed(message, **changes):
    return Incoming(message.topic, json.dumps(json.loads(message.payload) | changes).encode())


def test_a_good_message_is_read():
    box = EdgeBox()
    found = look(box.message(report()))
    assert isinstance(found, Reading)
    assert (found.ordinal.epoch, found.ordinal.number) == (box.epoch, 1)


def test_hundreds_of_damaged_messages_are_refused_or_read_and_nothing_else():
    box, dice = EdgeBox(), random.Random(7)
    whole = box.message(report(evidence=(evidence(),)))
    refused = 0
    for _ in range(600):
        payload = bytearray(whole.payload)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(payload))
            if dice.random() < 0.3:
                del payload[at : at + dice.randint(1, 40)]
            else:
                payload[at : at + 1] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 3)))
        found = look(Incoming(whole.topic, bytes(payload)))
        assert isinstance(found, Reading | Refusal)
        refused += isinstance(found, Refusal)
    assert refused > 400


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00" * 100,
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b"null",
        b"1e999",
        b'{"type": "org.kerbwatch.incident.opened.v1", "id": NaN}',
        b"\xff\xfe{}",
        b'"' + b"x" * 1000,
    ],
    ids=["nothing", "zeros", "deep", "deep objects", "null", "infinite", "nan", "utf-16", "half a string"],
)
def test_nonsense_is_refused(payload):
    found = look(Incoming("kerbwatch/v1/yuyao/box-1/incident", payload))
    assert (found.reason, found.identity) == ("malformed", None)


def test_a_message_too_large_is_refused_before_it_is_parsed():
    message = EdgeBox().message(report())
    found = look(Incoming(message.topic, message.payload + b" " * MAX_MESSAGE_BYTES))
    assert found.reason == "too_large"
    assert found.identity is None


@pytest.mark.parametrize(
    "topic",
    [
        "kerbwatch/v1/yuyao/box-1",
        "kerbwatch/v1/YUYAO/box-1/incident",
        "kerbwatch/v1/yuyao/../incident",
        "kerbwatch/v1/yuyao/box-1/receipt",
        "kerbwatch/v2/yuyao/box-1/incident",
        "a/b",
    ],
)
def test_a_topic_that_is_not_ours_is_refused(topic):
    assert look(Incoming(topic, EdgeBox().message(report()).payload)).reason == "topic"


def test_a_box_does_not_speak_for_another():
    other = EdgeBox(edge="box-2")
    message = other.message(report())
    found = look(Incoming("kerbwatch/v1/yuyao/box-1/incident", message.payload))
    assert found.reason == "source"
    assert found.identity.sender.edge == "box-1"


@pytest.mark.parametrize(
    "when",
    [
        {"observed_at": NOON + timedelta(seconds=301)},
        {"started_at": NOON + timedelta(days=1), "observed_at": NOON + timedelta(days=1)},
        {"phase": Phase.CLEARED, "ended_at": NOON + timedelta(hours=1)},
        {"evidence": (evidence(captured_at=NOON + timedelta(hours=1)),)},
    ],
    ids=["observed", "started", "ended", "a picture"],
)
def test_an_incident_of_the_future_is_refused_by_its_id(when):
    box = EdgeBox()
    event = box.event(report(**when))
    found = look(box.wire(event))
    assert found.reason == "future"
    assert (found.identity.event_id, found.identity.epoch, found.identity.sequence) == (
        event.id,
        box.epoch,
        1,
    )


def test_a_clock_that_is_a_little_fast_is_forgiven():
    soon = NOON + timedelta(seconds=299)
    assert isinstance(look(EdgeBox().message(report(observed_at=soon), time=soon)), Reading)


def test_a_refused_message_keeps_its_identity_when_it_can_be_read():
    message = EdgeBox().message(report())
    found = look(changed(message, data={"incident_id": "none"}))
    assert found.reason == "malformed"
    assert found.identity.event_id == json.loads(message.payload)["id"]
    assert look(changed(message, data={}, id="7")).identity is None
    assert look(changed(message, data={}, sequence="0")).identity.sequence is None


def test_a_nul_character_never_reaches_the_database():
    message = EdgeBox().message(report(camera_name="a\x00b"))
    assert look(message).reason == "malformed"


def test_health_is_read():
    assert isinstance(look(EdgeBox().health(camera_health())), Reading)
