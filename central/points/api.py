"""HTTP: the catalogue for everybody; approvals, stock, hand-over and reversals for officials."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from central.context import Central, CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.points import awards, gifts, repository
from central.points.schemas import (
    AwardOut,
    ContactIn,
    DecisionIn,
    EntryLine,
    GiftIn,
    GiftOut,
    PickupIn,
    ReasonIn,
    RedemptionOut,
    StockIn,
)
from central.preconditions import IfMatch, tagged, version_of
from central.problems import FieldError, Problem
from central.reporters.contacts import ContactError, read_contact
from kerbwatch.ids import SLUG_PATTERN, UUID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["points"])

Approver = Annotated[Principal, Depends(require(Permission.POINTS_APPROVE))]
Manager = Annotated[Principal, Depends(require(Permission.POINTS_MANAGE))]
Uuid = Annotated[str, Path(pattern=UUID_PATTERN)]
GiftId = Annotated[str, Path(pattern=SLUG_PATTERN)]
MOST_WAITING = 200


@router.get("/gifts")
def catalogue(central: CentralDep) -> list[GiftOut]:
    """What points can be given for; no sign-in."""
    with central.database.read() as session:
        return [GiftOut.of(each) for each in repository.gifts(session, offered_only=True)]


@router.put("/gifts/{gift_id}")
def put_gift(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Manager,
    response: Response,
    gift_id: GiftId,
    body: GiftIn,
    if_match: IfMatch = None,
) -> GiftOut:
    """Put a gift into the catalogue, or change one: ``If-Match`` then names the ``version`` that was seen."""
    version = None if if_match is None else version_of(if_match, "the gift")
    with central.database.write() as session:
        gifts.put(session, gift_id, body, who=who, version=version, now=central.clock.now_utc())
        found = _gift(session, gift_id)
    tagged(response, found.version)
    return found


@router.post("/gifts/{gift_id}/stock")
def stock_gift(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Manager,
    response: Response,
    gift_id: GiftId,
    body: StockIn,
    if_match: IfMatch = None,
) -> GiftOut:
    """Pieces came in or are gone."""
    version = version_of(if_match, "the gift")
    with central.database.write() as session:
        now = central.clock.now_utc()
        gifts.stock(session, gift_id, body.pieces, who=who, version=version, reason=body.reason, now=now)
        found = _gift(session, gift_id)
    tagged(response, found.version)
    return found


def _gift(session: Session, gift_id: str) -> GiftOut:
    session.flush()
    every = repository.gifts(session, offered_only=False)
    return next(GiftOut.of(each) for each in every if each.gift.id == gift_id)


@router.post("/points/pickups")
def hand_over(central: CentralDep, who: Manager, body: PickupIn) -> RedemptionOut:
    """Somebody shows a pick-up code and gets the gift; the code is used up."""
    with central.database.write() as session:
        row = gifts.hand_over(session, body.code, who=who, vault=central.vault, now=central.clock.now_utc())
        return _shown(central, repository.redemption_now(session, row.id))


@router.post("/points/redemptions/{redemption_id}/cancel")
def cancel(central: CentralDep, who: Manager, redemption_id: Uuid, body: ReasonIn) -> RedemptionOut:
    """Take somebody's redemption back: points and gift return."""
    with central.database.write() as session:
        now = central.clock.now_utc()
        gifts.cancel(session, redemption_id, actor=who.actor, ref=None, reason=body.reason, now=now)
        return _shown(central, repository.redemption_now(session, redemption_id))


def _shown(central: Central, found: repository.RedemptionNow) -> RedemptionOut:
    return RedemptionOut.of(found, gifts.pickup_code(found.redemption.id, central.vault))


@router.get("/points/awards")
def waiting(central: CentralDep, _who: Approver) -> list[AwardOut]:
    """Awards that need two and are not decided, the oldest first."""
    with central.database.read() as session:
        return awards.waiting(session, MOST_WAITING)


@router.post("/points/awards/{award_id}/decision", status_code=HTTPStatus.NO_CONTENT)
def decide(
    central: CentralDep, who: Approver, award_id: Uuid, body: DecisionIn, if_match: IfMatch = None
) -> None:
    """One of two says what they think of an award; ``If-Match`` names its ``version``."""
    version = version_of(if_match, "the award")
    with central.database.write() as session:
        now = central.clock.now_utc()
        awards.decide(
            session, award_id, approves=body.approves, who=who, version=version, note=body.note, now=now
        )


@router.post("/points/own-contact", status_code=HTTPStatus.NO_CONTENT)
def declare(central: CentralDep, who: Approver, body: ContactIn) -> None:
    """An approver names a number or address of their own; a fingerprint of it is kept."""
    declare_contact(central, who, body.contact)


def declare_contact(central: Central, who: Principal, written: str) -> None:
    """Keep the fingerprint of an approver's own contact. Raises Problem 422 when it is none."""
    try:
        contact = read_contact(written, central.settings.reporters.region)
    except ContactError as error:
        why = str(error)
        errors = [FieldError("body.contact", why)]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "contact", why, errors=errors) from error
    with central.database.write() as session:
        awards.declare_contact(session, who, central.vault.fingerprint(contact), central.clock.now_utc())


@router.get("/points/ledgers/{ref}")
def ledger_of(
    central: CentralDep,
    _who: Manager,
    ref: Uuid,
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[EntryLine]:
    """The ledger of a reference, the newest row first."""
    with central.database.read() as session:
        rows = repository.entries(session, ref, before, limit)
        return [EntryLine.model_validate(row) for row in rows]


@router.post("/points/entries/{entry_id}/reversal", status_code=HTTPStatus.CREATED)
def reverse(
    central: CentralDep,
    who: Manager,
    entry_id: Annotated[int, Path(ge=1, le=2**53)],
    body: ReasonIn,
) -> EntryLine:
    """Take an award back, by a row."""
    with central.database.write() as session:
        now = central.clock.now_utc()
        row = awards.reverse(session, entry_id, who=who, reason=body.reason, now=now)
        return EntryLine.model_validate(row)
