"""The box's memory over restarts: one SQLite file for the rules' state, the outbox, the media queue."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

log = structlog.get_logger(__name__)

_BUSY_TIMEOUT_MS = 10_000
_DAMAGED_COPIES_KEPT = 2
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Primary result codes that mean that the file itself is broken (not: busy, full, read-only)."""

_MIGRATIONS = (
    """
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE outbox (
        sequence    INTEGER PRIMARY KEY,
        event_id    TEXT NOT NULL UNIQUE,
        incident_id TEXT,
        revision    INTEGER,
        phase       TEXT NOT NULL,
        made_at     TEXT NOT NULL,
        payload     BLOB,
        size_bytes  INTEGER NOT NULL,
        waiting     INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX outbox_revision ON outbox (incident_id, revision);
    CREATE INDEX outbox_waiting ON outbox (sequence) WHERE waiting;
    CREATE INDEX outbox_droppable ON outbox (sequence) WHERE waiting AND phase = 'updated';
    CREATE TABLE outbox_totals (
        last_sequence   INTEGER NOT NULL,
        entries         INTEGER NOT NULL,
        bytes           INTEGER NOT NULL,
        dropped_updates INTEGER NOT NULL,
        refused         INTEGER NOT NULL,
        asked_again     INTEGER NOT NULL
    );
    INSERT INTO outbox_totals VALUES (0, 0, 0, 0, 0, 0);
    CREATE TRIGGER outbox_added AFTER INSERT ON outbox WHEN new.waiting BEGIN
        UPDATE outbox_totals SET entries = entries + 1, bytes = bytes + new.size_bytes;
    END;
    CREATE TRIGGER outbox_changed AFTER UPDATE OF waiting, size_bytes ON outbox BEGIN
        UPDATE outbox_totals SET
            entries = entries + new.waiting - old.waiting,
            bytes = bytes + new.waiting * new.size_bytes - old.waiting * old.size_bytes;
    END;
    CREATE TABLE refused (
        sequence   INTEGER PRIMARY KEY,
        event_id   TEXT NOT NULL,
        refused_at TEXT NOT NULL,
        payload    BLOB
    );

    CREATE TABLE media (
        path         TEXT PRIMARY KEY,
        sha256       TEXT NOT NULL,
        role         TEXT NOT NULL,
        content_type TEXT NOT NULL,
        size_bytes   INTEGER NOT NULL,
        captured_at  TEXT NOT NULL,
        urgency      INTEGER NOT NULL
    );
    CREATE INDEX media_order ON media (urgency, captured_at);
    CREATE INDEX media_hash ON media (sha256);
    CREATE TABLE media_totals (bytes INTEGER NOT NULL, waiting INTEGER NOT NULL, lost INTEGER NOT NULL);
    INSERT INTO media_totals VALUES (0, 0, 0);
    CREATE TRIGGER media_added AFTER INSERT ON media BEGIN
        UPDATE media_totals SET waiting = waiting + 1, bytes = bytes + new.size_bytes;
    END;
    CREATE TRIGGER media_removed AFTER DELETE ON media BEGIN
        UPDATE media_totals SET waiting = waiting - 1, bytes = bytes - old.size_bytes;
    END;
    """,
    "ALTER TABLE media ADD COLUMN incident_id TEXT;",
)
"""Each is run once, in order; ``PRAGMA user_version`` counts them. Never change one that was released."""


class EdgeStore:
    """One SQLite file (write-ahead log, every commit on disk before it returns), safe for all threads.

    A file that is damaged is moved aside with a loud log and a new one is begun, so that the box goes on. One
    that turns out to be damaged while the box runs is examined whole at the next start: :attr:`damaged`.

    Args:
        path: the file; its folder is made when absent.
    """

    def __init__(self, path: Path) -> None:
        """Open or begin the file.

        Raises:
            sqlite3.OperationalError: when it can neither be read nor made (rights, a full disk).
        """
        self.path = path
        self.damaged: str | None = None
        """What SQLite found wrong with the file in this run: the process should end, and be started again."""
        self._lock = threading.RLock()
        self._depth = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        suspect = _suspicion(path)
        try:
            self._connection = _open(path, whole=suspect.exists())
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            _move_aside(path, str(error))
            self._connection = _open(path)
        suspect.unlink(missing_ok=True)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, other threads kept out meanwhile. Inside another transaction it joins that one.

        An error that leaves an inner transaction undoes the inner part; one that leaves the outermost, all.
        Keep it short: no network inside.
        """
        with self._lock, self._heeding_damage():
            name = f"inner_{self._depth}"
            begin, commit, undo = (
                ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
                if self._depth == 0
                else (f"SAVEPOINT {name}", f"RELEASE {name}", f"ROLLBACK TO {name}; RELEASE {name}")
            )
            self._connection.execute(begin)
            self._depth += 1
            try:
                yield self._connection
                self._connection.execute(commit)
            except BaseException:
                if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    for statement in undo.split("; "):
                        self._connection.execute(statement)
                raise
            finally:
                self._depth -= 1

    def save_state(self, key: str, value: str) -> None:
        """Keep ``value`` under ``key``, in place of what was there."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, value))

    def load_state(self, key: str) -> str | None:
        """What is kept under ``key``, or None."""
        with self._lock, self._heeding_damage():
            row = self._connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def delete_state(self, key: str) -> None:
        """Forget ``key``; nothing happens when it is not there."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM state WHERE key = ?", (key,))

    def state_keys(self, prefix: str) -> list[str]:
        """The keys that begin with ``prefix``, in order."""
        with self._lock, self._heeding_damage():
            rows = self._connection.execute(
                "SELECT key FROM state WHERE substr(key, 1, ?) = ? ORDER BY key", (len(prefix), prefix)
            ).fetchall()
        return [str(row[0]) for row in rows]

    @contextmanager
    def _heeding_damage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self.damaged is None and _is_damage(error):
                self.damaged = str(error)
                log.error("store_damaged_while_running", path=str(self.path), reason=self.damaged)
                try:
                    _suspicion(self.path).touch()
                except OSError as no_mark:
                    log.error("store_not_marked", path=str(self.path), reason=str(no_mark))
            raise

    def close(self) -> None:
        """Write the log back and close the file."""
        with self._lock:
            self._connection.close()


def _suspicion(path: Path) -> Path:
    """Lies beside a file that was found damaged while the box ran."""
    return path.with_name(f"{path.name}.suspect")


def _open(path: Path, *, whole: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _check(connection, "integrity_check" if whole else "quick_check")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, how: Literal["quick_check", "integrity_check"]) -> None:
    verdict = connection.execute(f"PRAGMA {how}(1)").fetchone()[0]
    if verdict != "ok":
        raise _DamagedError(verdict)


class _DamagedError(sqlite3.DatabaseError):
    """SQLite can read the file and finds it inconsistent."""


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary part of an extended code
    return isinstance(error, _DamagedError) or code in _DAMAGE


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    done = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if done > len(_MIGRATIONS):
        log.warning("store_is_newer", path=str(path), version=done, known=len(_MIGRATIONS))
    for number, script in enumerate(_MIGRATIONS[done:], start=done + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")


def _move_aside(path: Path, reason: str) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    log.error("store_damaged", path=str(path), moved_to=str(aside), reason=reason)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    copies = sorted(p for p in path.parent.glob(f"{path.name}.damaged-*") if p.name.endswith("Z"))
    for old in copies[:-_DAMAGED_COPIES_KEPT]:
        for suffix in ("", "-wal", "-shm"):
            old.with_name(old.name + suffix).unlink(missing_ok=True)
