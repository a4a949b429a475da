"""A new lead, and what a batch of leads makes of it: the rows of a case and of the ticket drafted for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from central.cases.rules import CaseState, TicketState
from central.duty.book import Assignment
from kerbwatch.ids import new_id

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A lead that is new.

    Attributes:
        group: what makes it the same as another lead beyond any doubt: who sent it, and the number there.
        actor: who brought it, as it stands in logs.
        words: what a ticket of it says.
        lead: its columns.
        detail: what the log says of it besides.
    """

    group: str
    actor: str
    words: str
    lead: Row
    detail: Row


@dataclass(slots=True)
class CaseNow:
    """A case as this batch finds and leaves it."""

    id: str
    state: CaseState
    version: int
    urgent: bool
    group: str | None
    changes: Row = field(default_factory=dict)
    """Columns that are to be updated; of a case that this batch makes, the whole row."""
    new: bool = False


def case_of(arrival: Arrival, assignment: Assignment, now: datetime) -> CaseNow:
    """The case that a lead makes, in review."""
    lead, area = arrival.lead, assignment.area
    case = CaseNow(new_id(), CaseState.REVIEWING, 0, lead["urgent"], arrival.group, new=True)
    case.changes = {
        "id": case.id,
        "open_group": arrival.group,
        "state": case.state.value,
        "kind": lead["kind"],
        "urgent": lead["urgent"],
        "road": lead["road"],
        "area_id": area.id if area else None,
        "area_name": area.name if area else None,
        "lon": lead["lon"],
        "lat": lead["lat"],
        "sentence": arrival.words,
        "started_at": lead["started_at"],
        "created_at": now,
        "updated_at": now,
        "version": 0,
        "escalation_level": 0,
        "chain": [],
    }
    return case


def ticket_of(
    case: CaseNow,
    arrival: Arrival,
    assignment: Assignment,
    due_after: Callable[[float], datetime],
    now: datetime,
) -> Row:
    """The ticket that is drafted for a new case; ``due_after`` so many hours by the calendar that counts."""
    urgent = arrival.lead["urgent"]
    hours = assignment.urgent_deadline_hours if urgent else assignment.deadline_hours
    return {
        "id": new_id(),
        "case_id": case.id,
        "state": TicketState.DRAFTED.value,
        "unit_id": assignment.unit_id,
        "unit_name": assignment.unit_name,
        "co_unit_ids": list(assignment.co_unit_ids),
        "duty_entry_id": assignment.entry_id,
        "item": assignment.item,
        "legal_basis": assignment.legal_basis,
        "sentence": arrival.words,
        "routing_note": assignment.note,
        "deadline_hours": hours,
        "due_at": due_after(hours),
        "created_at": now,
        "leads": True,
        "disputed": False,
        "reworks": 0,
    }
