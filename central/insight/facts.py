"""What a case's log says for those who count: pure functions of its lines, its tickets and the calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from central.calendar.work import WorkCalendar
from central.cases.rules import OVER, CaseState, Origin
from central.tickets import deadlines
from central.tickets.deadlines import clock_of

CHANNEL_BIT: dict[str, int] = {origin.value: 1 << place for place, origin in enumerate(Origin)}
"""Channel -> its bit in ``case_facts.channels``. New channels go at the end of :class:`Origin`."""

_REOPENED = frozenset({"reopen_rejected", "reopen_closed", "recall_rejected", "recall_closed"})

Calendars = Callable[[int | None], WorkCalendar]
"""The working calendar of an id, as a ticket's line in the log names it."""


class Line(deadlines.Line, Protocol):
    """A line of a case's log."""

    @property
    def to_state(self) -> str:
        """Where the case stood then."""

    @property
    def reason_code(self) -> str | None:
        """Why, or what came of it."""


@dataclass(frozen=True, slots=True)
class Story:
    """A case's life as it is counted, in aware UTC; see :class:`central.insight.models.CaseFact`."""

    filed_at: datetime | None
    dispatched_at: datetime | None
    handled_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    late: bool
    running: bool
    moved: bool
    reworks: int
    reopened_at: datetime | None
    suspended_at: datetime | None
    unproved: bool
    outcome: str | None


def channels_of(origins: Iterable[str]) -> int:
    """The channels of a case's leads as bits."""
    bits = 0
    for origin in origins:
        bits |= CHANNEL_BIT[origin]
    return bits


def channels_in(bits: int) -> tuple[str, ...]:
    """The channels that are set in some bits."""
    return tuple(channel for channel, bit in CHANNEL_BIT.items() if bits & bit)


def story_of(lines: Sequence[Line], leading: Iterable[str], calendars: Calendars) -> Story:
    """A case's life.

    Args:
        lines: its whole log, in order.
        leading: ids of the tickets that are or were the accountable unit's, the first first.
        calendars: the calendar of each id that the log names.
    """
    tickets, lines, whole = tuple(leading), _counted(lines), lines
    terms = [term for ticket in tickets for term in _terms(lines, ticket, calendars)]
    closing = _closing(lines)
    missed = [term for term in terms if term.late]
    told = (missed or terms)[0 if missed else -1 :]
    return Story(
        filed_at=_first(lines, "file"),
        dispatched_at=_first(lines, "dispatch"),
        handled_at=_first(lines, "check"),
        closed_at=closing.at if closing else None,
        due_at=told[0].due_at if told else None,
        late=bool(missed),
        running=any(term.ended_at is None for term in terms),
        moved=any(line.rule == "rule_elsewhere" and line.detail.get("ticket") in tickets for line in lines),
        reworks=sum(line.rule == "rework" for line in lines),
        reopened_at=max((line.at for line in whole if line.rule in _REOPENED), default=None),
        suspended_at=_first(lines, "suspend", tickets),
        unproved=closing is not None and closing.detail.get("proof", "") is None,
        outcome=closing.reason_code if closing else None,
    )


def _counted(lines: Sequence[Line]) -> Sequence[Line]:
    """What counts of a log: what came before a confirmation that was taken back was nobody's work."""
    backs = [number for number, line in enumerate(lines) if line.rule == "take_back"]
    return lines[backs[-1] + 1 :] if backs else lines


@dataclass(frozen=True, slots=True)
class _Term:
    """One stretch in which the accountable unit had something to do by a deadline."""

    due_at: datetime
    ended_at: datetime | None

    @property
    def late(self) -> bool:
        return self.ended_at is not None and self.ended_at > self.due_at


def _terms(lines: Sequence[Line], ticket: str, calendars: Calendars) -> list[_Term]:
    """The terms of a ticket: from going out, or coming back, to the report that it is done."""
    found: list[_Term] = []
    own: list[Line] | None = None
    for line in lines:
        begins = "hours" in (line.detail.get("tickets", {}).get(ticket) or {})
        if own is not None and (begins or _ends(line, ticket)):
            found.append(_term(own, ticket, calendars, line.at))
            own = None
        if begins:
            own = [line]
        elif own is not None:
            own.append(line)
    if own is not None:
        found.append(_term(own, ticket, calendars, None))
    return found


def _term(lines: list[Line], ticket: str, calendars: Calendars, ended_at: datetime | None) -> _Term:
    clock = clock_of(lines, ticket)
    assert clock is not None  # its first line begins it
    return _Term(clock.term.due_at(calendars(clock.calendar_id)), ended_at)


def _ends(line: Line, ticket: str) -> bool:
    if CaseState(line.to_state) in OVER:
        return True
    return line.rule in {"report_handled", "rule_elsewhere"} and line.detail.get("ticket") == ticket


def _first(lines: Iterable[Line], rule: str, of: Sequence[str] | None = None) -> datetime | None:
    """When a rule first ran; ``of``: on one of these tickets."""
    own = (line for line in lines if of is None or line.detail.get("ticket") in of)
    return next((line.at for line in own if line.rule == rule), None)


def _closing(lines: Iterable[Line]) -> Line | None:
    """The line by which the case was closed; None of one that was opened again since."""
    found = None
    for line in lines:
        if line.rule == "close":
            found = line
        elif line.rule in _REOPENED:
            found = None
    return found
