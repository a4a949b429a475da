"""From a file that was looked through to the evidence of a lead: kept, named, and said in its case's log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.cases.models import Lead, LeadEvidence
from central.cases.service import note_in_log
from central.media import repository as media
from central.media.store import MediaStore
from central.uploads.findings import Exhibit, Kept
from kerbwatch.incident import Audience

_ACTOR = "system"


def keep(store: MediaStore, exhibit: Exhibit) -> list[Kept]:
    """Put an exhibit, and what people see of it, into the media store. Raises OSError."""
    original = _kept(store, exhibit.path, exhibit, Audience.ORIGINAL, None)
    if exhibit.shown is None:
        return [original]
    return [original, _kept(store, exhibit.shown, exhibit, Audience.PEOPLE, original.sha256)]


def _kept(store: MediaStore, path: Path, exhibit: Exhibit, audience: Audience, original: str | None) -> Kept:
    return Kept(
        sha256=store.add(path),
        role=exhibit.role,
        content_type=exhibit.content_type,
        size_bytes=path.stat().st_size,
        captured_at=exhibit.captured_at,
        audience=audience,
        original_sha256=original,
    )


def show(session: Session, lead_id: str, kept: Sequence[Kept], remarks: Sequence[str], now: datetime) -> None:
    """Give a lead its pictures, and say so in its case's log. Needs a unit of work with ``ordered=True``."""
    session.flush()
    lead = session.get_one(Lead, lead_id)
    known = {(each.sha256, each.role) for each in lead.evidence}
    for each in kept:
        if media.find(session, each.sha256) is None:
            media.add(
                session,
                each.sha256,
                content_type=each.content_type,
                size_bytes=each.size_bytes,
                source=lead.source,
                now=now,
            )
            session.flush()
        if (each.sha256, each.role) in known:
            continue
        known.add((each.sha256, each.role))
        session.add(
            LeadEvidence(
                lead_id=lead_id,
                sha256=each.sha256,
                role=each.role,
                content_type=each.content_type,
                size_bytes=each.size_bytes,
                captured_at=each.captured_at,
                audience=each.audience.value,
                original_sha256=each.original_sha256,
            )
        )
    files = [{"sha256": each.sha256, "role": each.role} for each in kept]
    note_in_log(
        session,
        lead.case,
        "looked_through",
        _ACTOR,
        now,
        from_state=lead.case.state,
        note=" ".join(remarks) or None,
        detail={"lead": lead_id, "files": files},
        material=False,
    )
