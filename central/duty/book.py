"""The duty list in memory: who leads for a matter at a place, and who may enforce what.

A matter is a kind that cameras raise, or the id of an item that only people report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from central.areas.levels import Level
from central.areas.service import AreaHit, AreaMap
from central.duty.draft import CITY_WIDE, may_enforce, needs_of
from central.duty.models import DutyEntry, DutyList, Unit
from kerbwatch.place import Position

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The one unit that leads, and on what ground."""

    entry_id: int
    item_id: str
    unit_id: str
    unit_name: str
    co_unit_ids: tuple[str, ...]
    item: str
    legal_basis: str
    deadline_hours: float
    urgent_deadline_hours: float
    area: AreaHit | None
    """The smallest area that the point lies in."""
    note: str
    """Why this unit, in a sentence."""
    ruling: str | None = None
    """Number of the ruling that it goes back to."""
    town_id: str | None = None
    """Of whoever is called to help: the town on whose side they lead."""


class DutyBook:
    """The duty list as it is at one time, with the areas. Never changes.

    Attributes:
        areas: the areas.
        since: from when it is so.
        until: until when; None without an end.
    """

    def __init__(
        self,
        duty_list: DutyList,
        entries: Sequence[DutyEntry],
        units: Sequence[Unit],
        areas: AreaMap,
        now: datetime,
    ) -> None:
        self.areas = areas
        self._units = {unit.id: unit for unit in units}
        self._powers: dict[str, frozenset[str]] = {
            unit: frozenset(powers) for unit, powers in duty_list.powers.items()
        }
        self._named = None if duty_list.unit_ids is None else frozenset(duty_list.unit_ids)
        moments = _moments(entries) | ({duty_list.valid_until} if duty_list.valid_until else set())
        self.since = max((moment for moment in moments if moment <= now), default=None)
        self.until = min((moment for moment in moments if moment > now), default=None)
        self._entries = {entry.id: entry for entry in entries}
        self._leads = {
            (entry.kind or entry.item_id, entry.area_id): self._assignment(entry)
            for entry in entries_in_force(duty_list, entries, now)
        }
        self._classes = {
            entry.item_id: (entry.class_id or "", duty_list.classes.get(entry.class_id or "", ""))
            for entry in entries
            if entry.kind is None
        }
        self._names = {matter: lead.item for (matter, _area), lead in self._leads.items()}
        self._found: dict[tuple[str, tuple[str, ...]], Assignment] = {}
        """What was asked for before: as many as there are matters and places where areas overlap alike."""

    def holds_at(self, now: datetime) -> bool:
        """Whether nothing has begun or ended since the book was made."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)

    def knows(self, matter: str) -> bool:
        """Whether somebody leads for a matter."""
        return matter in self._names

    def name_of(self, matter: str) -> str:
        """What the list calls a matter. Raises KeyError for one that it does not have."""
        return self._names[matter]

    def items(self) -> list[tuple[str, str, str]]:
        """The items that only people report: id, name and the name of their class, by class and name."""
        known = [(own, self._names[item], item) for item, own in self._classes.items() if item in self._names]
        return [(item, name, own[1]) for own, name, item in sorted(known)]

    def assign(self, matter: str, point: Position) -> Assignment:
        """Who leads: the entry of the smallest area that has one, else the city's.

        Raises ValueError for a matter that the list does not have.
        """
        return self.assign_in(matter, self.areas.locate(point))

    def assign_in(self, matter: str, hits: tuple[AreaHit, ...]) -> Assignment:
        """Who leads at a place that lies in some areas, the smallest first."""
        key = (str(matter), tuple(hit.id for hit in hits))
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = self._lead_in(str(matter), hits)
        return known

    def _lead_in(self, matter: str, hits: tuple[AreaHit, ...]) -> Assignment:
        deciding = next((hit for hit in hits if (matter, hit.id) in self._leads), None)
        lead = self._leads.get((matter, deciding.id if deciding else CITY_WIDE))
        if lead is None:  # only outside every area: the checker lets no gap within them pass
            lead = min(
                (each for (its, _area), each in self._leads.items() if its == matter),
                key=lambda each: each.entry_id,
            )
        if deciding:
            note = f"leads in {deciding.name} ({deciding.level})"
        elif hits:
            note = f"leads in the whole city; no entry of its own for {hits[0].name}"
        else:
            note = "the place lies in no known area, so the city-wide unit leads"
        if lead.ruling:
            note += f", by ruling {lead.ruling}"
        return replace(lead, area=hits[0] if hits else None, note=note)

    def helpers(self, matter: str, point: Position, band_m: float) -> list[Assignment]:
        """Who would lead in each town within ``band_m`` of a point, besides who leads; none off a border.

        A unit without the power to enforce such a thing is not called.
        """
        towns = self.areas.towns_near(point, band_m)
        if len(towns) < 2:
            return []
        called = {self.assign(matter, point).unit_id}
        found: list[Assignment] = []
        for hits in towns:
            lead = self.assign_in(matter, hits)
            if lead.unit_id not in called and self.lacking(lead.entry_id, lead.unit_id) is None:
                called.add(lead.unit_id)
                town = next(hit.id for hit in hits if hit.level is Level.TOWN)
                found.append(replace(lead, town_id=town))
        return found

    def unit_name(self, unit_id: str) -> str | None:
        """The name of a unit; None when there is no such unit."""
        unit = self._units.get(unit_id)
        return unit.name if unit else None

    def units_for(self, entry: DutyEntry) -> list[Unit]:
        """Every unit that may enforce what an entry is about."""
        return [unit for unit in self._units.values() if self.lacking_for(entry, unit.id) is None]

    def lacking(self, entry_id: int, unit_id: str) -> str | None:
        """Why a unit may not enforce what an entry in force is about; None when it may."""
        return self.lacking_for(self._entries[entry_id], unit_id)

    def lacking_for(self, entry: DutyEntry, unit_id: str) -> str | None:
        """Why a unit may not enforce what any entry is about, also an earlier list's; None when it may."""
        if self._named is not None and unit_id not in self._named:
            name = self.unit_name(unit_id) or unit_id
            return f"{name} is not on the duty list that is in force, so it has no power to enforce anything"
        needs = needs_of(entry.item_id, entry.class_id, entry.kind, entry.power)
        if may_enforce(self._powers.get(unit_id), needs):
            return None
        name = self.unit_name(unit_id) or unit_id
        return f"{name} has no power to enforce '{entry.item}': that takes {' or '.join(sorted(needs))}"

    def _assignment(self, entry: DutyEntry) -> Assignment:
        return Assignment(
            entry_id=entry.id,
            item_id=entry.item_id,
            unit_id=entry.unit_id,
            unit_name=self._units[entry.unit_id].name,
            co_unit_ids=tuple(entry.co_unit_ids),
            item=entry.item,
            legal_basis=entry.legal_basis,
            deadline_hours=entry.deadline_hours,
            urgent_deadline_hours=entry.urgent_deadline_hours,
            area=None,
            note="",
            ruling=entry.ruling,
        )


def basis_lacking(entry: DutyEntry, now: datetime) -> str | None:
    """Why nothing may be done by the law of an entry now; None when it is in force."""
    if entry.basis_from is not None and now < entry.basis_from:
        return f"the legal basis ({entry.legal_basis}) is not in force before {entry.basis_from:%Y-%m-%d}"
    if entry.basis_until is not None and entry.basis_until <= now:
        return f"the legal basis ({entry.legal_basis}) expired on {entry.basis_until:%Y-%m-%d}"
    return None


def is_over(duty_list: DutyList, now: datetime) -> bool:
    """Whether the last day of a list has passed."""
    return duty_list.valid_until is not None and duty_list.valid_until <= now


def entries_in_force(duty_list: DutyList, entries: Sequence[DutyEntry], now: datetime) -> list[DutyEntry]:
    """Of the entries of a list and those of rulings, the one that decides for each item in each area.

    What a ruling said holds before what the list says, until the list takes it up: names its number. A list
    that is over, and stays in force as none followed it, says what it said at the end of its last day.
    """
    of_list = now
    if duty_list.valid_until is not None:
        of_list = min(now, duty_list.valid_until - _MOMENT)
    taken_up = {entry.ruling for entry in entries if entry.list_id is not None and entry.ruling}
    deciding: dict[tuple[str, str], DutyEntry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.list_id is None, entry.id)):
        superseded = entry.list_id is None and entry.ruling in taken_up
        if not superseded and _holds(entry, now if entry.list_id is None else of_list):
            deciding[entry.item_id, entry.area_id] = entry
    return list(deciding.values())


def _holds(entry: DutyEntry, now: datetime) -> bool:
    begun = entry.valid_from is None or entry.valid_from <= now
    return begun and (entry.valid_until is None or now < entry.valid_until)


def _moments(entries: Iterable[DutyEntry]) -> set[datetime]:
    bounds = {bound for entry in entries for bound in (entry.valid_from, entry.valid_until)}
    return {bound for bound in bounds if bound is not None}
