"""Words of the search of cases."""

from __future__ import annotations

FINDING: dict[str, str] = {
    "find.label": "Search cases",
    "find.hint": "Number or road",
    "find.plate_too": "Number, plate or road",
    "find.submit": "Search",
    "find.more": "Kind, area, unit",
    "find.area": "Area",
    "find.area_any": "Every area",
    "find.unit": "Unit",
    "find.unit_any": "Every unit",
    "find.only": "Only",
    "find.clear": "Clear",
    "only.urgent": "Urgent",
    "only.overdue": "Overdue",
    "only.disputed": "Disputed",
    "only.checking": "Being checked",
    "only.suspended": "Suspended",
    "only.joint": "Joint",
    "cases.none_found": "No such case. Numbers and plates are looked for whole, roads by how they begin.",
}
