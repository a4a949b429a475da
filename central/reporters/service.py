"""Accounts of people who report: a code to a phone or mailbox signs in, and makes the account the first time.

Nothing that a stranger sees tells whether somebody has an account: asking for a code, and trying one, go the
same way for everybody.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal

import structlog
from sqlalchemy.orm import Session

from central.people.service import IssuedToken, Principal, hash_token
from central.problems import FieldError, Problem, not_found
from central.reporters import repository
from central.reporters.contacts import Contact, ContactError, Vault, read_contact
from central.reporters.models import (
    IdentityView,
    Reporter,
    ReporterCode,
    ReporterIdentity,
    ReporterSession,
)
from central.reporters.sending import Message
from central.reporters.settings import ReporterSettings

log = structlog.get_logger(__name__)

CODE_DIGITS = 6
LEAST_REASON_CHARS, MOST_REASON_CHARS = 10, 500
"""Of the reason for looking up who a reporter is."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody with an account who is signed in."""

    ref: str
    session_hash: str | None
    """Of a browser's cookie; what the CSRF token is bound to. None for an app's token."""

    @property
    def actor(self) -> str:
        """As they stand in logs; who that is, is kept apart."""
        return f"reporter:{self.ref}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way.

    Attributes:
        challenge: what the code is to be shown with; it tells nothing.
        expires_at: until when.
        message: what is to be sent once the unit of work is committed.
    """

    challenge: str
    expires_at: datetime
    message: Message


def contact_of(written: str, settings: ReporterSettings, channels: frozenset[str]) -> Contact:
    """A number or an address that central can send to. Raises Problem 422."""
    try:
        contact = read_contact(written, settings.region)
    except ContactError as error:
        raise _bad_contact(str(error)) from error
    if contact.channel not in channels:
        other = "a phone number" if contact.channel == "email" else "an e-mail address"
        raise _bad_contact(f"nothing can be sent there from here; use {other}")
    return contact


def _bad_contact(why: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "contact", why, errors=[FieldError("body.contact", why)])


def ask_for_code(
    session: Session, contact: Contact, vault: Vault, settings: ReporterSettings, *, city: str, now: datetime
) -> Asked:
    """Make a code for a number or an address, whether or not it has an account.

    Raises:
        Problem: 429 when too many were sent there within an hour.
    """
    fingerprint = vault.fingerprint(contact)
    repository.hold(session, fingerprint)
    repository.forget_codes(session, now - _HOUR)
    sent = repository.codes_since(session, fingerprint, now - _HOUR)
    if len(sent) >= settings.codes_per_hour:
        wait_s = max(1, round((sent[0] + _HOUR - now).total_seconds()))
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-codes",
            f"too many codes were sent there; try again in {max(1, round(wait_s / 60))} min",
            headers={"Retry-After": str(wait_s)},
        )
    challenge, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    expires_at = now + timedelta(minutes=settings.code_minutes)
    session.add(
        ReporterCode(
            id=challenge,
            channel=contact.channel,
            sealed=vault.seal(contact),
            fingerprint=fingerprint,
            code_hash=vault.hash("code", challenge, code),
            tries=0,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )
    )
    where = city or "kerbwatch"
    text = (
        f"{code} is your code for {where}. It is valid for {settings.code_minutes:g} minutes. "
        "If you did not ask for it, do nothing and tell it to nobody."
    )
    return Asked(challenge, expires_at, Message(challenge, "code", contact, f"Your code for {where}", text))


def try_code(
    session: Session, challenge: str, code: str, *, vault: Vault, settings: ReporterSettings, now: datetime
) -> str | None:
    """Whose code it is: their reference, made now if they are new. None for a wrong, used or late one.

    A wrong try is counted: commit the unit of work in any case.
    """
    row = repository.code(session, challenge)
    wanted = row.code_hash if row else ""
    right = hmac.compare_digest(vault.hash("code", challenge, code), wanted)
    if row is None or row.used_at is not None or row.expires_at <= now or row.tries >= settings.code_tries:
        return None
    if not right:
        row.tries += 1
        return None
    row.used_at = now
    repository.hold(session, row.fingerprint)
    known = repository.identity_by_fingerprint(session, row.fingerprint)
    if known is not None:
        return known.ref
    ref = str(uuid.uuid4())  # random: one that tells the time would tell who registered when
    session.add(Reporter(ref=ref, created_at=now, deleted_at=None, notify=True))
    session.flush()
    session.add(
        ReporterIdentity(
            ref=ref, channel=row.channel, sealed=row.sealed, fingerprint=row.fingerprint, confirmed_at=now
        )
    )
    log.info("reporter_registered")
    return ref


def open_session(
    session: Session, ref: str, kind: Literal["session", "bearer"], settings: ReporterSettings, now: datetime
) -> IssuedToken:
    """Sign somebody in whose code was right."""
    repository.forget_expired(session, now)
    token, expires_at = secrets.token_urlsafe(32), now + timedelta(days=settings.session_days)
    session.add(
        ReporterSession(
            token_hash=hash_token(token), ref=ref, kind=kind, created_at=now, expires_at=expires_at
        )
    )
    return IssuedToken(token, expires_at)


def citizen_of(
    session: Session, token: str, kind: Literal["session", "bearer"], now: datetime
) -> Citizen | None:
    """Who holds a token; None when nobody does any more."""
    found = repository.live_session(session, hash_token(token), now)
    if found is None or found.kind != kind:
        return None
    return Citizen(found.ref, found.token_hash if kind == "session" else None)


def sign_out(session: Session, token: str) -> None:
    """End the session of a token."""
    repository.end_session(session, hash_token(token))


def masked_contact(session: Session, ref: str, vault: Vault) -> str:
    """Enough of somebody's number or address for themselves to know it by."""
    found = repository.identity(session, ref)
    if found is None:
        raise not_found("such account")
    return vault.open(found.channel, found.sealed).masked


def set_notify(session: Session, ref: str, notify: bool) -> None:
    """Whether answers are sent to somebody. Raises Problem 404."""
    found = repository.reporter(session, ref, lock=True)
    if found is None or found.deleted_at is not None:
        raise not_found("such account")
    found.notify = notify


def forget(session: Session, ref: str, now: datetime) -> None:
    """Delete an account: who it was goes, with its sessions and codes; the reference stays with the reports.

    What is left of points and gifts is :func:`central.points.service.close_account`'s to settle before.
    """
    found = repository.reporter(session, ref, lock=True)
    who = repository.identity(session, ref)
    if found is None or who is None:
        raise not_found("such account")
    repository.forget_codes_of(session, who.fingerprint)
    repository.end_sessions_of(session, ref)
    session.delete(who)
    found.deleted_at = now
    log.info("reporter_deleted")


def identify(
    session: Session, ref: str, vault: Vault, *, who: Principal, reason: str, now: datetime
) -> Contact:
    """Who a reporter is, after the look was written down for good: who, when and why.

    Needs a unit of work with ``ordered=True``, so that the looks stand in the order of their numbers.

    Raises:
        Problem: 404 nobody, or an account that was deleted; 422 no reason.
    """
    why = " ".join(reason.split())
    if not LEAST_REASON_CHARS <= len(why) <= MOST_REASON_CHARS or not why.isprintable():
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "reason",
            f"say why in {LEAST_REASON_CHARS} to {MOST_REASON_CHARS} characters",
        )
    found = repository.identity(session, ref)
    if found is None:
        raise not_found("reporter with this reference whose identity is known")
    contact = vault.open(found.channel, found.sealed)
    session.add(IdentityView(ref=ref, actor=who.actor, at=now, reason=why))
    log.info("reporter_identified", actor=who.actor)
    return contact
