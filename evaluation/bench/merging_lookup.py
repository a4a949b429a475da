"""What it costs to look for the case of a lead when the database holds many, all of them open."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import text

from central import schema
from central.cases.models import Case, Lead
from central.cases.repository import insert
from central.database import Database
from central.merging.around import look
from central.merging.grid import cell_of, cells_around
from central.merging.intake import Search
from central.merging.models import OpenLead
from central.merging.settings import MergingSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind

_CHUNK = 10_000
_LON, _LAT = (121.0, 121.31), (29.9, 30.17)
"""A square of 30 km."""
_LAST = timedelta(days=365)


def measure_lookup(
    url: str, cases: int, batch: int, repeats: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Fill a database with open cases of a year, and look around new leads, alone and in batches.

    Args:
        url: a database for this alone.
        cases: how many open cases, each with one lead, anywhere in the city.
        batch: leads that are looked up together.
        repeats: look-ups of each size.
        say: told how far it is.

    Returns:
        Milliseconds (median) of a look-up of one lead and of a batch, the leads found by each, and the cases.
    """
    database, rng, now = Database(url), random.Random(1), datetime.now(UTC)  # noqa: S311
    schema.migrate(database)
    for first in range(0, cases, _CHUNK):
        with database.write() as session:
            rows = [_rows(rng, now) for _ in range(min(_CHUNK, cases - first))]
            parts = (Case, "case"), (Lead, "lead"), (OpenLead, "open")
            insert(session, [(table, [row[part] for row in rows]) for table, part in parts])
        say(f"{min(first + _CHUNK, cases):,} of {cases:,} open cases are there")
    with database.write() as session:
        session.execute(text("ANALYZE"))
    alone, together = ([_timed(database, rng, now, size) for _ in range(repeats)] for size in (1, batch))
    database.close()
    return {
        "cases": cases,
        "lookup_ms": round(median(ms for ms, _found in alone), 3),
        "batch": batch,
        "batch_lookup_ms": round(median(ms for ms, _found in together), 3),
        "found_by_batch": round(median(found for _ms, found in together)),
    }


def _timed(database: Database, rng: random.Random, now: datetime, leads: int) -> tuple[float, int]:
    terms, cells = MergingSettings.model_validate({}), dict[str, set[int]]()
    for _ in range(leads):
        kind = rng.choice(list(Kind))
        around = cells_around(rng.uniform(*_LON), rng.uniform(*_LAT), terms.of(kind).radius_m)
        cells.setdefault(kind.value, set()).update(around)
    reaches = {
        kind: Search(found, now - timedelta(minutes=terms.of(kind).window_minutes))
        for kind, found in cells.items()
    }
    with database.read() as session:
        began_s = time.perf_counter()
        found = look(session, reaches)  # and never give back, so that nothing is known beforehand
        return (time.perf_counter() - began_s) * 1000, len(found.ground)


def _rows(rng: random.Random, now: datetime) -> Mapping[str, dict[str, Any]]:
    case_id, lead_id, kind = new_id(), new_id(), rng.choice(list(Kind)).value
    lon, lat, at = rng.uniform(*_LON), rng.uniform(*_LAT), now - rng.random() * _LAST
    place = {"kind": kind, "lon": lon, "lat": lat, "started_at": at, "created_at": at, "updated_at": at}
    case = place | {"id": case_id, "open_group": lead_id, "state": "reviewing", "urgent": False}
    case |= {"sentence": "Bench", "version": 0, "escalation_level": 0, "chain": []}
    lead = place | {"id": lead_id, "case_id": case_id, "origin": "hotline", "source": "bench"}
    lead |= {"external_id": lead_id, "observed_at": at, "urgent": False, "place_method": "gps"}
    found = {"lead_id": lead_id, "case_id": case_id, "kind": kind, "cell": cell_of(lon, lat)}
    return {"case": case, "lead": lead, "open": found | {"watcher": lead_id, "until": at}}
