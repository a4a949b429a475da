import json

import hypothesis.strategies as st
import jsonschema
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given

from kerbwatch.ids import new_id
from kerbwatch.messages import (
    CENTRAL_SOURCE,
    MAX_MESSAGE_BYTES,
    Box,
    CameraHealth,
    Channel,
    EventType,
    Evidence,
    HealthEvent,
    HealthReport,
    IncidentEvent,
    LookAgain,
    LookAgainAnswer,
    LookAgainAnswerEvent,
    LookAgainEvent,
    MessageError,
    Receipt,
    ReceiptEvent,
    SequenceRange,
    Skipped,
    SkippedEvent,
    StatusEvent,
    StatusReport,
    json_schemas,
    parse_event,
    parse_incident_channel,
    source_of,
    topic,
    topic_parts,
)
from tests.incidents import ARRIVED_AT, a_report

SOURCE = source_of("yuyao", "box-1")
SNAPSHOT = Evidence(
    sha256="ab" * 32,
    role="snapshot_limit",
    content_type="image/jpeg",
    size_bytes=80_000,
    captured_at=ARRIVED_AT,
)
HEALTH = HealthReport(
    version="0.1.0",
    model="yolox-nano@615e2661",
    uptime_s=60.0,
    cameras=(CameraHealth(camera_id="c1", name="阳明东路 3", state="streaming", profile="dwell"),),
    outbox_entries=0,
    outbox_bytes=0,
    media_waiting=0,
    dropped_updates=0,
)


def envelope(kind, data, **more):
    return {"id": new_id(), "source": SOURCE, "type": kind, "time": ARRIVED_AT, "data": data} | more


def an_incident(report=None):
    report = report or a_report(evidence=(SNAPSHOT,))
    return IncidentEvent(
        **envelope(EventType.of_phase(report.phase), report, epoch=new_id(), sequence="7", subject="s")
    )


def a_question():
    asked = a_report()
    names = ("incident_id", "camera_id", "zone_id", "kind", "object_class", "box")
    return LookAgain(**{name: getattr(asked, name) for name in names}, handled_at=ARRIVED_AT)


def an_answer(**changes):
    answered = {"question_id": new_id(), "incident_id": new_id(), "camera_id": "c1", "model": "yolox-nano"}
    found = {"verdict": "clear", "looked_at": ARRIVED_AT, "looks": 5, "evidence": (SNAPSHOT,)}
    return LookAgainAnswer(**(answered | found | changes))


EVENTS = {
    "incident": an_incident(),
    "skipped": SkippedEvent(
        **envelope(
            EventType.INCIDENT_SKIPPED, Skipped(reason="already_receipted"), epoch=new_id(), sequence="8"
        )
    ),
    "health": HealthEvent(**envelope(EventType.HEALTH, HEALTH)),
    "status": StatusEvent(**envelope(EventType.STATUS, StatusReport(state="online"))),
    "receipt": ReceiptEvent(
        **envelope(
            EventType.RECEIPT,
            Receipt(epoch=new_id(), committed=(new_id(),), missing=(SequenceRange(first=3, last=5),)),
        )
    ),
    "look_again": LookAgainEvent(
        **(envelope(EventType.LOOK_AGAIN, a_question()) | {"source": CENTRAL_SOURCE})
    ),
    "look_again_answer": LookAgainAnswerEvent(
        **envelope(EventType.LOOK_AGAIN_ANSWER, an_answer(), epoch=new_id(), sequence="9")
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_the_official_cloudevents_sdk_reads_every_message(name):
    event = EVENTS[name]
    read = JSONFormat().read(CloudEvent, event.to_json())
    assert (read.get_id(), read.get_source(), read.get_type()) == (event.id, event.source, event.type)
    assert read.get_specversion() == "1.0"
    assert read.get_datacontenttype() == "application/json"
    assert read.get_time() == event.time
    assert read.get_extension("sequence") == event.sequence
    assert read.get_extension("epoch") == event.epoch
    assert read.get_data() == json.loads(event.data.model_dump_json(exclude_none=True))


def test_a_message_written_by_the_official_sdk_is_read_by_central():
    sent = json.loads(EVENTS["incident"].to_json())
    data = sent.pop("data")
    foreign = JSONFormat().write(CloudEvent({**sent, "time": ARRIVED_AT}, data))
    assert parse_incident_channel(foreign) == EVENTS["incident"]


@pytest.mark.parametrize("name", EVENTS)
def test_every_message_fits_its_published_schema(name):
    schema = json_schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(EVENTS[name].to_json()), schema, jsonschema.Draft202012Validator)


def test_a_published_schema_refuses_what_the_program_refuses():
    validator = jsonschema.Draft202012Validator(json_schemas()["incident"])
    good = json.loads(EVENTS["incident"].to_json())
    for change in ({"sequence": 7}, {"type": "org.kerbwatch.edge.health.v1"}, {"id": "1"}):
        assert not validator.is_valid(good | change), change
    for absent in ("epoch", "sequence", "specversion", "data"):
        assert not validator.is_valid({key: value for key, value in good.items() if key != absent}), absent


@pytest.mark.parametrize("phase", ["opened", "updated", "cleared"])
def test_an_incident_goes_over_the_wire_and_comes_back_the_same(phase):
    event = an_incident(a_report(revision=3, phase=phase))
    assert parse_incident_channel(event.to_json()) == event


@given(road=st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_name_of_a_road_survives_the_wire(road):
    event = an_incident(a_report(road=road))
    assert parse_incident_channel(event.to_json()).data.road == road


def test_the_largest_incident_is_within_the_limit_of_a_message():
    report = a_report(road="阳" * 300, evidence=(SNAPSHOT,) * 32)
    assert len(an_incident(report).to_json()) < MAX_MESSAGE_BYTES / 10


@given(
    st.binary(max_size=300) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)
)
def test_rubbish_is_a_message_error_and_never_anything_else(rubbish):
    payload = rubbish.encode() if isinstance(rubbish, str) else rubbish
    for read in (parse_incident_channel, lambda p: parse_event(p, HealthEvent)):
        with pytest.raises(MessageError):
            read(payload)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"x" * (MAX_MESSAGE_BYTES + 1)],
    ids=["empty", "bytes", "deep list", "deep object", "large"],
)
def test_hostile_bytes_are_refused(payload):
    with pytest.raises(MessageError):
        parse_incident_channel(payload)
    with pytest.raises(MessageError):
        parse_event(payload, ReceiptEvent)


def broken(name, **changes):
    """The named message as JSON with changes; a key with dots reaches inside, None removes."""
    tree = json.loads(EVENTS[name].to_json())
    for path, value in changes.items():
        *way, last = path.split("__")
        node = tree
        for step in way:
            node = node[step]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return json.dumps(tree).encode()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": "not-a-uuid"}, "id"),
        ({"type": "org.example.other"}, "type"),
        ({"type": "org.kerbwatch.incident.cleared.v1"}, "phase"),
        ({"type": "org.kerbwatch.edge.health.v1"}, "phase"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-05-04T03:00:00"}, "time"),
        ({"sequence": "0"}, "sequence"),
        ({"sequence": "1" * 19}, "sequence"),
        ({"sequence": None}, "sequence"),
        ({"epoch": None}, "epoch"),
        ({"data": None}, "data"),
        ({"data__incident_id": "7"}, "data.incident_id"),
        ({"data__revision": 0}, "data.revision"),
        ({"data__kind": "jaywalking"}, "data.kind"),
        ({"data__camera_id": "../../etc"}, "data.camera_id"),
        ({"data__confidence": 1.5}, "data.confidence"),
        ({"data__dwell_s": -1}, "data.dwell_s"),
        ({"data__dwell_s": float("nan")}, "data.dwell_s"),
        ({"data__box__x1": float("inf")}, "data.box.x1"),
        ({"data__box__x2": -1}, "box"),
        ({"data__place__lon": 200}, "data.place.lon"),
        ({"data__place__datum": "GCJ-02"}, "data.place.datum"),
        ({"data__ended_at": "2026-05-04T03:03:00Z"}, "ended_at"),
        ({"data__observed_at": "2026-05-04T02:00:00Z"}, "observed_at"),
        ({"data__road": "x" * 301}, "data.road"),
        ({"data__evidence": [{"sha256": "AB"}]}, "data.evidence.0.sha256"),
    ],
    ids=str,
)
def test_a_fault_in_an_incident_is_named(changes, named):
    with pytest.raises(MessageError, match=named.replace(".", r"\.")):
        parse_incident_channel(broken("incident", **changes))


def test_a_message_on_the_wrong_channel_is_refused():
    with pytest.raises(MessageError, match="does not belong here"):
        parse_event(broken("receipt", type="org.kerbwatch.edge.status.v1"), ReceiptEvent)
    with pytest.raises(MessageError):
        parse_event(EVENTS["health"].to_json(), StatusEvent)


def test_a_newer_boxs_unknown_fields_are_ignored():
    payload = broken("incident", data__weather="rain", traceparent="00-ab")
    assert parse_incident_channel(payload) == EVENTS["incident"]


def test_infinity_never_leaves_the_box():
    with pytest.raises(ValueError, match="finite"):
        Box(x1=0, y1=0, x2=float("inf"), y2=1, picture_width_px=1, picture_height_px=1)


def test_topics_are_made_and_taken_apart():
    name = topic("yuyao", "box-1", Channel.INCIDENT)
    assert name == "kerbwatch/v1/yuyao/box-1/incident"
    assert topic_parts(name) == ("yuyao", "box-1", "incident")
    assert SOURCE == "/kerbwatch/v1/yuyao/box-1"


@pytest.mark.parametrize("name", ["", "kerbwatch/v1/yuyao/box-1", "kerbwatch/v2/y/b/incident", "a/b/c/d/e/f"])
def test_a_foreign_topic_is_refused(name):
    with pytest.raises(MessageError):
        topic_parts(name)


def test_a_camera_that_cannot_tell_says_why_and_one_that_can_gives_no_excuse():
    assert an_answer(verdict="unable", reason="hidden").reason == "hidden"
    for verdict, reason in (("unable", None), ("clear", "dark")):
        with pytest.raises(ValueError, match="belongs to verdict 'unable'"):
            an_answer(verdict=verdict, reason=reason)
