"""What stands on a case's page."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.cases.schemas import EvidenceOut, LeadOut
from central.pages import case_view, wording
from central.pages.sign_in import _own_path

ARRIVED = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
YUYAO = ZoneInfo("Asia/Shanghai")


def a_shot(role="snapshot_limit", *, here=True, **box):
    usual = {"x1": 10, "y1": 20, "x2": 110, "y2": 90, "picture_width_px": 640, "picture_height_px": 360}
    lead = LeadOut.model_construct(box=usual | box)
    piece = EvidenceOut(
        sha256="a" * 64,
        role=role,
        content_type="image/jpeg",
        size_bytes=1,
        captured_at=ARRIVED,
        here=here,
        url="/api/v1/media/" + "a" * 64,
    )
    return case_view._shot(lead, piece)


def test_the_box_is_drawn_where_the_offender_stood():
    assert a_shot().box == case_view.Overlay(10, 20, 100, 70)


def test_a_box_that_leaves_the_picture_is_drawn_as_far_as_it_is_in_it():
    assert a_shot(x1=-50.0, y2=400.0).box == case_view.Overlay(0, 20, 110, 340)


def test_a_box_beside_the_picture_is_not_drawn():
    assert a_shot(x1=700, x2=800).box is None


def test_the_picture_of_the_cleared_place_has_no_box():
    assert a_shot("snapshot_cleared").box is None


def test_a_picture_that_is_on_its_way_has_no_address():
    assert a_shot(here=False).url is None


@pytest.mark.parametrize(
    ("now", "shown"),
    [(ARRIVED, "11:02"), (ARRIVED + timedelta(hours=13), "4 May 11:02")],
    ids=["the same day in the city", "the next day in the city"],
)
def test_times_are_the_citys(now, shown):
    assert wording.clock(ARRIVED, now, YUYAO) == shown
    assert wording.full(ARRIVED, YUYAO) == "4 May 2026, 11:02:01"


@pytest.mark.parametrize("target", ["/", "/cameras", "/cases/1?done=confirmed"])
def test_after_signing_in_one_comes_to_the_page_that_was_asked_for(target):
    assert _own_path(target) == target


@pytest.mark.parametrize(
    "target",
    ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "javascript:x", "/\n/x", ""],
)
def test_and_never_to_another_host(target):
    assert _own_path(target) == "/"
