"""What edge boxes say of themselves and their cameras, and what their silence says."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import accumulate

import structlog
from sqlalchemy.orm import Session

from central.areas.reach import Reach
from central.cameras import repository
from central.cameras.broker_access import mosquitto_hash
from central.cameras.models import Camera, EdgeBox
from central.cameras.repository import CameraRow, Standing
from central.cameras.schemas import BoxOut, BoxPage, BoxState
from central.people.service import hash_token
from central.problems import FieldError, Problem
from central.sender import Sender
from kerbwatch.messages import CameraHealth, CameraState, HealthReport, ViewState

log = structlog.get_logger(__name__)

SILENT_AFTER_S = 45.0
"""Three health reports missed, at one every 15 s."""
_PATIENCE = timedelta(seconds=SILENT_AFTER_S)
MAX_BOXES = 50
"""Boxes a page, each with all its cameras."""
MOST_CAMERAS = 400
"""Of a page; a box is shown whole."""


def state_of(box: EdgeBox | Standing, now: datetime) -> BoxState:
    """How a box stands: what it last said, unless it has said nothing for too long."""
    if box.status == "offline":
        return "offline"
    if box.health_at is None or now - box.health_at > _PATIENCE:
        return "silent"
    return "online"


@dataclass(frozen=True, slots=True)
class Heard:
    """A health report as it came.

    Attributes:
        sender: the box.
        report: what it says.
        time: when it was made, by the box's clock.
    """

    sender: Sender
    report: HealthReport
    time: datetime


def list_boxes(
    session: Session,
    now: datetime,
    *,
    cursor: str | None = None,
    limit: int = MAX_BOXES,
    reach: Reach | None = None,
) -> BoxPage:
    """Boxes with their cameras: silent ones first, then those with a camera that is unwell, then the others.

    Args:
        session: for reading.
        now: the present instant.
        cursor: where the page before ended.
        limit: how many boxes.
        reach: where whoever asks may look; boxes are then shown with the cameras that stand there alone.

    Raises:
        Problem: 400 for a cursor that is none of ours.
    """
    limit = max(1, min(limit, MAX_BOXES))
    if reach is not None:
        return _boxes_within(session, now, reach, _decode_cursor(cursor), limit)
    found = repository.boxes(
        session, silent_before=now - _PATIENCE, after=_decode_cursor(cursor), limit=limit + 1
    )
    shown = found[: _boxes_shown([box.camera_count for box, _rank in found[:limit]])]
    total, working = repository.totals(session, now - _PATIENCE)
    whole = {box.id: box for box in repository.with_cameras(session, [box.id for box, _rank in shown])}
    return BoxPage(
        items=tuple(BoxOut.of(whole[box.id], state_of(box, now)) for box, _rank in shown),
        total_cameras=total,
        working_cameras=working,
        next_cursor=_encode_cursor(*shown[-1]) if len(found) > len(shown) else None,
    )


def _boxes_shown(camera_counts: Sequence[int]) -> int:
    """How many of these boxes, at least one, have no more cameras together than a page shows quickly."""
    return max(1, sum(count <= MOST_CAMERAS for count in accumulate(camera_counts)))


@dataclass(frozen=True, slots=True)
class _Within:
    """A box with cameras within someone's reach."""

    box: Standing
    state: BoxState
    cameras: int
    well: int

    @property
    def key(self) -> tuple[int, str, str]:
        """By which boxes are in order."""
        rank = 0 if self.state != "online" else 1 if self.well < self.cameras else 2
        return rank, self.box.site, self.box.edge


def _boxes_within(
    session: Session, now: datetime, reach: Reach, after: tuple[int, str, str] | None, limit: int
) -> BoxPage:
    """The same of one part of the city: what stands elsewhere moves no box up and is in no number."""
    found: list[_Within] = []
    mixed: dict[int, Standing] = {}
    for box in repository.standings(session):
        theirs = reach.covers_all(box.west, box.south, box.east, box.north)
        if theirs and box.placed == box.camera_count:
            well = box.camera_count - box.unwell_count
            found.append(_Within(box, state_of(box, now), box.camera_count, well))
        elif theirs is not False:
            mixed[box.id] = box
    some: defaultdict[int, list[CameraRow]] = defaultdict(list)
    for row in repository.cameras_of(session, mixed):
        if _stands_in(row, reach):
            some[row.edge_id].append(row)
    for edge_id, rows in some.items():
        box = mixed[edge_id]
        found.append(_Within(box, state_of(box, now), len(rows), sum(map(_well, rows))))
    found.sort(key=lambda each: each.key)
    rest = [each for each in found if after is None or each.key > after]
    shown = rest[: _boxes_shown([each.cameras for each in rest[:limit]])]
    whole = {box.id: box for box in repository.with_cameras(session, [each.box.id for each in shown])}
    return BoxPage(
        items=tuple(
            BoxOut.of(box, each.state, [row for row in box.cameras if _stands_in(row, reach)])
            for each in shown
            for box in (whole[each.box.id],)
        ),
        total_cameras=sum(each.cameras for each in found),
        working_cameras=sum(each.well for each in found if each.state == "online"),
        next_cursor="{}.{}.{}".format(*shown[-1].key) if len(rest) > len(shown) else None,
    )


def _stands_in(camera: Camera | CameraRow, reach: Reach) -> bool:
    if not camera.listed or camera.lon is None or camera.lat is None:
        return False
    return reach.covers(camera.lon, camera.lat)


def _encode_cursor(box: EdgeBox, rank: int) -> str:
    return f"{rank}.{box.site}.{box.edge}"


def _decode_cursor(cursor: str | None) -> tuple[int, str, str] | None:
    if cursor is None:
        return None
    parts = cursor.split(".")
    if len(parts) != 3 or parts[0] not in {"0", "1", "2"}:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor",
            "the cursor is none of ours; begin without one",
            errors=[FieldError("query.cursor", "unknown")],
        )
    return int(parts[0]), parts[1], parts[2]


def register(session: Session, sender: Sender, now: datetime) -> str:
    """Give a box a new upload token; an earlier one stops working.

    Returns:
        The token, which is seen here only.
    """
    token = secrets.token_urlsafe(32)
    box = box_named(session, sender, now)
    box.token_hash, box.broker_hash = hash_token(token), mosquitto_hash(token)
    return token


def unregister(session: Session, sender: Sender) -> bool:
    """Take a box's token away; False when there is no such box, or it has none."""
    box = repository.by_name(session, sender.site, sender.edge)
    if box is None or box.token_hash is None:
        return False
    box.token_hash = box.broker_hash = None
    return True


def registered(session: Session) -> Sequence[EdgeBox]:
    """Every box that is known, by name."""
    return repository.all_boxes(session)


def box_named(session: Session, sender: Sender, now: datetime) -> EdgeBox:
    """The box of that name, made known now if it was not."""
    box = repository.by_name(session, sender.site, sender.edge)
    if box is None:
        box = EdgeBox(site=sender.site, edge=sender.edge, created_at=now)
        session.add(box)
        session.flush()
    return box


def take_status(session: Session, sender: Sender, state: str, now: datetime) -> None:
    """A box came or went."""
    box = box_named(session, sender, now)
    if box.status != state:
        log.info("edge_status", site=sender.site, edge=sender.edge, state=state)
        box.status, box.status_at = state, now


def take_health(session: Session, heard: Sequence[Heard], now: datetime) -> None:
    """Boxes' health; a report older than the newest shows that the box lives, and nothing else."""
    newest: dict[Sender, Heard] = {}
    for each in heard:
        known = newest.get(each.sender)
        if known is None or each.time >= known.time:
            newest[each.sender] = each
    if not newest:
        return
    boxes = {Sender(box.site, box.edge): box for box in _named(session, newest)}
    fresh: list[tuple[EdgeBox, HealthReport]] = []
    for sender, each in newest.items():
        box = boxes.get(sender) or box_named(session, sender, now)
        box.health_at = now
        if box.health_time is None or each.time >= box.health_time:
            box.health_time = each.time
            fresh.append((box, each.report))
    for box, report in fresh:
        _fill_box(box, report)
    session.flush()
    _write_cameras(session, fresh)


def _named(session: Session, senders: Iterable[Sender]) -> Sequence[EdgeBox]:
    return repository.by_names(session, [(sender.site, sender.edge) for sender in senders])


def _fill_box(box: EdgeBox, report: HealthReport) -> None:
    box.version, box.model, box.uptime_s = report.version, report.model, report.uptime_s
    box.outbox_entries, box.outbox_bytes = report.outbox_entries, report.outbox_bytes
    box.media_waiting, box.dropped_updates = report.media_waiting, report.dropped_updates
    box.counters = {
        each.camera_id: {
            "looks": each.looks,
            "skipped": each.skipped,
            "corrupt": each.corrupt,
            "reconnects": each.reconnects,
            "last_picture_at": each.last_picture_at.isoformat() if each.last_picture_at else None,
        }
        for each in report.cameras
    }
    box.camera_count = len(box.counters)
    box.unwell_count = sum(not _well(each) for each in report.cameras)


def _well(camera: CameraHealth | CameraRow) -> bool:
    looks = camera.state == CameraState.STREAMING and ViewState(camera.view).on_zones
    return looks and not camera.frozen and not camera.dark


def _write_cameras(session: Session, fresh: Sequence[tuple[EdgeBox, HealthReport]]) -> None:
    """Write what changed; a camera that does as before costs next to nothing."""
    told = {
        (box.id, health.camera_id): _row_of(box.id, health)
        for box, report in fresh
        for health in report.cameras
    }
    known = {row[:2]: row for row in repository.cameras_of(session, [box.id for box, _report in fresh])}
    changed = [row for key, row in told.items() if known.get(key) != row]
    changed += [row._replace(listed=False) for key, row in known.items() if row.listed and key not in told]
    repository.put_cameras(session, changed)


def _row_of(edge_id: int, health: CameraHealth) -> CameraRow:
    return CameraRow(
        edge_id,
        health.camera_id,
        name=health.name,
        state=health.state.value,
        profile=health.profile,
        lon=health.place.lon if health.place else None,
        lat=health.place.lat if health.place else None,
        frozen=health.frozen,
        dark=health.dark,
        view=health.view.value,
        error=health.error,
        listed=True,
    )
