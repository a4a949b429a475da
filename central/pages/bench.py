"""The live list of cases, with its filters."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from central.cases import repository, service
from central.cases.finding import MOST_TYPED, Wanted, narrowed
from central.cases.rules import OVER, CaseState
from central.context import Central, CentralDep
from central.duty import repository as duty
from central.pages import matters
from central.pages import repository as names
from central.pages.case_view import row_of
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Tab
from central.pages.waiting import longest_waits
from central.pages.work_view import marks_of
from central.people.access import SignedIn, require
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.ids import SLUG_PATTERN

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Query(max_length=63, pattern=r"^[^\x00]*$")]
Viewer = Annotated[Principal, Depends(require(Permission.CASE_READ, within_areas=True))]

_PAGE = 50
_GROUPS: dict[str, frozenset[CaseState]] = {
    "reviewing": frozenset({CaseState.REVIEWING}),
    "running": frozenset(CaseState) - OVER - {CaseState.REVIEWING},
    "over": OVER,
    "all": frozenset(),
}
"""Filters above the list -> the states that each lets through; an empty set lets all."""
_COUNTED = ("reviewing", "running")
_MOST_COUNTED = 1000


_ONLY = ("urgent", "overdue", "disputed", "checking", "suspended", "joint")
"""What the list may be narrowed to, in the order in which it is offered; several hold together."""


class Choice:
    """What of the list is shown, as the address says; a word that is not known means the usual.

    What is searched for is looked for among all cases, unless ``show`` names a group of them; ``tab`` is the
    group that somebody was looking at.
    """

    def __init__(  # noqa: PLR0917 - FastAPI passes them by name
        self,
        show: str = "",
        tab: str = "",
        kind: str = "",
        q: Typed = "",
        area: Id = "",
        unit: Id = "",
        only: Annotated[list[str] | None, Query(max_length=20)] = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> None:
        self.words = " ".join(q.split())[:MOST_TYPED]
        self.kind = kind if re.fullmatch(SLUG_PATTERN, kind) else ""
        self.area, self.unit, self.cursor = area, unit, cursor
        self.only = tuple(each for each in _ONLY if each in (only or ()))
        here = tab if tab in _GROUPS else "reviewing"
        self.show = show if show in _GROUPS else "all" if self.words or self.only else here

    @property
    def searches(self) -> bool:
        """Whether anything is looked for besides the group and the kind."""
        return bool(self.words or self.area or self.unit or self.only)

    @property
    def states(self) -> list[str]:
        """The states that are let through; none: all."""
        group = _GROUPS[self.show]
        if "checking" in self.only:
            return [CaseState.CHECKING.value]
        return [state.value for state in group]

    def wanted(self) -> Wanted:
        """What is looked for."""
        named = {each: True for each in self.only if each != "checking"}
        return Wanted(self.words, self.area or None, self.unit or None, **named)

    def url(self, path: str = "/", **changed: str | tuple[str, ...]) -> str:
        """The address of this choice, or of one beside it: from its beginning unless a cursor is named."""
        own = {"show": self.show, "q": self.words, "kind": self.kind, "area": self.area, "unit": self.unit}
        chosen = {**own, "only": self.only, **changed}
        return f"{path}?{urlencode({name: value for name, value in chosen.items() if value}, doseq=True)}"

    def toggled(self, only: str) -> str:
        """The address where the list is narrowed to one thing more, or less."""
        kept = tuple(each for each in _ONLY if (each in self.only) != (each == only))
        return self.url(only=kept, show="all" if only in kept and self.show != "running" else self.show)


ChoiceDep = Annotated[Choice, Depends()]


@router.get("/")
def bench(request: Request, central: CentralDep, who: SignedIn, choice: ChoiceDep) -> Response:
    """The live list; whoever may not see cases goes to what they may see."""
    if not who.may(Permission.CASE_READ) and who.may(Permission.TICKET_HANDLE):
        return RedirectResponse("/h", HTTPStatus.SEE_OTHER, headers=HEADERS)
    if not who.may(Permission.CASE_READ) and who.may(Permission.CAMERA_READ):
        return RedirectResponse("/cameras", HTTPStatus.SEE_OTHER, headers=HEADERS)
    require(Permission.CASE_READ, within_areas=True)(request, who)
    frame = {"here": "cases", "live": True, "pause_when_hidden": False}
    own = {"list_url": choice.url("/cases", cursor=choice.cursor or "")}
    values = {**frame, **own, **_filters(central, who, choice), **_queue(central, who, choice)}
    return page(request, "cases.html", values, who=who)


@router.get("/cases")
def queue(request: Request, central: CentralDep, who: Viewer, choice: ChoiceDep) -> Response:
    """The list alone, for a page that is open."""
    return page(request, "_queue.html", _queue(central, who, choice), who=who)


def _queue(central: Central, who: Principal, choice: Choice) -> dict[str, object]:
    with central.database.read() as session:
        after = repository.last_log_id(session)
        narrow = choice.kind or choice.searches
        counts = {} if narrow else {name: _count(session, name, who.areas) for name in _COUNTED}
        now, reads_plates = central.clock.now_utc(), who.may(Permission.PLATE_READ)
        found = service.list_cases(
            session,
            states=choice.states,
            kinds=[choice.kind] if choice.kind else [],
            cursor=choice.cursor,
            limit=_PAGE,
            areas=who.areas,
            narrowed=narrowed(session, choice.wanted(), now, reads_plates=reads_plates),
        )
        patience, zone = central.settings.escalation, central.settings.zone
        waits = [] if choice.searches else longest_waits(session, who, now, patience, zone)
    tabs = [
        Tab(
            label=t(f"group.{name}"),
            url=choice.url(show=name),
            chosen=name == choice.show,
            count=counts.get(name),
        )
        for name in _GROUPS
    ]
    return {
        "after": after,
        "tabs": tabs,
        "show": choice.show,
        "waits": waits,
        "searches": choice.searches,
        "rows": [row_of(case, marks_of(case, now, central.settings.zone)) for case in found.items],
        "more_url": choice.url(cursor=found.next_cursor) if found.next_cursor else None,
        "newest_url": choice.url() if choice.cursor else None,
    }


def _filters(central: Central, who: Principal, choice: Choice) -> dict[str, object]:
    """The search and what it may be narrowed by, which stand still while the list beneath goes on."""
    with central.database.read() as session:
        known = names.area_names(session, central.clock.now_utc())
        units = [(each.id, each.name) for each in duty.units(session)]
        kinds = matters.choices(session, central.clock.now_utc())
    return {
        "choice": choice,
        "kinds": kinds,
        "areas": [each for each in known if who.sees(each[0])],
        "units": sorted(units, key=lambda each: each[1]),
        "only": [(each, t(f"only.{each}"), choice.toggled(each), each in choice.only) for each in _ONLY],
        "plain_url": choice.url(q="", kind="", area="", unit="", only=(), show=""),
        "most_typed": MOST_TYPED,
    }


def _count(session: Session, group: str, areas: frozenset[str] | None) -> str:
    states = [state.value for state in _GROUPS[group]]
    count = repository.count_in(session, states, _MOST_COUNTED, areas)
    return f"{_MOST_COUNTED - 1}+" if count == _MOST_COUNTED else str(count)
