"""All SQL about pictures and clips."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.models import Case, Lead, LeadEvidence
from central.custody.chain import EntryKind, append
from central.media.models import MediaFile, OriginalView
from central.people.scope import file_lies_in, lies_in
from kerbwatch.incident import Audience


def find(session: Session, sha256: str) -> MediaFile | None:
    """A file that has arrived and is kept."""
    found = session.get(MediaFile, sha256)
    return found if found is not None and found.deleted_at is None else None


def deleted(session: Session, sha256: str) -> MediaFile | None:
    """A file that a rule of retention deleted."""
    found = session.get(MediaFile, sha256)
    return found if found is not None and found.deleted_at is not None else None


def audiences(session: Session, sha256: str) -> frozenset[Audience]:
    """Whom the leads that name a file say that it is for; empty where none names it."""
    rows = session.scalars(select(LeadEvidence.audience).where(LeadEvidence.sha256 == sha256).distinct())
    return frozenset(Audience(row) for row in rows)


def add_view(session: Session, sha256: str, *, actor: str, reason: str, now: datetime) -> None:
    """Note that somebody looks at an original."""
    session.add(OriginalView(sha256=sha256, actor=actor, reason=reason, at=now))


def views(
    session: Session,
    *,
    sha256: str | None,
    before: int | None,
    limit: int,
    areas: frozenset[str] | None = None,
) -> Sequence[OriginalView]:
    """Looks at originals, newest first, whose number lies below ``before``."""
    query = select(OriginalView).order_by(OriginalView.id.desc()).limit(limit)
    if sha256:
        query = query.where(OriginalView.sha256 == sha256)
    if before:
        query = query.where(OriginalView.id < before)
    if areas is not None:
        query = query.where(file_lies_in(OriginalView.sha256, areas))
    return session.scalars(query).all()


def cases_naming(
    session: Session, hashes: Collection[str], areas: frozenset[str] | None = None
) -> dict[str, list[str]]:
    """For each of some files the cases whose leads name it; ``areas``: only those that lie there."""
    query = select(LeadEvidence.sha256, Lead.case_id).join(Lead, Lead.id == LeadEvidence.lead_id)
    query = query.where(LeadEvidence.sha256.in_(hashes)).distinct().order_by(Lead.case_id)
    if areas is not None:
        query = query.join(Case, Case.id == Lead.case_id).where(lies_in(areas))
    found: dict[str, list[str]] = {}
    for sha256, case_id in session.execute(query):
        found.setdefault(sha256, []).append(case_id)
    return found


def views_of(session: Session, hashes: Collection[str], limit: int) -> Sequence[OriginalView]:
    """Looks at some originals, newest first."""
    query = select(OriginalView).where(OriginalView.sha256.in_(hashes))
    return session.scalars(query.order_by(OriginalView.id.desc()).limit(limit)).all()


def deleted_of(session: Session, hashes: Collection[str]) -> Sequence[MediaFile]:
    """Of some files those that a rule of retention deleted."""
    query = select(MediaFile).where(MediaFile.sha256.in_(hashes), MediaFile.deleted_at.is_not(None))
    return session.scalars(query).all()


def add(
    session: Session, sha256: str, *, content_type: str, size_bytes: int, source: str, now: datetime
) -> None:
    """Note that a file has arrived, or again after a rule had deleted it; the chain of custody tells of it.

    Needs ``ordered=True``.
    """
    found = session.get(MediaFile, sha256)
    if found is None:
        found = MediaFile(sha256=sha256, content_type=content_type, size_bytes=size_bytes)
        session.add(found)
    found.source, found.received_at, found.deleted_at, found.deletion_rule = source, now, None, None
    payload = {"content_type": content_type, "size_bytes": size_bytes}
    append(session, EntryKind.FILE_RECEIVED, f"file:{sha256}", actor=source, now=now, payload=payload)
