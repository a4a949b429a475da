"""What people put right of leads counts from then on; what a lead itself said stays beside it.

Each correction keeps the case in which it was made: a lead that is taken out of that case is of another
occurrence, for which the correction was not meant. Touches no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from central.cases.models import Lead

Correction = dict[str, Any]
"""``case_id``, and under ``to`` the fields that are otherwise: ``kind``, ``lon`` and ``lat``, ``urgent``."""
PLACED_BY_HAND = "map"
"""How a place was found that somebody put right: a point on the map."""


def put_right(corrections: Sequence[Correction] | None) -> dict[str, Any]:
    """The fields of a lead that people put right, as they said last."""
    found: dict[str, Any] = {}
    for each in corrections or ():
        found |= each["to"]
    return found


def as_put_right(lead: Mapping[str, Any]) -> dict[str, Any]:
    """A lead's columns as they count; what belonged to the wrong kind or place says nothing any more."""
    right = put_right(lead["corrections"])
    found = {**lead, **right}
    if "lon" in right:
        found |= {"place_method": PLACED_BY_HAND, "accuracy_m": None, "road": None}
    if right.get("kind", lead["kind"]) != lead["kind"]:
        found["object_class"] = None
    return found


def columns_of(lead: Lead) -> dict[str, Any]:
    """All columns of a lead, as it said them."""
    return {name: getattr(lead, name) for name in Lead.__table__.columns.keys()}  # noqa: SIM118


def correct_leads(leads: Iterable[Lead], case_id: str, to: Mapping[str, Any]) -> None:
    """Somebody put a case right: that holds for every lead that it has."""
    for lead in leads:
        lead.corrections = [*(lead.corrections or ()), {"case_id": case_id, "to": dict(to)}]


def heard_anew(corrections: Iterable[Correction]) -> list[Correction]:
    """A lead says something new of its urgency: what people said of that was said of something else."""
    kept = []
    for each in corrections:
        to = {name: value for name, value in each["to"].items() if name != "urgent"}
        if to:
            kept.append({"case_id": each["case_id"], "to": to})
    return kept


def take_out_of(lead: Lead, case_id: str) -> None:
    """A lead is none of a case: what was put right in that case was not meant for it."""
    kept = [each for each in lead.corrections or () if each["case_id"] != case_id]
    lead.corrections = kept or None
