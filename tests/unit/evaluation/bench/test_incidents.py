"""Whether two programs reported the same things of a street."""

from datetime import timedelta

import pytest

from evaluation.bench.incidents import Opened, Watched, agreement
from evaluation.matching import Box
from kerbwatch.incident import Kind
from kerbwatch.messages import Box as MessageBox
from tests.incidents import ARRIVED_AT, a_report

VAN, BESIDE_IT, BIKE = Box(100, 100, 200, 180), Box(110, 95, 210, 175), Box(400, 100, 440, 160)
THE_WHOLE_LANE = Box(0, 0, 640, 300)


@pytest.mark.parametrize(
    ("rival", "edge", "counts"),
    [
        ([Opened(10, VAN)], [Opened(12, BESIDE_IT)], (1, 0, 0)),
        ([Opened(10, VAN), Opened(12, BIKE)], [Opened(13, BIKE), Opened(11, VAN)], (2, 0, 0)),
        ([Opened(10, VAN)], [], (0, 1, 0)),
        ([Opened(10, VAN)], [Opened(11, VAN), Opened(11, BIKE)], (1, 0, 1)),
        ([Opened(10, VAN), Opened(12, VAN)], [Opened(11, VAN)], (1, 1, 0)),
        ([Opened(10, VAN)], [Opened(15, VAN)], (0, 1, 1)),
        ([Opened(10, VAN)], [Opened(10, THE_WHOLE_LANE)], (0, 1, 1)),
        ([], [], (0, 0, 0)),
    ],
    ids=[
        "a little beside and later",
        "in any order",
        "missed by the edge",
        "one too many on the edge",
        "told twice by the rival",
        "too far apart in time",
        "a box around everything",
        "an empty street",
    ],
)
def test_incidents_are_matched_one_to_one_in_place_and_time(rival, edge, counts):
    found = agreement(rival, edge, until_s=30)
    assert (len(found.pairs), len(found.rival_alone), len(found.edge_alone)) == counts


def test_what_opens_as_the_window_ends_is_held_against_nobody():
    assert agreement([Opened(27, VAN)], [], until_s=30).rival_alone == ()
    assert len(agreement([Opened(27, VAN)], [Opened(29.5, VAN)], until_s=30).pairs) == 1


def report(camera, box, after_s, kind=Kind.ILLEGAL_PARKING):
    corners = {"x1": box.left, "y1": box.top, "x2": box.right, "y2": box.bottom}
    update = {
        "camera_id": camera,
        "kind": kind,
        "observed_at": ARRIVED_AT + timedelta(seconds=after_s),
        "box": MessageBox(**corners, picture_width_px=640, picture_height_px=360),
    }
    return a_report().model_copy(update=update)


def test_the_edges_incidents_are_told_in_the_time_of_each_cameras_stream():
    watched = Watched(
        (
            report("cam-001", VAN, 12),
            report("cam-002", VAN, 14),
            report("cam-002", BIKE, 14, kind=Kind.STALL_ENCROACHMENT),
        ),
        {
            "cam-001": ARRIVED_AT,
            "cam-002": ARRIVED_AT + timedelta(seconds=1),
            "cam-003": ARRIVED_AT,
        },
        ARRIVED_AT + timedelta(seconds=35),
    )
    assert watched.opened(Kind.ILLEGAL_PARKING) == {
        "cam-001": (Opened(12, VAN),),
        "cam-002": (Opened(13, VAN),),
        "cam-003": (),
    }
    assert watched.seconds_s == 34
