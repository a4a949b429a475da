"""The catalogue, and gifts given for points: stock and points move in one unit of work, or neither does."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from sqlalchemy.orm import Session

from central.people.permissions import Permission
from central.people.service import Principal
from central.points import ledger, repository
from central.points.models import Gift, GiftMove, Redemption, RedemptionEnd
from central.points.schemas import GiftIn
from central.preconditions import check_version
from central.problems import Problem, not_found
from central.reporters import service as reporters
from central.reporters.contacts import Vault
from kerbwatch.ids import new_id

log = structlog.get_logger(__name__)

_PICKUP_CHARS = 8
_LOOKS_LIKE = str.maketrans({"0": "O", "1": "I", "8": "B"})
"""Base32 has none of these three; whoever types one means the letter."""


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption, and whether it was made now."""

    redemption: Redemption
    new: bool


def put(
    session: Session,
    gift_id: str,
    said: GiftIn,
    *,
    who: Principal,
    now: datetime,
    version: int | None = None,
) -> Gift:
    """Put a gift into the catalogue, or change it; those that were redeemed keep their price.

    Args:
        session: a unit of work.
        gift_id: what it is called.
        said: all of it.
        who: who does.
        now: the present instant.
        version: the one that they saw; None for a new gift.

    Raises:
        Problem: 403 no permission, 412 changed since ``version``, or never there, 428 it is there already
            and no version of it was named.
    """
    _permit(who)
    row = repository.gift(session, gift_id)
    if version is None:
        if row is not None:
            raise _there_already(row)
        row = Gift(id=gift_id, version=0)
    elif row is None:
        detail = f"there is no gift {gift_id}; a new one is put without a version"
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "changed", detail)
    else:
        check_version(version, row.version, "the gift")
    row.name, row.description, row.points = said.name, said.description, said.points
    row.offered, row.version, row.updated_at = said.offered, row.version + 1, now
    if not repository.keep_gift(session, row):  # somebody else put it at this moment
        raise _there_already(row)
    log.info("gift_put", gift=gift_id, points=said.points, offered=said.offered, actor=who.actor)
    return row


def _there_already(row: Gift) -> Problem:
    return Problem(
        HTTPStatus.PRECONDITION_REQUIRED,
        "if-match",
        f"there is a gift {row.id} already: to change it, look at it and say which version you saw "
        "(If-Match, or its own form on the page); to add another one, choose another name",
    )


def stock(
    session: Session, gift_id: str, pieces: int, *, who: Principal, version: int, reason: str, now: datetime
) -> GiftMove:
    """Pieces came in (or, negative, were lost or counted wrongly).

    Raises:
        Problem: 403 no permission, 404 absent, 412 it or its stock was changed since ``version``, 409 more
            than there are.
    """
    _permit(who)
    row = repository.gift(session, gift_id)
    if row is None:
        raise not_found(f"gift {gift_id}")
    check_version(version, row.version, "the gift")
    row.version, row.updated_at = row.version + 1, now
    return _move(session, gift_id, pieces, actor=who.actor, reason=reason, now=now)


def redeem(
    session: Session, ref: str, gift_id: str, key: str, *, actor: str, vault: Vault, now: datetime
) -> Redeemed:
    """Give points for a gift. The same ``key`` again is the same redemption, however often it is sent.

    Raises:
        Problem: 404 no such gift or account; 409 sold out, not offered, or too few points; 422 the key was of
            another gift.
    """
    gift = repository.gift(session, gift_id)  # every writer holds the gift first, then the ledger
    ledger.hold(session, ref)
    known = repository.redemption_by_key(session, ref, key)
    if known is not None:
        if known.gift_id != gift_id:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "idempotency-key",
                "this Idempotency-Key was used for another gift; choose a new one",
            )
        return Redeemed(known, new=False)
    if gift is None or not gift.offered:
        raise not_found(f"gift {gift_id} on offer")
    redemption_id = new_id()
    row = Redemption(
        id=redemption_id,
        reporter_ref=ref,
        gift_id=gift_id,
        points=gift.points,
        idempotency_key=key,
        pickup_hash=_pickup_hash(pickup_code(redemption_id, vault), vault),
        at=now,
    )
    session.add(row)
    session.flush()
    _move(session, gift_id, -1, actor=actor, redemption_id=redemption_id, now=now)
    ledger.write(session, ref, -gift.points, "redemption", actor=actor, now=now, redemption_id=redemption_id)
    log.info("gift_redeemed", gift=gift_id, redemption=redemption_id)
    return Redeemed(row, new=True)


def pickup_code(redemption_id: str, vault: Vault) -> str:
    """What the gift is picked up with: eight letters and digits, made anew whenever they are shown."""
    digest = bytes.fromhex(vault.hash("pickup", redemption_id))
    letters = base64.b32encode(digest[:5]).decode()
    return f"{letters[: _PICKUP_CHARS // 2]}-{letters[_PICKUP_CHARS // 2 :]}"


def hand_over(session: Session, code: str, *, who: Principal, vault: Vault, now: datetime) -> Redemption:
    """Somebody shows a pick-up code and gets the gift.

    Raises:
        Problem: 403 no permission, 404 no such code, 409 handed over or cancelled before.
    """
    _permit(who)
    row = repository.redemption_by_pickup(session, _pickup_hash(code, vault))
    if row is None:
        raise not_found("redemption with this pick-up code")
    _end(session, row, "handed_over", who.actor, None, now)
    return row


def cancel(
    session: Session,
    redemption_id: str,
    *,
    actor: str,
    ref: str | None,
    reason: str | None,
    now: datetime,
) -> Redemption:
    """Take a redemption back: points and piece return, by rows.

    Args:
        session: a unit of work.
        redemption_id: of the redemption.
        actor: who cancels, as it stands in the rows.
        ref: of whoever cancels their own; None for an official, who was asked for their permission.
        reason: why, of an official.
        now: the present instant.

    Raises:
        Problem: 404 absent or another's, 409 handed over or cancelled before.
    """
    found = repository.redemption_known(session, redemption_id)
    if found is None or (ref is not None and found.reporter_ref != ref):
        raise not_found(f"redemption {redemption_id}")
    repository.gift(session, found.gift_id)
    ledger.hold(session, found.reporter_ref)
    row = repository.redemption(session, redemption_id)
    assert row is not None  # it was there a moment ago, and none is ever deleted
    _end(session, row, "cancelled", actor, reason, now)
    paid = repository.entry_of_redemption(session, redemption_id)
    assert paid is not None  # written with it
    _move(session, row.gift_id, 1, actor=actor, redemption_id=redemption_id, now=now)
    ledger.write(
        session,
        row.reporter_ref,
        row.points,
        "reversal",
        actor=actor,
        now=now,
        reverses=paid.id,
        reason=reason,
    )
    return row


def close_account(session: Session, ref: str, *, actor: str, now: datetime) -> None:
    """Delete an account: gifts that wait go back, what is left of its points lapses, who it was is forgotten.

    Raises:
        Problem: 404 nobody, or deleted already; 409 they redeemed something at this very moment.
    """
    held = sorted({each.gift_id for each in repository.open_redemptions(session, ref)})
    for gift_id in held:
        repository.gift(session, gift_id)
    ledger.hold(session, ref)
    for each in repository.open_redemptions(session, ref):
        if each.gift_id not in held:
            raise Problem(HTTPStatus.CONFLICT, "changed", "a gift was redeemed just now; try again")
        cancel(session, each.id, actor=actor, ref=ref, reason="account deleted", now=now)
    left = ledger.balance_of(session, ref)
    if left:
        ledger.write(session, ref, -left, "lapse", actor=actor, now=now, reason="account deleted")
    reporters.forget(session, ref, now)


def _end(  # noqa: PLR0917 - one row
    session: Session, row: Redemption, how: str, actor: str, reason: str | None, now: datetime
) -> None:
    ended = repository.redemption_end(session, row.id)
    if ended is not None:
        how_it_ended = ended.how.replace("_", " ")
        raise Problem(HTTPStatus.CONFLICT, "ended", f"this redemption was {how_it_ended} before")
    session.add(RedemptionEnd(redemption_id=row.id, how=how, reason=reason, actor=actor, at=now))
    session.flush()
    log.info("redemption_ended", redemption=row.id, how=how)


def _move(
    session: Session,
    gift_id: str,
    pieces: int,
    *,
    actor: str,
    now: datetime,
    redemption_id: str | None = None,
    reason: str | None = None,
) -> GiftMove:
    """Write a row of a gift's stock; the gift is held."""
    last = repository.last_move(session, gift_id)
    number, left = (last.number + 1, last.stock + pieces) if last else (1, pieces)
    if left < 0:
        there = left - pieces
        text = "there are none left of this gift" if there == 0 else f"there are only {there} of this gift"
        raise Problem(HTTPStatus.CONFLICT, "sold-out", text)
    row = GiftMove(
        gift_id=gift_id,
        number=number,
        pieces=pieces,
        stock=left,
        redemption_id=redemption_id,
        reason=reason,
        actor=actor,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def _pickup_hash(code: str, vault: Vault) -> str:
    plain = "".join(each for each in code.upper() if each.isalnum()).translate(_LOOKS_LIKE)
    return vault.hash("pickup code", plain[: 4 * _PICKUP_CHARS])


def _permit(who: Principal) -> None:
    if not who.may(Permission.POINTS_MANAGE):
        needed = Permission.POINTS_MANAGE.value
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"this needs the permission '{needed}'")
