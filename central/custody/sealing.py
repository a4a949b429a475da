"""Covers what is written all the time: each batch of new rows of a table becomes one entry of the chain.

The rows themselves stay as they are, and intake does nothing for it: the batch is read and hashed beside it,
by whichever copy of central comes first, and only the entry is written in order with everybody else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, Text, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import JSON

from central.answers.models import Answer
from central.cases.models import CaseEvent
from central.custody import repository
from central.custody.canonical import instant
from central.custody.chain import EntryKind, append
from central.custody.models import CustodyEntry
from central.database import Base, Database
from central.media.models import OriginalView
from central.reporters.models import IdentityView

COVERED: tuple[type[Base], ...] = (CaseEvent, OriginalView, IdentityView, Answer)
"""Tables of which each row is written once, by units of work in order, under a number that grows."""
MOST_ROWS = 5000
"""A batch."""
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a table between two numbers, and what they are worth.

    Attributes:
        table: its name.
        after: number of the last row of the batch before.
        last: number of the last row.
        count: how many there are; numbers may have holes, where a unit of work was taken back.
        digest: SHA-256 over the rows, each a JSON array of its columns by name and a line feed.
    """

    table: str
    after: int
    last: int
    count: int
    digest: str

    def payload(self) -> dict[str, Any]:
        """As the chain says it."""
        return {"after": self.after, "last": self.last, "count": self.count, "digest": self.digest}


def subject_of(model: type[Base]) -> str:
    """What entries about a table's rows are about."""
    return f"table:{model.__tablename__}"


def sealed_to(session: Session, model: type[Base]) -> int:
    """Number of the last row of a table that the chain covers; 0 for none."""
    entry = repository.newest_of(session, subject_of(model), EntryKind.ROWS_SEALED)
    return int(json.loads(entry.payload)["last"]) if entry else 0


def unsealed(session: Session) -> int:
    """About how many rows the chain does not cover yet."""
    return sum(_last_row(session, model) - sealed_to(session, model) for model in COVERED)


def _last_row(session: Session, model: type[Base]) -> int:
    return session.scalar(select(func.max(_table(model).c.id))) or 0


def seal_next(database: Database, model: type[Base], now: datetime, actor: str) -> int:
    """Cover the next batch of a table. Returns how many rows that were."""
    with database.read() as session:
        after = sealed_to(session, model)
        batch = digest_of(model, after, rows_between(session, model, after, None, MOST_ROWS))
    if batch is None:
        return 0
    with database.write(ordered=True) as session:
        if sealed_to(session, model) != after:
            return 0  # another copy was first
        subject = subject_of(model)
        append(session, EntryKind.ROWS_SEALED, subject, actor=actor, now=now, payload=batch.payload())
    return batch.count


def rows_between(
    session: Session, model: type[Base], after: int, last: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Rows of a table after a number, up to ``last``, in order, JSON as the text that it is."""
    table = _table(model)
    query = select(*(_as_stored(table, name) for name in sorted(table.c.keys())))
    query = query.where(table.c.id > after).order_by(table.c.id).limit(limit)
    if last is not None:
        query = query.where(table.c.id <= last)
    return session.execute(query).all()


def digest_of(model: type[Base], after: int, rows: Iterable[Row[Any]]) -> Batch | None:
    """What a batch of rows is worth; None without any."""
    names = sorted(_table(model).c.keys())
    ids = names.index("id")
    digest, count, last = hashlib.sha256(), 0, after
    for row in rows:
        values = [instant(value) if isinstance(value, datetime) else value for value in row]
        digest.update(f"{_encoded(values)}\n".encode())
        count, last = count + 1, row[ids]
    return Batch(model.__tablename__, after, last, count, digest.hexdigest()) if count else None


def batch_of(entry: CustodyEntry) -> Batch:
    """What an entry of the kind ``rows_sealed`` says. Raises ValueError, KeyError, TypeError."""
    said = json.loads(entry.payload)
    table = entry.subject.partition(":")[2]
    return Batch(table, int(said["after"]), int(said["last"]), int(said["count"]), str(said["digest"]))


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _as_stored(table: Table, name: str) -> ColumnElement[Any]:
    column = table.c[name]
    return column.cast(Text).label(name) if isinstance(column.type, JSON) else column
