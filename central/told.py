"""What a unit of work says in the log once it is committed, and never when it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

_KEY = "told"

Told = tuple[Any, str, Mapping[str, object]]
"""A logger, the event's name, and its values."""


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
    say(taken(session))


def taken(session: Session) -> Sequence[Told]:
    """Take over what is to be told. Whoever does calls :func:`say` once the unit of work is committed."""
    found: Sequence[Told] = session.info.pop(_KEY, ())
    return found


def say(lines: Sequence[Told]) -> None:
    """Log what was taken over."""
    for logger, name, values in lines:
        logger.info(name, **values)
