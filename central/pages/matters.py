"""What can be reported, by name: the kinds that cameras raise, and the other items of the duty list."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from central.cases.schemas import CaseOut
from central.duty.service import NoDutyListError, duty_book
from central.pages.texts import KIND_TERMS, kind_name, t


def name_of(case: CaseOut) -> str:
    """What a case is about, in words."""
    return kind_name(case.kind) if case.kind in KIND_TERMS or not case.item else case.item


def items(session: Session, now: datetime) -> list[tuple[str, str, str]]:
    """The items that only people report: id, name, name of their class; none without a duty list."""
    try:
        return duty_book(session, now).items()
    except NoDutyListError:
        return []


def by_class(session: Session, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """The items that only people report, id and name, under the name of their class."""
    return [
        (name or t("matter.other"), [(item, own) for item, own, _class in group])
        for name, group in groupby(items(session, now), key=lambda each: each[2])
    ]


def choices(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Every matter for a list to choose from: kinds first."""
    kinds = [(kind, f"{kind_name(kind)} {term}") for kind, (_name, term) in KIND_TERMS.items()]
    return kinds + [(item, name) for item, name, _class in items(session, now)]
