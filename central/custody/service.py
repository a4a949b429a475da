"""What custody knows of a case, for pages and programs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.custody import repository
from central.custody.schemas import CaseCustodyOut, EntryOut, HoldOut, LookOut
from central.media import repository as media
from central.media.models import MediaFile
from central.problems import not_found

_MOST = 200


def of_case(session: Session, case_id: str) -> CaseCustodyOut:
    """Holds, looks at originals, and entries of the chain. Raises Problem 404."""
    row = cases.case(session, case_id)
    if row is None:
        raise not_found(f"case {case_id}")
    files = {piece.sha256 for lead in row.leads for piece in lead.evidence}
    subjects = {f"case:{case_id}"} | {f"file:{sha256}" for sha256 in files}
    subjects |= {f"lead:{lead.id}" for lead in row.leads}
    return CaseCustodyOut(
        holds=tuple(HoldOut.of(hold) for hold in repository.holds_of(session, case_id)),
        looks=tuple(LookOut.of(view) for view in media.views_of(session, files, _MOST)),
        entries=tuple(EntryOut.of(each) for each in repository.entries_about(session, subjects, _MOST)),
    )


def deleted_files(session: Session, case_id: str) -> dict[str, MediaFile]:
    """The files of a case that a rule deleted, by their hash."""
    row = cases.case(session, case_id)
    files = {piece.sha256 for lead in row.leads for piece in lead.evidence} if row else set()
    return {found.sha256: found for found in media.deleted_of(session, files)}
