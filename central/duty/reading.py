"""Duty lists out of files: YAML (units and items), or CSV (one line an item and area)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from central.duty.draft import CITY_WIDE, Days, DutyDraft, DutyRow, UnitRow, left_over
from central.duty.schemas import DatedLead, DutyListFile, Hours, ItemEntry, RulingNumber
from kerbwatch.ids import Slug
from kerbwatch.incident import Kind
from kerbwatch.paths import located
from kerbwatch.settings import SettingsError, line_of, load_settings, load_yaml

_M = TypeVar("_M", bound=BaseModel)


def read_yaml(path: Path, own_units: Mapping[str, str | None]) -> DutyDraft:
    """A duty list in YAML.

    Args:
        path: the file.
        own_units: area -> its own unit, for items that say ``own_units``.

    Raises:
        SettingsError: with file and line for each fault of form.
    """
    file, tree = load_settings(path, DutyListFile), load_yaml(path)
    return DutyDraft(
        path=path,
        name=file.version,
        period=Days(file.valid_from, file.valid_until),
        classes={each.id: each.name for each in file.classes},
        units=tuple(
            UnitRow(line_of(tree, ("units", k)) or 1, unit.id, unit.name, unit.parent, unit.powers)
            for k, unit in enumerate(file.units)
        ),
        rows=tuple(row for k, item in enumerate(file.items) for row in _rows(tree, k, item, own_units)),
    )


def _rows(tree: Any, k: int, item: ItemEntry, own_units: Mapping[str, str | None]) -> Iterator[DutyRow]:  # noqa: ANN401
    lead = item.lead
    places: list[tuple[tuple[str | int, ...], DatedLead]] = []
    if lead.default:
        places.append((("default",), DatedLead(unit=lead.default)))
    places += [(("areas", area), DatedLead(area=area, unit=unit)) for area, unit in lead.areas.items()]
    places += [(("dated", n), dated) for n, dated in enumerate(lead.dated)]
    if lead.own_units:
        for area, unit in sorted(own_units.items()):
            said = [Days(each.valid_from, each.valid_until) for _at, each in places if each.area == area]
            places += [
                (
                    ("own_units",),
                    DatedLead(area=area, unit=unit, valid_from=days.first, valid_until=days.last),
                )
                for days in (left_over(Days(), said) if unit else ())
            ]
    for at, place in places:
        yield _row(line_of(tree, ("items", k, "lead", *at)) or 1, item.key, item, place)


def _row(line: int, item_id: str, item: ItemEntry | DutyLine, place: DatedLead) -> DutyRow:
    """An item at a place; a line of a CSV file is both."""
    return DutyRow(
        line=line,
        item_id=item_id,
        class_id=item.class_,
        kind=item.kind.value if item.kind else None,
        item=item.name,
        power=item.power,
        legal_basis=item.legal_basis,
        basis=Days(item.basis_valid_from, item.basis_valid_until),
        deadline_hours=item.deadline_hours,
        urgent_deadline_hours=item.urgent_deadline_hours or item.deadline_hours,
        area_id=place.area or CITY_WIDE,
        unit_id=place.unit,
        co_unit_ids=tuple(name for name in item.co_units if name != place.unit),
        period=Days(place.valid_from, place.valid_until),
        ruling=place.ruling,
    )


def _words(text: object) -> object:
    return tuple(text.split()) if isinstance(text, str) else text


Names = Annotated[tuple[Slug, ...], BeforeValidator(_words)]
"""Names with blanks between them."""


class _Line(BaseModel):
    """A line of a CSV file; an empty field is an absent one."""

    model_config = ConfigDict(extra="forbid")


class UnitLine(_Line):
    """A unit: ``id,name,parent,powers``."""

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=200)]
    parent: Slug | None = None
    powers: Names | None = None


class DutyLine(DatedLead):
    """An item in an area; ``area`` empty is the whole city, ``co_units`` has blanks between the units."""

    item: Slug
    class_: Slug | None = Field(None, alias="class")
    kind: Kind | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)]
    power: Slug | None = None
    co_units: Names = ()
    legal_basis: Annotated[str, Field(min_length=1, max_length=500)]
    basis_valid_from: date | None = None
    basis_valid_until: date | None = None
    deadline_hours: Hours
    urgent_deadline_hours: Hours | None = None
    ruling: RulingNumber | None = None


def read_csv(path: Path, units: Sequence[UnitRow]) -> DutyDraft:
    """A duty list in CSV (UTF-8, a head line with the names of :class:`DutyLine`).

    Raises:
        SettingsError: with file and line for each fault of form.
    """
    rows = tuple(_row(line, each.item, each, each) for line, each in _lines(path, DutyLine))
    return DutyDraft(path=path, units=tuple(units), rows=rows)


def read_units_csv(path: Path) -> tuple[UnitRow, ...]:
    """Units in CSV. Raises SettingsError with file and line for each fault of form."""
    return tuple(
        UnitRow(line, unit.id, unit.name, unit.parent, unit.powers) for line, unit in _lines(path, UnitLine)
    )


def _lines(path: Path, model: type[_M]) -> list[tuple[int, _M]]:
    found: list[tuple[int, _M]] = []
    faults: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            for raw in reader:
                filled = {str(name): value for name, value in raw.items() if value}
                try:
                    found.append((reader.line_num, model.model_validate(filled)))
                except ValidationError as error:
                    for each in error.errors():
                        key = ".".join(map(str, each["loc"])) or "line"
                        faults.append(f"{path}:{reader.line_num}: {key}: {each['msg']}")
    except OSError as error:
        raise SettingsError(f"{located(path)}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path}: is not CSV in UTF-8: {error}") from error
    if not found and not faults:
        faults = [f"{path}: has no line"]
    if faults:
        raise SettingsError("\n".join(faults))
    return found
