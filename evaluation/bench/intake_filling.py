"""A database with a city's years in it: cases by the hundred thousand, written past the application.

Rows go in by the driver's own bulk way, so that a million cases take a minute or two; they are what the
application would have written: most of them closed, one in twenty open, spread over a year and a city.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Column, Table, func, select

from central.custody.sealing import COVERED, MOST_ROWS, seal_next
from central.database import Database, UtcTimestamp
from central.duty.models import DutyEntry
from central.insight.follow import catch_up
from central.tables import metadata
from evaluation.bench.process import BenchError
from kerbwatch.incident import Kind
from kerbwatch.messages import source_of

SITE = "bench"
"""The site of every box of the bench, by which its own cases are known."""
_CHUNK = 5_000
_CACHE_KB = 256_000
"""Of SQLite's pages, so that an index over hashes is not read again for every row."""
_TIME_CHARS = len("2026-05-04 03:00:00.000000")
_YEAR_S = 365 * 86_400
_STATES = ("closed",) * 80 + ("evaluated",) * 5 + ("rejected",) * 10 + ("reviewing",) * 2 + ("handling",) * 3
_TICKETS = {"rejected": "voided", "reviewing": "drafted", "handling": "handling"}
_BOXES = 500
_CITY_LON, _CITY_LAT = (121.10, 121.22), (30.00, 30.10)


@dataclass(frozen=True, slots=True)
class _Past:
    """One case that is to have been."""

    number: int
    at: datetime
    case_id: str
    lead_id: str
    incident_id: str
    kind: str
    state: str
    source: str
    lon: float
    lat: float


def cases_in(database: Database) -> int:
    """How many cases there are. Raises BenchError when some did not come from a bench."""
    leads = metadata.tables["leads"]
    with database.read() as session:
        strange = session.execute(
            select(leads.c.source).where(~leads.c.source.like(source_of(SITE, "%"))).limit(1)
        ).first()
        if strange is not None:
            raise BenchError(
                f"the database holds cases of {strange[0]}, not of benches alone; give the bench its own"
            )
        return session.scalar(select(func.count()).select_from(metadata.tables["cases"])) or 0


def fill(database: Database, wanted: int, say: Callable[[str], None], *, seed: int = 1) -> int:
    """Bring the number of cases up to ``wanted``.

    Args:
        database: initialised, with a duty list in force.
        wanted: how many cases there are to be.
        say: told how far it is.
        seed: of the random choices.

    Returns:
        How many cases there are then.
    """
    present = cases_in(database)
    rng = random.Random(seed + present)  # noqa: S311 - no secret hangs on it
    with database.read() as session:
        entries = {entry.kind: entry.id for entry in session.scalars(select(DutyEntry)) if entry.kind}
    made = present
    while made < wanted:
        count = min(_CHUNK, wanted - made)
        past = list(_pasts(rng, made, count, wanted))
        for table, rows in _rows(past, entries).items():
            put(database, metadata.tables[table], rows)
        made += count
        if made % (10 * _CHUNK) == 0 or made == wanted:
            say(f"{made:,} of {wanted:,} cases are there")
    return made


def settle(database: Database, zone: ZoneInfo, say: Callable[[str], None]) -> None:
    """Do at once what central does with its log beside its work: count every case, and chain every line.

    Without it a bench would measure a central that is years behind. Safe to repeat.

    Args:
        database: no central may be at work on it.
        zone: time zone of the city.
        say: told how far it is.
    """
    say("counting the cases")
    catch_up(database, zone, datetime.now(UTC))
    say("chaining the log")
    for model in COVERED:
        while seal_next(database, model, datetime.now(UTC), "central:bench") == MOST_ROWS:
            pass


def _pasts(rng: random.Random, first: int, count: int, of: int) -> Iterator[_Past]:
    begin = datetime.now(UTC) - timedelta(seconds=_YEAR_S)
    for number in range(first, first + count):
        at = begin + timedelta(seconds=_YEAR_S * number / of)
        yield _Past(
            number=number,
            at=at,
            case_id=_id_at(rng, at),
            lead_id=_id_at(rng, at),
            incident_id=_id_at(rng, at),
            kind=rng.choice(list(Kind)).value,
            state=rng.choice(_STATES),
            source=source_of(SITE, f"box-{rng.randrange(_BOXES):03d}"),
            lon=rng.uniform(*_CITY_LON),
            lat=rng.uniform(*_CITY_LAT),
        )


def _id_at(rng: random.Random, at: datetime) -> str:
    """A UUIDv7 of another time than now."""
    milliseconds = int(at.timestamp() * 1000)
    return str(
        UUID(int=milliseconds << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62))
    )


def _rows(past: Sequence[_Past], entries: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    return {
        "events": [_event(p) for p in past],
        "cases": [_case(p) for p in past],
        "leads": [_lead(p) for p in past],
        "lead_evidence": [row for p in past for row in _evidence(p)],
        "tickets": [_ticket(p, entries[p.kind]) for p in past],
        "case_events": [line for p in past for line in _lines(p)],
    }


def _event(p: _Past) -> dict[str, Any]:
    return {
        "source": p.source,
        "event_id": p.incident_id,
        "epoch": "01900000-0000-7000-8000-000000000000",
        "sequence": p.number + 1,
        "type": "org.kerbwatch.incident.opened.v1",
        "received_at": p.at,
        "payload": "{" + " " * 1400 + "}",
    }


def _case(p: _Past) -> dict[str, Any]:
    open_now = p.state in {"reviewing", "handling"}
    return {
        "id": p.case_id,
        "open_group": f"incident:{p.source}:{p.incident_id}" if open_now else None,
        "state": p.state,
        "kind": p.kind,
        "urgent": p.number % 50 == 0,
        "road": f"Road {p.number % 97}",
        "area_id": "yangming",
        "area_name": "Yangming",
        "lon": p.lon,
        "lat": p.lat,
        "sentence": f"Something of kind {p.kind} in zone kerb on Road {p.number % 97}; camera Bench.",
        "started_at": p.at,
        "created_at": p.at,
        "updated_at": p.at,
        "version": 1,
        "escalation_level": 0,
    }


def _lead(p: _Past) -> dict[str, Any]:
    return {
        "id": p.lead_id,
        "case_id": p.case_id,
        "origin": "camera",
        "source": p.source,
        "incident_id": p.incident_id,
        "revision": 3,
        "phase": "cleared",
        "kind": p.kind,
        "camera_id": f"cam-{p.number % 100}",
        "camera_name": "Bench",
        "zone_id": "kerb",
        "road": None,
        "started_at": p.at,
        "observed_at": p.at,
        "ended_at": p.at,
        "dwell_s": 300.0,
        "limit_s": 180.0,
        "urgent": False,
        "object_class": "car",
        "confidence": 0.8,
        "box": {"x1": 10, "y1": 20, "x2": 110, "y2": 90, "picture_width_px": 768, "picture_height_px": 576},
        "lon": p.lon,
        "lat": p.lat,
        "place_method": "camera_position",
        "accuracy_m": None,
        "live_url": None,
        "model": "bench",
        "created_at": p.at,
        "updated_at": p.at,
    }


def _evidence(p: _Past) -> Iterator[dict[str, Any]]:
    for role, content_type in (("snapshot_arrival", "image/jpeg"), ("snapshot_limit", "image/jpeg")):
        yield {
            "lead_id": p.lead_id,
            "sha256": f"{hash((p.lead_id, role)) & (2**128 - 1):064x}",
            "role": role,
            "content_type": content_type,
            "size_bytes": 80_000,
            "captured_at": p.at,
        }


def _ticket(p: _Past, entry_id: int) -> dict[str, Any]:
    return {
        "id": p.lead_id,
        "case_id": p.case_id,
        "state": _TICKETS.get(p.state, "closed"),
        "unit_id": "squad-yangming",
        "unit_name": "Squad Yangming",
        "co_unit_ids": [],
        "duty_entry_id": entry_id,
        "item": p.kind,
        "legal_basis": "Bench",
        "sentence": "Bench",
        "routing_note": "leads in Yangming (town)",
        "deadline_hours": 4.0,
        "due_at": p.at,
        "created_at": p.at,
        "dispatched_at": None,
    }


def _lines(p: _Past) -> Iterator[dict[str, Any]]:
    """The log of a case: one in ten of those that were closed was done after its deadline."""
    state: str | None = None
    for after_h, rule, to_state, detail in _life(p):
        yield {
            "case_id": p.case_id,
            "at": p.at + timedelta(hours=after_h),
            "rule": rule,
            "actor": "system",
            "from_state": state,
            "to_state": to_state,
            "reason_code": None,
            "note": None,
            "detail": detail,
            "case_version": 1,
        }
        state = to_state


def _life(p: _Past) -> Iterator[tuple[float, str, str, dict[str, Any]]]:
    """Hours after it began, rule, state and detail of each thing that happened to a case."""
    yield 0.0, "opened", "reviewing", {}
    if p.state == "rejected":
        yield 0.1, "reject", "rejected", {}
    if p.state not in {"closed", "evaluated", "handling"}:
        return
    yield 0.1, "file", "filed", {}
    yield 0.1, "dispatch", "dispatched", {"tickets": {p.lead_id: {"hours": 4.0, "calendar": None}}}
    if p.state == "handling":
        return
    done_h = 6.0 if p.number % 10 == 0 else 2.0
    yield done_h, "report_handled", "handled", {"ticket": p.lead_id}
    yield done_h, "check", "checking", {}
    yield done_h + 1, "close", "closed", {}


def put(database: Database, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all with the same columns, by the driver's own bulk way."""
    names = ", ".join(rows[0])
    columns = [_stored(table.c[name], [row[name] for row in rows], database) for name in rows[0]]
    values = zip(*columns, strict=True)
    with database.engine.execution_options(kerbwatch_write=True).connect() as connection, connection.begin():
        if database.is_sqlite:
            connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KB}")
            marks = ", ".join("?" * len(columns))
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(values))  # noqa: S608
            return
        raw = connection.connection.cursor()
        with raw.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)


def _stored(column: Column[Any], values: list[Any], database: Database) -> list[Any]:
    """The values of a column as the driver wants them."""
    if isinstance(column.type, JSON):
        return [None if value is None else json.dumps(value) for value in values]
    if isinstance(column.type, UtcTimestamp) and database.is_sqlite:
        return [value and value.isoformat(sep=" ", timespec="microseconds")[:_TIME_CHARS] for value in values]
    return values
