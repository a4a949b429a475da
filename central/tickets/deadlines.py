"""Deadlines, reminders and escalations as functions of the log: nothing else decides when something is due.

What a ticket's row says of them is a copy, for lists and for the sweeper; it can be made again at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from central.calendar.work import Term, WorkCalendar

Step = Literal["remind", "escalate", "resume"]


class Line(Protocol):
    """A line of a case's log."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def rule(self) -> str:
        """What happened, by its rule's name."""

    @property
    def detail(self) -> Mapping[str, Any]:
        """What the rule says besides."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A ticket's clock, as the log tells it.

    Attributes:
        term: since when, how long, and when it stood.
        calendar_id: the calendar by which it runs; None counts every hour.
        suspended_until: end of the suspension that holds now.
        reminded_at: when the unit was reminded of the deadline that holds.
        escalations: how often it went a level up, for the deadline that holds.
        extended_at: when the term was made longer last; None of one that never was.
        chain: who is told when it is late, the nearest above its unit first; None: whoever the case names.
    """

    term: Term
    calendar_id: int | None
    suspended_until: datetime | None = None
    reminded_at: datetime | None = None
    escalations: int = 0
    extended_at: datetime | None = None
    chain: Sequence[Mapping[str, Any]] | None = None


def clock_of(lines: Iterable[Line], ticket_id: str) -> Clock | None:
    """The clock of a ticket; None before it goes out. ``lines`` in the order of the log."""
    clock: Clock | None = None
    for line in lines:
        begun = line.detail.get("tickets", {}).get(ticket_id)
        if begun is not None and "hours" in begun:
            term = Term(line.at, timedelta(hours=begun["hours"]))
            chain = begun.get("chain", clock.chain if clock else None)
            clock = Clock(term, begun.get("calendar"), chain=chain)
        elif clock is not None and line.detail.get("ticket") == ticket_id:
            clock = _next(clock, line)
    return clock


def _next(clock: Clock, line: Line) -> Clock:
    term, until = clock.term, clock.suspended_until
    match line.rule:
        case "suspend":
            until = datetime.fromisoformat(line.detail["until"])
            term = Term(term.began_at, term.work, (*term.pauses, (line.at, until)))
            return replace(clock, term=term, suspended_until=until)
        case "resume" if until is not None:
            # One that is noticed late ended when it was to end: a sweeper that was away moves no deadline.
            (begin, _until), earlier = term.pauses[-1], term.pauses[:-1]
            term = Term(term.began_at, term.work, (*earlier, (begin, min(line.at, until))))
            return replace(clock, term=term, suspended_until=None)
        case "extend":
            # Another deadline, of which nobody was reminded and no superior told yet.
            term = Term(term.began_at, term.work + timedelta(hours=line.detail["hours"]), term.pauses)
            return replace(clock, term=term, reminded_at=None, escalations=0, extended_at=line.at)
        case "remind":
            return replace(clock, reminded_at=line.at)
        case "escalate":
            return replace(clock, escalations=clock.escalations + 1)
        case _:
            return clock


@dataclass(frozen=True, slots=True)
class Plan:
    """When a ticket is due, and what central does next of its own accord."""

    due_at: datetime
    next_at: datetime | None
    next_step: Step | None


def plan_of(
    clock: Clock, calendar: WorkCalendar, *, remind_share: float, after_hours: Sequence[float]
) -> Plan:
    """What is to happen, and when.

    Args:
        clock: the ticket's clock.
        calendar: the calendar that it runs by.
        remind_share: share of the term after which the unit is reminded.
        after_hours: for each level above the unit, how many working hours after the deadline it is told.
    """
    due_at = clock.term.due_at(calendar)
    if clock.suspended_until is not None:
        return Plan(due_at, clock.suspended_until, "resume")
    term = clock.term
    if clock.reminded_at is None:
        return Plan(due_at, _remind_at(clock, calendar, due_at, remind_share), "remind")
    if clock.escalations < len(after_hours):
        late = term.work + timedelta(hours=after_hours[clock.escalations])
        return Plan(due_at, calendar.after(term.began_at, late, term.pauses), "escalate")
    return Plan(due_at, None, None)


def _remind_at(clock: Clock, calendar: WorkCalendar, due_at: datetime, share: float) -> datetime:
    """When so much of a term is over; of one that was made longer after that, so much of what was left."""
    term, extended_at = clock.term, clock.extended_at
    at = calendar.after(term.began_at, term.work * share, term.pauses)
    if extended_at is None or at > extended_at:
        return at
    left = calendar.between(extended_at, due_at, term.pauses)
    return calendar.after(extended_at, left * share, term.pauses)
