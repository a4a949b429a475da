"""All SQL of what is reckoned beside the requests: whose turn it is, and what was found.

However many copies of central there are, one of them reckons, and all of them tell what it found. A copy that
was killed at it is replaced by another after some time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.database import Database
from central.insight.models import Finding, Reckoning

_RENEWED, _RENEWED_TIMES = timedelta(minutes=10), 100
"""It is reckoned again after so long, or so many times the CPU time that it took: a hundredth of a core."""
_PATIENCE = timedelta(minutes=5)
"""After so long whoever began it is taken to have died at it."""
_USABLE = timedelta(days=1)
"""What is older is told by nobody: whoever asks reckons it."""
_FORGOTTEN = timedelta(days=7)
"""What was looked at in a way in which nobody has looked since is thrown away."""


class Standing(StrEnum):
    """How what was reckoned stands."""

    RESTS = "rests"
    """It is not to be reckoned again yet."""
    DUE = "due"
    RUNS = "runs"
    """Somebody is at it."""


def standing(session: Session, look: str, today: date, now: datetime) -> Standing:
    """How what was reckoned through a look stands. ``today``: the city's day."""
    return _standing(session.get(Reckoning, look), today, now)


def _standing(row: Reckoning | None, today: date, now: datetime) -> Standing:
    if row is None or row.begun_at - now > _PATIENCE:  # the clock was put back
        return Standing.DUE
    if row.done_at is None or row.done_at < row.begun_at:
        return Standing.RUNS if now - row.begun_at < _PATIENCE else Standing.DUE
    renewed_after = max(_RENEWED, timedelta(seconds=_RENEWED_TIMES * row.cpu_s))
    rests = row.today == today and now - row.done_at < renewed_after
    return Standing.RESTS if rests else Standing.DUE


def begin(database: Database, look: str, today: date, now: datetime) -> bool:
    """Begin to reckon, if it is due. False when another copy of central was first."""
    try:
        with database.write() as session:
            row = session.get(Reckoning, look, with_for_update=True)
            if _standing(row, today, now) is not Standing.DUE:
                return False
            if row is None:
                session.add(Reckoning(look=look, begun_at=now, cpu_s=0.0))
            else:
                row.begun_at = now
    except IntegrityError:
        return False
    return True


def hand_back(session: Session, look: str) -> None:
    """Leave what was begun to another copy of central, or to the next start, which need not wait."""
    row = session.get(Reckoning, look, with_for_update=True)
    if row is not None:
        row.begun_at -= _PATIENCE


def put(session: Session, done: Reckoning, found: Mapping[str, str]) -> None:
    """Keep what was found, by its name, in place of what was found through this look before."""
    session.merge(done)
    session.flush()
    session.execute(delete(Reckoning).where(Reckoning.begun_at < done.begun_at - _FORGOTTEN))
    session.execute(delete(Finding).where(Finding.look == done.look))
    rows = [{"look": done.look, "name": name, "found": text} for name, text in found.items()]
    session.execute(insert(Finding), rows)


def found(session: Session, look: str, names: Collection[str], now: datetime) -> dict[str, str]:
    """What was found of some names; what was not reckoned, or too long ago, is left out."""
    query = (
        select(Finding.name, Finding.found)
        .join(Reckoning, Reckoning.look == Finding.look)
        .where(Finding.look == look, Finding.name.in_(names), Reckoning.done_at > now - _USABLE)
    )
    return {row.name: row.found for row in session.execute(query)}
