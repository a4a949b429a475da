"""What a unit of work says in the log once it is committed, and never when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

_KEY = "told"


def tell(session: Session, logger: Any, name: str, **values: object) -> None:  # noqa: ANN401 - structlog's
    """Log ``name`` with ``values`` by ``logger`` after the unit of work is committed."""
    session.info.setdefault(_KEY, []).append((logger, name, values))


@contextmanager
def attempt(session: Session) -> Iterator[None]:
    """A part of a unit of work (a savepoint): when it fails, it is undone with all that it wanted to tell."""
    before = len(session.info.setdefault(_KEY, []))
    try:
        with session.begin_nested():
            yield
    except BaseException:
        del session.info[_KEY][before:]
        raise


def speak(session: Session) -> None:
    """Log what was to be told; called by the database after the commit."""
    for logger, name, values in session.info.pop(_KEY, ()):
        logger.info(name, **values)
