"""HTTP: accounts of people who report, for apps; and who they are, for officials with a reason."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from central.context import Central, CentralDep
from central.limits.access import limited
from central.people.access import require
from central.people.permissions import Permission
from central.people.schemas import TokenOut
from central.people.service import Principal
from central.points import gifts, ledger
from central.points import repository as points
from central.points.schemas import EntryOut, RedeemIn, RedemptionOut
from central.problems import Problem
from central.reporters import mine, repository, service
from central.reporters.access import CitizenDep
from central.reporters.schemas import (
    AccountOut,
    CodeAskedOut,
    CodeAskIn,
    CodeIn,
    IdentityAskIn,
    IdentityOut,
    IdentityViewOut,
    MyReport,
    NotifyIn,
    PointsOut,
)
from central.reporters.service import Asked, Citizen
from kerbwatch.ids import UUID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["reporters"])

IdempotencyKey = Annotated[str, Header(min_length=8, max_length=100, pattern=r"^[\x21-\x7e]+$")]
Ref = Annotated[str, Path(pattern=UUID_PATTERN)]
RedemptionId = Annotated[str, Path(pattern=UUID_PATTERN)]
_MOST_REDEMPTIONS = 100


def ask_for_code(central: Central, written: str) -> Asked:
    """Send a code to a number or an address. Raises Problem 422 (none), 429 (too many) or 503."""
    contact = service.contact_of(written, central.settings.reporters, central.courier.channels)
    with central.database.write() as session:
        asked = service.ask_for_code(
            session,
            contact,
            central.vault,
            central.settings.reporters,
            city=central.settings.city,
            now=central.clock.now_utc(),
        )
    central.courier.take(asked.message)
    return asked


def try_code(central: Central, challenge: str, code: str) -> str:
    """Whose code it is: their reference. Raises Problem 401 for a wrong, used or late one."""
    with central.database.write() as session:
        ref = service.try_code(
            session,
            challenge,
            code,
            vault=central.vault,
            settings=central.settings.reporters,
            now=central.clock.now_utc(),
        )
    if ref is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "wrong-code", "the code is wrong, used or too old; ask for a new one"
        )
    return ref


@router.post("/reporter/codes", status_code=HTTPStatus.ACCEPTED, dependencies=[Depends(limited("codes"))])
def send_code(central: CentralDep, body: CodeAskIn) -> CodeAskedOut:
    """Send a code to a phone number or an e-mail address, whether or not it has an account."""
    asked = ask_for_code(central, body.contact)
    return CodeAskedOut(challenge=asked.challenge, expires_at=asked.expires_at)


@router.post("/reporter/token", dependencies=[Depends(limited("codes"))])
def make_token(central: CentralDep, body: CodeIn) -> TokenOut:
    """A bearer token for an app, for the code that was sent; the first time it makes the account."""
    ref = try_code(central, body.challenge, body.code)
    with central.database.write() as session:
        issued = service.open_session(
            session, ref, "bearer", central.settings.reporters, central.clock.now_utc()
        )
    return TokenOut(access_token=issued.token, expires_at=issued.expires_at)


@router.get("/reporter")
def account(central: CentralDep, citizen: CitizenDep) -> AccountOut:
    """One's own account."""
    with central.database.read() as session:
        row = repository.reporter(session, citizen.ref)
        return AccountOut(
            contact=service.masked_contact(session, citizen.ref, central.vault),
            notify=row is not None and row.notify,
            balance=ledger.balance_of(session, citizen.ref),
        )


@router.patch("/reporter", status_code=HTTPStatus.NO_CONTENT)
def change_account(central: CentralDep, citizen: CitizenDep, body: NotifyIn) -> None:
    """Whether answers are sent; they can be read in any case."""
    with central.database.write() as session:
        service.set_notify(session, citizen.ref, body.notify)


@router.delete("/reporter", status_code=HTTPStatus.NO_CONTENT)
def delete_account(central: CentralDep, citizen: CitizenDep) -> None:
    """Delete one's own account: who it was goes, points lapse, what was reported stays without a name."""
    with central.database.write() as session:
        gifts.close_account(session, citizen.ref, actor=citizen.actor, now=central.clock.now_utc())


@router.get("/reporter/reports")
def my_reports(
    central: CentralDep,
    citizen: CitizenDep,
    before: Annotated[str | None, Query(pattern=UUID_PATTERN)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[MyReport]:
    """What one reported and what became of it, the newest first; ``before`` is the last id that was seen."""
    with central.database.read() as session:
        return mine.reports_of(session, citizen.ref, before=before, limit=limit)


@router.get("/reporter/points")
def my_points(
    central: CentralDep,
    citizen: CitizenDep,
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PointsOut:
    """One's own points; ``before`` is the number of the last row that was seen."""
    with central.database.read() as session:
        rows = points.entries(session, citizen.ref, before, limit)
        return PointsOut(
            balance=ledger.balance_of(session, citizen.ref), entries=tuple(EntryOut.of(row) for row in rows)
        )


@router.get("/reporter/redemptions")
def my_redemptions(central: CentralDep, citizen: CitizenDep) -> list[RedemptionOut]:
    """What one gave points for, the newest first, with the codes to pick it up."""
    return redemptions(central, citizen)


def redemptions(central: Central, citizen: Citizen) -> list[RedemptionOut]:
    """What somebody gave points for, the newest first."""
    with central.database.read() as session:
        found = points.redemptions_of(session, citizen.ref, _MOST_REDEMPTIONS)
    return [RedemptionOut.of(each, gifts.pickup_code(each.redemption.id, central.vault)) for each in found]


@router.post("/reporter/redemptions", status_code=HTTPStatus.CREATED)
def redeem(
    response: Response,
    central: CentralDep,
    citizen: CitizenDep,
    body: RedeemIn,
    idempotency_key: IdempotencyKey,
) -> RedemptionOut:
    """Give points for a gift. The same Idempotency-Key again: 200 and the same redemption."""
    with central.database.write() as session:
        done = gifts.redeem(
            session,
            citizen.ref,
            body.gift_id,
            idempotency_key,
            actor=citizen.actor,
            vault=central.vault,
            now=central.clock.now_utc(),
        )
    if not done.new:
        response.status_code = HTTPStatus.OK
    return next(each for each in redemptions(central, citizen) if each.id == done.redemption.id)


@router.post("/reporter/redemptions/{redemption_id}/cancel")
def cancel(central: CentralDep, citizen: CitizenDep, redemption_id: RedemptionId) -> RedemptionOut:
    """Take a redemption back that was not picked up: points and gift return."""
    with central.database.write() as session:
        gifts.cancel(
            session,
            redemption_id,
            actor=citizen.actor,
            ref=citizen.ref,
            reason=None,
            now=central.clock.now_utc(),
        )
    return next(each for each in redemptions(central, citizen) if each.id == redemption_id)


@router.post("/reporters/{ref}/identity")
def identify(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.REPORTER_IDENTIFY))],
    ref: Ref,
    body: IdentityAskIn,
) -> IdentityOut:
    """Who a reporter is, for a reason. Each look is written down for good: who, when, whose and why."""
    with central.database.write(ordered=True) as session:
        contact = service.identify(
            session, ref, central.vault, who=who, reason=body.reason, now=central.clock.now_utc()
        )
    return IdentityOut(ref=ref, channel=contact.channel, contact=contact.address)


@router.post("/leads/{lead_id}/reporter")
def identify_by_lead(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.REPORTER_IDENTIFY))],
    lead_id: Ref,
    body: IdentityAskIn,
) -> IdentityOut:
    """Who sent in a lead, for a reason, which is written down for good as above."""
    with central.database.write(ordered=True) as session:
        ref = repository.ref_of_lead(session, lead_id) or ""
        contact = service.identify(
            session, ref, central.vault, who=who, reason=body.reason, now=central.clock.now_utc()
        )
    return IdentityOut(ref=ref, channel=contact.channel, contact=contact.address)


@router.get("/reporters/identity-views")
def list_views(
    central: CentralDep,
    _who: Annotated[Principal, Depends(require(Permission.REPORTER_AUDIT))],
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[IdentityViewOut]:
    """Who looked up who reporters are, the newest first; ``before`` is the last number that was seen."""
    with central.database.read() as session:
        return [
            IdentityViewOut.model_validate(row)
            for row in repository.views(session, before=before, limit=limit)
        ]
