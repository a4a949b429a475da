"""What stands on a case's page."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from central.cases.schemas import CaseDetail, EvidenceOut, LeadOut, PlateOut
from central.pages import case_view, wording
from central.pages.plate_view import plate_of
from central.pages.shots import Overlay, shot_of
from central.pages.sign_in import own_path
from central.pages.texts import t
from central.people.permissions import Role, permissions_of
from central.people.service import Principal

ARRIVED = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
YUYAO = ZoneInfo("Asia/Shanghai")


def someone(role=Role.OPERATOR):
    return Principal(actor="user:x", name="x", roles=(role.value,), permissions=permissions_of((role.value,)))


def a_piece(letter="a", role="snapshot_limit", *, here=True, original=None, audience="people"):
    return EvidenceOut(
        sha256=letter * 64,
        role=role,
        content_type="image/jpeg",
        size_bytes=1,
        captured_at=ARRIVED,
        here=here,
        audience=audience,
        original_sha256=original and original * 64,
        url="/api/v1/media/" + letter * 64,
    )


def a_shot(role="snapshot_limit", *, here=True, **box):
    usual = {"x1": 10, "y1": 20, "x2": 110, "y2": 90, "picture_width_px": 640, "picture_height_px": 360}
    piece = a_piece(role=role, here=here)
    lead = LeadOut.model_construct(box=usual | box, evidence=(piece,))
    return shot_of(lead, piece, someone())


def shots(*pieces, role=Role.OPERATOR):
    box = {"x1": 10, "y1": 20, "x2": 110, "y2": 90, "picture_width_px": 640, "picture_height_px": 360}
    lead = LeadOut.model_construct(box=box, evidence=pieces)
    return [shot_of(lead, piece, someone(role)) for piece in case_view._shown(lead)]


def test_the_box_is_drawn_where_the_offender_stood():
    assert a_shot().box == Overlay(10, 20, 100, 70)


def test_a_box_that_leaves_the_picture_is_drawn_as_far_as_it_is_in_it():
    assert a_shot(x1=-50.0, y2=400.0).box == Overlay(0, 20, 110, 340)


def test_a_box_beside_the_picture_is_not_drawn():
    assert a_shot(x1=700, x2=800).box is None


def test_the_picture_of_the_cleared_place_has_no_box():
    assert a_shot("snapshot_cleared").box is None


def test_a_picture_that_is_on_its_way_has_no_address():
    assert a_shot(here=False).url is None


def test_until_faces_are_blurred_there_is_nothing_to_be_seen():
    (shot,) = shots(a_piece("o", audience="original"))
    assert (shot.url, shot.waiting) == (None, t("case.being_prepared"))


def test_once_they_are_what_was_made_for_people_takes_the_originals_place():
    original, made = a_piece("o", audience="original"), a_piece("a", original="o")
    (shot,) = shots(original, made)
    assert shot.url == made.url


@pytest.mark.parametrize("role", Role)
def test_an_original_is_offered_to_those_who_may_ask_for_it_once_it_is_here(role):
    here, made = a_piece("o", audience="original"), a_piece("a", original="o")
    may = role in {Role.DISPATCHER, Role.ADJUDICATOR, Role.AUDITOR}
    assert [shot.original for shot in shots(here, made, role=role)] == [here.sha256 if may else None]
    coming = a_piece("o", audience="original", here=False)
    assert [shot.original for shot in shots(coming, made, role=role)] == [None]


def test_an_open_character_of_a_plate_is_shown_as_open_with_what_it_most_likely_is():
    sure = (0.99, 0.99, 0.99, 0.61, 0.95, 0.99, 0.99)
    plate = plate_of(
        PlateOut(text="浙B1?345", likeliest="浙B12345", confidences=sure, colour="blue", pictures=3)
    )
    assert plate.words == "浙B·1?345"
    assert [each.open for each in plate.characters] == [False] * 3 + [True] + [False] * 3
    assert [each.doubt for each in plate.characters] == [False] * 3 + [True, True, False, False]
    assert plate.doubts == (t("plate.open", place=4, hint="2, 61 % sure"),)


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
    assert own_path(target) == target


@pytest.mark.parametrize(
    "target",
    ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "javascript:x", "/\n/x", ""],
)
def test_and_never_to_another_host(target):
    assert own_path(target) == "/"


@pytest.mark.parametrize(
    ("kind", "said"), [("vehicle_litter", "Thrown 11:02"), ("illegal_parking", "Gone since 11:03")]
)
def test_a_throw_is_a_moment_and_is_not_gone_since(kind, said):
    lead = LeadOut.model_construct(ended_at=ARRIVED + timedelta(minutes=1))
    case = CaseDetail.model_construct(
        kind=kind, started_at=ARRIVED, cleared=True, camera_name="East 12", leads=(lead,)
    )
    assert case_view._presence(case, ARRIVED + timedelta(hours=1), YUYAO) == said
