"""Tickets as the handheld shows them: one's own unit's only, deadlines in words, and nobody who reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from central.cases.drafting import duration
from central.cases.models import Ticket
from central.cases.rules import TicketState
from central.cases.schemas import CaseDetail, LogLine, TicketOut
from central.handheld.models import PhotoState, TicketPhoto
from central.handheld.photos import MOST_PHOTOS
from central.pages.plate_view import spaced
from central.pages.texts import KIND_TERMS, kind_name, kind_term, t, t_or
from central.tickets.models import TicketRequest
from central.tickets.reminders import Reminder
from central.tickets.rules import RUNNING
from central.tickets.taken_back import TAKEN_BACK
from kerbwatch.incident import Audience

_TONES = {
    TicketState.DISPATCHED: "warn",
    TicketState.ACCEPTED: "info",
    TicketState.HANDLING: "info",
    TicketState.HANDLED: "good",
}
_NEXT = {
    TicketState.DISPATCHED: "accept",
    TicketState.ACCEPTED: "start",
    TicketState.HANDLING: "report_handled",
}
"""What is to be done next."""
_TURNS = frozenset({"rework", "reopen_closed", "recall_closed", TAKEN_BACK})
"""Lines by which the work begins anew."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket in the list."""

    id: str
    kind: str
    icon: str
    kind_name: str
    kind_term: str
    urgent: bool
    place: str
    lon: float
    lat: float
    state_name: str
    tone: str
    due: str
    due_tone: str
    disputed: bool
    reminded: bool
    """Whether the unit was reminded, and nobody has opened the ticket since."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the case that people may see."""

    url: str
    role_name: str
    captured_at: datetime
    is_clip: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that the unit asked for."""

    kind_name: str
    state_name: str
    tone: str
    note: str
    decision: str


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket alone."""

    row: TicketRow
    version: int
    sentence: str
    item: str
    legal_basis: str
    due_at: datetime
    plate: str
    plate_said: str
    sent_back: str
    """Why it is to be done again; empty where it is not."""
    taken_back: str
    """Why it is nobody's to deal with any more; empty where it was not taken back."""
    opened_again: str
    """Why it was opened again after it had been closed; empty where it was not."""
    reminded_at: datetime | None
    hurried_at: datetime | None
    """When a lead made it urgent that was not, with a shorter time."""
    woken_at: datetime | None
    """When such a lead ended its suspension, and its time is no shorter for it."""
    next_move: str
    """The one big button; empty where nothing is to be done now."""
    may_ask: bool
    disputed: bool
    suspended: bool
    asked: tuple[Asked, ...]
    waiting: frozenset[str]
    """Kinds of requests that wait for a decision."""
    pictures: tuple[Picture, ...]
    photos: tuple[str, ...]
    """A line for each photo of one's own that is not among the pictures yet, or cannot be."""
    may_add_photo: bool


def row_of(
    ticket: Ticket | TicketOut, case: CaseDetail | None, now: datetime, reminder: Reminder | None = None
) -> TicketRow:
    """A ticket as a line; ``case`` where the ticket does not bring its own."""
    of = case if case is not None else ticket.case  # type: ignore[union-attr]  # a row brings its case
    state = TicketState(ticket.state)
    due, tone = due_words(state, ticket.due_at, ticket.suspended_until, now)
    return TicketRow(
        id=ticket.id,
        kind=of.kind,
        icon=of.kind if of.kind in KIND_TERMS else "other",
        kind_name=kind_name(of.kind) if of.kind in KIND_TERMS else ticket.item,
        kind_term=kind_term(of.kind),
        urgent=of.urgent,
        place=", ".join(part for part in (of.road, of.area_name) if part) or t("case.place_unknown"),
        lon=of.lon,
        lat=of.lat,
        state_name=t_or(f"ticket_state.{state}", state),
        tone=_TONES.get(state, ""),
        due=due,
        due_tone=tone,
        disputed=ticket.disputed,
        reminded=reminder is not None and not reminder.seen,
    )


def due_words(
    state: TicketState, due_at: datetime, suspended_until: datetime | None, now: datetime
) -> tuple[str, str]:
    """How long there is, in words, and a tone for them."""
    if state not in RUNNING:
        return "", ""
    if suspended_until is not None and suspended_until > now:
        return t("handheld.suspended", time=duration((suspended_until - now).total_seconds())), ""
    left_s = (due_at - now).total_seconds()
    if left_s < 0:
        return t("handheld.overdue", time=short_duration(-left_s)), "bad"
    return t("handheld.due_in", time=short_duration(left_s)), "warn" if left_s < 3600 else ""


def short_duration(seconds_s: float) -> str:
    """A span of time in words, to the minute."""
    return duration(max(60.0, seconds_s // 60 * 60))


def page_of(
    detail: CaseDetail,
    ticket_id: str,
    *,
    suspended_until: datetime | None,
    disputed: bool,
    log: Sequence[LogLine],
    requests: Sequence[TicketRequest],
    photos: Sequence[TicketPhoto],
    now: datetime,
) -> TicketPage:
    """A ticket of one's own unit with what is needed in the street."""
    ticket = next(each for each in detail.tickets if each.id == ticket_id)
    state = TicketState(ticket.state)
    row = row_of(ticket, detail, now)
    if suspended_until is not None:
        due, tone = due_words(state, ticket.due_at, suspended_until, now)
        row = TicketRow(
            **{name: getattr(row, name) for name in row.__slots__} | {"due": due, "due_tone": tone}
        )
    hurried = next((each for each in reversed(log) if each.rule == "hurry"), None)
    sooner = hurried.detail["tickets"] if hurried else {}
    woken = set(hurried.detail.get("woken", ())) if hurried else set()
    back = next((line for line in reversed(log) if line.rule in _TURNS), None)
    again = back is not None and back.rule == "reopen_closed" and state in RUNNING
    sent = back is not None and back.rule == "rework" and state is TicketState.HANDLING
    taken = next((line for line in log if ticket_id in line.detail.get("voided", ())), None)
    return TicketPage(
        row=row,
        version=detail.version,
        sentence=ticket.sentence,
        item=ticket.item,
        legal_basis=ticket.legal_basis,
        due_at=ticket.due_at,
        plate=spaced(ticket.plate or ""),
        plate_said=spaced(ticket.plate_said or ""),
        sent_back=(back.note or "") if back and sent else "",
        taken_back=_why(taken) if taken else "",
        opened_again=_why(back) if back and again else "",
        reminded_at=ticket.reminded_at if state in RUNNING else None,
        hurried_at=hurried.at if hurried and ticket_id in sooner else None,
        woken_at=hurried.at if hurried and ticket_id in woken - sooner.keys() else None,
        next_move="" if suspended_until and state is TicketState.HANDLING else _NEXT.get(state, ""),
        may_ask=state in RUNNING,
        disputed=disputed,
        suspended=suspended_until is not None,
        asked=tuple(_asked(each) for each in requests),
        waiting=frozenset(each.kind for each in requests if each.state == "waiting"),
        pictures=_pictures(detail, ticket_id),
        photos=tuple(_photo(each) for each in photos if each.state != PhotoState.SHOWN or each.remark),
        may_add_photo=state in RUNNING | {TicketState.HANDLED} and len(photos) < MOST_PHOTOS,
    )


def _why(line: LogLine) -> str:
    """Reason and note of a line of the log."""
    reason = t_or(f"reason.{line.reason_code}", "") if line.reason_code else ""
    return ". ".join(part for part in (reason, line.note) if part)


def _pictures(detail: CaseDetail, ticket_id: str) -> tuple[Picture, ...]:
    """What was made for people and is here, the newest first."""
    found = {
        piece.sha256: piece
        for lead in detail.leads
        for piece in lead.evidence
        if piece.audience == Audience.PEOPLE and piece.here
    }
    newest = sorted(found.values(), key=lambda piece: piece.captured_at, reverse=True)
    return tuple(
        Picture(
            url=f"/h/tickets/{ticket_id}/pictures/{piece.sha256}",
            role_name=t_or(f"role.{piece.role}", piece.role.replace("_", " ")),
            captured_at=piece.captured_at,
            is_clip=piece.content_type.startswith("video/"),
        )
        for piece in newest
    )


def _asked(request: TicketRequest) -> Asked:
    tones = {"waiting": "warn", "granted": "good", "declined": "bad"}
    return Asked(
        kind_name=t(f"request.{request.kind}"),
        state_name=t(f"request_state.{request.state}"),
        tone=tones[request.state],
        note=request.note,
        decision=request.decision or "",
    )


def _photo(photo: TicketPhoto) -> str:
    if photo.state == PhotoState.WAITING:
        return t("handheld.photo_waiting")
    return t(f"handheld.photo_{photo.state}", remark=photo.remark or "")
