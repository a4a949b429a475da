"""Who of the directory may come in, and as whom.

An administrator awaits a person by name once; from the first time that they come on, the directory's own
number for them (issuer and subject) says who they are, whatever becomes of names and addresses. A user who is
not awaited is never taken over, however somebody is called in the directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.areas.repository import area_ids
from central.custody.chain import EntryKind
from central.database import Database
from central.directory import repository
from central.directory.grants import GrantError, Grants, grants_of
from central.directory.provider import Identity
from central.directory.settings import DirectorySettings
from central.people import repository as users
from central.people import service as people
from central.people.models import DirectoryLink, User
from central.people.passwords import PeopleError
from central.people.permissions import Role
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)

ACTOR = "directory"
"""Who changes a user by what the directory says, as the chain says it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may come in."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody may not. What they had is gone all the same: sessions of who has lost every role."""

    reason: Literal["unknown", "disabled", "no_role", "mapping"]


def admit(
    database: Database, settings: DirectorySettings, who: Identity, now: datetime
) -> Admitted | Refused:
    """Whether a person of the directory may come in; their roles are renewed where groups give them.

    Args:
        database: state.
        settings: what groups may do, and what becomes of people who are not known.
        who: as the directory vouches for them.
        now: the present instant.
    """
    try:
        with database.write() as session:
            return _admit(session, settings, who, now)
    except IntegrityError:  # they came twice at this moment, and were linked by the other one
        with database.write() as session:
            return _admit(session, settings, who, now)
    except (PeopleError, GrantError) as error:
        log.warning("directory_groups_do_not_fit", why=str(error))
        return Refused("mapping")


def _admit(session: Session, settings: DirectorySettings, who: Identity, now: datetime) -> Admitted | Refused:
    user = repository.by_subject(session, who.issuer, who.subject) or _awaited(session, who)
    if user is not None and user.disabled:
        return Refused("disabled")
    grants = grants_of(settings.groups, who.groups) if settings.groups else None
    if grants is not None and not grants.roles:
        if user is not None:
            users.end_sessions_of(session, user.id)
        return Refused("no_role" if user is not None else "unknown")
    if user is None:
        if settings.unknown == "refuse" or grants is None or who.name is None:
            return Refused("unknown")
        return Admitted(_made(session, who, who.name, grants, now).id)
    assert user.link is not None  # either way it was found by it
    if user.link.subject is None:
        user.link.issuer, user.link.subject, user.link.linked_at = who.issuer, who.subject, now
        people.tell(session, EntryKind.USER_CHANGED, user, ACTOR, now, linked=True)
        log.info("directory_user_linked", user=user.name)
    if grants is not None:
        _renew(session, user, grants, now)
    return Admitted(user.id)


def _awaited(session: Session, who: Identity) -> User | None:
    user = users.by_name(session, who.name, lock=True) if who.name else None
    return user if user is not None and user.link is not None and user.link.subject is None else None


def _made(session: Session, who: Identity, name: str, grants: Grants, now: datetime) -> User:
    link = DirectoryLink(issuer=who.issuer, subject=who.subject, linked_at=now)
    made = people.add_user(
        session,
        name,
        None,
        grants.roles,
        now,
        unit_id=grants.unit_id,
        areas=grants.areas,
        actor=ACTOR,
        link=link,
    )
    log.info("directory_user_made", user=made.name)
    return made


def _renew(session: Session, user: User, grants: Grants, now: datetime) -> None:
    """Give a user what their groups give, where it is another than they have."""
    # A unit comes before roles that need one, and goes after those that did.
    if grants.unit_id is not None and grants.unit_id != user.unit_id:
        people.set_unit(session, user.name, grants.unit_id, now=now, actor=ACTOR)
    if set(grants.roles) != {role.role for role in user.roles}:
        people.set_roles(session, user.name, grants.roles, now=now, actor=ACTOR)
    if grants.unit_id is None and user.unit_id is not None:
        people.set_unit(session, user.name, None, now=now, actor=ACTOR)
    if set(grants.areas) != {area.area_id for area in user.areas}:
        people.set_areas(session, user.name, grants.areas, now=now, actor=ACTOR)


def check_ready(session: Session, settings: DirectorySettings) -> None:
    """What must hold before a directory is used.

    Raises:
        SettingsError: when nobody could get in while the directory is away, or groups name unknown areas.
    """
    if not any(map(people.is_local, users.held_with_role(session, Role.ADMINISTRATOR.value))):
        raise SettingsError(
            "people.directory: nobody could get in while the directory is away; make an administrator with a "
            "password first: kerbwatch central user add NAME --role administrator"
        )
    named = {area for each in settings.groups for area in each.areas}
    unknown = sorted(named - set(area_ids(session)))
    if unknown:
        raise SettingsError(f"people.directory.groups: there is no area '{unknown[0]}'")
