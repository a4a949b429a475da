"""What else the lists of a city are full of after years: cameras, codes, reports, requests, slips, looks.

Each row hangs on a case that :func:`evaluation.bench.intake_filling.fill` made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from central.database import Database
from central.tables import metadata
from evaluation.bench.intake_filling import SITE, put

BOXES, CAMERAS_A_BOX = 500, 100
_CHUNK = 5_000
_ONE_IN = 20
"""Of so many cases one has a report of a person, a slip, a request of its unit, a look at an original."""
_WAITING = 200
"""Of the newest requests and suggestions so many wait for somebody."""

Row = dict[str, Any]


class _Of(NamedTuple):
    """A case on which rows hang; its lead and its ticket have one id."""

    number: int
    case_id: str
    lead_id: str
    at: datetime
    kind: str
    state: str
    newest: bool


def fill_lists(database: Database, say: Callable[[str], None]) -> None:
    """Fill the lists beside those of cases, where they are empty."""
    with database.read() as session:
        boxes = session.scalar(select(func.count()).select_from(metadata.tables["edges"])) or 0
    if boxes >= BOXES:
        return
    say(f"{BOXES * CAMERAS_A_BOX:,} cameras, and what hangs on one of {_ONE_IN} cases")
    now = datetime.now(UTC)
    for table, rows in _boxes(now).items():
        _put(database, table, rows)
    of = list(_some_cases(database))
    for table, maker in _MAKERS.items():
        _put(database, table, [row for each in of if (row := maker(each)) is not None])


def _put(database: Database, table: str, rows: list[Row]) -> None:
    for begin in range(0, len(rows), _CHUNK):
        put(database, metadata.tables[table], rows[begin : begin + _CHUNK])


def _some_cases(database: Database) -> Iterator[_Of]:
    case, lead = metadata.tables["cases"].c, metadata.tables["leads"].c
    with database.read() as session:
        query = select(case.id, lead.id, case.created_at, case.kind, case.state)
        query = query.join_from(metadata.tables["cases"], metadata.tables["leads"], lead.case_id == case.id)
        rows = session.execute(query.order_by(case.id)).all()[::_ONE_IN]
    for number, row in enumerate(rows):
        yield _Of(number, *row, newest=number >= len(rows) - _WAITING)


def _boxes(now: datetime) -> dict[str, list[Row]]:
    boxes: list[Row] = [
        {
            "id": number + 1,
            "site": SITE,
            "edge": f"box-{number:03d}",
            "status": "online",
            "health_at": now,
            "counters": {},
            "camera_count": CAMERAS_A_BOX,
            "unwell_count": number % 3,
            "created_at": now,
        }
        for number in range(BOXES)
    ]
    cameras: list[Row] = [
        {
            "edge_id": box["id"],
            "camera_id": f"cam-{number}",
            "name": f"Road {number}, pole {box['id']}",
            "state": "stalled" if number < box["unwell_count"] else "running",
            "profile": "dwell",
            "lon": 121.15,
            "lat": 30.05,
            "frozen": False,
            "dark": False,
            "view": "steady",
            "listed": True,
        }
        for box in boxes
        for number in range(CAMERAS_A_BOX)
    ]
    return {"edges": boxes, "cameras": cameras}


def _code(each: _Of) -> Row:
    return {
        "key_id": 1,
        "name": f"Gate {each.number}",
        "lon": 121.1 + each.number % 1000 / 1e4,
        "lat": 30.0 + each.number // 1000 / 1e3,
        "area_name": "Yangming",
        "urgent": False,
        "made_at": each.at,
        "made_by": "user:bench",
        "revoked_at": each.at if each.number % 10 == 0 else None,
        "revoked_by": "user:bench" if each.number % 10 == 0 else None,
        "revoke_reason": "The sheet was stolen." if each.number % 10 == 0 else None,
        "reports": 0,
    }


def _report(each: _Of) -> Row:
    return {
        "id": each.lead_id,
        "channel": "open311" if each.number % 2 else "photo",
        "source": "bench",
        "external_id": str(each.number),
        "reporter_ref": None,
        "kind": each.kind,
        "lon": 121.15,
        "lat": 30.05,
        "place_method": "device_gps",
        "words": "A car stands on the pavement.",
        "urgent": False,
        "seen_at": each.at,
        "state": "lead",
        "remarks": [],
        "lead_id": each.lead_id,
        "received_at": each.at,
        "updated_at": each.at,
    }


def _slip(each: _Of) -> Row:
    return {
        "case_id": each.case_id,
        "ticket_id": each.lead_id,
        "level": 1,
        "unit_id": "city-desk",
        "unit_name": "City desk",
        "sentence": "Squad Yangming was to deal with this.",
        "issued_at": each.at,
        "respond_by": each.at + timedelta(hours=8),
        "answered_at": None if each.newest else each.at + timedelta(hours=4),
    }


def _request(each: _Of) -> Row:
    return {
        "id": each.lead_id,
        "ticket_id": each.lead_id,
        "kind": "dispute" if each.number % 2 else "extension",
        "state": "waiting" if each.newest else "declined",
        "asked_by": "user:bench",
        "asked_at": each.at,
        "note": "It is the other side of the border.",
        "clause": "2.4",
    }


def _ruling(each: _Of) -> Row | None:
    if each.newest or each.number % 2 == 0:
        return None
    return {
        "number": f"{each.at.year}-{each.number:05d}",
        "request_id": each.lead_id,
        "case_id": each.case_id,
        "ticket_id": each.lead_id,
        "upheld": True,
        "item_id": each.kind.replace("_", "-"),
        "item": each.kind,
        "area_id": "yangming",
        "area_name": "Yangming",
        "disputed_by": "squad-yangming",
        "unit_id": "squad-yangming",
        "unit_name": "Squad Yangming",
        "clause": "2.4",
        "reasons": "It lies on its side.",
        "ruled_by": "user:bench",
        "ruled_at": each.at,
    }


def _view(each: _Of) -> Row:
    return {
        "sha256": f"{each.number:064x}",
        "actor": "user:bench",
        "at": each.at,
        "reason": "a complaint about the plate",
    }


def _answer(each: _Of) -> Row:
    return {
        "lead_id": each.lead_id,
        "case_id": each.case_id,
        "outcome": "handled",
        "final": True,
        "words": "It was removed.",
        "given_at": each.at,
    }


def _export(each: _Of) -> Row:
    return {"actor": "user:bench", "at": each.at, "form": "csv", "chosen": {}, "plates": False, "rows": 10}


_MAKERS: dict[str, Callable[[_Of], Row | None]] = {
    "place_codes": _code,
    "reports": _report,
    "supervision_slips": _slip,
    "ticket_requests": _request,
    "rulings": _ruling,
    "original_views": _view,
    "answers": _answer,
    "exports": _export,
}
"""Table -> its row of a case."""
