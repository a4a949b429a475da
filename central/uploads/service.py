"""Uploads of people: begun, gone on with, given up, swept away; and what a report showed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from sqlalchemy.orm import Session

from central.context import Central
from central.media.store import SNIFFED_BYTES, Part, hash_file, sniff
from central.people.service import hash_token
from central.problems import Problem
from central.uploads import repository
from central.uploads.models import Upload, UploadState
from kerbwatch.ids import new_id

log = structlog.get_logger(__name__)

OWNER = "people"
"""Whose parts they are in the media store."""
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
CLIP_TYPE = "video/mp4"
_GB = 1_000_000_000
_SWEPT_AT_ONCE = 200
_REMEMBERED = timedelta(days=7)
"""How long after its time an upload that came to nothing is still told to be over."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that may be gone on with by whoever has its key."""

    key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an upload stands."""

    id: str
    offset: int
    length: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a report showed, to know a copy again.

    Attributes:
        sha256: of each file as it came.
        phash: perceptual hashes of its pictures and stills: 64 bits, 16 hexadecimal digits each.
    """

    sha256: frozenset[str]
    phash: tuple[str, ...]


def refusal(central: Central, status: HTTPStatus, reason: str, detail: str) -> Problem:
    """Something that is not taken; counted by its reason."""
    central.metrics.uploads.labels(reason).inc()
    log.info("upload_refused", reason=reason)
    return Problem(status, reason, detail)


def begin(central: Central, sender_key: str, length: int) -> Begun:
    """Begin an upload.

    Args:
        central: this copy.
        sender_key: who counts it as theirs.
        length: of the whole file, bytes.

    Raises:
        Problem: 400 empty, 413 too large, 429 too many of this sender, 507 no room.
    """
    settings, now = central.settings.reports, central.clock.now_utc()
    if length < 1:
        raise refusal(central, HTTPStatus.BAD_REQUEST, "empty", "an empty file shows nothing")
    if length > settings.clip_max_bytes:
        most = f"{settings.clip_max_mb:g} MB a clip, {settings.photo_max_mb:g} MB a photo"
        raise refusal(
            central, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"it is too large: at most {most}"
        )
    key = secrets.token_urlsafe(24)
    with central.database.write() as session:
        _check_room(central, session, sender_key, length, now)
        upload = Upload(
            id=new_id(),
            key_hash=hash_token(key),
            sender_key=sender_key,
            report_id=None,
            state=UploadState.OPEN.value,
            reason=None,
            length_bytes=length,
            content_type=None,
            sha256=None,
            created_at=now,
            expires_at=now + timedelta(hours=settings.upload_hours),
        )
        session.add(upload)
        return Begun(key, upload.expires_at)


def _check_room(central: Central, session: Session, sender_key: str, length: int, now: datetime) -> None:
    settings = central.settings.reports
    repository.hold_sender(session, sender_key)
    if repository.open_of(session, sender_key) >= settings.open_uploads:
        raise refusal(
            central,
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-open",
            f"{settings.open_uploads} uploads are begun already; send or give up one of them first",
        )
    if repository.begun_since(session, sender_key, now - timedelta(hours=1)) >= settings.uploads_per_hour:
        raise refusal(
            central,
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-an-hour",
            f"at most {settings.uploads_per_hour} uploads an hour; try again later",
        )
    if repository.promised_bytes(session) + length > settings.waiting_max_gb * _GB:
        raise refusal(
            central,
            HTTPStatus.INSUFFICIENT_STORAGE,
            "no-room",
            "so much waits to be looked through that nothing more fits; try again later",
        )


def standing(central: Central, key: str) -> Standing:
    """Where an upload stands. Raises Problem: 404 none of this key, 410 over."""
    now = central.clock.now_utc()
    with central.database.read() as session:
        upload = repository.by_key_hash(session, hash_token(key))
    if upload is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "there is no such upload")
    if upload.state == UploadState.OVER or (upload.expires_at <= now and upload.report_id is None):
        raise Problem(HTTPStatus.GONE, "over", "this upload is over; begin a new one")
    if upload.state == UploadState.OPEN and central.media.aside(upload.id).is_file():
        _note_whole(central, key, upload.id)
    elif upload.state == UploadState.OPEN:
        here = central.media.part_bytes(upload.id, OWNER) or 0
        return Standing(upload.id, here, upload.length_bytes, upload.expires_at)
    offset = upload.length_bytes
    return Standing(upload.id, offset, upload.length_bytes, upload.expires_at)


def check_type(central: Central, part: Part, key: str, length: int) -> None:
    """Throw away what is neither photo nor clip by its first bytes, or too large a photo. Raises Problem."""
    if not part.sniffable and part.size_bytes < length:
        return
    kind = part.content_type()
    if kind not in PHOTO_TYPES and kind != CLIP_TYPE:
        end(central, key, "content-type", part)
        raise refusal(
            central,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content-type",
            "it is no photo (JPEG, PNG, WebP) and no clip (MP4, MOV)",
        )
    most = central.settings.reports.photo_max_bytes
    if kind in PHOTO_TYPES and length > most:
        end(central, key, "too-large", part)
        raise refusal(
            central,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too-large",
            f"a photo of more than {central.settings.reports.photo_max_mb:g} MB is not taken",
        )


def settle(central: Central, part: Part, key: str, upload_id: str) -> None:
    """An upload is whole: put it by. Raises Problem 410 when it was given up meanwhile."""
    part.sync()
    central.media.set_aside(part, upload_id)
    _note_whole(central, key, upload_id)


def _note_whole(central: Central, key: str, upload_id: str) -> None:
    """Write down what was put by; also of one that was put by when this copy of central died."""
    path = central.media.aside(upload_id)
    sha256 = hash_file(path)
    with path.open("rb") as file:
        kind = sniff(file.read(SNIFFED_BYTES))
    with central.database.write() as session:
        upload = repository.by_key_hash(session, hash_token(key), held=True)
        if upload is None or upload.state == UploadState.OVER:
            raise Problem(HTTPStatus.GONE, "over", "this upload is over; begin a new one")
        upload.state, upload.sha256, upload.content_type = UploadState.WHOLE.value, sha256, kind
        size_bytes = upload.length_bytes
    central.metrics.uploads.labels("whole").inc()
    log.info("upload_whole", content_type=kind, size_bytes=size_bytes)


def end(central: Central, key: str, reason: str, part: Part | None = None) -> None:
    """An upload is over before it was part of a report; its bytes go.

    Raises:
        Problem: 404 none of this key, 409 it belongs to a report, 410 over already.
    """
    with central.database.write() as session:
        upload = repository.by_key_hash(session, hash_token(key), held=True)
        if upload is None:
            raise Problem(HTTPStatus.NOT_FOUND, "not-found", "there is no such upload")
        if upload.state == UploadState.OVER:
            raise Problem(HTTPStatus.GONE, "over", "this upload is over")
        if upload.report_id is not None:
            raise Problem(HTTPStatus.CONFLICT, "reported", "it belongs to a report that was sent")
        _close(central, upload, reason)
    if part is not None:
        part.throw_away()


def sweep(central: Central) -> int:
    """Throw away uploads whose time is over and that no report holds; how many."""
    now = central.clock.now_utc()
    with central.database.write() as session:
        late = repository.expired(session, now, _SWEPT_AT_ONCE)
        for upload in late:
            _close(central, upload, "expired")
        repository.forget(session, now - _REMEMBERED)
    if late:
        central.metrics.uploads.labels("expired").inc(len(late))
        log.info("uploads_expired", count=len(late))
    return len(late)


def _close(central: Central, upload: Upload, reason: str) -> None:
    upload.state, upload.reason = UploadState.OVER.value, reason
    central.media.drop_part(upload.id, OWNER)  # what lies aside goes with a sweep, never under a backup


def likeness_of(session: Session, report_id: str) -> Likeness:
    """What a report showed, to know a copy again: the same file, or the same picture encoded anew.

    Two pictures whose perceptual hashes differ in few of the 64 bits (0 to 8 or so) are likely one.
    """
    rows = repository.likenesses(session, report_id)
    return Likeness(
        sha256=frozenset(row.sha256 for row in rows), phash=tuple(row.phash for row in rows if row.phash)
    )
