"""Cases as CSV or GeoJSON, as many as there are: read, written and sent some at a time.

Nobody's words and nobody's name are in it: what reporters said, who they are and what they were called by
their source stay here. A cell that a spreadsheet would take for a formula is written as text.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any, Literal
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.models import Case, Lead, clearest
from central.csv_file import guarded
from central.database import Database
from central.insight import queries, repository
from central.insight.counters import Selection
from central.insight.facts import channels_in
from central.insight.models import CaseFact, Export
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem

log = structlog.get_logger(__name__)

Form = Literal["csv", "geojson"]
AT_ONCE = 200
_MOST_AT_A_TIME = 3
_LONGEST_S = 1800.0
_BOM = "\ufeff"
_slots = BoundedSemaphore(_MOST_AT_A_TIME)

COLUMNS = (
    "id",
    "kind",
    "state",
    "urgent",
    "channels",
    "leads",
    "area_id",
    "area_name",
    "town_id",
    "road",
    "lon",
    "lat",
    "started_at",
    "filed_on",
    "handled_on",
    "closed_on",
    "unit_id",
    "unit_name",
    "due_at",
    "late",
    "reworks",
    "moved_by_ruling",
    "outcome",
)
_PLATES = ("plate", "plate_said")
"""What cameras read, and what whoever reported it names and nobody has read; where plates are asked for."""


def begin(
    database: Database, chosen: Selection, form: Form, who: Principal, now: datetime, *, plates: bool
) -> int:
    """Write down who takes what away, before anything goes out.

    Returns:
        The export's number.

    Raises:
        Problem: 403 plates are asked for by someone who may not read them.
    """
    if plates and not who.may(Permission.PLATE_READ):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"plates need '{Permission.PLATE_READ.value}'")
    with database.write() as session:
        row = Export(actor=who.actor, at=now, form=form, chosen=chosen.fields(), plates=plates)
        session.add(row)
        session.flush()
        number = row.number
    log.info("export_begun", number=number, actor=who.actor, form=form, plates=plates, **chosen.fields())
    return number


def exports(session: Session, limit: int) -> Sequence[Export]:
    """Who took what away, the newest first."""
    return session.scalars(select(Export).order_by(Export.number.desc()).limit(limit)).all()


def take_slot() -> None:
    """Take one of the few exports that may run at a time. Raises Problem 429 when there is none."""
    if not _slots.acquire(blocking=False):
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "busy",
            f"{_MOST_AT_A_TIME} exports are under way; try again when one is done",
            headers={"Retry-After": "30"},
        )


def free_slot() -> None:
    """Give it back."""
    _slots.release()


def written(
    database: Database,
    number: int,
    chosen: Selection,
    form: Form,
    *,
    now: datetime,
    zone: ZoneInfo,
    plates: bool,
    bom: bool = False,
) -> Generator[bytes]:
    """The file, piece by piece. One that takes over half an hour is broken off, which its log says."""
    until, rows = time.monotonic() + _LONGEST_S, 0
    head, tail = _frame(form, plates=plates, bom=bom)
    with database.read() as session, database.read() as beside:
        yield head
        units = queries.unit_names(beside)
        for found in repository.exported(session, chosen, now, at_once=AT_ONCE):
            leads = _leads(beside, [case.id for case, _fact in found], plates=plates)
            records = [_record(case, fact, leads[case.id], units, zone) for case, fact in found]
            yield _csv(records) if form == "csv" else _features(found, records, first=rows == 0)
            rows += len(found)
            if time.monotonic() > until:
                log.warning("export_broken_off", number=number, rows=rows)
                return
    yield tail
    with database.write() as session:
        row = session.get(Export, number)
        assert row is not None  # written before
        row.rows = rows
    log.info("export_done", number=number, rows=rows)


def _leads(session: Session, case_ids: Sequence[str], *, plates: bool) -> dict[str, dict[str, Any]]:
    """For each case how many leads it has; and the clearest plate that cameras read, and that people said."""
    nothing = {"leads": 0} | dict.fromkeys(_PLATES if plates else ())
    found: dict[str, dict[str, Any]] = {case_id: {**nothing} for case_id in case_ids}
    columns = (Lead.case_id, Lead.plate, Lead.plate_said) if plates else (Lead.case_id,)
    for case_id, *of_lead in session.execute(select(*columns).where(Lead.case_id.in_(case_ids))):
        own = found[case_id]
        own["leads"] += 1
        if plates:
            read, said = of_lead
            for name, told in zip(_PLATES, (read and read["text"], said), strict=True):
                own[name] = clearest(each for each in (own[name], told) if each)
    return found


def _record(
    case: Case, fact: CaseFact, leads: Mapping[str, Any], units: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    def local(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None

    own = {
        "id": case.id,
        "kind": case.kind,
        "state": case.state,
        "urgent": case.urgent,
        "channels": " ".join(channels_in(fact.channels)),
        "leads": leads["leads"],
        "area_id": case.area_id,
        "area_name": case.area_name,
        "town_id": fact.town_id,
        "road": case.road,
        "lon": round(case.lon, 6),
        "lat": round(case.lat, 6),
        "started_at": local(case.started_at),
        "filed_on": fact.filed_day.isoformat() if fact.filed_day else None,
        "handled_on": fact.handled_day.isoformat() if fact.handled_day else None,
        "closed_on": fact.closed_day.isoformat() if fact.closed_day else None,
        "unit_id": fact.unit_id,
        "unit_name": units.get(fact.unit_id) if fact.unit_id else None,
        "due_at": local(fact.due_at),
        "late": fact.late,
        "reworks": fact.reworks,
        "moved_by_ruling": fact.moved,
        "outcome": fact.outcome,
    }
    return own | {name: leads[name] for name in _PLATES if name in leads}


def _frame(form: Form, *, plates: bool, bom: bool) -> tuple[bytes, bytes]:
    if form == "geojson":
        return b'{"type":"FeatureCollection","features":[', b"]}\n"
    columns = (*COLUMNS, *_PLATES) if plates else COLUMNS
    return ((_BOM if bom else "") + ",".join(columns) + "\r\n").encode(), b""


def _csv(records: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_cell(value) for value in record.values()] for record in records)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """What goes into a cell."""
    return str(value).lower() if isinstance(value, bool) else guarded(value)


def _features(
    found: Sequence[tuple[Case, CaseFact]], records: Sequence[dict[str, Any]], *, first: bool
) -> bytes:
    features = []
    for (case, _fact), record in zip(found, records, strict=True):
        own = {key: value for key, value in record.items() if key not in {"id", "lon", "lat"}}
        point = {"type": "Point", "coordinates": [record["lon"], record["lat"]]}
        features.append(
            json.dumps(
                {"type": "Feature", "id": case.id, "geometry": point, "properties": own},
                ensure_ascii=False,
                separators=(",", ":"),
            )
        )
    return (("" if first else ",") + ",".join(features)).encode()
