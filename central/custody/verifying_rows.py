"""Rows that the chain covers: none changed, none removed, none put in between."""

from __future__ import annotations

from collections import deque
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from central.custody.findings import Outcome
from central.custody.models import CustodyEntry
from central.custody.sealing import COVERED, MOST_ROWS, batch_of, digest_of, rows_between
from central.database import Base
from kerbwatch.counts import counted


class RowChecker:
    """Takes the entries of the kind ``rows_sealed`` in their order, and reads each table once."""

    def __init__(self, session: Session, outcome: Outcome, *, whole: bool) -> None:
        self._outcome, self._whole = outcome, whole
        self._models = {model.__tablename__: model for model in COVERED}
        self._readers = {name: _Reader(session, model) for name, model in self._models.items()}
        self._covered_to: dict[str, int] = dict.fromkeys(self._models, 0) if whole else {}

    def check(self, entry: CustodyEntry) -> None:
        """Read the rows that an entry covers and compare."""
        where = f"entry {entry.number}"
        try:
            batch = batch_of(entry)
            model, reader = self._models[batch.table], self._readers[batch.table]
        except (ValueError, KeyError, TypeError):
            self._outcome.add("entry-changed", where, f"Entry {entry.number} does not say what it covers.")
            return
        begins_at = self._covered_to.get(batch.table, batch.after)
        if begins_at != batch.after:
            self._outcome.add(
                "rows-uncovered",
                f"{batch.table} {begins_at + 1}-{batch.after}",
                f"No entry covers the lines {begins_at + 1} to {batch.after} of {batch.table}.",
            )
        self._covered_to[batch.table] = batch.last
        rows = reader.take(batch.after, batch.last)
        self._outcome.rows += len(rows)
        found = digest_of(model, batch.after, rows)
        if found is not None and (found.digest, found.count) == (batch.digest, batch.count):
            return
        lines = f"lines {batch.after + 1} to {batch.last} of {batch.table}"
        sealed = f"as they were sealed at {entry.at:%Y-%m-%d %H:%M:%S} UTC (entry {entry.number})"
        place = f"{batch.table} {batch.after + 1}-{batch.last}"
        if len(rows) < batch.count:
            gone = batch.count - len(rows)
            missing = f"{gone} of the {lines} {'is' if gone == 1 else 'are'} missing, {sealed}."
            self._outcome.add("rows-missing", place, missing)
        elif len(rows) > batch.count:
            extra = len(rows) - batch.count
            self._outcome.add(
                "rows-inserted",
                place,
                f"{counted(extra, 'line')} more than {batch.count} among the {lines}, {sealed}.",
            )
        else:
            self._outcome.add(
                "rows-changed",
                place,
                f"At least one of the {lines} was changed, {sealed}: {counted(len(rows), 'line')}.",
            )


class _Reader:
    """Reads a table from its beginning to its end, a page at a time."""

    def __init__(self, session: Session, model: type[Base]) -> None:
        self._session, self._model = session, model
        self._id_at = sorted(Base.metadata.tables[model.__tablename__].c.keys()).index("id")
        self._page: deque[Row[Any]] = deque()
        self._read_to = 0
        self._ended = False

    def take(self, after: int, last: int) -> list[Row[Any]]:
        """The rows after a number up to another."""
        if after > self._read_to and not self._page:
            self._read_to = after
        found: list[Row[Any]] = []
        while True:
            while self._page and self._page[0][self._id_at] <= last:
                row = self._page.popleft()
                if row[self._id_at] > after:
                    found.append(row)
            if self._page or self._read_to >= last or self._ended:
                return found
            rows = rows_between(self._session, self._model, self._read_to, None, MOST_ROWS)
            self._ended = len(rows) < MOST_ROWS
            self._page.extend(rows)
            self._read_to = rows[-1][self._id_at] if rows else last
