"""Hundreds of boxes: those that need someone come first, a page at a time."""

from datetime import timedelta

import pytest

from central.cameras import service
from central.cameras.service import Heard
from central.problems import Problem
from central.sender import Sender
from tests.unit.central.box import NOON, EdgeBox, camera_health


def heard(name, *cameras, at=NOON):
    message = EdgeBox(edge=name).health(*cameras)
    from central.intake.reading import read

    reading = read(message, at, timedelta(seconds=300))
    return Heard(Sender("yuyao", name), reading.data, at)


@pytest.fixture
def boxes(database):
    """Six boxes: one fell silent, one has a frozen camera, four are well."""
    with database.write() as session:
        service.take_health(session, [heard("a-silent", camera_health())], NOON - timedelta(seconds=90))
        service.take_health(
            session,
            [
                *(heard(f"c-well-{n}", camera_health(), camera_health("cam-13")) for n in range(4)),
                heard("b-frozen", camera_health(frozen=True), camera_health("cam-13")),
            ],
            NOON,
        )
    return database


def test_silent_boxes_come_first_then_those_with_a_camera_that_is_unwell(boxes):
    with boxes.read() as session:
        page = service.list_boxes(session, NOON)
    assert [box.edge for box in page.items][:3] == ["a-silent", "b-frozen", "c-well-0"]
    assert (page.total_cameras, page.working_cameras, page.next_cursor) == (11, 9, None)


@pytest.mark.parametrize("most_cameras", [400, 4, 1], ids=["by boxes", "by cameras", "a box is whole"])
def test_page_by_page_every_box_is_seen_once(boxes, monkeypatch, most_cameras):
    monkeypatch.setattr(service, "MOST_CAMERAS", most_cameras)
    seen, cursor = [], None
    with boxes.read() as session:
        while True:
            page = service.list_boxes(session, NOON, cursor=cursor, limit=2)
            assert len(page.items) == 1 or sum(len(box.cameras) for box in page.items) <= most_cameras
            seen += [box.edge for box in page.items]
            if (cursor := page.next_cursor) is None:
                break
    assert seen == ["a-silent", "b-frozen", "c-well-0", "c-well-1", "c-well-2", "c-well-3"]


def test_a_cursor_that_is_none_of_ours_is_refused(boxes):
    with boxes.read() as session, pytest.raises(Problem, match="none of ours"):
        service.list_boxes(session, NOON, cursor="9.nowhere")


def test_a_camera_that_does_as_before_is_not_written_again(boxes):
    with boxes.write() as session:
        statements = []
        from sqlalchemy import event

        event.listen(session.connection(), "before_cursor_execute", lambda *a: statements.append(a[2]))
        later = NOON + timedelta(seconds=15)
        service.take_health(
            session, [heard("c-well-0", camera_health(), camera_health("cam-13"), at=later)], later
        )
    assert not [text for text in statements if text.startswith(("UPDATE cameras", "INSERT INTO cameras"))]
    assert [text for text in statements if text.startswith("UPDATE edges")]
