"""The case log's tail: one query a second for all who listen on this copy of central.

Several copies need nothing between them: each reads the same log.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from central.cases import repository
from central.cases.schemas import LogLine
from central.database import Database

log = structlog.get_logger(__name__)

_KEPT_LINES = 1000
_PAGE_LINES = 500


class LogTail:
    """Follows the log; many listeners, one reader."""

    def __init__(self, database: Database, interval_s: float = 1.0) -> None:
        self._database, self._interval_s = database, interval_s
        self._recent: deque[tuple[LogLine, frozenset[str | None]]] = deque(maxlen=_KEPT_LINES)
        """Each with the areas from which its case is seen."""
        self._floor = 0
        """Every line after this number is in ``_recent``."""
        self._latest = 0
        self._changed = asyncio.Event()
        self._started = asyncio.Event()
        self._failing = False
        self._listeners = 0

    async def run(self) -> None:
        """Read the tail until cancelled. A database that is away is waited for."""
        await self.start()
        while True:
            await asyncio.sleep(self._interval_s)
            await self.poll()

    async def start(self) -> None:
        """Find the log's end; what comes after is new."""
        while not self._started.is_set():
            with suppress(SQLAlchemyError):
                self._latest = self._floor = await asyncio.to_thread(self._last_id)
                self._started.set()
                return
            await asyncio.sleep(self._interval_s)

    async def poll(self) -> None:
        """Read what is new, and wake the listeners; without any, only note where the log ends."""
        try:
            if not self._listeners:
                self._latest = self._floor = await asyncio.to_thread(self._last_id)
                self._recent.clear()
                self._failing = False
                self._wake()  # whoever has come meanwhile looks into the database
                return
            fresh = await asyncio.to_thread(self._read, self._latest)
        except SQLAlchemyError as error:
            if not self._failing:
                log.warning("log_tail_unreadable", error=type(error).__name__)
            self._failing = True
            return
        self._failing = False
        if not fresh:
            return
        for line in fresh:
            if len(self._recent) == _KEPT_LINES:
                self._floor = self._recent[0][0].id
            self._recent.append(line)
        self._latest = fresh[-1][0].id
        self._wake()

    def _wake(self) -> None:
        woken, self._changed = self._changed, asyncio.Event()
        woken.set()

    async def follow(
        self, after: int | None, sees: Callable[[frozenset[str | None]], bool] = lambda _area_ids: True
    ) -> AsyncIterator[LogLine]:
        """Every line after number ``after`` (None: from now on), in order, without end.

        Args:
            after: number of the last line seen.
            sees: whether whoever listens may see what is seen from some areas (None: from no known one).

        Raises:
            SQLAlchemyError: when the database is away while the past is read.
        """
        await self._started.wait()
        seen = self._latest if after is None else after
        self._listeners += 1
        try:
            while True:
                changed = self._changed
                if seen >= self._floor:
                    lines = [line for line in self._recent if line[0].id > seen]
                else:
                    lines = await asyncio.to_thread(self._read, seen)
                for line, area_ids in lines:
                    if sees(area_ids):
                        yield line
                if lines:
                    seen = lines[-1][0].id
                else:
                    await changed.wait()
        finally:
            self._listeners -= 1

    def _last_id(self) -> int:
        with self._database.read() as session:
            return repository.last_log_id(session)

    def _read(self, after: int) -> list[tuple[LogLine, frozenset[str | None]]]:
        with self._database.read() as session:
            rows = repository.log_after(session, after, _PAGE_LINES)
            return [(LogLine.of(row), area_ids) for row, area_ids in rows]
