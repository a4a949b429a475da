"""What may be reported, as pages offer and name it: kinds, and the duty list's other items by their class."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from central.cases.schemas import CaseOut
from central.duty.matter import items_of, may_be_reported
from central.duty.service import book_if_any
from central.pages.texts import KIND_TERMS, kind_name, kind_term, t, t_or
from kerbwatch.incident import Kind

OTHER_ICON = "other"
"""Of what no camera raises."""


def name_of(case: CaseOut) -> str:
    """What a case is about, in words."""
    return kind_name(case.kind) if case.kind in KIND_TERMS or not case.item else case.item


@dataclass(frozen=True, slots=True)
class Tile:
    """Something to tap on a phone."""

    value: str
    name: str
    term: str = ""
    icon: str = OTHER_ICON


@dataclass(frozen=True, slots=True)
class Offer:
    """What a form offers: a few at a glance, and whatever else under its class.

    Attributes:
        tiles: the kinds, or the one thing that may be reported here.
        classes: the other items, id and name, under the name of their class.
    """

    tiles: list[Tile]
    classes: list[tuple[str, list[tuple[str, str]]]]

    def holds(self, matter: str) -> bool:
        """Whether it may be chosen."""
        return matter in {tile.value for tile in self.tiles} or self.item(matter) is not None

    def item(self, matter: str) -> str | None:
        """The name of one of the other items; None for what is none."""
        return next((own for _class, group in self.classes for item, own in group if item == matter), None)


def offer(session: Session, now: datetime, only: str | None = None) -> Offer:
    """What may be reported now; ``only``: at a place where it is one thing."""
    if only is None or only in set(Kind):
        kinds = [each for each in Kind if only is None or each == only]
        tiles = [Tile(each.value, t(f"kind_ask.{each}"), kind_term(each), each.value) for each in kinds]
        return Offer(tiles, by_class(session, now) if only is None else [])
    known = may_be_reported(book_if_any(session, now), only)
    return Offer([Tile(only, called(session, now, only))] if known else [], [])


def called(session: Session, now: datetime, matter: str) -> str:
    """What a matter is called: by the list where it is one of its items."""
    return names(session, now, {matter})[matter]


def names(session: Session, now: datetime, matters: Set[str]) -> dict[str, str]:
    """The same of several."""
    book = book_if_any(session, now) if matters - KIND_TERMS.keys() else None
    return {
        each: book.name_of(each) if book and each not in KIND_TERMS and book.knows(each) else kind_name(each)
        for each in matters
    }


def icon_of(matter: str) -> str:
    """The icon of a matter."""
    return matter if matter in KIND_TERMS else OTHER_ICON


def asked(session: Session, now: datetime, matter: str) -> str:
    """The same in the words in which people in the street are asked."""
    return t_or(f"kind_ask.{matter}", called(session, now, matter))


def items(session: Session, now: datetime) -> list[tuple[str, str, str]]:
    """The items that only people report: id, name, name of their class; none without a duty list."""
    return items_of(book_if_any(session, now))


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
