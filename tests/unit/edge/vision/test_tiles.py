"""Looking closer where a zone is far away: which parts of the picture, and one vehicle stays one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.frame import ArrayPicture
from edge.settings import CameraSettings
from edge.vision.tiles import MOST_TILES, TilePicture, TilePlan, merge, plan_tiles
from models.classes import ObjectClass
from models.detections import Detections

HD = (1920, 1080)
INPUT_PX = 416
NEAR = [[200, 600], [1700, 600], [1700, 900], [200, 900]]
FAR = [[900, 200], [1250, 200], [1250, 245], [900, 245]]
AVENUE = [[960, 150], [985, 150], [1500, 1070], [900, 1070]]


def camera(*polygons: list[list[float]], **more: Any) -> CameraSettings:
    zones = [
        {"id": f"zone-{i}", "kind": "no_parking", "polygon": polygon} | more
        for i, polygon in enumerate(polygons)
    ]
    return CameraSettings.model_validate(
        {"id": "c1", "source": "a.mp4", "position": {"lon": 121.15, "lat": 30.04}, "zones": zones}
    )


def plan(*polygons: list[list[float]], **more: Any) -> TilePlan:
    return plan_tiles(camera(*polygons, **more), HD, INPUT_PX)


def test_a_kerb_near_by_is_seen_in_the_whole_picture():
    assert plan(NEAR).tiles == ()
    assert "65 px" not in plan(NEAR).why
    assert "zone-0 42 px" in plan(NEAR).why


def test_a_kerb_far_away_is_looked_at_closer_with_room_for_what_stands_there():
    found = plan(NEAR, FAR)
    [(left, top, right, bottom)] = found.tiles
    assert left < 900 - 29
    assert right > 1250 + 29
    assert top < 200 - 29
    assert bottom > 245
    assert (right - left) / (bottom - top) == pytest.approx(16 / 9, rel=0.01), "it shares the picture's batch"
    assert found.inputs == 2
    assert "times closer" in found.why


def test_of_a_street_that_runs_away_only_the_far_end_is_looked_at_closer():
    [tile] = plan(AVENUE).tiles
    assert tile[1] < 150
    assert tile[3] < 800


def test_however_much_is_far_away_the_cost_has_a_bound():
    rows = [[[20, y], [1900, y], [1900, y + 30], [20, y + 30]] for y in (40, 400, 760, 1000)]
    found = plan(*rows)
    assert len(found.tiles) <= MOST_TILES
    assert found.tiles or "would help" in found.why


@pytest.mark.parametrize(
    ("more", "inputs"),
    [({"detail": "whole"}, 1), ({"kind": "road"}, 1), ({"kind": "road", "detail": "tiles"}, 2)],
    ids=["not wished for", "litter follows motion", "wished for"],
)
def test_the_installer_has_the_last_word(more: dict[str, str], inputs: int):
    assert plan(FAR, **more).inputs == inputs


def test_a_map_of_the_ground_says_how_small_vehicles_are_in_a_zone_that_is_no_strip():
    square = [[100, 100], [1800, 100], [1800, 1000], [100, 1000]]
    assert plan(square).why.startswith("no estimate")
    metre = 1 / 111_195
    corners = [([0, 0], -48, 60), ([1920, 0], 48, 60), ([0, 1080], -48, 6), ([1920, 1080], 48, 6)]
    points = [
        {
            "pixel": pixel,
            "lon": 121.15 + east * metre / np.cos(np.radians(30.04)),
            "lat": 30.04 + north * metre,
        }
        for pixel, east, north in corners
    ]
    mapped = CameraSettings.model_validate(camera(square).model_dump() | {"ground_points": points})
    assert "zone-0 6 px" in plan_tiles(mapped, HD, INPUT_PX).why, "20 px a metre, 1.5 m, 416 of 1920 px"


PART = (600, 300, 1000, 500)


def boxes(*xyxy: tuple[float, ...], score: float = 0.6, kind: ObjectClass = ObjectClass.CAR) -> Detections:
    rows = np.array(xyxy, dtype=np.float32).reshape(-1, 4)
    count = len(rows)
    return Detections(rows, np.full(count, score, np.float32), np.full(count, kind, np.int64))


def merged(whole: Detections, *parts: tuple[tuple[int, int, int, int], Detections]) -> list[list[float]]:
    return sorted(merge(whole, parts, HD, INPUT_PX).xyxy.round().tolist())


def test_what_only_the_closer_look_shows_is_put_into_the_picture():
    assert merged(Detections.empty(), (PART, boxes((100, 50, 160, 90)))) == [[700, 350, 760, 390]]


@pytest.mark.parametrize(("score", "left"), [(0.9, 698), (0.3, 700)], ids=["the whole", "the part"])
def test_a_vehicle_that_both_looks_show_is_one_as_the_surer_look_shows_it(score: float, left: int):
    whole = boxes((698, 352, 765, 392), score=score, kind=ObjectClass.TRUCK)
    [found] = merged(whole, (PART, boxes((100, 50, 160, 90))))
    assert found[0] == left


def test_half_a_car_that_a_closer_look_is_less_sure_of_is_no_car_of_its_own():
    whole, closer = boxes((700, 350, 800, 400), score=0.8), boxes((100, 52, 140, 98), score=0.3)
    assert merged(whole, (PART, closer)) == [[700, 350, 800, 400]]


def test_a_kerb_at_a_middling_distance_is_looked_at_closer_where_one_part_holds_it():
    kerb = [[500, 500], [1300, 500], [1300, 660], [500, 660]]
    assert "zone-0 23 px" in plan(kerb).why
    assert plan(kerb).inputs == 2


def test_a_vehicle_on_the_seam_of_two_parts_is_one():
    other = (900, 300, 1300, 500)
    left, right = boxes((310, 50, 399, 100)), boxes((10, 50, 99, 100))
    assert merged(Detections.empty(), (PART, left), (other, right)) == [[910, 350, 999, 400]]


def test_a_part_of_the_picture_that_ends_at_its_edge_cuts_nothing():
    corner = (0, 0, 400, 200)
    assert merged(Detections.empty(), (corner, boxes((-5, 20, 40, 60)))) == [[-5, 20, 40, 60]]


def test_two_cars_that_are_one_from_afar_are_two():
    whole, closer = boxes((700, 350, 800, 400)), boxes((100, 52, 148, 98), (152, 52, 199, 98))
    assert merged(whole, (PART, closer)) == [[700, 352, 748, 398], [752, 352, 799, 398]]


def test_a_bus_that_reaches_out_of_the_part_stays_one_bus():
    bus = boxes((500, 250, 900, 480), kind=ObjectClass.BUS)
    assert merged(bus, (PART, boxes((8, 8, 295, 170), kind=ObjectClass.BUS))) == [[500, 250, 900, 480]]


def test_a_person_before_a_car_is_suppressed_by_nobody():
    person = boxes((110, 55, 140, 95), kind=ObjectClass.PERSON)
    assert len(merged(boxes((700, 350, 760, 390)), (PART, person))) == 2


def test_a_part_is_a_picture_of_its_own():
    image = np.arange(1080 * 1920 * 3, dtype=np.uint32).astype(np.uint8).reshape(1080, 1920, 3)
    part = TilePicture(ArrayPicture(image), PART)
    assert part.size_px == (400, 200)
    assert np.array_equal(part.bgr(), image[300:500, 600:1000])
    assert part.bgr((200, 100)).shape == (100, 200, 3)
