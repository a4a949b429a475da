"""The search of the list of cases: what was typed, and filters, become exact and prefix look-ups by index.

A city has a million cases, so nothing reads through all of them. What few cases have is looked up first, as a
set of their numbers; what many have (more than :data:`MANY`) is tried on each case of the list, newest first,
where it turns up soon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from central.areas.scope import within
from central.bulk import among
from central.cases.models import Case, Lead, Ticket
from central.cases.rules import OVER, TicketState
from central.tickets.models import CLOCK_RUNS, IS_URGENT, JointOperation, TicketRequest
from kerbwatch.ids import UUID_PATTERN

MANY = 5_000
MOST_TYPED = 100
"""Characters of what is typed into the search."""
_LEAST_NUMBER, _LEAST_PLATE, _LEAST_ROAD = 8, 5, 2
_MOST_OPEN = 3
"""Characters of a plate that may have been left open for it to be found by the whole plate."""
_LAST = "\U0010ffff"
_LIVE = sorted(set(TicketState) - {TicketState.VOIDED})
_PLATE_TEXT: ColumnElement[str] = literal_column("(leads.plate ->> 'text')")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases the list shows; what is None or False lets everything through.

    Attributes:
        words: a case's, report's or hotline's number, a plate, or how a road's name begins.
        area_id: an area, with all that lie in it.
        unit_id: a unit that has a ticket of it.
        urgent: open, and cannot wait.
        overdue: the time of the accountable unit is over, and it has not reported that it is done.
        disputed: a dispute waits for a ruling.
        joint: several towns go out together.
        suspended: the clock of a ticket stands.
    """

    words: str = ""
    area_id: str | None = None
    unit_id: str | None = None
    urgent: bool = False
    overdue: bool = False
    disputed: bool = False
    joint: bool = False
    suspended: bool = False

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != Wanted()


@dataclass(slots=True)
class Narrowed:
    """What a search came to.

    Attributes:
        ids: numbers of the cases among which those that are looked for are; None: all.
        tests: what must hold of each besides.
        overdue_at: they come from the tickets that were overdue at this instant; None: from anywhere.
    """

    ids: frozenset[str] | None = None
    tests: list[ColumnElement[bool]] = field(default_factory=list)
    overdue_at: datetime | None = None

    def take(self, session: Session, few: Select[str], many: ColumnElement[bool]) -> None:
        """Add a condition: as a set where few cases have it, as a test where many do."""
        found = list(session.scalars(few.limit(MANY + 1)))
        if len(found) > MANY:
            self.tests.append(many)
        else:
            self.keep(found)

    def keep(self, ids: Sequence[str]) -> None:
        """Only these, of those that were left."""
        self.ids = frozenset(ids) if self.ids is None else self.ids & frozenset(ids)


def narrowed(session: Session, wanted: Wanted, now: datetime, *, reads_plates: bool) -> Narrowed:
    """Look up what is wanted; ``reads_plates``: whether whoever asks may find cases by plates."""
    found = Narrowed()
    if wanted.words.strip():
        _by_words(session, found, wanted.words[:MOST_TYPED].strip(), reads_plates=reads_plates)
    if wanted.area_id is not None:
        areas = sorted(within(session, [wanted.area_id]))
        # A function of the column is no use to its index, so that the list is read in its own order.
        found.take(
            session,
            select(Case.id).where(Case.area_id.in_(areas)),
            func.coalesce(Case.area_id, "").in_(areas),
        )
    if wanted.unit_id is not None:
        theirs = and_(Ticket.unit_id == wanted.unit_id, Ticket.state.in_(_LIVE))
        own_unit, own_state = func.coalesce(Ticket.unit_id, ""), func.coalesce(Ticket.state, "")
        found.take(session, _cases_of(theirs), _has(and_(own_unit == wanted.unit_id, own_state.in_(_LIVE))))
    if wanted.urgent:
        found.take(
            session, select(Case.id).where(IS_URGENT), and_(Case.urgent, Case.state.not_in(sorted(OVER)))
        )
    if wanted.overdue:
        overdue = _cases_of(and_(CLOCK_RUNS, Ticket.due_at < now)).limit(MANY + 1)
        late = session.scalars(overdue).all()
        if len(late) > MANY:
            found.overdue_at = now
        else:
            found.keep(late)
    if wanted.suspended:
        stands = Ticket.suspended_until.is_not(None)
        found.take(session, _cases_of(stands), _has(stands))
    if wanted.disputed:
        waits = and_(TicketRequest.state == "waiting", TicketRequest.kind == "dispute")
        few = select(Ticket.case_id).join(TicketRequest, TicketRequest.ticket_id == Ticket.id).where(waits)
        found.take(session, few, _has(and_(Ticket.disputed, Ticket.state != TicketState.VOIDED)))
    if wanted.joint:
        found.take(session, select(JointOperation.case_id), Case.id.in_(select(JointOperation.case_id)))
    return found


def _cases_of(condition: ColumnElement[bool]) -> Select[str]:
    return select(Ticket.case_id).where(condition)


def _has(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a case has such a ticket; ``condition`` wraps its columns, so that it is found by its case.

    Asked for as a value: PostgreSQL makes a join of ``EXISTS``, and reads every ticket for it.
    """
    one = select(Ticket.id).where(Ticket.case_id == Case.id, condition).limit(1)
    return one.correlate(Case).scalar_subquery().is_not(None)


def _by_words(session: Session, found: Narrowed, words: str, *, reads_plates: bool) -> None:
    numbered = _by_number(session, words)
    if reads_plates:
        numbered |= _by_plate(session, words)
    if numbered or len(words) < _LEAST_ROAD:
        found.keep(sorted(numbered))
        return
    spelt = sorted({words, words.lower(), words.upper(), words.title(), words.capitalize()})
    few = select(Case.id).where(or_(*(_begins(session, Case.road, each) for each in spelt)))
    read = func.coalesce(Case.road, "")
    found.take(session, few, or_(*(read.startswith(each, autoescape=True) for each in spelt)))


def _by_number(session: Session, words: str) -> set[str]:
    """The cases that have a number, whosoever gave it."""
    spelt = {
        form for each in (words, words.rsplit(maxsplit=1)[-1]) for form in (each, each.lower(), each.upper())
    }
    query = select(Lead.case_id).where(among(session, Lead.external_id, sorted(spelt)))
    found = set(session.scalars(query.limit(MANY)))
    digits = words.lower().replace("-", "")
    if not re.fullmatch(rf"[0-9a-f]{{{_LEAST_NUMBER},32}}", digits):
        return found
    least, most = _dashed(digits.ljust(32, "0")), _dashed(digits.ljust(32, "f"))
    found |= set(session.scalars(select(Case.id).where(Case.id.between(least, most)).limit(MANY)))
    if re.fullmatch(UUID_PATTERN, words.lower()):
        number = words.lower()
        found |= set(session.scalars(select(Lead.case_id).where(Lead.incident_id == number)))
        found |= set(session.scalars(select(Lead.case_id).where(Lead.id == number)))
        found |= set(session.scalars(_cases_of(Ticket.id == number)))
    return found


def _dashed(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _by_plate(session: Session, words: str) -> set[str]:
    spelt = plates_like(words)
    if not spelt:
        return set()
    read = select(Lead.case_id).where(Lead.plate.is_not(None), _PLATE_TEXT.in_(spelt))
    named = select(Lead.case_id).where(Lead.plate_said.is_not(None), Lead.plate_said.in_(spelt))
    return {case_id for query in (read, named) for case_id in session.scalars(query.limit(MANY))}


def bare(plate: str) -> str:
    """A plate without what may stand between its characters."""
    return re.sub(r"[\s·.•・-]", "", plate).upper().replace("\uff1f", "?")


def plates_like(words: str) -> list[str]:
    """A plate as it may have been read: itself, and with up to three characters left open (``?``)."""
    plate = bare(words)
    if not _LEAST_PLATE <= len(plate) <= 10:
        return []
    found = {plate}
    for count in range(1, _MOST_OPEN + 1):
        for places in combinations(range(len(plate)), count):
            found.add("".join("?" if at in places else letter for at, letter in enumerate(plate)))
    return sorted(found)


def _begins(session: Session, column: InstrumentedAttribute[str | None], start: str) -> ColumnElement[bool]:
    """That a text begins so, in the words in which each database's index knows it."""
    if session.get_bind().dialect.name == "sqlite":
        return column.between(start, start + _LAST)
    escaped = re.sub(r"([%_\\])", r"\\\1", start)
    return column.like(f"{escaped}%", escape="\\")
