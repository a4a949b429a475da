"""What was reckoned and is kept: in memory, and in the database what was reckoned beside the requests."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.database import pool_of
from central.insight import reckonings
from central.insight.displacement import Displacement
from central.insight.hotspots import HotSpot
from central.insight.look import USUALLY, Comparison, Look
from central.insight.rises import Rise

log = structlog.get_logger(__name__)

RISES, HOT_SPOTS, MOVED = "rises", "hot-spots", "moved"
_FRESH_S, _FRESH_TIMES = 60.0, 1000.0
"""What a request reckoned is kept so long, or so many times as long as reckoning it took.

A case may be rejected or merged meanwhile.
"""
_LOOKED_UP_S = 60.0
"""What was found in the database is kept so long before it is looked up again."""
_MOST_KEPT = 200
_FORMS: dict[str, TypeAdapter[list[Any]]] = {
    RISES: TypeAdapter(list[Rise]),
    HOT_SPOTS: TypeAdapter(list[HotSpot]),
    MOVED: TypeAdapter(list[Displacement]),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What may be asked and takes long to reckon.

    Attributes:
        what: ``rises`` of a day, ``hot-spots`` of the days up to it, or what ``moved`` before it.
        day: which.
        look: through what days are looked at.
        kind: of what kind, where one is asked for.
        compared: which days and distances.
    """

    what: str
    day: date
    look: Look
    kind: str = ""
    compared: Comparison = USUALLY

    @property
    def name(self) -> str:
        """Within its look, of what is not compared otherwise than usual."""
        return f"{self.what} {self.day} {self.kind}".rstrip()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, and until when it will do, on the monotonic clock."""

    until_s: float
    found: list[Any]


_KEPT: WeakKeyDictionary[Pool, dict[Question, _Kept]] = WeakKeyDictionary()
_LOCK = Lock()


def known(session: Session, questions: Iterable[Question], now: datetime) -> dict[Question, list[Any]]:
    """The answers that need not be reckoned now; the others are left out, as is what cannot be read."""
    asked, pool = list(questions), pool_of(session)
    with _LOCK:
        own = _KEPT.get(pool, {})
        kept = {
            each: own[each].found for each in asked if each in own and time.monotonic() < own[each].until_s
        }
    lacking = {each.name: each for each in asked if each not in kept and _is_stored(each)}
    if not lacking:
        return kept
    look = next(iter(lacking.values())).look
    told = reckonings.found(session, look.name, lacking, now)
    for name, text in told.items():
        question = lacking[name]
        try:
            found = read(question, text)
        except ValidationError:  # another version wrote it
            log.warning("reckoning_unreadable", answer=name)
            continue
        _put(pool, question, found, _LOOKED_UP_S)
        kept[question] = found
    return kept


def keep(session: Session, question: Question, found: list[Any], took_s: float) -> None:
    """Keep an answer that a request reckoned."""
    _put(pool_of(session), question, found, max(_FRESH_S, _FRESH_TIMES * took_s))


def written(question: Question, found: list[Any]) -> str:
    """An answer as it is kept in the database."""
    return _FORMS[question.what].dump_json(found).decode()


def read(question: Question, text: str) -> list[Any]:
    """The same again. Raises pydantic's ValidationError for what is of another form."""
    return _FORMS[question.what].validate_json(text)


def _is_stored(question: Question) -> bool:
    """Whether it is one of those that are reckoned beside the requests."""
    return not question.look.fresh and question.compared == USUALLY


def _put(pool: Pool, question: Question, found: list[Any], for_s: float) -> None:
    now_s = time.monotonic()
    with _LOCK:
        own = _KEPT.setdefault(pool, {})
        if len(own) >= _MOST_KEPT and question not in own:
            del own[min(own, key=lambda each: own[each].until_s)]
        own[question] = _Kept(now_s + for_s, found)
