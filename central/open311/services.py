"""What can be reported by Open311: a service for each kind and for each other item of the duty list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from central.duty.book import DutyBook
from central.duty.matter import items_of
from central.pages.texts import kind_name, kind_term
from kerbwatch.incident import Kind

CHANGED = "2026-11-22T00:00:00Z"
"""When the list below, or what a service asks, changed last: clients keep it until this does."""
GROUP = "street"
PLATE, SEEN_AT, URGENT = "plate", "seen_at", "urgent"
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that a service asks."""

    code: str
    datatype: Literal["string", "datetime", "singlevaluelist"]
    required: bool
    description: str
    datatype_description: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    """Key and name of each value of a list."""

    def told(self, order: int) -> dict[str, object]:
        """As a service definition tells it; ``order`` from 1."""
        found: dict[str, object] = {
            "variable": True,
            "code": self.code,
            "datatype": self.datatype,
            "required": self.required,
            "datatype_description": self.datatype_description,
            "order": order,
            "description": self.description,
        }
        if self.values:
            found["values"] = [{"key": key, "name": name} for key, name in self.values]
        return found


@dataclass(frozen=True, slots=True)
class Service:
    """A kind, or another item of the duty list, that can be reported."""

    code: str
    description: str
    keywords: str
    attributes: tuple[Attribute, ...]
    name: str = ""
    """Of an item; empty for a kind, which has one of its own."""

    def listed(self) -> dict[str, object]:
        """As the list of services tells it."""
        return {
            "service_code": self.code,
            "service_name": self.name or kind_name(self.code),
            "description": self.description,
            "metadata": True,
            "type": "realtime",
            "keywords": ", ".join(
                part for part in (self.keywords, *kind_term(self.code).split(" / ")) if part
            ),
            "group": GROUP,
        }

    def defined(self) -> dict[str, object]:
        """As its definition tells it."""
        return {
            "service_code": self.code,
            "attributes": [each.told(order) for order, each in enumerate(self.attributes, start=1)],
        }


def _plate(*, required: bool) -> Attribute:
    return Attribute(PLATE, "string", required, "Number plate of the vehicle")


def _seen_at(*, required: bool) -> Attribute:
    return Attribute(
        SEEN_AT, "datetime", required, "When was it seen?", "With its offset, 2026-05-04T11:02:00+08:00"
    )


_URGENT = Attribute(
    URGENT,
    "singlevaluelist",
    required=False,
    description="Is a fire lane blocked, or somebody in danger?",
    values=((NO, "No"), (YES, "Yes")),
)

SERVICES: dict[str, Service] = {
    each.code: each
    for each in (
        Service(
            Kind.ILLEGAL_PARKING,
            "A vehicle stands where it may not, or blocks a fire lane.",
            "parking, fire lane, pavement, car",
            (_URGENT, _plate(required=False), _seen_at(required=False)),
        ),
        Service(
            Kind.STALL_ENCROACHMENT,
            "A stall on the road or the pavement, or a shop trading beyond its doorway.",
            "stall, vendor, trading, shop",
            (_seen_at(required=False),),
        ),
        Service(
            Kind.VEHICLE_LITTER,
            "Something was thrown from a vehicle.",
            "litter, rubbish, car",
            (_plate(required=True), _seen_at(required=True)),
        ),
        Service(
            Kind.PAVEMENT_OBSTRUCTION,
            "Goods or refuse left standing on a pavement.",
            "goods, refuse, pavement, obstruction",
            (_URGENT, _seen_at(required=False)),
        ),
    )
}
"""The services of kinds, by their codes."""


def services_of(book: DutyBook | None) -> dict[str, Service]:
    """Every service by its code: kinds, and what else the duty list has; no more where there is none."""
    return SERVICES | {
        item: Service(item, name, group.lower(), (_URGENT, _seen_at(required=False)), name)
        for item, name, group in items_of(book)
    }
