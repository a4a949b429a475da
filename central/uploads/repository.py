"""All SQL about uploads and likenesses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.uploads.models import Upload, UploadFile, UploadState


def by_key_hash(session: Session, key_hash: str, *, held: bool = False) -> Upload | None:
    """The upload that a key opens; ``held`` for this unit of work alone."""
    query = select(Upload).where(Upload.key_hash == key_hash)
    return session.scalar(query.with_for_update() if held else query)


def of_report(session: Session, report_id: str) -> Sequence[Upload]:
    """A report's uploads, in the order in which they were begun."""
    return session.scalars(select(Upload).where(Upload.report_id == report_id).order_by(Upload.id)).all()


def hold_sender(session: Session, sender_key: str) -> None:
    """Uploads of one sender are begun one after the other, so that they can be counted."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(sender_key))))


def forget(session: Session, before: datetime) -> None:
    """Let go of uploads that ended before then and were part of no report."""
    query = delete(Upload).where(
        Upload.state == UploadState.OVER, Upload.expires_at < before, Upload.report_id.is_(None)
    )
    session.execute(query)


def open_of(session: Session, sender_key: str) -> int:
    """How many uploads of a sender are neither over nor part of a report."""
    query = (
        select(func.count())
        .select_from(Upload)
        .where(Upload.sender_key == sender_key, Upload.state != UploadState.OVER, Upload.report_id.is_(None))
    )
    return session.scalar(query) or 0


def begun_since(session: Session, sender_key: str, since: datetime) -> int:
    """How many uploads a sender began since then."""
    query = (
        select(func.count())
        .select_from(Upload)
        .where(Upload.sender_key == sender_key, Upload.created_at > since)
    )
    return session.scalar(query) or 0


def promised_bytes(session: Session) -> int:
    """How much the uploads that are not over take when they are whole."""
    query = select(func.coalesce(func.sum(Upload.length_bytes), 0)).where(Upload.state != UploadState.OVER)
    return int(session.scalar(query) or 0)


def expired(session: Session, now: datetime, limit: int) -> Sequence[Upload]:
    """Uploads whose time is over and that no report holds, held for this unit of work."""
    query = (
        select(Upload)
        .where(Upload.state != UploadState.OVER, Upload.expires_at <= now, Upload.report_id.is_(None))
        .order_by(Upload.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def still_whole(session: Session, upload_ids: Collection[str]) -> frozenset[str]:
    """Which of some uploads are not over: one that is being put by is still open."""
    query = select(Upload.id).where(Upload.id.in_(upload_ids), Upload.state != UploadState.OVER)
    return frozenset(session.scalars(query))


def likenesses(session: Session, report_id: str) -> Sequence[UploadFile]:
    """What a report showed, in the order in which it was found."""
    query = select(UploadFile).where(UploadFile.report_id == report_id).order_by(UploadFile.id)
    return session.scalars(query).all()
