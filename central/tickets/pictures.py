"""What a unit sees of the pictures of its own tickets: those that were made for people."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import FileResponse

from central.cases.schemas import CaseDetail
from central.context import Central
from central.media import service as media
from central.people.service import Principal
from central.problems import not_found
from central.tickets import listing
from kerbwatch.incident import Audience


def for_unit(found: CaseDetail, ticket_id: str) -> CaseDetail:
    """A case as the unit of a ticket gets it: with the pictures that it may fetch, from where it may."""
    at = f"/api/v1/my/tickets/{ticket_id}/pictures"
    leads = tuple(
        lead.model_copy(
            update={
                "evidence": tuple(
                    piece.model_copy(update={"url": f"{at}/{piece.sha256}"})
                    for piece in lead.evidence
                    if piece.audience == Audience.PEOPLE
                )
            }
        )
        for lead in found.leads
    )
    return found.model_copy(update={"leads": leads})


def answer(central: Central, who: Principal, ticket_id: str, sha256: str) -> Response:
    """A picture of one's own ticket's case. Raises Problem 404, also for another unit's ticket."""
    with central.database.read() as session:
        detail = listing.case_of_ticket(session, who, ticket_id)
    if sha256 not in {piece.sha256 for lead in detail.leads for piece in lead.evidence}:
        raise not_found(f"picture {sha256}")
    found, path = media.for_people(central, sha256)
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=found.content_type, headers=headers)
