"""Looking again with the rules themselves at work: stalls, goods, and vehicles in a row."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.frame import ArrayPicture, Frame
from edge.rechecks.sight import Scene, Spot, sight_of
from edge.rechecks.tally import Finding, Tally
from edge.rules.sighting import Sighting
from edge.vision.looking import Seen
from edge.watch import Watch
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages import UnableReason, Verdict
from models.classes import ObjectClass
from tests.unit.edge.street import CAR, KERB, PAVEMENT, SIZE_PX, Thing, camera_with, draw, look_at

TABLE = Thing((150, 140, 230, 190), texture=3, object_class=ObjectClass.STALL)
SELLER = Thing((235, 120, 260, 190), texture=6, object_class=ObjectClass.PERSON)
CRATES = Thing((150, 150, 220, 195), texture=8, seen=False)
"""Goods that the network has no word for."""
NEIGHBOUR = Thing((240, 130, 320, 190), texture=4)
OTHER = Thing(CAR.box, texture=9)


class Street:
    """A watched street, looked at every two seconds, and asked about."""

    def __init__(self, zone: dict[str, object]) -> None:
        self.watch, self.t_s = Watch(camera_with(zone), SIZE_PX, 0.25), 0.0
        self.opened: list[Sighting] = []

    def looks_for(self, seconds: float, things: Sequence[Thing]) -> None:
        for _ in range(int(seconds / 2)):
            self.scene(things)

    def scene(self, things: Sequence[Thing]) -> Scene:
        self.t_s += 2
        look = look_at(things, self.t_s)
        frame = Frame("c1", self.t_s, look.captured_at, ArrayPicture(draw(things)))
        found = self.watch.look(Seen(frame, look.detections, SIZE_PX))
        self.opened += [each for each in found.sightings if each.phase is Phase.OPENED]
        return Scene.of(self.watch, frame, look.detections, SIZE_PX, stale=False)

    def asked(self, seconds: float, things: Sequence[Thing]) -> Finding | None:
        first = self.opened[0]
        tally = Tally(first.kind)
        for _ in range(int(seconds / 2)):
            scene = self.scene(things)
            place = self.watch.place_of(first.incident_id)
            spot = Spot(place.id if place else first.incident_id, first.kind, first.box_xyxy)
            if (finding := tally.look(scene.t_s, sight_of(spot, scene))) is not None:
                return finding
        return None


@pytest.mark.parametrize(
    ("zone", "empty", "things", "kind"),
    [
        (KERB, [], [CAR], Kind.ILLEGAL_PARKING),
        (PAVEMENT, [SELLER], [TABLE, SELLER], Kind.STALL_ENCROACHMENT),
        (PAVEMENT, [], [CRATES], Kind.PAVEMENT_OBSTRUCTION),
    ],
    ids=["a car", "a stall and its seller", "goods without a name"],
)
def test_what_stands_is_not_clear_and_what_was_taken_away_is(zone, empty, things, kind):
    street = Street(zone)
    street.looks_for(20, [])
    street.looks_for(60, things)
    assert [each.kind for each in street.opened] == [kind]
    assert street.asked(30, things).verdict is Verdict.NOT_CLEAR
    assert street.asked(40, empty).verdict is Verdict.CLEAR


def test_a_car_that_leaves_a_row_leaves_a_free_place_between_its_neighbours():
    street = Street(KERB)
    street.looks_for(10, [])
    street.looks_for(40, [CAR, NEIGHBOUR])
    street.opened = [each for each in street.opened if each.box_xyxy[0] < 200]
    street.looks_for(10, [NEIGHBOUR])
    assert street.asked(20, [NEIGHBOUR]).verdict is Verdict.CLEAR


def test_another_car_in_its_place_is_for_a_person_to_judge():
    street = Street(KERB)
    street.looks_for(10, [])
    street.looks_for(40, [CAR])
    street.looks_for(10, [])
    street.looks_for(6, [OTHER])
    finding = street.asked(30, [OTHER])
    assert (finding.verdict, finding.reason) == (Verdict.UNABLE, UnableReason.TAKEN)
