"""People's accounts as pages show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from central.areas.levels import Level
from central.duty.repository import units
from central.insight.queries import area_names
from central.pages.texts import t, t_or
from central.people import service
from central.people.models import User
from central.people.permissions import Role

_OFFERED = tuple(role for role in Role if role not in {Role.CITIZEN, Role.EDGE})
"""Roles of people who work here."""


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list."""

    name: str
    roles: Sequence[str]
    """In words."""
    unit: str | None
    areas: Sequence[str]
    """By name; none: the whole city."""
    disabled: bool
    has_password: bool
    password_given: bool
    """Whether somebody else chose it, and they have not changed it yet."""
    directory: str
    """``no``, ``awaited`` or ``linked``."""
    came_in_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be ticked or chosen."""

    value: str
    name: str
    help: str
    chosen: bool


def people_of(session: Session, users: Sequence[User], secret: bytes) -> list[Person]:
    """The lines for some users."""
    named = {area_id: name for area_id, (name, _) in area_names(session).items()}
    called = {each.id: each.name for each in units(session)}
    versions, came_in = service.versions_of(session, users), service.last_sign_ins(session, secret, users)
    return [
        Person(
            name=user.name,
            roles=[_role_name(role) for role in _sorted(role.role for role in user.roles)],
            unit=user.unit_id and called.get(user.unit_id, user.unit_id),
            areas=sorted(named.get(area.area_id, area.area_id) for area in user.areas),
            disabled=user.disabled,
            has_password=user.password_hash is not None,
            password_given=user.password_given,
            directory=service.directory_state(user),
            came_in_at=came_in.get(user.name),
            version=versions[user.name],
        )
        for user in users
    ]


def role_choices(chosen: Collection[str]) -> list[Choice]:
    """Every role that can be given, and any other that somebody has."""
    values = _sorted({*_OFFERED, *chosen})
    return [
        Choice(value, _role_name(value), t_or(f"people.does.{value}", ""), value in chosen)
        for value in values
    ]


def unit_choices(session: Session, chosen: str) -> list[Choice]:
    """Every unit, by name, and the one that somebody is of though it is not known any more."""
    known = [Choice(each.id, each.name, "", each.id == chosen) for each in units(session)]
    known.sort(key=lambda each: each.name)
    absent = bool(chosen) and not any(each.chosen for each in known)
    return [Choice(chosen, f"{chosen} ({t('people.gone')})", "", True), *known] if absent else known


def area_choices(session: Session, chosen: Collection[str]) -> list[tuple[str, list[Choice]]]:
    """Every area by its level, the largest first; before them those chosen that are not known any more."""
    known = area_names(session)
    found: list[tuple[str, list[Choice]]] = []
    for level in reversed(Level):
        of_level = sorted((name, area_id) for area_id, (name, each) in known.items() if each is level)
        if of_level:
            ticks = [Choice(area_id, name, "", area_id in chosen) for name, area_id in of_level]
            found.append((t(f"people.level.{level}"), ticks))
    gone = [Choice(area_id, area_id, "", True) for area_id in sorted(set(chosen) - set(known))]
    return [(t("people.gone").capitalize(), gone), *found] if gone else found


def _sorted(roles: Iterable[str]) -> list[str]:
    order = [role.value for role in Role]
    return sorted(
        {str(role) for role in roles},
        key=lambda role: (role not in order, order.index(role) if role in order else 0, role),
    )


def _role_name(role: str) -> str:
    return t_or(f"people.role.{role}", role)
