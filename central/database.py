"""The database: SQLite (WAL) or PostgreSQL behind the same models, and the one place where work commits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from pydantic_core import from_json
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DataError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, Pool
from sqlalchemy.types import JSON, TypeDecorator

from central import told

_BUSY_TIMEOUT_MS = 10_000
_RESTS_SINCE, _RESTED_S = "rests_since", 1.0
"""A connection that rested for less is used as it is: asking costs as much as a statement, each time."""
_LOG_LOCK = 0x6B657262
"""Key of PostgreSQL's advisory lock that orders writers of the case log ("kerb" in ASCII)."""

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A growing 64-bit key; SQLite counts up only what it calls INTEGER."""


class UtcTimestamp(TypeDecorator[datetime]):
    """An aware instant, kept in UTC. SQLite has no zone of its own, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database. Raises ValueError for a naive value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time has no place in the database: {value}")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """From the database; a list has thousands of instants, so nothing stands between."""
        del coltype
        return _of_sqlite if dialect.name == "sqlite" else _in_utc


def _of_sqlite(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _of_json(text: str | bytes) -> Any:  # noqa: ANN401 - a document may be anything
    """What Python's own reader makes of it, several times as fast."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)  # halves of a character, which only that one takes


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcTimestamp, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012


class Database:
    """An engine, and the two ways to use it: :meth:`read` and :meth:`write`."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before the first use. Makes the folder of a SQLite file."""
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # Text in UTF-8 even from a database of none: it is refused later with a word, see central.schema.
        how: dict[str, Any] = {} if self.is_sqlite else {"client_encoding": "utf8"}
        # An error is logged with its statement, and what a statement carries may be a person's.
        self.engine: Engine = create_engine(
            parsed, pool_size=10, hide_parameters=True, json_deserializer=_of_json, connect_args=how
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            event.listen(self.engine, "handle_error", _tell_beyond_measure)
        else:
            event.listen(self.engine, "checkin", _note_rest)
            event.listen(self.engine, "checkout", _try_rested)
        self._writer = self.engine.execution_options(kerbwatch_write=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking; whatever it changed is thrown away."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, ordered: bool = False) -> Iterator[Session]:
        """A unit of work: committed when the block ends well, rolled back when it raises.

        Args:
            ordered: for work that writes the case log. Such units follow one another, also across copies of
                central, so that the log's numbers become visible in their order and a reader that asks for
                "everything after n" misses nothing. SQLite has one writer at a time anyway.
        """
        with Session(self._writer, expire_on_commit=False) as session:
            with session.begin():
                session.connection()  # the transaction begins here, not with the first statement
                if ordered:
                    in_order(session)
                yield session
            told.speak(session)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session for looking at one state of the database for long, whatever is written meanwhile."""
        # SQLite shows one state to a transaction anyway.
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with Session(self.engine.execution_options(**options)) as session:
            yield session

    def ping(self) -> None:
        """Ask the database for an answer. Raises SQLAlchemyError when it has none."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def in_order(session: Session) -> None:
    """Make a unit of work follow those that write the case log or the chain; once or again, at any time."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOG_LOCK})


def pool_of(session: Session) -> Pool:
    """The connections behind a session: the same for readers and writers, so a key for caches."""
    return session.connection().engine.pool


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # We say BEGIN ourselves: the driver's own comes too late for BEGIN IMMEDIATE and not before a SAVEPOINT.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _note_rest(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_RESTS_SINCE] = time.monotonic()


def _try_rested(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that has rested for an answer: a database that was started again has forgotten it."""
    since_s = record.info.pop(_RESTS_SINCE, None)
    if since_s is None or time.monotonic() - since_s < _RESTED_S:
        return
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error  # the pool takes another one
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("kerbwatch_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _tell_beyond_measure(context: ExceptionContext) -> None:
    """A number that does not fit is an error of the data, as PostgreSQL says it, and no fault of ours."""
    if isinstance(context.original_exception, OverflowError):
        raise DataError(context.statement, None, context.original_exception) from context.original_exception
