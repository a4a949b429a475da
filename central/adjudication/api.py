"""HTTP: the adjudicators' queue, rulings, and rulings for everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.adjudication import service
from central.adjudication.schemas import DisputeOut, RuleIn, RulingOut
from central.cases.api import Limit
from central.context import CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, version_of
from central.tickets.api import After, TicketId
from central.tickets.clockwork import Terms

router = APIRouter(prefix="/api/v1", tags=["adjudication"])

Number = Annotated[str | None, Query(pattern=r"^[0-9]{4}-[0-9]{4,12}$")]
Adjudicator = Annotated[Principal, Depends(require(Permission.DISPUTE_RULE, within_areas=True))]


@router.get("/disputes")
def list_disputes(
    central: CentralDep, who: Adjudicator, after: After = None, limit: Limit = 50
) -> list[DisputeOut]:
    """Disputes that wait for a ruling, the oldest first; ``after`` is the last one's request id so far."""
    with central.database.read() as session:
        return service.disputes(session, central.clock.now_utc(), limit, who.areas, after)


@router.post("/disputes/{request_id}/ruling", status_code=201)
def give_ruling(
    central: CentralDep, who: Adjudicator, request_id: TicketId, body: RuleIn, if_match: IfMatch = None
) -> RulingOut:
    """Uphold the owner, or name another unit. It holds at once, is public, and cannot be taken back.

    ``If-Match`` names the ``version`` of the dispute's request.
    """
    version = version_of(if_match, "the dispute")
    terms, now = Terms.of(central.settings), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        return service.rule(session, request_id, body, who=who, version=version, now=now, terms=terms)


@router.get("/rulings")
def list_rulings(central: CentralDep, before: Number = None, limit: Limit = 50) -> list[RulingOut]:
    """Rulings, the newest first; ``before`` is the last one's number so far. Public."""
    with central.database.read() as session:
        return service.rulings(session, limit, before)
