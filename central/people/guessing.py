"""Wrong passwords are counted, for a name that exists as for one that does not.

A try counts as wrong from before its password is looked at, and no longer when it was right: however many
come at once, to however many copies of central, no more are looked at than may be wrong.

Counted is who tries (an address) at which name: after too many that address waits, and nobody else does. What
many addresses try at one name together makes the tries at it slow, seconds apart, but not for an address from
which its owner came in lately. So guessing stays slow, and nobody can shut a person out. Kept are keyed
hashes, for people type passwords into the field of the name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.database import Database
from central.people.models import SignInTries
from central.settings import PeopleSettings

log = structlog.get_logger(__name__)

ANYWHERE = ""
"""In the place of an address: all of them together."""
KNOWN_DAYS = 30
"""For how long an address is remembered from which somebody came in."""
_MOST_ROWS = 100_000
"""Some 20 MB; beyond it those go that were silent longest."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Who tries at which name, as it is kept."""

    name: str
    address: str


def guess_of(secret: bytes, name: str, address: str) -> Guess:
    """A try at a name from an address."""
    return Guess(_hashed(secret, name), _hashed(secret, address))


def _hashed(secret: bytes, text: str) -> str:
    return hmac.new(secret, f"try:{text}".encode(errors="replace"), hashlib.sha256).hexdigest()


def wait_s(session: Session, guess: Guess, now: datetime) -> float:
    """How many seconds this try is too early; 0 when it may be made."""
    query = select(SignInTries).where(
        SignInTries.name == guess.name, SignInTries.address.in_([guess.address, ANYWHERE])
    )
    rows = {row.address: row for row in session.scalars(query)}
    return _wait_s(rows.get(guess.address), rows.get(ANYWHERE), now)


def _wait_s(own: SignInTries | None, all_of_them: SignInTries | None, now: datetime) -> float:
    known = own is not None and own.came_in_at is not None
    free = [own.free_at if own else None, all_of_them.free_at if all_of_them and not known else None]
    return max((at - now).total_seconds() for at in [*free, now] if at is not None)


def came_in(session: Session, secret: bytes, names: Iterable[str]) -> dict[str, datetime]:
    """By name, when the password was right for the last time, for names of which that is known still."""
    name_of = {_hashed(secret, name): name for name in names}
    query = select(SignInTries.name, func.max(SignInTries.came_in_at)).where(SignInTries.name.in_(name_of))
    rows = session.execute(query.group_by(SignInTries.name))
    return {name_of[hashed]: at for hashed, at in rows if at is not None}


def begin(database: Database, settings: PeopleSettings, guess: Guess, now: datetime) -> float:
    """Count a try as wrong before its password is looked at.

    Returns:
        0 where it may be looked at; how many seconds it is too early where it may not, and is not counted.
    """
    try:
        with database.write() as session:
            return _count(session, settings, guess, now)
    except IntegrityError:  # another copy of central made the row at this moment
        with database.write() as session:
            return _count(session, settings, guess, now)


def take_back(database: Database, settings: PeopleSettings, guess: Guess, now: datetime) -> None:
    """A try whose password was not looked at in the end counts no longer."""
    with database.write() as session:
        own, all_of_them = _rows(session, guess, now)
        shut = own.free_at is not None and own.free_at > now
        own.failures = max(0, (settings.max_failures if shut else own.failures) - 1)
        own.free_at = None
        _take_from_all(all_of_them, settings)


def note_right(database: Database, settings: PeopleSettings, guess: Guess, now: datetime) -> None:
    """Whoever came in from an address is known there; the wrong passwords before are forgotten."""
    try:
        with database.write() as session:
            _come_in(session, settings, guess, now)
    except IntegrityError:  # twice at this moment
        with database.write() as session:
            _come_in(session, settings, guess, now)


def _come_in(session: Session, settings: PeopleSettings, guess: Guess, now: datetime) -> None:
    own, all_of_them = _rows(session, guess, now)
    own.failures, own.free_at, own.last_at, own.came_in_at = 0, None, now, now
    _take_from_all(all_of_them, settings)


def _take_from_all(all_of_them: SignInTries, settings: PeopleSettings) -> None:
    all_of_them.failures = max(0, all_of_them.failures - 1)
    if all_of_them.failures < settings.max_failures_anywhere:
        all_of_them.free_at = None


def _count(session: Session, settings: PeopleSettings, guess: Guess, now: datetime) -> float:
    _forget_old(session, settings, now)
    own, all_of_them = _rows(session, guess, now)
    early_s = _wait_s(own, all_of_them, now)
    if early_s > 0:
        return early_s
    own.failures, own.last_at = own.failures + 1, now
    if own.failures >= settings.max_failures:
        own.failures, own.free_at = 0, now + timedelta(seconds=settings.lock_s)
        log.warning("sign_in_locked", lock_s=settings.lock_s)
    all_of_them.failures, all_of_them.last_at = all_of_them.failures + 1, now
    if all_of_them.failures >= settings.max_failures_anywhere:
        all_of_them.free_at = now + timedelta(seconds=settings.slow_s)
    return 0.0


def _rows(session: Session, guess: Guess, now: datetime) -> tuple[SignInTries, SignInTries]:
    """Those of an address and of all together, held in this order."""
    return _row(session, guess.name, guess.address, now), _row(session, guess.name, ANYWHERE, now)


def _row(session: Session, name: str, address: str, now: datetime) -> SignInTries:
    """The row of a name and an address, held; made where there is none."""
    row = session.get(SignInTries, (name, address), with_for_update=True)
    if row is None:
        row = SignInTries(name=name, address=address, failures=0, free_at=None, last_at=now, came_in_at=None)
        session.add(row)
        session.flush()
    return row


def _forget_old(session: Session, settings: PeopleSettings, now: datetime) -> None:
    known_since = now - timedelta(days=KNOWN_DAYS)
    came_in = SignInTries.came_in_at
    session.execute(
        delete(SignInTries).where(
            SignInTries.last_at < now - timedelta(seconds=settings.lock_s),
            or_(came_in.is_(None), came_in < known_since),
        )
    )
    newest = select(SignInTries.last_at).order_by(SignInTries.last_at.desc())
    beyond = session.scalar(newest.offset(_MOST_ROWS).limit(1))
    if beyond is not None:
        session.execute(delete(SignInTries).where(SignInTries.last_at <= beyond))
