"""What surrounds the work on a case, in words: requests of units, slips, joint operations, lateness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.cases.rules import CaseState, TicketState
from central.cases.schemas import CaseDetail, CaseOut, LogLine
from central.duty import repository as duty
from central.escalation import repository as escalation
from central.escalation.schemas import SlipOut
from central.handheld import repository as handheld
from central.pages import wording
from central.pages.handheld_view import short_duration
from central.pages.texts import t, t_count
from central.tickets import listing
from central.tickets import repository as tickets
from central.tickets.schemas import JointOperationOut, RequestOut

CLOCK_RUNS = frozenset({TicketState.DISPATCHED, TicketState.ACCEPTED, TicketState.HANDLING})
_RUNS = frozenset({CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.HANDLING})


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that whoever looks should notice."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class SlipView:
    """A supervision slip."""

    number: int
    case_id: str
    unit_name: str
    level: int
    sentence: str
    issued_at: datetime
    respond_by: datetime
    due: Mark
    answer: str
    answered_by: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a case in other tables.

    Attributes:
        requests: what its units asked for, by number.
        slips: of all its tickets, in their order.
        units: every unit's name.
        joint: where several towns go out together.
    """

    requests: Mapping[str, RequestOut] = field(default_factory=dict)
    slips: tuple[SlipOut, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    joint: JointOperationOut | None = None

    def unit(self, unit_id: str) -> str:
        """A unit's name; its id where it is gone."""
        return self.units.get(unit_id, unit_id)


def beside_of(session: Session, case: CaseDetail) -> Beside:
    """Read what stands beside a case."""
    asked = [RequestOut.of(row, each) for each in case.tickets for row in handheld.requests(session, each.id)]
    slips = [slip for each in case.tickets for slip in escalation.slips_of(session, each.id)]
    joint = tickets.joint(session, case.id)
    return Beside(
        requests={each.id: each for each in asked},
        slips=tuple(SlipOut.model_validate(slip) for slip in sorted(slips, key=lambda each: each.number)),
        units={unit.id: unit.name for unit in duty.units(session)},
        joint=listing.joint_operation(session, case.id) if joint else None,
    )


def marks_of(case: CaseOut, now: datetime, zone: ZoneInfo) -> tuple[Mark, ...]:
    """What to notice of a case whose work goes on: how late it is, how far up it went, what stands still."""
    found = []
    if case.state in _RUNS and case.suspended_until is None and case.due_at is not None:
        found += [late for late in (late_mark(case.due_at, now),) if late]
    if case.escalation_level and case.state in _RUNS | {CaseState.CHECKING}:
        found.append(Mark("bad", t("work.level", level=case.escalation_level)))
    if case.suspended_until is not None:
        found.append(Mark("warn", t("work.suspended", until=wording.clock(case.suspended_until, now, zone))))
    if case.disputed:
        found.append(Mark("warn", t("work.disputed")))
    return tuple(found)


def late_mark(due_at: datetime, now: datetime) -> Mark | None:
    """How long a deadline is over; None where it is to come."""
    late_s = (now - due_at).total_seconds()
    return Mark("bad", t("work.overdue", by=short_duration(late_s))) if late_s > 0 else None


def slip_of(slip: SlipOut, now: datetime) -> SlipView:
    """A slip as the console shows it."""
    left_s = (slip.respond_by - now).total_seconds()
    time = short_duration(abs(left_s))
    if slip.answered_at is not None:
        due = Mark("good", t("slip.answered_chip"))
    else:
        due = (
            Mark("bad", t("slip.late", time=time)) if left_s < 0 else Mark("warn", t("slip.left", time=time))
        )
    return SlipView(
        number=slip.number,
        case_id=slip.case_id,
        unit_name=slip.unit_name,
        level=slip.level,
        sentence=slip.sentence,
        issued_at=slip.issued_at,
        respond_by=slip.respond_by,
        due=due,
        answer=slip.answer or "",
        answered_by=(slip.answered_by or "").partition(":")[2],
        answered_at=slip.answered_at,
    )


def asked_words(asked: RequestOut, zone: ZoneInfo) -> str:
    """What a unit asks for: until when, for how many hours, by which clause."""
    if asked.until is not None:
        return t("ask.until", until=wording.full(asked.until, zone))
    if asked.hours is not None:
        return t_count("ask.hours", asked.hours, hours=f"{asked.hours:g}")
    return t("ask.clause", clause=asked.clause or "")


def told_in(line: LogLine, beside: Beside, zone: ZoneInfo) -> list[str]:
    """What a line of the log tells besides its rule: until when, how many hours, who was told."""
    detail: Mapping[str, Any] = line.detail
    asked = beside.requests.get(str(detail.get("request", "")))
    words = []
    if "until" in detail:
        words.append(t("ask.until", until=wording.full(datetime.fromisoformat(str(detail["until"])), zone)))
    elif "hours" in detail and line.rule == "extend":
        hours = float(detail["hours"])
        words.append(t_count("ask.hours", hours, hours=f"{hours:g}"))
    elif asked is not None:
        words.append(asked_words(asked, zone))
    elif detail.get("clause"):
        words.append(t("ask.clause", clause=detail["clause"]))
    if line.rule == "escalate":
        unit = beside.unit(str(detail.get("told", "")))
        words.append(t("work.told", unit=unit, number=detail.get("slip", "")))
    return words


def slips_of(found: Sequence[SlipOut], now: datetime) -> list[SlipView]:
    """Slips for a page: those whose answer is overdue first, then those that wait, then the answered."""
    views = [slip_of(slip, now) for slip in found]
    return sorted(
        views,
        key=lambda slip: (
            slip.answered_at is not None,
            slip.respond_by.timestamp() if slip.answered_at is None else -slip.number,
        ),
    )
