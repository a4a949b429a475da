"""Signing in and out, and making users. Passwords are Argon2id; tokens are random and kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.orm import Session

from central.areas.repository import area_ids
from central.areas.scope import within
from central.custody.chain import EntryKind, append
from central.database import Database
from central.people import guessing, repository
from central.people.guessing import Guess
from central.people.models import LoginSession, User, UserArea, UserRole
from central.people.permissions import Permission, Role, permissions_of
from central.settings import PeopleSettings
from kerbwatch.ids import new_id
from kerbwatch.safety import is_well_known

log = structlog.get_logger(__name__)

SYSTEM = "system"
"""Who changes a user at the command line, as the chain says it."""
MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1000
_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(3)
"""Argon2 takes 64 MiB a password; more at once would let a stranger fill the memory."""
_waiting = threading.BoundedSemaphore(12)
"""Those who may wait for it; more would let a stranger take every thread that answers requests."""
_NOBODY = _hasher.hash(secrets.token_hex(16))
"""Checked when the name is unknown, so that the time taken does not tell which names exist."""


class PeopleError(ValueError):
    """A user that cannot be made or changed; the text says why."""


class SignInError(Exception):
    """Signing in was refused."""

    def __init__(self, reason: Literal["wrong", "locked", "busy"], retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.retry_after_s = reason, retry_after_s


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking."""

    actor: str
    """As it stands in logs: ``user:anna`` or ``edge:yuyao/box-1``."""
    name: str
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    unit_id: str | None = None
    session_hash: str | None = None
    """Of a browser's cookie; what the CSRF token is bound to. None for programs."""
    expires_at: datetime | None = None
    areas: frozenset[str] | None = None
    """The areas to which they are limited, with all that lie in them; None for the whole city."""

    def may(self, permission: Permission) -> bool:
        """Whether they have a permission."""
        return permission in self.permissions

    def sees(self, area_id: str | None) -> bool:
        """Whether what lies in an area (None: in no area that is known) is theirs to see."""
        return self.areas is None or area_id in self.areas


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just made: the only time that it is seen whole."""

    token: str
    expires_at: datetime


def hash_token(token: str) -> str:
    """What is kept of a random 256-bit token; it needs no salt and no stretching."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(secret: bytes, session_hash: str) -> str:
    """The token that a page of this session carries in its forms (HMAC-SHA-256, hexadecimal)."""
    return hmac.new(secret, f"csrf:{session_hash}".encode(), hashlib.sha256).hexdigest()


def add_user(
    session: Session,
    name: str,
    password: str,
    roles: Iterable[Role],
    now: datetime,
    *,
    unit_id: str | None = None,
    areas: Iterable[str] = (),
    actor: str = SYSTEM,
) -> User:
    """Make a user, limited to areas where some are named. Raises PeopleError."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise PeopleError("a user's name has 1 to 100 printable characters")
    _check_new_password(name, password)
    chosen = _chosen(roles)
    _check_unit(chosen, unit_id)
    if repository.by_name(session, name):
        raise PeopleError(f"there is a user '{name}' already")
    user = User(
        id=new_id(),
        name=name,
        password_hash=_hasher.hash(password),
        unit_id=unit_id,
        disabled=False,
        created_at=now,
        roles=[UserRole(role=role.value) for role in chosen],
        areas=[UserArea(area_id=area_id) for area_id in _known_areas(session, areas)],
    )
    session.add(user)
    session.flush()
    _tell(session, EntryKind.USER_ADDED, user, actor, now)
    return user


def all_users(session: Session) -> list[User]:
    """Every user, by name."""
    return repository.all_users(session)


def set_password(session: Session, name: str, password: str, *, now: datetime, actor: str = SYSTEM) -> None:
    """Another password; all sessions and tokens of that name end. Raises PeopleError."""
    user = named(session, name)
    _check_new_password(user.name, password)
    user.password_hash = _hasher.hash(password)
    repository.end_sessions_of(session, user.id)
    _tell(session, EntryKind.USER_CHANGED, user, actor, now, password_changed=True)
    log.info("password_changed", user=user.name)


def set_roles(
    session: Session, name: str, roles: Iterable[Role], *, now: datetime, actor: str = SYSTEM
) -> None:
    """Other roles in the place of those a user has; all sessions of that name end. Raises PeopleError."""
    user, chosen = named(session, name), _chosen(roles)
    _check_unit(chosen, user.unit_id)
    if Role.ADMINISTRATOR not in chosen:
        _check_not_last(session, user)
    kept = {role.role: role for role in user.roles}
    user.roles = [kept.get(role.value) or UserRole(role=role.value) for role in chosen]
    repository.end_sessions_of(session, user.id)
    _tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("roles_changed", user=user.name, roles=[role.value for role in chosen])


def set_unit(session: Session, name: str, unit_id: str | None, *, now: datetime, actor: str = SYSTEM) -> None:
    """Another unit, or none; sessions go on, and see its tickets at once. Raises PeopleError."""
    user = named(session, name)
    _check_unit([Role(role.role) for role in user.roles], unit_id)
    user.unit_id = unit_id
    _tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("unit_changed", user=user.name, unit=unit_id)


def set_areas(
    session: Session, name: str, areas: Iterable[str], *, now: datetime, actor: str = SYSTEM
) -> None:
    """Limit a user to some areas, with all that lie in them; to none: they see the whole city.

    Sessions go on, and are limited at once. Raises PeopleError.
    """
    user, chosen = named(session, name), _known_areas(session, areas)
    kept = {area.area_id: area for area in user.areas}
    user.areas = [kept.get(area_id) or UserArea(area_id=area_id) for area_id in chosen]
    _tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("scope_changed", user=user.name, areas=chosen)


def set_disabled(session: Session, name: str, disabled: bool, *, now: datetime, actor: str = SYSTEM) -> None:
    """Let a user in no longer, or again; all sessions of that name end. Raises PeopleError."""
    user = named(session, name)
    if disabled:
        _check_not_last(session, user)
    user.disabled = disabled
    repository.end_sessions_of(session, user.id)
    _tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("user_disabled" if disabled else "user_enabled", user=user.name)


def _check_unit(roles: Iterable[Role], unit_id: str | None) -> None:
    needing = sorted(set(roles) & {Role.UNIT_OFFICER, Role.UNIT_HEAD})
    if needing and unit_id is None:
        raise PeopleError(f"a {needing[0].value} needs a unit, whose tickets they see")


def _check_not_last(session: Session, user: User) -> None:
    """Raises PeopleError when nobody but this user could still manage users."""
    able = repository.held_with_role(session, Role.ADMINISTRATOR.value)
    if [each.id for each in able] == [user.id]:
        raise PeopleError(f"'{user.name}' is the last administrator who may sign in; make another one first")


def _known_areas(session: Session, areas: Iterable[str]) -> list[str]:
    chosen = sorted(set(areas))
    unknown = sorted(set(chosen) - area_ids(session))
    if unknown:
        raise PeopleError(f"there is no area '{unknown[0]}'")
    return chosen


def _tell(session: Session, kind: EntryKind, user: User, actor: str, now: datetime, **more: bool) -> None:
    """Into the chain: what a user may do from now on, and who said so."""
    session.flush()
    payload = {
        "roles": sorted(role.role for role in user.roles),
        "areas": sorted(area.area_id for area in user.areas),
        "unit": user.unit_id,
        "disabled": user.disabled,
        **more,
    }
    append(session, kind, f"user:{user.name}", actor=actor, now=now, payload=payload)


def named(session: Session, name: str) -> User:
    """A user, their row held. Raises PeopleError."""
    user = repository.by_name(session, name.strip(), lock=True)
    if user is None:
        raise PeopleError(f"there is no user '{name}'")
    return user


def _check_new_password(name: str, password: str) -> None:
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise PeopleError(f"a password has at least {MIN_PASSWORD_CHARS} characters")
    if is_well_known(password) or password.lower().strip("0123456789!.") == name.lower():
        raise PeopleError("this password is one of those that are tried first; choose another")


def _chosen(roles: Iterable[Role]) -> list[Role]:
    chosen = sorted(set(roles))
    if not chosen:
        raise PeopleError("a user needs a role")
    if Role.EDGE in chosen:
        raise PeopleError("edge boxes are registered with 'kerbwatch central edge add'")
    return chosen


def check_password(
    database: Database,
    settings: PeopleSettings,
    name: str,
    password: str,
    *,
    guess: Guess,
    now: datetime,
) -> str:
    """Check a name and a password, and count failures. The hashing happens outside any transaction.

    A name that does not exist takes the same way as a wrong password, to the same answers.

    Returns:
        The user's id.

    Raises:
        SignInError: when the password is wrong, there were too many wrong ones, or too many others are
            signing in at this moment.
    """
    with database.read() as session:
        early_s = guessing.wait_s(session, guess, now)
        known = repository.by_name(session, name)
    if early_s > 0:
        raise SignInError("locked", early_s)
    usable = known is not None and not known.disabled and len(password) <= MAX_PASSWORD_CHARS
    with _turn_to_hash():
        good = _matches(known.password_hash if known and usable else _NOBODY, password[:MAX_PASSWORD_CHARS])
    if known is None or not usable or not good:
        guessing.note_wrong(database, settings, guess, now)
        raise SignInError("wrong")
    guessing.note_right(database, guess, now)
    return known.id


@contextmanager
def _turn_to_hash() -> Iterator[None]:
    if not _waiting.acquire(blocking=False):
        raise SignInError("busy", 2.0)
    try:
        with _hashing:
            yield
    finally:
        _waiting.release()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def issue(
    session: Session, user_id: str, kind: Literal["session", "bearer"], life: timedelta, now: datetime
) -> IssuedToken:
    """Open a session for a user whose password was right."""
    repository.forget_expired(session, now)
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=hash_token(token), user_id=user_id, kind=kind, created_at=now, expires_at=now + life
        )
    )
    return IssuedToken(token, now + life)


def principal_of(
    session: Session, token: str, kind: Literal["session", "bearer"], now: datetime
) -> Principal | None:
    """Who holds a token, or None when nobody does any more."""
    found = repository.live_session(session, hash_token(token), now)
    if found is None or found.kind != kind:
        return None
    roles = tuple(role.role for role in found.user.roles)
    return Principal(
        actor=f"user:{found.user.name}",
        name=found.user.name,
        roles=roles,
        permissions=permissions_of(roles),
        unit_id=found.user.unit_id,
        session_hash=found.token_hash if kind == "session" else None,
        expires_at=found.expires_at,
        areas=within(session, [each.area_id for each in found.user.areas]) if found.user.areas else None,
    )


def sign_out(session: Session, token: str) -> None:
    """End the session of a token."""
    repository.end_session(session, hash_token(token))
