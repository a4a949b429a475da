"""What a report is about: a kind that cameras raise, or an item of the duty list that only people report.

The one place that says what may be reported, whatever the channel.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import StringConstraints

from central.duty.book import DutyBook
from central.problems import FieldError, Problem
from kerbwatch.incident import Kind

MATTER_CHARS = 40
Matter = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""A kind (``illegal_parking``), or the id of an item without a kind (``manhole-cover``)."""


def items_of(book: DutyBook | None) -> list[tuple[str, str, str]]:
    """The items that may be reported besides the kinds, by class and name: id, name and name of the class."""
    return [each for each in book.items() if len(each[0]) <= MATTER_CHARS] if book else []


def may_be_reported(book: DutyBook | None, matter: str) -> bool:
    """Whether something may be reported: a kind or an item that the list names; without a list, a kind."""
    if book is None:
        return matter in set(Kind)
    return len(matter) <= MATTER_CHARS and book.knows(matter)


def unknown(matter: str) -> str:
    """What whoever names something that the duty list does not have is told."""
    return f"'{matter}' is neither a kind nor an item of the duty list"


def check_known(book: DutyBook | None, matter: str) -> None:
    """Raises Problem 422 for what may not be reported."""
    if not may_be_reported(book, matter):
        errors = [FieldError("body.kind", unknown(matter))]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "kind", unknown(matter), errors=errors)
