"""What someone may do here by the groups that they are in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from central.directory.settings import GroupSettings
from central.people.permissions import Role


class GrantError(ValueError):
    """Groups that contradict each other; the text says how."""


@dataclass(frozen=True, slots=True)
class Grants:
    """Roles, areas (none: the whole city) and unit."""

    roles: tuple[Role, ...]
    areas: tuple[str, ...]
    unit_id: str | None


def grants_of(mapping: Sequence[GroupSettings], groups: Collection[str]) -> Grants:
    """What the members of ``groups`` may do.

    Roles add up. A limit to areas holds for all of someone's roles: a second group never widens what the
    first one limits, except by areas of its own.

    Raises:
        GrantError: when groups name different units.
    """
    held = [each for each in mapping if each.group in groups]
    units = sorted({each.unit for each in held if each.unit is not None})
    if len(units) > 1:
        raise GrantError(f"groups name several units: {', '.join(units)}")
    return Grants(
        roles=tuple(sorted({role for each in held for role in each.roles})),
        areas=tuple(sorted({area for each in held for area in each.areas})),
        unit_id=units[0] if units else None,
    )
