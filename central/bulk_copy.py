"""Rows of several tables into PostgreSQL by one statement after the other, sent as one.

``COPY`` is PostgreSQL's own bulk way, and each by itself costs a few waits for its answers. A rush writes
eight tables with every batch; here the answer to one comes with the invitation to send the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

_PIECE_BYTES = 131_072
"""Handed to the driver at once."""

Rows = tuple[Table, Sequence[str], Sequence[Sequence[Any]]]
"""A table, the names of some of its columns, and for each of these its values, one for each row."""


def copy_rows(connection: Connection, tables: Sequence[Rows]) -> None:
    """Insert rows, in their order, table by table.

    Args:
        connection: to PostgreSQL, in a transaction.
        tables: what to insert; values are texts, numbers, truth values or None.

    Raises:
        DBAPIError: as of any statement.
    """
    driver: Any = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    statement = "; ".join(
        f"COPY {table.name} ({', '.join(columns)}) FROM STDIN" for table, columns, _values in tables
    )
    encoding = driver.info.encoding
    bodies = [_body(values).encode(encoding) for _table, _columns, values in tables]
    try:
        with driver.lock:
            driver.wait(_copied(driver.pgconn, statement.encode(encoding), bodies, encoding))
    except psycopg.Error as error:
        errors = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(statement, None, error, errors, dialect=connection.dialect) from error


def _copied(pgconn: pq.abc.PGconn, statement: bytes, bodies: Sequence[bytes], encoding: str) -> PQGen[None]:
    """The exchange with the server; yields whenever it has to be waited for."""
    pgconn.send_query(statement)
    yield from generators.send(pgconn)
    for body in bodies:
        yield from _answered(pgconn, pq.ExecStatus.COPY_IN, encoding)
        for begin in range(0, len(body), _PIECE_BYTES):
            yield from generators.copy_to(
                pgconn, body[begin : begin + _PIECE_BYTES], flush=len(body) > _PIECE_BYTES
            )
        pgconn.put_copy_end()
        yield from generators.send(pgconn)
        yield from _answered(pgconn, pq.ExecStatus.COMMAND_OK, encoding)
    yield from generators.fetch_many(pgconn)  # nothing: the statement is over


def _answered(pgconn: pq.abc.PGconn, wanted: pq.ExecStatus, encoding: str) -> PQGen[None]:
    result = yield from generators.fetch(pgconn)
    if result is None or result.status != wanted:
        yield from generators.fetch_many(pgconn)  # the connection is at rest again
        if result is None:
            raise psycopg.InterfaceError("the server ended a COPY before it began")
        raise error_from_result(result, encoding=encoding)


def _body(columns: Sequence[Sequence[Any]]) -> str:
    """Rows in the text format of ``COPY``."""
    rows = zip(*map(_texts, columns), strict=True)
    return "".join(f"{line}\n" for line in map("\t".join, rows))


def _texts(values: Sequence[Any]) -> Sequence[str]:
    """The values of a column, in the text format of ``COPY``."""
    kinds = set(map(type, values))
    if type(None) in kinds:
        texts = iter(_texts([value for value in values if value is not None]))
        return ["\\N" if value is None else next(texts) for value in values]
    if all(issubclass(kind, str) for kind in kinds):
        return _escaped(values)
    if kinds == {bool}:
        return ["t" if value else "f" for value in values]
    if kinds <= {int, float}:
        return list(map(repr, values))
    raise TypeError(f"values of these types are not written in bulk: {kinds}")


def _escaped(values: Sequence[str]) -> Sequence[str]:
    """Texts without what ends a column or a row; most have none of it, which is seen at once."""
    together = "".join(values)
    found = [(sign, escape) for sign, escape in _ESCAPES if sign in together]
    for sign, escape in found:
        values = [value.replace(sign, escape) for value in values]
    return values


_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
