"""A report of photos or a clip is handed in: written down with its uploads, and put into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import structlog
from sqlalchemy.orm import Session

from central.cases.rules import Origin
from central.context import Central
from central.duty.matter import check_known
from central.duty.service import book_if_any
from central.jobs.service import enqueue
from central.people.service import hash_token
from central.problems import Problem
from central.reports import service as reports
from central.reports.forms import cleaned, follow_token_of, new_form_key, number_of
from central.reports.schemas import HandedIn, PlaceIn, ReportIn
from central.reports.sender import ReportSender
from central.reports.service import PendingIn, Seen
from central.uploads import repository
from central.uploads.job import KIND
from central.uploads.models import Upload, UploadState
from central.uploads.service import CLIP_TYPE
from kerbwatch.place import Position, gcj02_to_wgs84

log = structlog.get_logger(__name__)

SOURCE = "report-page"
"""``source`` of these reports."""


def hand_in(central: Central, said: ReportIn, sender: ReportSender) -> HandedIn:
    """Take a report in. The same key with the same uploads is the same report.

    Raises:
        Problem: 409 an upload is not whole or belongs to another report, 422 too many files, it is about
            nothing that the duty list has, or another report came in under the key.
    """
    now = central.clock.now_utc()
    form_key = said.form_key or new_form_key()
    token, number = follow_token_of(SOURCE, form_key, central.secret), number_of(form_key)
    handed_in = HandedIn(number=number, follow=f"/r/{token}")
    with central.database.write() as session:
        uploads = _uploads(session, central, said.uploads)
        pending = PendingIn(
            origin=Origin.DASHCAM if uploads[0].content_type == CLIP_TYPE else Origin.PHOTO,
            source=SOURCE,
            external_id=number,
            kind=said.kind,
            words=cleaned(said.words),
            place=_seen(said.place) if said.place else None,
            seen_at=said.seen_at or now,
            reporter_ref=sender.reporter_ref,
        )
        said_hash = reports.hash_of(said.model_dump(mode="json", exclude={"form_key"}))
        found = reports.register_pending(session, pending, now, said_hash)
        if found.follow_token is None:
            if any(upload.report_id != found.report.id for upload in uploads):
                raise reports.used_otherwise()
            return handed_in
        check_known(book_if_any(session, now), said.kind)
        if any(upload.report_id is not None or upload.state != UploadState.WHOLE for upload in uploads):
            raise _refused(
                central, HTTPStatus.CONFLICT, "not-whole", "send each file to its end, and in one report only"
            )
        found.report.follow_hash = hash_token(token)
        session.flush()
        for upload in uploads:
            upload.report_id = found.report.id
        enqueue(session, KIND, found.report.id, now)
    log.info("report_handed_in", report=found.report.id, files=len(uploads), channel=pending.origin)
    return handed_in


def _seen(place: PlaceIn) -> Seen:
    """In WGS-84."""
    at = Position(place.lon, place.lat)
    if place.datum == "GCJ-02":
        at = gcj02_to_wgs84(at)
    return Seen(at.lon, at.lat, place.method, place.accuracy_m)


def _uploads(session: Session, central: Central, keys: Sequence[str]) -> list[Upload]:
    """The uploads of some keys, each held for this unit of work. Raises Problem."""
    found = []
    for key in sorted(set(keys), key=list(keys).index):
        upload = repository.by_key_hash(session, hash_token(key), held=True)
        if upload is None or upload.content_type is None:
            raise _refused(
                central, HTTPStatus.CONFLICT, "not-whole", "an upload is not here, or not whole yet"
            )
        found.append(upload)
    clips = sum(upload.content_type == CLIP_TYPE for upload in found)
    most = central.settings.reports.most_photos
    if (clips and len(found) > 1) or len(found) > most:
        words = f"a report has one clip, or up to {most} photos"
        raise _refused(central, HTTPStatus.UNPROCESSABLE_ENTITY, "too-many-files", words)
    return found


def _refused(central: Central, status: HTTPStatus, reason: str, words: str) -> Problem:
    central.metrics.reports.labels(reason).inc()
    log.info("report_not_taken", reason=reason)
    return Problem(status, reason, words)
