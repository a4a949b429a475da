"""Users, and who is signed in. Tokens are random and kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy.orm import Session

from central.areas.repository import area_ids
from central.custody.chain import EntryKind, append
from central.custody.repository import counts_about
from central.people import guessing, repository
from central.people.models import DirectoryLink, LoginSession, User, UserArea, UserRole
from central.people.passwords import PeopleError, hash_new
from central.people.permissions import Permission, Role
from central.preconditions import check_version
from kerbwatch.ids import new_id

log = structlog.get_logger(__name__)

SYSTEM = "system"
"""Who changes a user at the command line, as the chain says it."""


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
    must_change: bool = False
    """Whether they came in by a password that somebody else gave, and have to choose their own first."""
    only: frozenset[Permission] | None = None
    """Of their permissions those that hold for what they ask about, another town's case; None: all do."""

    def may(self, permission: Permission) -> bool:
        """Whether they have a permission, and it holds for what they ask about."""
        return permission in self.permissions and (self.only is None or permission in self.only)

    def may_with_ticket_of(self, town_id: str | None, permission: Permission) -> bool:
        """Whether a permission holds for a ticket, by the town from which its unit helps (None: it leads)."""
        if self.only is None or self.areas is None:
            return self.may(permission)
        return permission in self.permissions and town_id in self.areas

    def sees(self, area_id: str | None) -> bool:
        """Whether an area (None: what lies in no area that is known) is among those that are theirs."""
        return self.areas is None or area_id in self.areas

    def sees_any(self, area_ids: frozenset[str | None]) -> bool:
        """Whether one of some areas is: of a case the one in which it lies, and the towns that help in it."""
        return self.areas is None or not self.areas.isdisjoint(area_ids)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was just made: the only time that it is seen whole."""

    token: str
    expires_at: datetime
    must_change: bool = False
    """Whether it is good for another password alone."""


def hash_token(token: str) -> str:
    """What is kept of a random 256-bit token; it needs no salt and no stretching."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(secret: bytes, session_hash: str) -> str:
    """The token that a page of this session carries in its forms (HMAC-SHA-256, hexadecimal)."""
    return hmac.new(secret, f"csrf:{session_hash}".encode(), hashlib.sha256).hexdigest()


def add_user(
    session: Session,
    name: str,
    password: str | None,
    roles: Iterable[Role],
    now: datetime,
    *,
    unit_id: str | None = None,
    areas: Iterable[str] = (),
    actor: str = SYSTEM,
    link: DirectoryLink | None = None,
    given: bool = False,
) -> User:
    """Make a user, limited to areas where some are named; of the directory where there is a link.

    ``given``: whoever signs in with the password changes it first.

    Raises:
        PeopleError: when there can be no such user.
    """
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise PeopleError("a user's name has 1 to 100 printable characters")
    if password is None and link is None:
        raise PeopleError("a user needs a password, or comes from the directory")
    hashed = None if password is None else hash_new(name, password)
    chosen = _chosen(roles)
    _check_unit(chosen, unit_id)
    if repository.by_name(session, name):
        raise PeopleError(f"there is a user '{name}' already")
    user = User(
        id=new_id(),
        name=name,
        password_hash=hashed,
        password_given=given and hashed is not None,
        unit_id=unit_id,
        disabled=False,
        created_at=now,
        roles=[UserRole(role=role.value) for role in chosen],
        areas=[UserArea(area_id=area_id) for area_id in _known_areas(session, areas)],
        link=link,
    )
    session.add(user)
    session.flush()
    tell(session, EntryKind.USER_ADDED, user, actor, now)
    return user


def all_users(session: Session) -> list[User]:
    """Every user, by name."""
    return repository.all_users(session)


def some_users(session: Session, words: str, after: str, limit: int) -> list[User]:
    """At most ``limit`` users by name, those behind ``after``, whose name or unit has ``words`` in it."""
    return repository.some_users(session, words, after, limit)


def last_sign_ins(session: Session, secret: bytes, users: Iterable[User]) -> dict[str, datetime]:
    """By name, when users came in last, as far as that is known.

    Known are a session that has not ended, and for :data:`~central.people.guessing.KNOWN_DAYS` days at the
    least an address from which a password was right.
    """
    asked = list(users)
    opened = repository.sessions_opened(session, [user.id for user in asked])
    came_in = guessing.came_in(session, secret, [user.name for user in asked])
    found = {user.name: [opened.get(user.id), came_in.get(user.name)] for user in asked}
    return {name: max(at for at in times if at) for name, times in found.items() if any(times)}


def set_password(
    session: Session, name: str, password: str, *, now: datetime, actor: str = SYSTEM, given: bool = False
) -> None:
    """Another password; all sessions and tokens of that name end. Raises PeopleError.

    ``given``: whoever signs in with it changes it first.
    """
    user = named(session, name)
    user.password_hash, user.password_given = hash_new(user.name, password), given
    repository.end_sessions_of(session, user.id)
    tell(session, EntryKind.USER_CHANGED, user, actor, now, password_changed=True)
    log.info("password_changed", user=user.name)


def set_roles(
    session: Session, name: str, roles: Iterable[Role], *, now: datetime, actor: str = SYSTEM
) -> None:
    """Other roles in the place of those a user has; all sessions of that name end. Raises PeopleError."""
    user, chosen = named(session, name), _chosen(roles)
    _check_unit(chosen, user.unit_id)
    if Role.ADMINISTRATOR not in chosen:
        check_not_last(session, user)
    kept = {role.role: role for role in user.roles}
    user.roles = [kept.get(role.value) or UserRole(role=role.value) for role in chosen]
    repository.end_sessions_of(session, user.id)
    tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("roles_changed", user=user.name, roles=[role.value for role in chosen])


def set_unit(session: Session, name: str, unit_id: str | None, *, now: datetime, actor: str = SYSTEM) -> None:
    """Another unit, or none; sessions go on, and see its tickets at once. Raises PeopleError."""
    user = named(session, name)
    _check_unit([Role(role.role) for role in user.roles], unit_id)
    user.unit_id = unit_id
    tell(session, EntryKind.USER_CHANGED, user, actor, now)
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
    tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("scope_changed", user=user.name, areas=chosen)


def set_disabled(session: Session, name: str, disabled: bool, *, now: datetime, actor: str = SYSTEM) -> None:
    """Let a user in no longer, or again; all sessions of that name end. Raises PeopleError."""
    user = named(session, name)
    if disabled:
        check_not_last(session, user)
    user.disabled = disabled
    repository.end_sessions_of(session, user.id)
    tell(session, EntryKind.USER_CHANGED, user, actor, now)
    log.info("user_disabled" if disabled else "user_enabled", user=user.name)


def _check_unit(roles: Iterable[Role], unit_id: str | None) -> None:
    needing = sorted(set(roles) & {Role.UNIT_OFFICER, Role.UNIT_HEAD})
    if needing and unit_id is None:
        raise PeopleError(f"a {needing[0].value} needs a unit, whose tickets they see")


def check_not_last(session: Session, user: User) -> None:
    """Raises PeopleError when nobody but this user could still manage users, or could without a directory."""
    able = repository.held_with_role(session, Role.ADMINISTRATOR.value)
    if [each.id for each in able] == [user.id]:
        raise PeopleError(f"'{user.name}' is the last administrator who may sign in; make another one first")
    if [each.id for each in able if is_local(each)] == [user.id]:
        raise PeopleError(
            f"'{user.name}' is the last administrator who does without the directory, with a password; "
            "make another one first"
        )


def must_change(session: Session, user_id: str) -> bool:
    """Whether somebody else chose a user's password."""
    found = session.get(User, user_id)
    return found is not None and found.password_given


def has_password(session: Session, name: str) -> bool:
    """Whether a user has a password; one that does not exist has none."""
    found = repository.by_name(session, name)
    return found is not None and found.password_hash is not None


def directory_state(user: User) -> Literal["no", "awaited", "linked"]:
    """Whether a user comes in by the city's directory, and has been linked to a person there."""
    if user.link is None:
        return "no"
    return "awaited" if user.link.subject is None else "linked"


def is_local(user: User) -> bool:
    """Whether a user comes in by a password and does without the directory."""
    return user.password_hash is not None and user.link is None


def _known_areas(session: Session, areas: Iterable[str]) -> list[str]:
    chosen = sorted(set(areas))
    unknown = sorted(set(chosen) - area_ids(session))
    if unknown:
        raise PeopleError(f"there is no area '{unknown[0]}'")
    return chosen


def tell(session: Session, kind: EntryKind, user: User, actor: str, now: datetime, **more: bool) -> None:
    """Into the chain: what a user may do from now on, and who said so."""
    session.flush()
    if user.link is not None:
        more["directory"] = True
    if user.password_given:
        more["password_given"] = True
    payload = {
        "roles": sorted(role.role for role in user.roles),
        "areas": sorted(area.area_id for area in user.areas),
        "unit": user.unit_id,
        "disabled": user.disabled,
        **more,
    }
    append(session, kind, _subject(user), actor=actor, now=now, payload=payload)


def named(session: Session, name: str) -> User:
    """A user, their row held. Raises PeopleError."""
    user = repository.by_name(session, name.strip(), lock=True)
    if user is None:
        raise PeopleError(f"there is no user '{name}'")
    return user


def versions_of(session: Session, users: Iterable[User]) -> dict[str, int]:
    """By name, how often each user was said anew: every change is an entry of the chain (:func:`tell`)."""
    subjects = {user.name: _subject(user) for user in users}
    counts = counts_about(session, subjects.values())
    return {name: counts.get(subject, 0) for name, subject in subjects.items()}


def check_seen(session: Session, name: str, version: int) -> None:
    """Hold a user who is to change. Raises PeopleError, and Problem 412 when changed since ``version``."""
    user = named(session, name)
    check_version(version, versions_of(session, [user])[user.name], "the user")


def _subject(user: User) -> str:
    return f"user:{user.name}"


def _chosen(roles: Iterable[Role]) -> list[Role]:
    chosen = sorted(set(roles))
    if not chosen:
        raise PeopleError("a user needs a role")
    if Role.EDGE in chosen:
        raise PeopleError("edge boxes are registered with 'kerbwatch central edge add'")
    return chosen


def issue(
    session: Session,
    user_id: str,
    kind: Literal["session", "bearer"],
    life: timedelta,
    now: datetime,
    *,
    must_change: bool = False,
) -> IssuedToken:
    """Open a session for a user who has shown who they are; ``must_change``: to choose a password alone."""
    repository.forget_expired(session, now)
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=hash_token(token),
            user_id=user_id,
            kind=kind,
            created_at=now,
            expires_at=now + life,
            must_change=must_change,
        )
    )
    return IssuedToken(token, now + life, must_change)


def sign_out(session: Session, token: str) -> None:
    """End the session of a token."""
    repository.end_session(session, hash_token(token))
