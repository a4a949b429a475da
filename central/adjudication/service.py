"""A dispute is ruled on: the ticket stays, or another unit's takes its place in the same unit of work."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.adjudication import carrying, repository
from central.adjudication.models import Ruling
from central.adjudication.schemas import AreaChoice, DisputeOut, RuleIn, RulingOut, UnitChoice
from central.cases.models import Case
from central.cases.rules import TicketState
from central.custody.chain import EntryKind, append
from central.duty import repository as duty
from central.duty.book import DutyBook
from central.duty.models import DutyEntry
from central.duty.service import duty_book, forget_book, fresh_book
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import check_version
from central.problems import FieldError, Problem, not_found
from central.tickets import repository as tickets
from central.tickets.clockwork import Terms, wind
from central.tickets.models import TicketRequest
from central.tickets.rules import RUNNING
from central.tickets.schemas import RequestOut
from central.tickets.service import check_if_done
from kerbwatch.place import Position


def disputes(
    session: Session,
    now: datetime,
    limit: int,
    areas: frozenset[str] | None = None,
    after: str | None = None,
) -> list[DisputeOut]:
    """Disputes that wait for a ruling, the oldest first, after the request ``after``.

    ``areas``: only of cases that lie there.
    """
    book = duty_book(session, now)
    waiting = tickets.requests(session, "waiting", "dispute", limit, areas, after=after)
    entries = duty.entries_by_id(session, {ticket.duty_entry_id for _request, ticket in waiting})
    choices = {
        entry.id: tuple(UnitChoice(id=unit.id, name=unit.name) for unit in book.units_for(entry))
        for entry in entries.values()
    }
    return [
        DisputeOut(
            request=RequestOut.of(request, ticket),
            item=ticket.item,
            legal_basis=ticket.legal_basis,
            sentence=ticket.sentence,
            area_id=ticket.case.area_id,
            area_name=ticket.case.area_name,
            ticket_state=ticket.state,
            leads=ticket.leads,
            units=choices[ticket.duty_entry_id],
            freed_by=()
            if ticket.leads
            else tuple(each.unit_id for each in carrying.others(ticket.case, ticket)),
            areas=tuple(
                AreaChoice(id=hit.id, name=hit.name)
                for hit in book.areas.locate(Position(ticket.case.lon, ticket.case.lat))
                if areas is None or hit.id in areas
            ),
        )
        for request, ticket in waiting
    ]


def rulings(session: Session, limit: int, before: str | None = None) -> list[RulingOut]:
    """Rulings, the newest first."""
    return [RulingOut.model_validate(row) for row in repository.rulings(session, limit, before)]


def rule(
    session: Session,
    request_id: str,
    said: RuleIn,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
) -> RulingOut:
    """Settle a dispute.

    The owner is upheld, or the ticket of the unit that is named takes the place of the owner's: the old is
    voided and the new goes out in one unit of work, and its clock begins now. Where the ticket leads, the
    duty list gets an entry, so that the next such case goes there at once.

    Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 decided since it was seen, 409 no dispute, or beyond the
            unit's powers, 422 no such unit, or an area in which the case does not lie; 403 also for one that
            reaches beyond the areas to which they are limited.
    """
    request = tickets.request(session, request_id)
    if request is None or request.kind != "dispute":
        raise not_found(f"dispute {request_id}")
    if not who.may(Permission.DISPUTE_RULE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"a ruling is not for {who.name} to give")
    row, ticket = tickets.case_of(session, request.ticket_id), tickets.ticket(session, request.ticket_id)
    assert row is not None  # its foreign key
    assert ticket is not None
    session.refresh(request)  # the case is held now: nobody else decides
    check_version(version, 1 if request.state == "waiting" else 2, "the dispute")
    if request.state != "waiting":
        raise Problem(HTTPStatus.CONFLICT, "decided", f"this dispute is {request.state} already")
    entry = duty.entry(session, ticket.duty_entry_id)
    assert entry is not None  # its foreign key
    book = duty_book(session, now)
    number = repository.next_number(session, now.astimezone(terms.zone).year)
    area = _area_of(book, row, said.area_id, who)
    unit_id = said.unit_id or ticket.unit_id
    upheld = unit_id == ticket.unit_id
    ruling = Ruling(
        number=number,
        request_id=request.id,
        case_id=row.id,
        ticket_id=ticket.id,
        upheld=upheld,
        item_id=entry.item_id,
        item=ticket.item,
        area_id=area[0] if area else None,
        area_name=area[1] if area else None,
        disputed_by=ticket.unit_id,
        unit_id=unit_id,
        unit_name=ticket.unit_name if upheld else _unit_name(book, unit_id, entry),
        clause=said.clause,
        reasons=said.reasons,
        ruled_by=who.actor,
        ruled_at=now,
    )
    _settle(session, request, ruling, who.actor, now)
    ticket.disputed = False
    if not upheld and ticket.leads and area:
        ruling.entry_id = _new_entry(session, row, entry, ruling, now).id
    if upheld or TicketState(ticket.state) not in RUNNING:
        carrying.check("uphold", ticket, ruling, now)
        carrying.note(session, row, ruling, row.state, {}, actor=who.actor, now=now)
    else:
        carrying.carry_out(session, row, ticket, ruling, actor=who.actor, now=now, terms=terms)
        check_if_done(session, row, now, terms)
        wind(session, row, terms)
    session.add(ruling)
    session.flush()
    told = {"case": row.id, "unit": unit_id, "upheld": upheld, "clause": said.clause}
    append(session, EntryKind.RULING, f"ruling:{number}", actor=who.actor, now=now, payload=told)
    forget_book(session)
    return RulingOut.model_validate(ruling)


def _area_of(book: DutyBook, row: Case, wanted: str | None, who: Principal) -> tuple[str, str] | None:
    """Id and name of the area for which a ruling is to hold: the one that is wanted, or the smallest.

    Of whoever is limited to areas it is one of these: a ruling holds for every later case in it.
    """
    hits = book.areas.locate(Position(row.lon, row.lat))
    own = [hit for hit in hits if who.areas is None or hit.id in who.areas]
    if wanted is None:
        return (own[0].id, own[0].name) if own else None
    for hit in own:
        if hit.id == wanted:
            return hit.id, hit.name
    if any(hit.id == wanted for hit in hits):
        detail = f"'{wanted}' reaches beyond the areas to which {who.name} is limited"
        raise Problem(HTTPStatus.FORBIDDEN, "permission", detail)
    raise _unprocessable("area_id", f"the case does not lie in '{wanted}'")


def _unit_name(book: DutyBook, unit_id: str, entry: DutyEntry) -> str:
    name = book.unit_name(unit_id)
    if name is None:
        raise _unprocessable("unit_id", f"there is no unit '{unit_id}'")
    lacking = book.lacking_for(entry, unit_id)
    if lacking:
        raise Problem(HTTPStatus.CONFLICT, "beyond-powers", lacking)
    return name


def _unprocessable(field: str, message: str) -> Problem:
    errors = [FieldError(f"body.{field}", message)]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field", message, errors=errors)


def _settle(session: Session, request: TicketRequest, ruling: Ruling, actor: str, now: datetime) -> None:
    """The dispute is decided; what else was asked for a ticket that goes, goes with it."""
    decided = [request]
    if not ruling.upheld:
        decided += [each for each in tickets.waiting(session, request.ticket_id) if each.id != request.id]
    for each in decided:
        granted = each.id == request.id and not ruling.upheld
        each.state = "granted" if granted else "declined"
        each.decided_by, each.decided_at, each.decision = actor, now, f"ruling {ruling.number}"


def _new_entry(session: Session, row: Case, entry: DutyEntry, ruling: Ruling, now: datetime) -> DutyEntry:
    """The ruling as an entry of the duty list, in the place of what earlier rulings said there."""
    assert ruling.area_id is not None
    for earlier in duty.ruled_entries(session, entry.item_id, ruling.area_id):
        if earlier.valid_until is None or earlier.valid_until > now:
            earlier.valid_until = now
    made = DutyEntry(
        list_id=None,
        item_id=entry.item_id,
        class_id=entry.class_id,
        kind=entry.kind,
        area_id=ruling.area_id,
        unit_id=ruling.unit_id,
        co_unit_ids=[unit for unit in entry.co_unit_ids if unit != ruling.unit_id],
        item=entry.item,
        power=entry.power,
        legal_basis=entry.legal_basis,
        basis_from=entry.basis_from,
        basis_until=entry.basis_until,
        deadline_hours=entry.deadline_hours,
        urgent_deadline_hours=entry.urgent_deadline_hours,
        valid_from=now,
        valid_until=None,
        ruling=ruling.number,
    )
    session.add(made)
    session.flush()
    matter, book = entry.kind or entry.item_id, fresh_book(session, now)
    next_time = book.assign(matter, Position(row.lon, row.lat))
    if next_time.unit_id != ruling.unit_id:
        where = next_time.area.name if next_time.area else ruling.area_name
        detail = f"a smaller area ({where}) has an entry of its own here; rule for that one"
        raise Problem(HTTPStatus.CONFLICT, "smaller-area", detail)
    return made
