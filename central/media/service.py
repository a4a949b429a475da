"""Uploads: resumable, limited, sniffed, and whole only when the SHA-256 is right; and reading back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from central.cases.opening import note_arrival, note_original_view
from central.context import Central
from central.media import repository
from central.media.models import MediaFile, OriginalView
from central.media.store import BusyError, DamagedError, Part
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem, not_found
from kerbwatch.incident import Audience
from kerbwatch.messages import TOPIC_ROOT

log = structlog.get_logger(__name__)

CONTENT_TYPES = ("image/jpeg", "video/mp4")
LEAST_REASON_CHARS, MOST_REASON_CHARS = 10, 500
"""Of the reason for looking at an original."""
_WRITE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """What a box says about a piece that it sends."""

    sha256: str
    owner: str
    """``SITE/EDGE``."""
    content_type: str
    offset: int
    length: int
    """Of the whole file, bytes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload stands."""

    offset: int
    complete: bool
    created: bool = False
    """Whether it became whole just now."""


def progress(central: Central, sha256: str, owner: str) -> Progress | None:
    """Where the upload of a file stands; None when nothing of it is here."""
    with central.database.read() as session:
        found = repository.find(session, sha256)
    if found:
        return Progress(found.size_bytes, complete=True)
    part_bytes = central.media.part_bytes(sha256, owner)
    return None if part_bytes is None else Progress(part_bytes, complete=False)


async def take_piece(central: Central, piece: Piece, body: AsyncIterator[bytes]) -> Progress:
    """Append a piece; when it was the last, check the hash and keep the file.

    Raises:
        Problem: 409 wrong offset, 413 too large, 415 not what it says, 422 wrong hash, 503 busy, 507 no room.
    """
    if piece.content_type not in CONTENT_TYPES:
        raise _refusal(central, "content-type", f"only {' and '.join(CONTENT_TYPES)} are taken")
    if piece.length > central.settings.media.max_bytes:
        raise _refusal(central, "too-large", f"at most {central.settings.media.max_bytes} bytes are taken")
    try:
        with central.media.open_part(piece.sha256, piece.owner) as part:
            # Asked for with the part in hand: another request may have finished it a moment ago.
            before = await run_in_threadpool(progress, central, piece.sha256, piece.owner)
            if before and before.complete:
                part.throw_away()
                return before
            _check_offset(part, piece)
            await _append(central, part, piece, body)
            return await run_in_threadpool(_settle, central, part, piece)
    except BusyError as error:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            "this upload is being written by another request",
            headers={"Retry-After": "1"},
        ) from error
    except OSError as error:
        log.error("media_not_written", error=error.strerror)
        raise Problem(
            HTTPStatus.INSUFFICIENT_STORAGE, "storage", "the file could not be written; try again later"
        ) from error


def _check_offset(part: Part, piece: Piece) -> None:
    here = part.size_bytes
    if piece.offset != here:
        raise Problem(
            HTTPStatus.CONFLICT,
            "upload-offset",
            f"the upload stands at {here}, not at {piece.offset}",
            headers={"Upload-Offset": str(here), "Upload-Complete": "?0"},
        )


async def _append(central: Central, part: Part, piece: Piece, body: AsyncIterator[bytes]) -> None:
    """Write the body as it comes; what came before a link broke stays and need not come again."""
    room = piece.length - piece.offset
    buffer = bytearray()
    try:
        async for chunk in body:
            room -= len(chunk)
            if room < 0:
                await run_in_threadpool(part.cut, piece.offset)
                raise _refusal(central, "too-long", "the body is longer than 'Upload-Length' says")
            buffer += chunk
            if len(buffer) >= _WRITE_BYTES:
                await _flush(central, part, buffer)
    except ClientDisconnect:
        log.info("media_upload_cut", sha256=piece.sha256, source=piece.owner)
        await _flush(central, part, buffer)
        await run_in_threadpool(part.sync)
        raise
    await _flush(central, part, buffer)


async def _flush(central: Central, part: Part, buffer: bytearray) -> None:
    data = bytes(buffer)
    buffer.clear()
    await run_in_threadpool(part.append, data)
    central.metrics.media_bytes.inc(len(data))


def _settle(central: Central, part: Part, piece: Piece) -> Progress:
    part.sync()
    if part.sniffable and part.content_type() != piece.content_type:
        part.throw_away()
        raise _refusal(central, "content-type", f"the bytes are not {piece.content_type}")
    if part.size_bytes < piece.length:
        return Progress(part.size_bytes, complete=False)
    found = part.sha256()
    if found != piece.sha256 or part.content_type() != piece.content_type:
        part.throw_away()
        raise _refusal(central, "wrong-hash", f"the bytes have the SHA-256 {found}; send the file again")
    central.media.keep(part, piece.sha256)
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        created = repository.find(session, piece.sha256) is None
        if not central.media.path(piece.sha256).exists():  # a rule deleted the one that was here, just now
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "send the file again")
        if created:
            repository.add(
                session,
                piece.sha256,
                content_type=piece.content_type,
                size_bytes=piece.length,
                source=f"/{TOPIC_ROOT}/{piece.owner}",
                now=now,
            )
            note_arrival(session, piece.sha256, f"edge:{piece.owner}", now)
    log.info("media_received", sha256=piece.sha256, source=piece.owner, size_bytes=piece.length)
    return Progress(piece.length, complete=True, created=created)


_STATUS = {
    "content-type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-long": HTTPStatus.BAD_REQUEST,
    "wrong-hash": HTTPStatus.UNPROCESSABLE_ENTITY,
}


def _refusal(
    central: Central, reason: Literal["content-type", "too-large", "too-long", "wrong-hash"], detail: str
) -> Problem:
    central.metrics.media_rejected.labels(reason).inc()
    log.warning("media_refused", reason=reason, detail=detail)
    return Problem(_STATUS[reason], reason, detail)


def for_people(central: Central, sha256: str) -> tuple[MediaFile, Path]:
    """A file that was made to be looked at, its content checked since it last changed.

    What any lead names as an original is none, whatever another says of it; what no lead names is nobody's.

    Raises:
        Problem: 403 an original, 404 not here, 410 deleted by a rule, 500 absent from disk or changed there.
    """
    with central.database.read() as session:
        found, deleted = repository.find(session, sha256), repository.deleted(session, sha256)
        audiences = repository.audiences(session, sha256)
    if Audience.ORIGINAL in audiences:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "original",
            "this is an original, with faces and plates of bystanders; it is shown for a reason only "
            f"(POST /api/v1/media/{sha256}/original)",
        )
    if deleted is not None and audiences:
        raise _gone(deleted)
    if found is None or not audiences:
        raise not_found(f"file {sha256}")
    return found, _verified(central, sha256)


def original(central: Central, sha256: str, who: Principal, reason: str) -> tuple[MediaFile, Path]:
    """An original, after the look at it was written down: who, when, which and why.

    Args:
        central: this copy.
        sha256: of the original.
        who: asks; needs the permission ``evidence:original``.
        reason: why, in their own words.

    Raises:
        Problem: 403 no permission, 404 no original of this hash is here, 410 deleted by a rule,
            422 no reason, 500 damaged.
    """
    if not who.may(Permission.EVIDENCE_ORIGINAL):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "permission",
            f"this needs the permission '{Permission.EVIDENCE_ORIGINAL.value}'",
        )
    why = " ".join(reason.split())
    if not LEAST_REASON_CHARS <= len(why) <= MOST_REASON_CHARS:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "reason",
            f"say why in {LEAST_REASON_CHARS} to {MOST_REASON_CHARS} characters",
        )
    with central.database.read() as session:
        found, deleted = repository.find(session, sha256), repository.deleted(session, sha256)
        known = Audience.ORIGINAL in repository.audiences(session, sha256)
    if deleted is not None and known:
        raise _gone(deleted)
    if found is None or not known:
        raise not_found(f"original {sha256}")
    path = _verified(central, sha256)
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        repository.add_view(session, sha256, actor=who.actor, reason=why, now=now)
        note_original_view(session, sha256, who.actor, why, now)
    log.info("original_shown", sha256=sha256, actor=who.actor)
    return found, path


def views(
    central: Central,
    *,
    sha256: str | None,
    before: int | None,
    limit: int,
    areas: frozenset[str] | None = None,
) -> list[OriginalView]:
    """Who looked at originals, newest first; ``areas``: only at those of cases that lie there."""
    with central.database.read() as session:
        return list(repository.views(session, sha256=sha256, before=before, limit=limit, areas=areas))


def _gone(row: MediaFile) -> Problem:
    assert row.deleted_at is not None
    return Problem(
        HTTPStatus.GONE,
        "deleted",
        f"deleted on {row.deleted_at:%Y-%m-%d} by the rule of retention '{row.deletion_rule}'",
    )


def _verified(central: Central, sha256: str) -> Path:
    try:
        return central.media.verified_path(sha256)
    except DamagedError as error:
        central.metrics.media_damaged.inc()
        log.error("media_damaged", sha256=sha256, detail=str(error))
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "media-damaged",
            "the stored file is not what was received; it is not shown as evidence",
        ) from error
