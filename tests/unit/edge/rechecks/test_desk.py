"""A box that is asked to look again: on its real store, outbox and rules, over restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.evidence.desk import background_desk
from edge.leftovers import sweep_media
from edge.rechecks.desk import MOST_WAITING
from edge.uplink.commands import read_question
from kerbwatch.clock import ManualClock
from kerbwatch.ids import new_id
from kerbwatch.messages import (
    CENTRAL_SOURCE,
    Channel,
    EventType,
    LookAgain,
    LookAgainEvent,
    MessageError,
    topic,
)
from kerbwatch.mqtt import Delivery
from tests.incidents import ARRIVED_AT, a_report
from tests.unit.edge.kerb_box import Box

OWN_TOPIC = topic("yuyao", "box-1", Channel.COMMAND)


@pytest.fixture
def box(tmp_path: Path, clock: ManualClock) -> Iterator[Box]:
    running = Box(tmp_path, clock)
    yield running
    running.stop()


def question(event_id: str | None = None, *, source: str = CENTRAL_SOURCE, **changes) -> LookAgainEvent:
    """What central asks of what the box reported first, or of something else."""
    names = ("incident_id", "zone_id", "kind", "object_class", "box")
    values = {name: getattr(a_report(), name) for name in names} | {"camera_id": "c1", "zone_id": "kerb"}
    data = LookAgain(**(values | {"handled_at": ARRIVED_AT} | changes))
    return LookAgainEvent(
        id=event_id or new_id(), source=source, type=EventType.LOOK_AGAIN, time=ARRIVED_AT, data=data
    )


def of_the_car(box: Box, event_id: str | None = None) -> LookAgainEvent:
    """A question about the car that the box has reported."""
    reported = box.events("incident.opened")[0]["data"]
    names = ("incident_id", "camera_id", "zone_id", "kind", "object_class", "box")
    return question(event_id, **{name: reported[name] for name in names})


def answers(box: Box) -> list[dict]:
    background_desk().settle(60)
    return [event["data"] for event in box.events("look_again.answered")]


def verdicts(box: Box) -> list[tuple[str, str | None]]:
    return [(each["verdict"], each.get("reason")) for each in answers(box)]


def test_a_car_that_still_stands_is_told_with_a_picture_for_people(box: Box):
    box.looks_for(40)
    asked = of_the_car(box)
    box.rechecks.ask(asked)
    box.looks_for(10)
    (answer,) = answers(box)
    assert (answer["verdict"], answer["question_id"], answer["looks"]) == ("not_clear", asked.id, 4)
    original, shown = answer["evidence"]
    assert (original["role"], original["audience"], shown["audience"]) == (
        "snapshot_checked",
        "original",
        "people",
    )
    assert shown["original_sha256"] == original["sha256"]
    waiting = {file.name.split(".")[0] for file in (box.settings.data_dir / "media").iterdir()}
    assert {original["sha256"], shown["sha256"]} <= waiting


def test_a_car_that_has_left_leaves_a_clear_kerb_and_a_question_is_answered_once(box: Box):
    box.looks_for(40)
    asked = of_the_car(box)
    box.looks_for(10, car=False)
    box.rechecks.ask(asked)
    box.looks_for(4, car=False, bus=True)
    box.rechecks.ask(asked)
    box.looks_for(14, car=False)
    assert verdicts(box) == [("clear", None)]
    box.rechecks.ask(asked)
    box.looks_for(14, car=False)
    assert len(answers(box)) == 1


def test_a_box_that_is_killed_while_it_looks_goes_on_and_knows_what_it_answered(box: Box):
    box.looks_for(40)
    asked = of_the_car(box)
    box.rechecks.ask(asked)
    box.looks_for(4)
    box.stop()
    box.start()
    assert answers(box) == []
    box.looks_for(10, car=False)
    box.looks_for(12, car=False)
    box.stop()  # the verdict is on disk, perhaps not its picture for people
    box.start()
    media = box.settings.data_dir / "media"
    before = {path.name for path in media.iterdir() if path.suffix == ".jpg"}
    sweep_media(box.store, box.media, media)
    assert verdicts(box) == [("clear", None)]
    named = {item["sha256"] for item in answers(box)[0]["evidence"]}
    kept = {path.name.split(".")[0] for path in media.iterdir()}
    assert named <= kept, f"of {before} nothing that the answer names may be swept away"
    box.stop()
    box.start()
    box.rechecks.ask(asked)
    box.looks_for(12, car=False)
    assert len(answers(box)) == 1


def test_a_question_that_no_camera_here_can_look_at_is_refused_with_an_answer(box: Box):
    box.rechecks.ask(question(camera_id="west"))
    box.rechecks.ask(question(zone_id="moved-away"))
    assert verdicts(box) == [("unable", "no_camera"), ("unable", "no_zone")]


def test_zones_and_cameras_that_are_taken_away_meanwhile_are_told(box: Box):
    box.rechecks.ask(question())
    zone = box.settings.cameras[0].zones[0].model_copy(update={"id": "new"})
    camera = box.settings.cameras[0].model_copy(update={"zones": (zone,)})
    box.rechecks.take_on(box.settings.model_copy(update={"cameras": (camera,)}), "m")
    assert verdicts(box) == [("unable", "no_zone")]


def test_a_camera_that_is_silent_or_looks_elsewhere_cannot_tell(box: Box):
    box.rechecks.ask(question())
    box.clock.advance(200)
    box.rechecks.tick()
    assert verdicts(box) == []
    box.clock.advance(20)
    box.rechecks.tick()
    assert verdicts(box) == [("unable", "no_picture")]
    box.looks_for(10)
    box.rechecks.ask(question())
    box.looks_for(190, at="elsewhere")
    assert verdicts(box)[1:] == [("unable", "view_moved")]


def test_who_asks_too_much_is_told_so(box: Box):
    for _ in range(MOST_WAITING + 1):
        box.rechecks.ask(question())
    assert verdicts(box) == [("unable", "busy")]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"topic": topic("yuyao", "box-2", Channel.COMMAND)}, "nothing is taken on"),
        ({"retained": True}, "may not be retained"),
        ({"payload": b"{}"}, "Field required"),
        ({"payload": b"x" * 300_000}, "300000 bytes"),
        ({"payload": question(source="/kerbwatch/v1/yuyao/box-2").to_json()}, "only central asks"),
        ({"payload": question().to_json().replace(b"asked.v1", b"answered.v1")}, "does not belong here"),
    ],
    ids=["another box's", "left behind", "empty", "huge", "not central's", "no question"],
)
def test_a_command_that_is_amiss_does_nothing(changes, why):
    values = {"topic": OWN_TOPIC, "payload": question().to_json(), "retained": False, "ack": lambda: None}
    assert read_question(Delivery(**values), OWN_TOPIC).data.camera_id == "c1"
    with pytest.raises(MessageError, match=why):
        read_question(Delivery(**(values | changes)), OWN_TOPIC)
