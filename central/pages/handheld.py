"""The handheld: a unit's own tickets, what it does with them, and what it finds; plain forms, one thumb.

Over a bad link a form is sent twice, or its answer is lost: what was done already is said to be done, and
nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Path, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.rules import ClosingOutcome, TicketState
from central.context import Central, CentralDep
from central.escalation.repository import slips_of, slips_waiting
from central.handheld import photos, repository
from central.pages import map_view
from central.pages import repository as page_repository
from central.pages.check_view import OUTCOMES
from central.pages.handheld_asking import in_words, says_the_same, waiting_of_kind
from central.pages.handheld_lists import MOST_BELOW, Show, list_of
from central.pages.handheld_view import page_of, row_of
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.reports.forms import WORDS_CHARS, cleaned
from central.tickets import listing, pictures, requests, service
from central.tickets import repository as ticket_repository
from central.tickets.api import TicketId
from central.tickets.clockwork import Terms
from central.tickets.reminders import reminders_of, see
from central.tickets.schemas import AskIn
from central.tickets.taken_back import taken_back
from central.tickets.worklist import spot_of
from kerbwatch.ids import SHA256_PATTERN
from kerbwatch.place import Position

router = APIRouter(prefix="/h", include_in_schema=False)

Handler = Annotated[Principal, Depends(require(Permission.TICKET_HANDLE, within_areas=True))]
Move = Literal["accept", "start", "resume", "report_handled"]
Text = Annotated[str, Form(max_length=4 * WORDS_CHARS)]
Version = Annotated[int, Form(ge=0, le=2**31)]

_DONE = frozenset(
    {
        "accept",
        "start",
        "resume",
        "report_handled",
        "dispute",
        "suspension",
        "extension",
        "photo",
        "found",
        "already",
    }
)
_REACHED: dict[str, frozenset[TicketState]] = {
    "accept": frozenset(
        {TicketState.ACCEPTED, TicketState.HANDLING, TicketState.HANDLED, TicketState.CLOSED}
    ),
    "start": frozenset({TicketState.HANDLING, TicketState.HANDLED, TicketState.CLOSED}),
    "report_handled": frozenset({TicketState.HANDLED, TicketState.CLOSED}),
}
"""States in which a move was made before."""


@router.get("")
def my_tickets(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Handler,
    done: str = "",
    show: Show = "todo",
    after: str = "",
) -> Response:
    """What one's unit has to do: the urgent first, then what is due first; then what it has handled.

    Where there is more than fits, each list tells how many, and goes on ``after`` a spot in it.
    """
    now, spot = central.clock.now_utc(), spot_of(after)
    with central.database.read() as session:
        todo = list_of(session, who, "todo", now, after=spot) if show == "todo" else None
        if show == "handled":
            handled = list_of(session, who, "handled", now, after=spot)
        else:
            handled = None if spot else list_of(session, who, "handled", now, most=MOST_BELOW)
        slips = slips_waiting(session, who.unit_id, who.areas) if who.unit_id else 0
        gone = taken_back(session, who.unit_id, who.areas, now) if who.unit_id and todo and not spot else []
        lost = [row_of(ticket, None, now) for ticket in gone]
    values = {
        "todo": todo,
        "handled": handled,
        "taken_back": lost,
        "unit": next((each.unit_name for each in (todo, handled) if each and each.unit_name), ""),
        "has_unit": who.unit_id is not None,
        "slips": slips,
        "notice": Notice("good", t(f"handheld.done.{done}")) if done in _DONE else None,
    }
    return page(request, "handheld_list.html", values, who=who)


@router.get("/tickets/{ticket_id}")
def ticket(
    request: Request, central: CentralDep, who: Handler, ticket_id: TicketId, done: str = ""
) -> Response:
    """One ticket. Who opens it has seen that its unit was reminded."""
    with central.database.read() as session:
        row = ticket_repository.ticket(session, ticket_id)
        reminder = reminders_of(session, [row]).get(ticket_id) if row is not None else None
    if reminder is not None and not reminder.seen:
        with central.database.write(ordered=True) as session:
            see(session, ticket_id, who, central.clock.now_utc())
    notice = Notice("good", t(f"handheld.done.{done}")) if done in _DONE else None
    return _ticket(request, central, who, ticket_id, notice)


@router.get("/tickets/{ticket_id}/pictures/{sha256}")
def picture(
    central: CentralDep,
    who: Handler,
    ticket_id: TicketId,
    sha256: Annotated[str, Path(pattern=SHA256_PATTERN)],
) -> Response:
    """A picture of one's own ticket's case, made for people."""
    return pictures.answer(central, who, ticket_id, sha256)


@router.post("/tickets/{ticket_id}/photos")
def add_photo(
    request: Request,
    central: CentralDep,
    who: Handler,
    ticket_id: TicketId,
    photo: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """A photo of the place as it is now; the same one comes in once."""
    try:
        taken = photos.take(central, who, ticket_id, photo)
    except Problem as problem:
        return _undone(request, central, who, ticket_id, problem)
    if taken:
        return _back(ticket_id, "photo")
    lacking = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "photo", t("handheld.photo_lacking"))
    return _undone(request, central, who, ticket_id, lacking)


@router.post("/tickets/{ticket_id}/requests/{kind}")
def ask(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Handler,
    ticket_id: TicketId,
    kind: Literal["suspension", "extension", "dispute"],
    version: Version,
    note: Text = "",
    clause: Text = "",
    until: Text = "",
    hours: Text = "",
) -> Response:
    """Dispute the ticket, or ask for a suspension or an extension."""
    try:
        said = AskIn.model_validate(
            {
                "kind": kind,
                "note": cleaned(note),
                "clause": cleaned(clause) or None,
                "until": _local(until, central) if kind == "suspension" else None,
                "hours": hours or None if kind == "extension" else None,
            }
        )
    except ValidationError as error:
        faults = "; ".join(str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors())
        problem = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "lacking", faults)
        return _undone(request, central, who, ticket_id, problem, written=note)

    def do(session: Session, now: datetime) -> None:
        terms = Terms.of(central.settings)
        requests.ask(session, ticket_id, said, who=who, version=version, now=now, terms=terms)

    return _act(request, central, who, ticket_id, kind, do, written=note, asked=said)


@router.post("/tickets/{ticket_id}/{move}")
def act(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Handler,
    ticket_id: TicketId,
    move: Move,
    version: Version,
    note: Text = "",
    outcome: Annotated[ClosingOutcome, Form()] = ClosingOutcome.DEALT_WITH,
    photo: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Accept, start, or report as handled with a note and a photo, which stays whatever becomes of it."""
    try:
        photos.take(central, who, ticket_id, photo)
    except Problem as problem:
        return _undone(request, central, who, ticket_id, problem, written=note)

    def do(session: Session, now: datetime) -> None:
        terms, words = Terms.of(central.settings), cleaned(note)
        service.act(
            session,
            ticket_id,
            move,
            who=who,
            version=version,
            now=now,
            terms=terms,
            note=words or None,
            outcome=outcome,
        )

    return _act(request, central, who, ticket_id, move, do, written=note)


def _act(  # noqa: PLR0917 - the two of above
    request: Request,
    central: Central,
    who: Principal,
    ticket_id: str,
    what: str,
    do: Callable[[Session, datetime], None],
    written: str,
    asked: AskIn | None = None,
) -> Response:
    """Do it once: sent again over a bad link, it is told that it is done.

    What asks for something else than a colleague has asked for meanwhile is not taken for the same.
    """
    if len(cleaned(written)) > WORDS_CHARS:
        problem = Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "note", t("notice.note_too_long", chars=WORDS_CHARS)
        )
        return _undone(request, central, who, ticket_id, problem, written=written)
    try:
        with central.database.write(ordered=True) as session:
            do(session, central.clock.now_utc())
    except Problem as problem:
        if problem.status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
            with central.database.read() as session:
                waiting = waiting_of_kind(session, ticket_id, asked) if asked else None
            if asked and waiting and not says_the_same(waiting, asked):
                otherwise = Problem(HTTPStatus.CONFLICT, "asked-otherwise", t("handheld.asked_otherwise"))
                unsent = in_words(asked, central.settings.zone)
                return _undone(request, central, who, ticket_id, otherwise, unsent=unsent)
            if waiting or _is_done(central, who, ticket_id, what):
                return _back(ticket_id, "already")
        return _undone(request, central, who, ticket_id, problem, written=written)
    return _back(ticket_id, what)


def _is_done(central: Central, who: Principal, ticket_id: str, what: str) -> bool:
    with central.database.read() as session:
        detail = listing.case_of_ticket(session, who, ticket_id)
        state = next(TicketState(each.state) for each in detail.tickets if each.id == ticket_id)
        if what in _REACHED:
            return state in _REACHED[what]
        row = ticket_repository.ticket(session, ticket_id)
        return what == "resume" and row is not None and row.suspended_until is None


def _local(text: str, central: Central) -> datetime | None:
    """What a date-time field says, by the city's clock; None for what is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=central.settings.zone)
    except ValueError:
        return None


def _back(ticket_id: str, done: str) -> Response:
    return RedirectResponse(f"/h/tickets/{ticket_id}?done={done}", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _undone(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    who: Principal,
    ticket_id: str,
    problem: Problem,
    written: str = "",
    unsent: str = "",
) -> Response:
    """After what was refused: the ticket as it stands, why, and nothing typed is lost."""
    if problem.status == HTTPStatus.NOT_FOUND:
        raise problem
    changed = problem.status == HTTPStatus.PRECONDITION_FAILED
    words = t("handheld.changed") if changed else t("notice.refused", detail=problem.detail.rstrip("."))
    notice = Notice("warn" if changed else "bad", words)
    return _ticket(request, central, who, ticket_id, notice, problem.status, written, unsent)


def _ticket(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    who: Principal,
    ticket_id: str,
    notice: Notice | None,
    status: HTTPStatus = HTTPStatus.OK,
    written: str = "",
    unsent: str = "",
) -> Response:
    now = central.clock.now_utc()
    with central.database.read() as session:
        detail = listing.case_of_ticket(session, who, ticket_id)
        if not who.may(Permission.PLATE_READ):
            detail = detail.without_plates()
        row = ticket_repository.ticket(session, ticket_id)
        joint = ticket_repository.joint(session, detail.id)
        point = Position(detail.lon, detail.lat)
        near = page_repository.areas_overlapping(session, map_view.bounds_around(point))
        found = page_of(
            detail,
            ticket_id,
            suspended_until=row.suspended_until if row else None,
            disputed=bool(row and row.disputed),
            log=cases.get_log(session, detail.id),
            requests=repository.requests(session, ticket_id),
            photos=repository.photos(session, ticket_id),
            now=now,
        )
        told = slips_of(session, ticket_id)
        drawing = map_view.map_of(point, near, detail.area_id)
    values = {
        "ticket": found,
        "map": drawing,
        "joint": joint,
        "others": [each.unit_name for each in detail.tickets if each.unit_id != who.unit_id],
        "told": told,
        "written": written,
        "unsent": unsent,
        "outcomes": OUTCOMES,
        "words_chars": WORDS_CHARS,
        "photo_mb": f"{central.settings.reports.photo_max_mb:g}",
        "notice": notice,
    }
    return page(request, "handheld_ticket.html", values, who=who, status=status)
