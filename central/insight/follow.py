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

LINES_A_STEP = 2000
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
            if not repository.is_behind(session, _ground(session, zone, now)):
                return lines
        with database.write() as session:
            counted = _step(session, zone, now)
        if counted is None:
            return lines
        lines += counted
        if monotonic() > until:
            return lines


def _ground(session: Session, zone: ZoneInfo, now: datetime) -> str:
    return f"{zone.key} {repository.areas_at(session, now)}"


def _step(session: Session, zone: ZoneInfo, now: datetime) -> int | None:
    """Count some lines. None when another copy of central is at it."""
    held = repository.hold_counted_to(session)
    if held is None:
        return None
    ground = _ground(session, zone, now)
    if held.ground != ground:
        if held.ground and held.line:
            log.info("counted_anew", because="areas or time zone changed")
        held.line, held.ground = 0, ground
    heads = repository.lines_after(session, held.line, LINES_A_STEP)
    if heads:
        held.line = heads[-1].id
        touched = list(dict.fromkeys(line.case_id for line in heads if line.rule not in _NOTHING_COUNTED))
        repository.put_facts(session, _facts(session, touched, zone, area_map(session, now)))
    return len(heads)


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
    }
