"""The duty list as a file (YAML): units, and for each kind of offence who leads where."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from kerbwatch.ids import Slug
from kerbwatch.incident import Kind
from kerbwatch.settings import Settings

Hours = Annotated[float, Field(gt=0, le=24 * 366)]


class UnitEntry(Settings):
    """Someone who can be told."""

    id: Slug = Field(description="Short name of the unit.")
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Name for people.")
    parent: Slug | None = Field(None, description="The unit above it.")


class Lead(Settings):
    """Who leads."""

    default: Slug = Field(
        description="Unit that leads in the whole city, where nothing below says otherwise."
    )
    areas: dict[Slug, Slug] = Field(
        {}, description="Area id -> unit that leads there; the smallest area that a point lies in counts."
    )
    own_units: bool = Field(
        False, description="An area's own unit leads in it (the property 'unit' of the areas file)."
    )


class ItemEntry(Settings):
    """One item of the list."""

    kind: Kind = Field(description="Kind of offence.")
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Name of the item.")
    legal_basis: Annotated[str, Field(min_length=1, max_length=500)] = Field(description="Law and article.")
    deadline_hours: Hours = Field(description="Time to deal with it, from dispatch.")
    urgent_deadline_hours: Hours | None = Field(
        None, description="The same where life safety is at stake; as above when absent."
    )
    lead: Lead = Field(description="Who leads.")
    co_units: tuple[Slug, ...] = Field((), description="Units that help.")


class DutyListFile(Settings):
    """The whole list."""

    units: tuple[UnitEntry, ...] = Field(description="Everyone who can be told.", min_length=1)
    items: tuple[ItemEntry, ...] = Field(description="Every kind of offence, once.", min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        units = [unit.id for unit in self.units]
        _none_twice("units", units)
        _none_twice("items", [item.kind for item in self.items])
        known = set(units)
        for unit in self.units:
            if unit.parent and unit.parent not in known:
                raise ValueError(f"unit '{unit.id}': its parent '{unit.parent}' is not among 'units'")
        for item in self.items:
            for unit_id in (item.lead.default, *item.lead.areas.values(), *item.co_units):
                if unit_id not in known:
                    raise ValueError(f"item '{item.kind}': the unit '{unit_id}' is not among 'units'")
        absent = sorted(set(Kind) - {item.kind for item in self.items})
        if absent:
            raise ValueError(f"nobody leads for: {', '.join(absent)}; every kind needs an item")
        return self


def _none_twice(what: str, names: list[str]) -> None:
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(f"twice in '{what}': {', '.join(double)}")
