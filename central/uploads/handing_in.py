"""A report of photos or a clip is handed in: written down with its uploads, and put into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import structlog
from sqlalchemy.orm import Session

from central.cases.rules import Origin
from central.context import Central
from central.jobs.service import enqueue
from central.people.service import hash_token
from central.problems import Problem
from central.reports import service as reports
from central.reports.schemas import ReportIn
from central.reports.sender import ReportSender
from central.reports.service import PendingIn, Seen
from central.uploads import repository
from central.uploads.job import KIND
from central.uploads.models import Upload, UploadState
from central.uploads.service import CLIP_TYPE
from kerbwatch.ids import new_id

log = structlog.get_logger(__name__)

SOURCE = "report-page"
"""``source`` of these reports."""


def hand_in(central: Central, said: ReportIn, sender: ReportSender) -> str:
    """Take a report in; the token of the page that shows what becomes of it.

    The same number with the same uploads is the same report: sent again, it gets a new token.

    Raises:
        Problem: 409 an upload is not whole or belongs to another report, 422 too many files.
    """
    now = central.clock.now_utc()
    number = said.number or new_id()
    with central.database.write() as session:
        uploads = _uploads(session, central, said.uploads)
        place = said.place
        pending = PendingIn(
            origin=Origin.DASHCAM if uploads[0].content_type == CLIP_TYPE else Origin.PHOTO,
            source=SOURCE,
            external_id=number,
            kind=said.kind,
            words=said.words,
            place=Seen(place.lon, place.lat, place.method, place.accuracy_m) if place else None,
            seen_at=said.seen_at or now,
            reporter_ref=sender.reporter_ref,
        )
        found = reports.register_pending(session, pending, now)
        if found.follow_token is None:
            if any(upload.report_id != found.report.id for upload in uploads):
                raise _refused(
                    central, HTTPStatus.CONFLICT, "number-taken", "this number is of another report"
                )
            return reports.new_follow_token(found.report)
        if any(upload.report_id is not None or upload.state != UploadState.WHOLE for upload in uploads):
            raise _refused(
                central, HTTPStatus.CONFLICT, "not-whole", "send each file to its end, and in one report only"
            )
        session.flush()
        for upload in uploads:
            upload.report_id = found.report.id
        enqueue(session, KIND, found.report.id, now)
    log.info("report_handed_in", report=found.report.id, files=len(uploads), channel=pending.origin)
    return found.follow_token


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
