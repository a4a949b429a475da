"""The duty list as a file (YAML): units, and for each item who leads where."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from kerbwatch.ids import Slug
from kerbwatch.incident import Kind
from kerbwatch.settings import Settings

Hours = Annotated[float, Field(gt=0, le=24 * 366)]
RulingNumber = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{4,}$")]
"""Year and number within it: ``2026-0007``."""


class UnitEntry(Settings):
    """Someone who can be told."""

    id: Slug = Field(description="Short name of the unit.")
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Name for people.")
    parent: Slug | None = Field(None, description="The unit above it.")
    powers: tuple[Slug, ...] | None = Field(
        None,
        description="What it may enforce: legal powers, items, kinds or classes. Left out: not limited here.",
    )


class ClassEntry(Settings):
    """A class of items."""

    id: Slug = Field(description="Short name of the class.")
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Name for people.")


class DatedLead(Settings):
    """Who leads in an area for some time, or by a ruling."""

    area: Slug | None = Field(None, description="Area id; the whole city when absent.")
    unit: Slug = Field(description="Unit that leads.")
    valid_from: date | None = Field(None, description="First day.")
    valid_until: date | None = Field(None, description="Last day.")
    ruling: RulingNumber | None = Field(None, description="Number of the ruling that it came from.")


class Lead(Settings):
    """Who leads."""

    default: Slug | None = Field(
        None, description="Unit that leads in the whole city, where nothing below says otherwise."
    )
    areas: dict[Slug, Slug] = Field(
        {}, description="Area id -> unit that leads there; the smallest area that a point lies in counts."
    )
    own_units: bool = Field(
        False, description="An area's own unit leads in it (the property 'unit' of the areas file)."
    )
    dated: tuple[DatedLead, ...] = Field((), description="Leads for some time, or by a ruling.")


class ItemEntry(Settings):
    """One item of the list."""

    id: Slug | None = Field(None, description="Short name of the item; its kind when absent.")
    class_: Slug | None = Field(None, alias="class", description="Class that it belongs to.")
    kind: Kind | None = Field(None, description="Kind of offence; none for what only people report.")
    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Name of the item.")
    power: Slug | None = Field(None, description="The legal power that enforcing it takes.")
    legal_basis: Annotated[str, Field(min_length=1, max_length=500)] = Field(description="Law and article.")
    basis_valid_from: date | None = Field(None, description="First day of that law.")
    basis_valid_until: date | None = Field(None, description="Last day of that law.")
    deadline_hours: Hours = Field(description="Time to deal with it, from dispatch.")
    urgent_deadline_hours: Hours | None = Field(
        None, description="The same where life safety is at stake; as above when absent."
    )
    lead: Lead = Field(description="Who leads.")
    co_units: tuple[Slug, ...] = Field((), description="Units that help.")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.id is None and self.kind is None:
            raise ValueError("give 'id', or the 'kind' that cameras raise")
        return self

    @property
    def key(self) -> str:
        """What it is called by."""
        return self.id or str(self.kind)


class DutyListFile(Settings):
    """The whole list."""

    version: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="What people call this version."
    )
    valid_from: date | None = Field(None, description="First day; from when it is taken in when absent.")
    valid_until: date | None = Field(None, description="Last day; until another version when absent.")
    classes: tuple[ClassEntry, ...] = Field((), description="Classes of items.")
    units: tuple[UnitEntry, ...] = Field(description="Everyone who can be told.", min_length=1)
    items: tuple[ItemEntry, ...] = Field(description="Every item, each kind once.", min_length=1)

    @model_validator(mode="after")
    def _none_twice(self) -> Self:
        _once("classes", [each.id for each in self.classes])
        _once("units", [unit.id for unit in self.units])
        _once("items", [item.key for item in self.items])
        _once("items", [item.kind.value for item in self.items if item.kind])
        return self


def _once(what: str, names: list[str]) -> None:
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(f"twice in '{what}': {', '.join(double)}")
