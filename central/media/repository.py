"""All SQL about pictures and clips."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from central.media.models import MediaFile


def find(session: Session, sha256: str) -> MediaFile | None:
    """A file that has arrived."""
    return session.get(MediaFile, sha256)


def add(
    session: Session, sha256: str, *, content_type: str, size_bytes: int, source: str, now: datetime
) -> None:
    """Note that a file has arrived."""
    session.add(
        MediaFile(
            sha256=sha256, content_type=content_type, size_bytes=size_bytes, source=source, received_at=now
        )
    )
