"""Many rows at once: written and looked up with one statement that is the same however many there are.

What a rush brings is thousands of rows a second, and SQLAlchemy's own way of binding each value of each row,
and of spelling out each value of an ``IN``, costs more than the database does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Float,
    Integer,
    String,
    Table,
    any_,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import JSON

from central.bulk_copy import copy_rows
from central.database import UtcTimestamp

_SQLITE_CHARS = len("2026-05-04 03:02:01.000000")
"""SQLite keeps an instant without its zone, which is UTC."""


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all with the same columns, in their order.

    Raises:
        DBAPIError: as of any statement.
    """
    insert_tables(session, [(table, rows)])


def insert_tables(session: Session, tables: Iterable[tuple[Table, Sequence[Mapping[str, Any]]]]) -> None:
    """Insert rows into several tables, in this order; of a table all with the same columns.

    Raises:
        DBAPIError: as of any statement.
    """
    filled = [(table, tuple(rows[0]), rows) for table, rows in tables if rows]
    if not filled:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        for table, columns, rows in filled:
            values = zip(*_columns(table, columns, rows, _SQLITE_CHARS), strict=True)
            connection.exec_driver_sql(_statement(table, columns), list(values))
    else:
        copy_rows(
            connection, [(table, columns, _columns(table, columns, rows)) for table, columns, rows in filled]
        )


def put_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert whole rows, or put them in the place of those with the same primary key; each key once.

    Raises:
        DBAPIError: as of any statement.
    """
    if not rows:
        return
    connection, columns = session.connection(), tuple(rows[0])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            _put_statement(table, columns),
            list(zip(*_columns(table, columns, rows, _SQLITE_CHARS), strict=True)),
        )
    else:
        as_json = json.dumps([dict(row) for row in rows], default=_in_utc)
        connection.exec_driver_sql(_put_statement(table, columns, as_json=True), (as_json,))


def among(
    session: Session, column: InstrumentedAttribute[Any], values: Collection[str | int]
) -> ColumnElement[bool]:
    """That a column of text or whole numbers is one of some values; one parameter, however many they are."""
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(list(values))).table_valued("value").c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))


def pairs_among(
    session: Session,
    first: InstrumentedAttribute[str],
    second: InstrumentedAttribute[str],
    values: Collection[tuple[str, str]],
) -> ColumnElement[bool]:
    """That two columns of text together are one of some pairs; as :func:`among`."""
    if session.get_bind().dialect.name == "sqlite":
        pair = func.json_each(json.dumps(list(values))).table_valued("value").c.value
        given = select(func.json_extract(pair, "$[0]"), func.json_extract(pair, "$[1]"))
    else:
        columns = ([value[k] for value in values] for k in (0, 1))
        given = select(*(func.unnest(literal(column, ARRAY(String))) for column in columns))
    return tuple_(first, second).in_(given)


@lru_cache(maxsize=100)
def _statement(table: Table, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names


@lru_cache(maxsize=100)
def _put_statement(table: Table, columns: tuple[str, ...], *, as_json: bool = False) -> str:
    keys = [column.name for column in table.primary_key]
    names, changed = ", ".join(columns), ", ".join(f"{n} = excluded.{n}" for n in columns if n not in keys)
    given = f"SELECT {names} FROM json_populate_recordset(NULL::{table.name}, %s)"  # noqa: S608 - our own names
    if not as_json:
        given = f"VALUES ({', '.join('?' * len(columns))})"
    return (
        f"INSERT INTO {table.name} ({names}) {given} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"
    )


def _columns(
    table: Table, columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]], chars: int | None = None
) -> list[list[Any]]:
    return [_written(table, name, [row[name] for row in rows], chars) for name in columns]


def _written(table: Table, name: str, values: list[Any], chars: int | None) -> list[Any]:
    """The values of a column as they are handed to the driver."""
    kind = table.c[name].type
    if isinstance(kind, UtcTimestamp):
        return _instants(values, chars)
    if isinstance(kind, JSON):
        return [None if value is None and kind.none_as_null else json.dumps(value) for value in values]
    if isinstance(kind, String | Integer | Float | Boolean):
        return values
    raise TypeError(f"column {table.name}.{name} is of a type that is not written in bulk: {kind!r}")


def _instants(moments: list[datetime | None], length: int | None) -> list[str | None]:
    """As text, cut to a length; most of a batch are one and the same instant."""
    found: list[str | None] = []
    last, text = None, None
    for moment in moments:
        if moment is not last:
            last, text = moment, None if moment is None else _in_utc(moment)[:length]
        found.append(text)
    return found


def _in_utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"a naive time has no place in the database: {moment}")
    return moment.astimezone(UTC).isoformat(" ", "microseconds")
