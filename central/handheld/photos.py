"""A unit's photo of the place after the work: taken in at once, looked through, then evidence."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import UploadFile
from sqlalchemy.orm import Session

from central.cases.models import Ticket
from central.context import Central
from central.handheld import repository
from central.handheld.models import PhotoState, TicketPhoto
from central.jobs.service import JobError, Writing, enqueue
from central.jobs.worker import Progress
from central.pages.texts import t
from central.people.service import Principal, hash_token
from central.problems import Problem
from central.reports.service import Seen
from central.tickets import listing
from central.uploads import by_form
from central.uploads.findings import Exhibit, Kept
from central.uploads.looking import make_shown
from central.uploads.models import Upload, UploadState
from central.uploads.reading import UnfitError, read_photo
from central.uploads.showing import keep, show
from kerbwatch.place import Position

log = structlog.get_logger(__name__)

KIND = "ticket_photo"
"""Of the job; its subject is an upload."""
HANDLED_PHOTO = "handled_photo"
"""Role of the evidence, beside those of :class:`kerbwatch.incident.EvidenceRole`."""
MOST_PHOTOS = 6
"""Of one ticket."""
_KEPT_FOR = timedelta(days=30)
"""How long a photo waits to be looked through, when whatever does it is down."""
_FAR_M = 200.0
"""A photo that says it was taken further away is remarked upon: GPS between houses is off by less."""


def take(central: Central, who: Principal, ticket_id: str, photo: UploadFile | None) -> bool:
    """Give a ticket of one's own unit the photo of a form's field, if one was sent; whether there was one.

    Raises:
        Problem: 404 another unit's ticket, 409 too many; of the photo 400, 413, 415, 429, 507.
    """
    file = by_form.sent_file(photo)
    if file is None:
        return False
    with central.database.read() as session:
        listing.case_of_ticket(session, who, ticket_id)
    key = by_form.put_by(central, hash_token(who.actor), *file)
    with central.database.write() as session:
        add(session, ticket_id, key, who, central.clock.now_utc())
    return True


def of_ticket(session: Session, ticket_id: str) -> Sequence[TicketPhoto]:
    """The photos of a ticket, in the order in which they were sent."""
    return repository.photos(session, ticket_id)


def add(session: Session, ticket_id: str, key: str, who: Principal, now: datetime) -> None:
    """Give a ticket a photo; the same bytes once. Raises Problem 409 when it has as many as it may."""
    upload = by_form.upload_of(session, key)
    assert upload.sha256 is not None  # upload_of
    known = repository.photo_of(session, ticket_id, upload.sha256)
    if known is not None:
        upload.expires_at = now  # it came twice: the broom takes the second
        return
    if len(repository.photos(session, ticket_id)) >= MOST_PHOTOS:
        raise Problem(HTTPStatus.CONFLICT, "too-many-photos", f"a ticket has at most {MOST_PHOTOS} photos")
    upload.expires_at = now + _KEPT_FOR
    session.add(
        TicketPhoto(
            upload_id=upload.id,
            ticket_id=ticket_id,
            sha256=upload.sha256,
            sent_by=who.actor,
            sent_at=now,
            state=PhotoState.WAITING.value,
            remark=None,
        )
    )
    enqueue(session, KIND, upload.id, now)


class ShowPhoto:
    """Handler of these jobs: see :class:`central.jobs.worker.Handler`."""

    def __init__(self, central: Central) -> None:
        self._central = central

    def run(self, subject_id: str, progress: Progress) -> Writing:
        """Read a photo in a process of its own, and make what people see of it."""
        with self._central.database.read() as session:
            photo = session.get(TicketPhoto, subject_id)
            ticket = session.get(Ticket, photo.ticket_id) if photo else None
            point = Position(ticket.case.lon, ticket.case.lat) if ticket else None
        if photo is None or ticket is None or point is None or photo.state != PhotoState.WAITING:
            return lambda _session: None
        path, settings = self._central.media.aside(subject_id), self._central.settings
        if not path.is_file():
            raise JobError("the photo is not here")
        try:
            read = read_photo(path, settings.reports, settings.zone, lambda: progress(0.3))
        except UnfitError as error:
            why = str(error)
            return lambda session: self._unfit(session, subject_id, why)
        remarks = _remarks(ticket, point, photo.sent_at, read.taken_at, read.place)
        with tempfile.TemporaryDirectory(prefix="kerbwatch-photo-") as name:
            folder = Path(name)
            clean = folder / "photo.jpg"
            clean.write_bytes(read.clean)
            # What its camera's clock says is a remark at most: the ticket's own times are central's.
            exhibit = Exhibit(clean, HANDLED_PHOTO, "image/jpeg", photo.sent_at)
            if settings.reports.blur:
                lacking = make_shown([exhibit], folder, settings.reports, lambda: progress(0.6))
                remarks += [lacking] if lacking else []
            kept = keep(self._central.media, exhibit)
        return lambda session: self._show(session, subject_id, kept, remarks)

    def give_up(self, subject_id: str, why: str) -> Writing:
        """The photo is not shown; its ticket goes on."""
        return lambda session: self._unfit(session, subject_id, why)

    def _show(self, session: Session, upload_id: str, kept: list[Kept], remarks: list[str]) -> None:
        now = self._central.clock.now_utc()
        photo = self._ended(session, upload_id, PhotoState.SHOWN)
        photo.remark = " ".join(remarks) or None
        ticket = session.get_one(Ticket, photo.ticket_id)
        show(session, ticket.case.leads[0].id, kept, remarks, now)

    def _unfit(self, session: Session, upload_id: str, why: str) -> None:
        photo = self._ended(session, upload_id, PhotoState.UNFIT)
        photo.remark = why

    @staticmethod
    def _ended(session: Session, upload_id: str, state: PhotoState) -> TicketPhoto:
        photo = session.get_one(TicketPhoto, upload_id, with_for_update=True)
        photo.state = state.value
        upload = session.get_one(Upload, upload_id, with_for_update=True)
        upload.state, upload.reason = UploadState.OVER.value, "looked-through"
        return photo


def _remarks(
    ticket: Ticket, point: Position, sent_at: datetime, taken_at: datetime | None, place: Seen | None
) -> list[str]:
    """What a person who checks the work should know of a photo."""
    remarks: list[str] = []
    if taken_at is not None and ticket.dispatched_at is not None and taken_at < ticket.dispatched_at:
        before = sent_at - taken_at
        remarks.append(t("handheld.photo_old", hours=f"{before / timedelta(hours=1):.1f}"))
    if place is not None:
        away_m = point.distance_m(Position(place.lon, place.lat))
        if away_m > _FAR_M:
            remarks.append(t("handheld.photo_far", metres=round(away_m)))
    return remarks
