"""What a report is about: a kind that cameras raise, or an item of the duty list that only people report."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from pydantic import StringConstraints

from central.duty.book import DutyBook
from central.problems import FieldError, Problem

MATTER_CHARS = 40
Matter = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""A kind (``illegal_parking``), or the id of an item without a kind (``manhole-cover``)."""


def unknown(matter: str) -> str:
    """What whoever names something that the duty list does not have is told."""
    return f"'{matter}' is neither a kind nor an item of the duty list"


def check_known(book: DutyBook, matter: str) -> None:
    """Raises Problem 422 for what is neither a kind nor an item of the list in force."""
    if not book.knows(matter):
        errors = [FieldError("body.kind", unknown(matter))]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "kind", unknown(matter), errors=errors)
