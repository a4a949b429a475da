"""Keeps the rows that are counted in step with the case log, a bounded stretch of it at a time.

How far it is stands in the database and moves in the same unit of work as the rows, and a row is always made
from the case's whole log: whichever copy of central goes on, after whatever stop, nothing is counted twice or
left out. When the areas or the time zone change, everything is counted anew, so that days before and after
are held against each other on the same ground.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from central.areas.levels import Level
from central.areas.service import AreaMap, area_map
from central.calendar import service as calendars
from central.cases.rules import TicketState
from central.database import Database
from central.insight import repository
from central.insight.facts import Story, channels_of, story_of
from central.insight.grid import cell_of
from kerbwatch.place import Position

log = structlog.get_logger(__name__)

LINES_A_STEP = 5000
_NOTHING_COUNTED = frozenset({"evidence_added", "evidence_received", "original_viewed", "remind"})
"""Lines that change nothing that is counted, and come often."""


def catch_up(
    database: Database,
    zone: ZoneInfo,
    now: datetime,
    *,
    budget_s: float = float("inf"),
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Count what the log says that was not counted yet.

    Args:
        database: one of several copies of central may be at it; the others then leave it to that one.
        zone: whose days are counted.
        now: the present instant, at which the areas are taken.
        budget_s: no step begins after so many seconds.
        monotonic: a clock for the budget.

    Returns:
        How many lines were counted.
    """
    until, lines = monotonic() + budget_s, 0
    while True:
        with database.read() as session:
            stretch = _next_stretch(session, zone, now)
        if stretch is None:
            return lines
        with database.write() as session:
            if not _put(session, stretch):
                return lines
        lines += stretch.lines
        if monotonic() > until:
            return lines


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some of the log, counted, and from where to where it brings what was counted.

    What happens to a case after it was read stands in later lines, with which it is counted again.
    """

    after: int
    ground_before: str
    last: int
    ground: str
    lines: int
    facts: list[dict[str, Any]]


def _next_stretch(session: Session, zone: ZoneInfo, now: datetime) -> _Stretch | None:
    """Count some lines, without keeping anybody else from writing meanwhile. None without any."""
    known = repository.counted_to(session)
    ground = f"{zone.key} {repository.areas_at(session, now)}"
    after = known.line if known.ground == ground else 0
    heads = repository.lines_after(session, after, LINES_A_STEP)
    if not heads and known.ground == ground:
        return None
    touched = list(dict.fromkeys(line.case_id for line in heads if line.rule not in _NOTHING_COUNTED))
    facts = _facts(session, touched, zone, area_map(session, now))
    last = heads[-1].id if heads else 0
    return _Stretch(known.line, known.ground, last, ground, len(heads), facts)


def _put(session: Session, stretch: _Stretch) -> bool:
    """Keep what was counted. False when another copy of central is at it or was first."""
    held = repository.hold_counted_to(session)
    if held is None or (held.line, held.ground) != (stretch.after, stretch.ground_before):
        return False
    if held.ground != stretch.ground and held.ground and held.line:
        log.info("counted_anew", because="areas or time zone changed")
    held.line, held.ground = stretch.last, stretch.ground
    repository.put_facts(session, stretch.facts)
    return True


def _facts(session: Session, case_ids: Sequence[str], zone: ZoneInfo, areas: AreaMap) -> list[dict[str, Any]]:
    origins: defaultdict[str, set[str]] = defaultdict(set)
    for case_id, origin in repository.origins(session, case_ids):
        origins[case_id].add(origin)
    logs: defaultdict[str, list[repository.LogRow]] = defaultdict(list)
    for line in repository.logs(session, case_ids):
        logs[line.case_id].append(line)
    tickets: defaultdict[str, list[repository.TicketRow]] = defaultdict(list)
    for ticket in repository.leading_tickets(session, case_ids):
        tickets[ticket.case_id].append(ticket)
    calendar = cache(lambda calendar_id: calendars.of_id(session, calendar_id, zone))
    rows = []
    for case in repository.case_rows(session, case_ids):
        own = tickets[case.id]
        story = story_of(logs[case.id], [ticket.id for ticket in own], calendar)
        holds = [ticket.unit_id for ticket in own if ticket.state != TicketState.VOIDED]
        unit_id = holds[-1] if holds else own[-1].unit_id if own else None
        rows.append(
            {
                "case_id": case.id,
                "kind": case.kind,
                "state": case.state,
                "channels": channels_of(origins[case.id]),
                "unit_id": unit_id,
                "cell": cell_of(case.lon, case.lat),
                "occurred_day": case.started_at.astimezone(zone).date(),
            }
            | _levels(areas, Position(case.lon, case.lat))
            | _days(story, zone)
        )
    return rows


def _levels(areas: AreaMap, at: Position) -> dict[str, str | None]:
    """The area of each level that a point lies in; on a border the first by id."""
    found: dict[str, str | None] = {f"{level}_id": None for level in Level}
    for hit in reversed(areas.locate(at)):
        found[f"{hit.level}_id"] = hit.id
    return found


def _days(story: Story, zone: ZoneInfo) -> dict[str, Any]:
    def day(moment: datetime | None) -> object:
        return moment.astimezone(zone).date() if moment else None

    return {
        "filed_day": day(story.filed_at),
        "dispatched_day": day(story.dispatched_at),
        "handled_day": day(story.handled_at),
        "closed_day": day(story.closed_at),
        "due_at": story.due_at,
        "due_day": day(story.due_at),
        "late": story.late,
        "running": story.running,
        "moved": story.moved,
        "reworks": story.reworks,
        "reopened_day": day(story.reopened_at),
        "suspended_day": day(story.suspended_at),
        "unproved": story.unproved,
        "outcome": story.outcome,
    }
