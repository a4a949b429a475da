"""How hotlines write: kinds by their names, times as spreadsheets show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from central.duty.book import DutyBook
from central.duty.matter import may_be_reported, unknown
from central.pages.texts import KIND_TERMS

TIME_EXAMPLES = "2026-11-23 05:00, 2026/11/23 5:00, 2026年11月23日 5时00分 or 2026-11-23T05:00:00+08:00"
_TIME = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?:\s*[日T]\s*|\s+)"
    r"(?P<hour>\d{1,2})\s*[:\uff1a时]\s*(?P<minute>\d{1,2})\s*(?:[:\uff1a分]\s*(?:(?P<second>\d{1,2})\s*秒?)?)?"
)
_RIGHT = {
    "number": "write 1 to 100 characters",
    "kind": "write a kind, or an item of the duty list",
    "lon": "write degrees of longitude (WGS-84), such as 121.1500",
    "lat": "write degrees of latitude (WGS-84), such as 30.0500",
    "at": f"write {TIME_EXAMPLES}",
    "words": "write at most 4000 characters",
    "road": "write at most 300 characters",
    "urgent": "write yes or no",
    "accuracy_m": "write metres, above 0 and at most 5000",
}
"""What would be right in each field."""
_SHOWN_CHARS = 40


def matter_of(text: str, book: DutyBook | None) -> str:
    """The kind or item that somebody means by its id, its name here or on the duty list, or its Chinese term.

    What means nothing, or several, is given back as it is: :func:`why_unknown` says why.
    """
    text = text.strip()
    found = _meant(text, book)
    return found.pop() if len(found) == 1 else text


def why_unknown(text: str, book: DutyBook | None) -> str:
    """What somebody is told whose word for a kind means nothing, or several; with what would be right."""
    found = _meant(text, book)
    if len(found) > 1:
        return f"'{text}' may be {' or '.join(sorted(found))}: write which"
    kinds = ", ".join(f"{kind} ({term})" for kind, (_name, term) in KIND_TERMS.items())
    return f"{unknown(text[:_SHOWN_CHARS])}: write {kinds}, or an item's id or its name on the duty list"


def _meant(text: str, book: DutyBook | None) -> set[str]:
    if may_be_reported(book, text):
        return {text}
    return {matter for name, matter in _names(book) if name.casefold() == text.casefold()}


def _names(book: DutyBook | None) -> Iterator[tuple[str, str]]:
    """What kinds and items are called, each with what it means."""
    for kind, (name, terms) in KIND_TERMS.items():
        if may_be_reported(book, kind):
            yield name, kind
            yield from ((term.strip(), kind) for term in (terms, *terms.split("/")))
            if book is not None:
                yield book.name_of(kind), kind
    if book is not None:
        yield from ((name, item) for item, name, _class in book.items())


def time_of(text: str, zone: ZoneInfo) -> datetime | None:
    """A time as ISO 8601 or a spreadsheet writes it; by the city's clock where it has no offset.

    A day before its month, or a month before its day (``11/12/2026``), may mean either and is none.
    """
    text = text.strip()
    try:
        if found := _TIME.fullmatch(text):
            at = datetime(*(int(part or 0) for part in found.groups()), tzinfo=zone)  # type: ignore[misc,arg-type]
        else:
            at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def faults_of(error: ValidationError) -> str:
    """What is wrong with an item, field by field, and what would be right."""
    return "; ".join(_fault(fault["type"], fault["loc"], fault.get("input")) for fault in error.errors())[
        :800
    ]


def _fault(sort: str, where: tuple[int | str, ...], value: Any) -> str:  # noqa: ANN401 - whatever was sent
    if not where:
        return "is no item: an object with fields is"
    field = str(where[0])
    if sort == "missing":
        return f"{field}: is missing; {_RIGHT[field]}"
    if sort == "extra_forbidden":
        return f"{field[:_SHOWN_CHARS]}: there is no such field"
    return f"{field}: '{str(value)[:_SHOWN_CHARS]}' does not fit; {_RIGHT[field]}"
